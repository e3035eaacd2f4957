"""Classes and rows that come after fit: add_classes and partial_fit."""

import warnings

import numpy as np
import pandas as pd
import pytest
from few_shots import assert_same, make_shots, some
from numpy.random import RandomState
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    SoftmaxClassifier,
    VAECFlow,
)
from sklearn_gzsl.exceptions import GZSLWarning

shots = pytest.fixture(make_shots)


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"n_synthetic": "auto", "n_real": 3},
        {"synthesize": "all", "classifier": SoftmaxClassifier(max_iter=50)},
        {"candidate_classes": "unseen"},
        {"classifier": RandomForestClassifier(3, random_state=RandomState(0))},
        {"preprocessor": make_pipeline(StandardScaler()), "seen_penalty": 1.0},
        {"generator": "flow"},
    ],
    ids=lambda params: ", ".join(params) or "defaults",
)
@pytest.mark.parametrize("first", [["elephant", "elk"], []], ids=["two", "none"])
def test_as_if_they_had_been_there_from_the_start(
    clf, animals, tiny_flow, params, first
):
    if params.get("candidate_classes") == "unseen" and not first:
        pytest.skip("no candidate to begin with")
    if "generator" in params:
        params = {"generator": VAECFlow(**tiny_flow)}
    clf.set_params(**params)
    whole = clone(clf).fit(animals.X, animals.y, animals.attributes)
    at_once, one_by_one = (
        clone(clf).fit(animals.X, animals.y, some(animals, *first)) for _ in range(2)
    )
    generator = at_once.generator_
    later = [c for c in animals.unseen if c not in first]
    assert at_once.add_classes(animals.attributes.subset(later)) is at_once
    for label in later[::-1]:
        one_by_one.add_classes(animals.attributes.subset([label]))
    assert at_once.generator_ is generator
    assert_same(at_once, whole, animals.X_test)
    assert_same(one_by_one, whole, animals.X_test)


def test_rows_and_classes_in_any_order(clf, animals, shots):
    X, y, X_test, _ = shots
    attributes = animals.attributes
    whole = clone(clf).fit(animals.X, animals.y, attributes).partial_fit(X, y)
    elks = y == "elk"
    clf.fit(animals.X, animals.y, some(animals, "elephant", "elk"))
    clf.partial_fit(X[y != "hippopotamus"], y[y != "hippopotamus"])
    clf.add_classes(attributes.subset(["hippopotamus"]))
    clf.partial_fit(X[y == "hippopotamus"], y[y == "hippopotamus"])
    assert_same(clf, whole, X_test)
    again = clone(clf).fit(animals.X, animals.y, attributes)
    again.partial_fit(X[elks], y[elks]).partial_fit(X[~elks], y[~elks])
    assert again.score(*shots[2:]) == pytest.approx(whole.score(*shots[2:]), abs=0.02)


@pytest.mark.parametrize("form", ["holder", "mapping", "frame"])
@pytest.mark.parametrize("kind", ["U3", object, np.uint8, float])
def test_labels_and_descriptions_in_their_usual_forms(clf, animals, form, kind):
    numeric = kind in (np.uint8, float)
    labels = 25 * np.arange(12) if numeric else animals.labels
    seen, unseen, A = labels[:9].astype(kind), labels[9:], animals.vectors
    clf.fit(animals.X, seen[animals.codes], ClassAttributes(labels[:9], A[:9]))
    new = {
        "holder": ClassAttributes(unseen, A[9:]),
        "mapping": dict(zip(unseen.tolist(), A[9:], strict=True)),
        "frame": pd.DataFrame(A[9:], index=unseen),
    }[form]
    clf.add_classes(new)
    assert clf.classes_.tolist() == sorted(labels.tolist())
    clf.partial_fit(animals.X_test[:30], labels[animals.test_codes[:30]])
    y_pred = clf.predict(animals.X_test)
    assert np.mean(y_pred == labels[animals.test_codes]) > 0.95
    expected = {np.uint8: int, float: float}.get(kind, str)
    assert {type(label) for label in y_pred.tolist()} == {expected}


def test_several_sources(clf, animals):
    vectors, labels = animals.vectors, animals.labels
    tables = {"attributes": vectors, "sentences": 2 * vectors}
    whole = ClassAttributes(labels, tables)
    clf.set_params(generator=FirstSource())
    clf.fit(animals.X, animals.y, whole.subset(labels[:9]))
    clf.add_classes(ClassAttributes(labels[9:10], vectors[9:10]))
    clf.add_classes(whole.subset(labels[10:]))
    sentences = clf.class_attributes_.sources["sentences"]
    undescribed = clf.class_attributes_.labels[np.isnan(sentences[:, 0])]
    assert undescribed.tolist() == ["elk"]
    assert clf.score(animals.X_test, animals.y_test) > 0.95


class FirstSource(GaussianGenerator):
    def _table(self, attributes, *, reset=False):
        return attributes.sources["attributes"]


NEW = [1.0] * 7


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"elk": NEW, "cat": [2] * 7, "emu": [3] * 7},
            r"\['elk', 'cat'\], which are known al",
        ),
        ({"emu": NEW[:5]}, r"widths {'attributes': 5}, but .* has {'attributes': 7}"),
        ({5: NEW}, r"holds \[5\], but the labels known so far are \['ant'"),
        ([NEW], r"holds \[0\], but the labels known"),
        (None, "class_attributes is None; pass one row for each class"),
        (
            ClassAttributes(["emu"], {"sounds": [NEW], "smells": [NEW]}),
            "widths {'sounds': 7, 'smells': 7}",
        ),
        ({"emu": [np.nan] * 7}, "NaN or infinity"),
        (pd.DataFrame([NEW], ["emu"], list("gfedcba")), r"columns \['g'.*same order"),
    ],
    ids=str,
)
def test_descriptions_that_cannot_be_added(clf, animals, wrong, message):
    with pytest.raises(NotFittedError):
        clf.add_classes(wrong)
    A = ClassAttributes(animals.labels, animals.vectors, feature_names=list("abcdefg"))
    clf.fit(animals.X, animals.y, A)
    with pytest.raises(ValueError, match=message):
        clf.add_classes(wrong)


def test_a_class_that_may_be_known_by_another_spelling(clf, animals):
    clf.fit(animals.X, animals.y, animals.attributes)
    with pytest.warns(GZSLWarning, match="Did you mean 'elk' for 'Elk'"):
        clf.add_classes({"Elk": animals.vectors[0]})
    assert "Elk" in clf.unseen_classes_


def test_another_version_is_another_class(clf, animals):
    clf.fit(animals.X, animals.y, animals.attributes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.add_classes({"v2": animals.vectors[0] + 1})
        clf.add_classes({"v2.0": animals.vectors[1] + 1})
        clf.add_classes({"11": animals.vectors[2] + 1})
        clf.add_classes({"1-1": animals.vectors[3] + 1, "-11": animals.vectors[4] + 1})


def test_a_table_without_names_says_how_to_name_classes(clf, animals):
    clf.fit(animals.X, animals.codes, animals.vectors)
    with pytest.raises(ValueError, match="name the new classes by a mapping"):
        clf.add_classes(animals.vectors[:1])
    with pytest.raises(ValueError, match=r"\['elk'\], but the labels known so far are"):
        clf.add_classes({"elk": animals.vectors[0]})


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("method", ["add_classes", "partial_fit"])
def test_interrupted(clf, animals, shots, monkeypatch, method, error):
    def fail(*args, **kwargs):
        raise error

    def call():
        if method == "add_classes":
            clf.add_classes(animals.attributes.subset(["hippopotamus"]))
        else:
            clf.partial_fit(*(part[:4] for part in shots[:2]))

    clf.fit(animals.X, animals.y, some(animals, "elk", "elephant"))
    scores = clf.decision_function(animals.X_test)
    before = dict(vars(clf))
    with monkeypatch.context() as patch:
        patch.setattr(LogisticRegression, "fit", fail)
        with pytest.raises(error):
            call()
    assert vars(clf) == before
    assert_array_equal(clf.decision_function(animals.X_test), scores)
    call()
    assert not np.array_equal(clf.decision_function(animals.X_test), scores)


def test_after_storing(animals, shots, tiny_flow, round_trip):
    clf = GZSLClassifier(
        VAECFlow(**tiny_flow),
        SoftmaxClassifier(max_iter=50),
        n_real=4,
        n_synthetic=10,
        random_state=0,
        seen_penalty=0.0,
    ).fit(animals.X, animals.y, some(animals, "elk"))
    loaded = round_trip(clf)
    for _ in range(2):
        for each in (clf, loaded):
            if "elephant" not in each.classes_:
                each.add_classes(
                    animals.attributes.subset(["elephant", "hippopotamus"])
                )
            each.partial_fit(*shots[:2])
        assert_same(clf, loaded, animals.X_test)
        loaded = round_trip(loaded)


def test_verbose_says_what_is_being_done(clf, animals, shots, capsys):
    clf.fit(animals.X, animals.y, some(animals, "elk", "elephant"))
    clf.set_params(verbose=1).add_classes(animals.attributes.subset(["hippopotamus"]))
    clf.partial_fit(*shots[:2])
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[2] for line in lines] == ["adding", "drawing", "fitting"] * 2
    assert "adding 1 classes" in lines[0]
    assert "adding 6 rows" in lines[3]
    assert "156 rows" in lines[5]


def test_one_source_needs_no_name(clf, animals):
    named = ClassAttributes(animals.labels, {"looks": animals.vectors})
    clf.fit(animals.X, animals.y, named).add_classes({"emu": NEW})
    assert "emu" in clf.unseen_classes_
    assert list(clf.class_attributes_.sources) == ["looks"]


def test_parameters_are_checked_before_new_rows_and_classes(fitted, animals):
    for change in ({"synthesize": "some"}, {"n_real": -3}, {"seen_penalty": "x"}):
        good = {name: fitted.get_params()[name] for name in change}
        fitted.set_params(**change)
        with pytest.raises(ValueError, match=next(iter(change))):
            fitted.add_classes({"emu": NEW})
        with pytest.raises(ValueError, match=next(iter(change))):
            fitted.partial_fit(animals.X[:1], animals.y[:1])
        fitted.set_params(**good)
