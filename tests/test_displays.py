"""The displays show the numbers they should, and all of them can be read."""

import sys
from itertools import combinations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.inspection import (
    ClassConfusionDisplay,
    DescriptionDisplay,
    FewShotCurveDisplay,
    PerClassAccuracyDisplay,
    SeenPenaltyDisplay,
    SeenUnseenCurveDisplay,
    SyntheticFeaturesDisplay,
    SyntheticSizeDisplay,
    TrainingCurveDisplay,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLKFold, GZSLShuffleSplit, few_shot_curve

plt = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.usefixtures("close_figures")


@pytest.fixture
def quick():
    return GZSLClassifier(
        GaussianGenerator(),
        IncrementalLDA(),
        n_synthetic=20,
        seen_penalty=0.0,
        random_state=0,
    )


@pytest.fixture
def noisy(animals):
    noise = np.random.default_rng(2).normal(size=animals.X.shape)
    return animals.X + noise


@pytest.fixture
def chosen(quick, animals, noisy):
    """A classifier that has chosen its penalty itself."""
    quick.set_params(seen_penalty="auto", adapter__calibration_size=0)
    return quick.fit(noisy, animals.y, class_attributes=animals.attributes)


def _draw(display, clf, animals, X, **options):
    """Any display of a fitted classifier."""
    y = animals.y_test
    unseen = np.isin(y, animals.unseen)
    arguments = {
        DescriptionDisplay: (),
        FewShotCurveDisplay: (X[unseen], y[unseen], X + 1e-3, y),
        SeenPenaltyDisplay: (),
        SyntheticSizeDisplay: (animals.X, animals.y),
        TrainingCurveDisplay: (),
    }
    if display is SyntheticSizeDisplay:
        options = {"class_attributes": animals.attributes, "sizes": [2], **options}
        options["cv"] = GZSLShuffleSplit(1, random_state=0)
        clf = clone(clf).set_params(seen_penalty=0.0)
    elif display is FewShotCurveDisplay:
        options["shots"] = [0, 3]
    elif display is TrainingCurveDisplay:
        clf = SoftmaxClassifier(max_iter=20).fit(animals.X, animals.y)
    return display.from_estimator(clf, *arguments.get(display, (X, y)), **options)


every_display = pytest.mark.parametrize(
    "display",
    [
        ClassConfusionDisplay,
        DescriptionDisplay,
        FewShotCurveDisplay,
        PerClassAccuracyDisplay,
        SeenPenaltyDisplay,
        SeenUnseenCurveDisplay,
        SyntheticFeaturesDisplay,
        SyntheticSizeDisplay,
        TrainingCurveDisplay,
    ],
)


@every_display
def test_nothing_is_cut_off_and_all_can_be_read_on_black(
    display, chosen, animals, blurred
):
    with plt.style.context("dark_background"):
        shown = _draw(display, chosen, animals, blurred)
        figure = shown.figure_
        figure.canvas.draw()
        drawn, inches = figure.get_tightbbox(), figure.bbox_inches.padded(0.01)
        assert inches.contains(drawn.x0, drawn.y0)
        assert inches.contains(drawn.x1, drawn.y1)
        texts = [t for ax in figure.axes for t in _texts(ax)]
        assert any(text.get_text() for text in texts)
        for text in texts:
            inside = text in figure.axes[0].texts  # on the colours of a matrix, say
            assert inside or text.get_color() == "white", text


def _texts(ax):
    legend = ax.get_legend()
    axes = [ax.xaxis, ax.yaxis]
    return [
        *(text for axis in axes for text in axis.get_ticklabels()),
        *(axis.label for axis in axes),
        *(legend.get_texts() if legend else ()),
        *ax.texts,
        ax.title,
    ]


@every_display
def test_axes_and_options_are_taken_and_matplotlib_is_asked_for(
    display, chosen, animals, blurred, monkeypatch
):
    figure, (left, right) = plt.subplots(1, 2)
    shown = _draw(display, chosen, animals, blurred, ax=left)
    assert (shown.ax_, shown.figure_) == (left, figure)
    assert shown.plot(right) is shown
    assert shown.ax_ is right
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    name = display.__name__
    with pytest.raises(ImportError, match=f"{name}.from_estimator requires matplotlib"):
        _draw(display, chosen, animals, blurred)
    with pytest.raises(ImportError, match=f"{name}.plot requires matplotlib"):
        shown.plot()


@pytest.mark.parametrize("size", [None, (11, 5)])
def test_values_and_names_of_twelve_classes_do_not_touch(
    size, chosen, animals, blurred
):
    ax = None if size is None else plt.subplots(1, 2, figsize=size)[1][0]
    confusion = ClassConfusionDisplay.from_estimator(
        chosen, blurred, animals.y_test, ax=ax
    )
    ax = None if size is None else plt.subplots(1, 2, figsize=size)[1][0]
    likeness = DescriptionDisplay.from_estimator(chosen, ax=ax)
    for shown in (confusion, likeness):
        shown.figure_.canvas.draw()
        written = [text for text in shown.text_.ravel() if text is not None]
        assert len(written) > 20
        for texts in (written, shown.ax_.get_yticklabels()):
            boxes = [text.get_window_extent() for text in texts]
            assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))


def test_scores_over_the_penalty_are_those_it_was_chosen_from(chosen):
    shown = SeenPenaltyDisplay.from_estimator(chosen)
    results = chosen.cv_results_
    x, H = shown.lines_["H"].get_data()
    finite = np.isfinite(results["seen_penalties"])
    np.testing.assert_array_equal(x, results["seen_penalties"][finite])
    np.testing.assert_allclose(H, results["mean_test_score"][finite])
    assert H[np.searchsorted(x, chosen.seen_penalty_) - 1] == H.max()
    assert shown.chosen_.get_xdata()[0] == chosen.seen_penalty_
    assert shown.scores["U"].shape[1] > 1
    assert set(shown.bands_) == {"U", "S", "H"}
    low, high = shown.ax_.get_xlim()
    assert low < chosen.seen_penalty_ < high


def test_penalties_of_a_search_and_of_what_is_wrapped_around(quick, animals, noisy):
    stacking = CalibratedStackingCV(
        make_pipeline(StandardScaler(), quick),
        cv=GZSLKFold(2),
        store_cv_results=True,
        scoring=lambda U, S: U + S,
    )
    search = GridSearchCV(
        stacking,
        {"estimator__gzslclassifier__n_synthetic": [5]},
        cv=GZSLShuffleSplit(1, random_state=0),
        scoring=GZSLScorer("H"),
    )
    search.fit(noisy, animals.y, class_attributes=animals.attributes)
    shown = SeenPenaltyDisplay.from_estimator(search)
    results = search.best_estimator_.cv_results_
    U, S = (results[f"split1_test_{letter}"] for letter in "US")
    total = np.where(U + S > 0, U + S, 1)
    np.testing.assert_allclose(shown.scores["H"][:, 1], 2 * U * S / total)
    assert shown.chosen == search.best_estimator_.seen_penalty_


def test_what_keeps_no_penalties(fitted, animals):
    assert fitted.cv_results_ is None
    for estimator in (fitted, CalibratedStackingCV(fitted)):
        with pytest.raises(ValueError, match="store_cv_results=True"):
            SeenPenaltyDisplay.from_estimator(estimator)


def test_of_two_penalties_the_outer_one_is_drawn(chosen, animals):
    X, y = animals.X_test, animals.y_test
    outer = CalibratedStackingCV(FrozenEstimator(chosen)).fit(X, y)
    with pytest.raises(ValueError, match="store_cv_results=True"):
        SeenPenaltyDisplay.from_estimator(outer)
    outer.set_params(store_cv_results=True).fit(X, y)
    assert SeenPenaltyDisplay.from_estimator(outer).chosen == outer.seen_penalty_


def test_of_many_penalties_a_thousand_are_kept(numbers_rows):
    X, y, attributes = numbers_rows
    clf = GZSLClassifier(classifier=PrototypeClassifier(), random_state=0)
    clf.fit(np.repeat(X, 2, axis=0), np.repeat(y, 2), class_attributes=attributes)
    points = clf.cv_results_["seen_penalties"]
    assert len(points) == len(clf.cv_results_["split0_test_U"]) <= 1000
    assert points[0] == -np.inf
    assert SeenPenaltyDisplay.from_estimator(clf).scores["H"].max() <= 1


@pytest.mark.parametrize("wrapped", [False, True])
def test_sizes_are_scored_on_held_out_classes(wrapped, quick, animals, noisy):
    model = quick
    if wrapped:
        model = make_pipeline(StandardScaler(), quick)
    y = animals.y
    cv = GZSLShuffleSplit(2, random_state=3)
    shown = SyntheticSizeDisplay.from_estimator(
        model,
        noisy,
        y,
        class_attributes=animals.attributes,
        sizes=[30, np.int64(2)],
        cv=cv,
    )
    assert shown.sizes.tolist() == [2, 30]
    for i, (train, test) in enumerate(cv.split(noisy, y)):
        clf = clone(quick).set_params(n_synthetic=2)
        X = noisy
        if wrapped:
            X = StandardScaler().fit(X[train]).transform(X)
        clf.fit(X[train], y[train], class_attributes=animals.attributes)
        expected = GZSLScorer()(clf, X[test], y[test])
        for name, score in expected.items():
            assert shown.scores[name][0, i] == pytest.approx(score)
    means = shown.scores["H"].mean(axis=1)
    assert shown.best_size == shown.sizes[means.argmax()]
    np.testing.assert_allclose(
        shown.lines_["H"].get_xydata(), [[2, means[0]], [30, means[1]]]
    )
    assert quick.n_synthetic == 20


def test_errors_of_sizes(quick, animals):
    def draw(model, sizes):
        SyntheticSizeDisplay.from_estimator(
            model,
            animals.X,
            animals.y,
            class_attributes=animals.attributes,
            sizes=sizes,
        )

    with pytest.raises(ValueError, match="no parameter n_synthetic; give a GZSL"):
        draw(LogisticRegression(), [1])
    with pytest.raises(ValueError, match="sizes == 0, must be >= 1"):
        draw(quick, [0, 3])
    with pytest.raises(TypeError, match="sizes must be an instance of"):
        draw(quick, [2.5])
    with pytest.raises(ValueError, match="sizes is empty; give at least one"):
        draw(quick, [])
    vote = GZSLVotingClassifier([("one", quick), ("other", PrototypeClassifier())])
    with pytest.raises(ValueError, match="members of a vote have each its own number"):
        draw(vote, [3])


def test_one_size_and_a_number_of_folds(quick, animals):
    data = {"class_attributes": animals.attributes, "sizes": 5, "cv": 2}
    shown = SyntheticSizeDisplay.from_estimator(quick, animals.X, animals.y, **data)
    assert shown.scores["H"].shape == (1, 2)


def test_shots_are_those_of_the_function(quick, animals, blurred):
    quick.fit(animals.X, animals.y, class_attributes=animals.attributes)
    y = animals.y_test
    rows = np.isin(y, animals.unseen)
    data = blurred[rows], y[rows], animals.X_test, y
    options = {"shots": [4, 0], "n_repeats": 2, "random_state": 0}
    curve = few_shot_curve(quick, *data, **options)
    shown = FewShotCurveDisplay.from_estimator(quick, *data, **options)
    same = FewShotCurveDisplay(curve.shots, curve).plot()
    for one in (shown, same):
        drawn = one.lines_["U"].get_ydata()
        np.testing.assert_allclose(drawn, curve.U.mean(axis=1)[::-1])
        labels = [text.get_text() for text in one.ax_.get_xticklabels()]
        assert labels == ["0", "4"]
