"""What notebooks show: parts in series, members side by side, tables of classes."""

import re

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    ESZSL,
    CalibratedStackingCV,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    PrototypeClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.benchmark._methods import METHODS


def _html(estimator):
    return re.sub(r"(?s)<(style|script)\b.*?</\1>", "", estimator._repr_html_())


def labels_of(estimator):
    """What the boxes of the diagram are called, in their order."""
    label = r"<label[^>]*>(?:<div>)*([^<]+)"
    return re.findall(label, _html(estimator))


CHAIN = ["GZSLClassifier", "MinMaxScaler", "GaussianGenerator", "PrototypeClassifier"]


def test_defaults_are_shown_before_and_after_fit(animals):
    clf = GZSLClassifier(random_state=0, seen_penalty=0.0)
    assert labels_of(clf)[:4] == CHAIN
    assert 'class="sk-parallel"' not in _html(clf)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert labels_of(clf)[:4] == CHAIN
    assert "fitted" in _html(clf)


def test_what_is_given_is_shown():
    clf = GZSLClassifier(
        GaussianGenerator(), SoftmaxClassifier(), preprocessor=StandardScaler()
    )
    assert labels_of(clf)[1:4] == [
        *("StandardScaler", "GaussianGenerator", "SoftmaxClassifier")
    ]
    # Parameters can be copied from there as they are set from outside.
    assert 'data-param-prefix="generator__"' in _html(clf)
    assert "passthrough" in labels_of(GZSLClassifier(preprocessor="passthrough"))


def test_links_lead_to_pages_that_there_are():
    links = re.findall(r'href="([^"#]+)', _html(GZSLClassifier()))
    assert links
    assert all("/sklearn.preprocessing.MinMaxScaler.html" in link for link in links)
    for method in METHODS.values():  # ours are at no address yet
        assert "href=" not in _html(method())


@pytest.mark.parametrize("fitted", [False, True])
def test_wrappers_show_what_is_inside(animals, fitted):
    vote = GZSLVotingClassifier(
        [("closed", ESZSL()), ("proto", PrototypeClassifier()), ("none", "drop")]
    )
    clf = CalibratedStackingCV(vote, cv=2)
    if fitted:
        clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    text = _html(clf)
    for shown in (
        "estimator: GZSLVotingClassifier",
        "closed: ESZSL",
        "proto: PrototypeClassifier",
    ):
        assert shown in text
    assert "none: " not in text


def test_a_table_of_descriptions():
    holder = ClassAttributes(
        ["<b>ox</b>", "ape", "bat"],
        {
            "looks & sounds": np.arange(18.0).reshape(3, 6) + 0.5,
            "texts": [[1.0], [np.nan], [0.25]],
        },
    )
    text = holder._repr_html_()
    assert "of 3 classes" in text
    cells = re.findall(r"<t[hd]>(.*?)</t[hd]>", text)
    assert cells[4:12] == [
        *("looks &amp; sounds", "6", "3", "none"),
        *("texts", "1", "2", "[&#x27;ape&#x27;]"),
    ]
    assert "<b>ox" not in text
    row = cells.index("&lt;b&gt;ox&lt;/b&gt;")
    assert cells[row + 1 : row + 6] == ["0.5", "1.5", "2.5", "3.5", "…"]
    named = ClassAttributes(["a"], [[1.0, 2.0]], feature_names=["<i>", "legs"])
    assert "<th>&lt;i&gt;</th><th>legs</th>" in named._repr_html_()
