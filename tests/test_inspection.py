"""The curve is what independent computations give; what all displays have in common."""

import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl.inspection import (
    ClassConfusionDisplay,
    SeenUnseenCurveDisplay,
    SyntheticFeaturesDisplay,
)
from sklearn_gzsl.metrics import GZSLScorer, ausuc_score, gzsl_scores
from sklearn_gzsl.model_selection import GZSLShuffleSplit

plt = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.usefixtures("close_figures")


every_display = pytest.mark.parametrize(
    "display",
    [SeenUnseenCurveDisplay, ClassConfusionDisplay, SyntheticFeaturesDisplay],
)


def _legend(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def _sweep(y, scores, classes, seen_classes, penalties):
    """U and S for each penalty, by predicting anew."""
    points = []
    for penalty in penalties:
        shifted = scores - penalty * np.isin(classes, seen_classes)
        result = gzsl_scores(
            y, classes[shifted.argmax(axis=1)], seen_classes=seen_classes
        )
        points.append([result["U"], result["S"]])
    return np.array(points)


def _between(penalties):
    """A penalty inside each interval of the curve, the two open ones included."""
    finite = penalties[1:]
    middle = (finite[:-1] + finite[1:]) / 2
    return np.concatenate([[finite[0] - 1], middle, [finite[-1] + 1]])


def test_curve_is_that_of_a_brute_force_sweep(fitted, animals, blurred):
    display = SeenUnseenCurveDisplay.from_estimator(fitted, blurred, animals.y_test)
    scores = fitted.predict_log_proba(blurred)
    points = _sweep(
        animals.y_test,
        scores,
        fitted.classes_,
        animals.seen,
        _between(display.penalties),
    )
    assert len(points) > 20
    np.testing.assert_allclose(display.line_.get_xydata(), points, atol=1e-12)
    assert display.ax_.get_xlabel().endswith("unseen classes U")
    assert display.ax_.get_ylabel().endswith("seen classes S")


def test_legend_and_mark_give_the_scores_of_the_classifier(fitted, animals, blurred):
    y = animals.y_test
    display = SeenUnseenCurveDisplay.from_estimator(fitted, blurred, y)
    expected = GZSLScorer()(fitted, blurred, y)
    own = gzsl_scores(y, fitted.predict(blurred), seen_classes=animals.seen)
    assert 0.1 < own["H"] < 0.9
    assert display.operating_point == pytest.approx(own)
    assert display.operating_point_.get_xydata()[0] == pytest.approx(
        [own["U"], own["S"]]
    )
    assert display.ausuc == pytest.approx(expected["AUSUC"], abs=1e-12)
    assert _legend(display) == [
        f"GZSLClassifier (AUSUC = {expected['AUSUC']:.2f})",
        f"operating point (H = {own['H']:.2f})",
    ]


def test_a_penalty_moves_the_operating_point_along_the_same_curve(
    fitted, animals, blurred
):
    first = SeenUnseenCurveDisplay.from_estimator(fitted, blurred, animals.y_test)
    fitted.set_params(seen_penalty=-2.0)
    second = SeenUnseenCurveDisplay.from_estimator(
        fitted, blurred, animals.y_test, ax=first.ax_, name="seen rather"
    )
    np.testing.assert_allclose(
        first.line_.get_xydata(), second.line_.get_xydata(), atol=1e-12
    )
    np.testing.assert_allclose(
        second.penalties[1:], first.penalties[1:] + 2, rtol=0, atol=1e-4
    )
    assert second.operating_point["S"] > first.operating_point["S"]
    assert second.operating_point["U"] < first.operating_point["U"]
    assert second.figure_ is first.figure_
    assert len(_legend(second)) == 4
    assert first.line_.get_color() != second.line_.get_color()
    assert second.operating_point_.get_color() == second.line_.get_color()


def test_oracle_is_the_best_of_the_sweep_and_called_so(fitted, animals, blurred):
    y = animals.y_test
    display = SeenUnseenCurveDisplay.from_estimator(
        fitted, blurred, y, plot_oracle=True
    )
    scores = fitted.predict_log_proba(blurred)
    U, S = _sweep(
        y, scores, fitted.classes_, animals.seen, _between(display.penalties)
    ).T
    best = (2 * U * S / (U + S)).max()
    point = display.oracle_point
    assert point["H"] == pytest.approx(best)
    assert display.oracle_point_.get_xydata()[0] == pytest.approx(
        [point["U"], point["S"]]
    )
    assert _legend(display)[-1] == f"oracle, chosen on these rows (H = {best:.2f})"
    # A user who takes its penalty gets its accuracy.
    fitted.set_params(seen_penalty=point["penalty"] + 1e-5)
    own = gzsl_scores(y, fitted.predict(blurred), seen_classes=animals.seen)
    assert own["H"] == pytest.approx(best)


def test_oracle_is_not_shown_unasked(fitted, animals, blurred):
    display = SeenUnseenCurveDisplay.from_estimator(fitted, blurred, animals.y_test)
    assert display.oracle_point_ is None
    assert not any("oracle" in text for text in _legend(display))
    display.plot(plot_operating_point=False, name="again")
    assert _legend(display) == [f"again (AUSUC = {display.ausuc:.2f})"]
    assert display.operating_point_ is None


@pytest.mark.parametrize(
    ("iso_h", "levels"), [(True, np.arange(1, 10) / 10), ([0.25, 0.5], [0.25, 0.5])]
)
def test_iso_lines_have_constant_h(iso_h, levels):
    display = SeenUnseenCurveDisplay.from_predictions(
        [0, 0, 1, 1], np.eye(2)[[0, 1, 0, 1]], seen_classes=[0], iso_h=iso_h
    )
    assert len(display.iso_lines_) == len(levels)
    for line, level in zip(display.iso_lines_, levels, strict=True):
        U, S = line.get_xydata().T
        np.testing.assert_allclose(2 * U * S / (U + S), level)
        assert max(U) == pytest.approx(1)
        assert max(S) == pytest.approx(1)
    written = [text.get_text() for text in display.ax_.texts]
    assert written == [f"H = {level:.2g}" for level in levels]


def test_ties_are_marked_where_the_predictions_are():
    """Of votes that tie, predict takes the first class, the curve the unseen one."""
    y = ["ant", "ant", "elk", "elk"]
    votes = [[0.5, 0.5], [1, 0], [0.5, 0.5], [0, 1]]
    display = SeenUnseenCurveDisplay.from_predictions(y, votes, seen_classes=["ant"])
    assert display.operating_point == pytest.approx({"U": 0.5, "S": 1, "H": 2 / 3})


def test_columns_may_come_in_any_order(animals, fitted, blurred):
    scores = fitted.predict_log_proba(blurred)
    order = np.random.default_rng(0).permutation(len(fitted.classes_))
    displays = [
        SeenUnseenCurveDisplay.from_predictions(
            animals.y_test, s, seen_classes=animals.seen, labels=labels
        )
        for s, labels in (
            (scores, None),
            (scores[:, order], fitted.classes_[order].astype(object)),
        )
    ]
    np.testing.assert_array_equal(*(d.line_.get_xydata() for d in displays))
    assert displays[0].operating_point == displays[1].operating_point
    assert _legend(displays[0])[0] == f"AUSUC = {displays[0].ausuc:.2f}"


def test_micro_average_counts_rows(fitted, animals, blurred):
    rows = np.r_[0:40, np.flatnonzero(animals.y_test == "elk")]
    X, y = blurred[rows], animals.y_test[rows]
    display = SeenUnseenCurveDisplay.from_estimator(
        fitted, X, y, average="micro", candidates="all"
    )
    seen = np.isin(y, animals.seen)
    y_pred = fitted.predict(X)
    expected = [accuracy_score(y[side], y_pred[side]) for side in (~seen, seen)]
    assert display.operating_point_.get_xydata()[0] == pytest.approx(expected)
    assert display.ausuc == pytest.approx(
        ausuc_score(
            y,
            fitted.predict_log_proba(X),
            seen_classes=animals.seen,
            labels=fitted.classes_,
            average="micro",
        )
    )
    macro = SeenUnseenCurveDisplay.from_estimator(fitted, X, y, candidates="all")
    assert macro.ausuc != pytest.approx(display.ausuc)


@pytest.mark.parametrize("candidates", ["present", "all"])
def test_candidates_are_those_of_the_scorer(fitted, animals, blurred, candidates):
    rows = animals.y_test != "hippopotamus"
    X, y = blurred[rows], animals.y_test[rows]
    display = SeenUnseenCurveDisplay.from_estimator(fitted, X, y, candidates=candidates)
    expected = GZSLScorer(candidates=candidates)(fitted, X, y)
    assert {"AUSUC": display.ausuc, **display.operating_point} == pytest.approx(
        expected
    )


def test_curve_of_pipelines_and_searches(clf, animals, blurred):
    pipeline = make_pipeline(StandardScaler(), clf)
    search = GridSearchCV(
        pipeline,
        {"gzslclassifier__n_synthetic": [5]},
        cv=GZSLShuffleSplit(n_splits=1, random_state=0),
        scoring=GZSLScorer("H"),
    )
    search.fit(
        animals.X, animals.y, gzslclassifier__class_attributes=animals.attributes
    )
    display = SeenUnseenCurveDisplay.from_estimator(search, blurred, animals.y_test)
    own = gzsl_scores(
        animals.y_test, search.predict(blurred), seen_classes=animals.seen
    )
    assert display.operating_point == pytest.approx(own)
    assert _legend(display)[0].startswith("GridSearchCV (AUSUC")


def test_options_of_the_curve_may_be_aliases(fitted, animals):
    display = SeenUnseenCurveDisplay.from_estimator(
        fitted,
        animals.X_test,
        animals.y_test,
        curve_kwargs={"c": "black", "lw": 3, "zorder": 7, "label": "mine"},
    )
    assert display.line_.get_color() == "black"
    assert display.line_.get_linewidth() == 3
    assert display.line_.get_zorder() == 7
    assert _legend(display)[0] == "mine"


def test_errors_of_the_curve(fitted, animals):
    X, y = animals.X_test, animals.y_test
    draw = SeenUnseenCurveDisplay.from_estimator
    with pytest.raises(ValueError, match=r"candidates='some' is unknown; choose"):
        draw(fitted, X, y, candidates="some")
    with pytest.raises(ValueError, match="hold no unseen class"):
        draw(fitted, animals.X, animals.y)
    with pytest.raises(TypeError, match="no seen_classes_ in LogisticRegression"):
        draw(LogisticRegression().fit(animals.X, animals.y), X, y)
    with pytest.raises(NotFittedError, match="GZSLClassifier"):
        draw(clone(fitted), X, y)
    with pytest.raises(ValueError, match=r"iso_h holds \[0.5, 1.5\]; give values"):
        draw(fitted, X, y, iso_h=[0.5, 1.5])


# -- All of them -------------------------------------------------------------------


@every_display
def test_axes_given_are_drawn_into(display, fitted, animals):
    figure, (left, right) = plt.subplots(1, 2)
    shown = display.from_estimator(fitted, animals.X_test, animals.y_test, ax=left)
    assert shown.ax_ is left
    assert shown.figure_ is figure
    assert shown.plot(right) is shown
    assert shown.ax_ is right
    shown.plot()
    assert shown.figure_ is not figure


@pytest.mark.parametrize(
    ("display", "drawn"),
    [
        (SeenUnseenCurveDisplay, lambda shown: shown.line_.get_xydata()),
        (ClassConfusionDisplay, lambda shown: shown.im_.get_array()),
        (SyntheticFeaturesDisplay, lambda shown: shown.synthetic_[0].get_offsets()),
    ],
)
def test_labels_may_be_python_objects(display, drawn, clf, animals, blurred):
    pictures = []
    for kind in (str, object):
        clf.fit(animals.X, animals.y.astype(kind), class_attributes=animals.attributes)
        shown = display.from_estimator(clf, blurred, animals.y_test.astype(kind))
        pictures.append(drawn(shown))
    np.testing.assert_array_equal(*pictures)


@every_display
def test_missing_matplotlib_is_named(display, fitted, animals, monkeypatch):
    shown = display.from_estimator(fitted, animals.X_test, animals.y_test)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    name = display.__name__
    with pytest.raises(ImportError, match=f"{name}.from_estimator requires matplotlib"):
        display.from_estimator(fitted, animals.X_test, animals.y_test)
    with pytest.raises(ImportError, match=f"{name}.plot requires matplotlib"):
        shown.plot()
