"""The displays show the numbers they should, and all of them can be read."""

import sys
from itertools import combinations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import recall_score
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    CalibratedStackingCV,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    SoftmaxClassifier,
    VAECFlow,
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
from sklearn_gzsl.metrics import GZSLScorer, gzsl_scores, per_class_accuracy
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


def test_a_legend_of_many_classes_hides_nothing(small_numbers):
    numbers = small_numbers
    clf = GZSLClassifier(
        GaussianGenerator(), IncrementalLDA(), n_synthetic=2, seen_penalty=0.0
    ).fit(
        numbers.data[numbers.train],
        numbers.target[numbers.train],
        class_attributes=numbers.class_attributes,
    )
    X, y = numbers.data[numbers.test], numbers.target[numbers.test]
    shown = SyntheticFeaturesDisplay.from_estimator(
        clf, X, y, classes=numbers.target_names[:40], n_samples=2
    )
    shown.figure_.canvas.draw()
    legend = shown.ax_.get_legend().get_window_extent()
    assert len(shown.ax_.get_legend().get_texts()) == 40
    assert not legend.overlaps(shown.ax_.bbox)
    assert shown.figure_.bbox.padded(1).fully_containsx(legend.x1)
    assert shown.ax_.bbox.width > 300  # and leaves room for the points
    # As many bars have names of the sides alone.
    bars = PerClassAccuracyDisplay.from_estimator(clf, X, y)
    names = [text.get_text() for text in bars.ax_.get_yticklabels()]
    assert names == ["seen", "unseen"]


class Duck:
    """A reducer of another library: no estimator, and no map for further rows."""

    def fit_transform(self, X):
        self.n_rows = len(X)
        return X[:, :3]


def test_any_object_with_fit_transform_makes_the_plane(fitted, animals, blurred):
    duck = Duck()
    shown = SyntheticFeaturesDisplay.from_estimator(
        fitted, blurred, animals.y_test, reducer=duck, n_samples=10
    )
    assert shown.reducer.n_rows == 60
    assert shown.real.shape == shown.synthetic.shape == (30, 2)
    assert not hasattr(duck, "n_rows")


def test_accuracy_of_each_class_is_recall(animals, blurred, fitted):
    y, y_pred = animals.y_test, fitted.predict(blurred)
    each = per_class_accuracy(y, y_pred, average=None)
    expected = recall_score(y, y_pred, average=None, labels=np.unique(y))
    np.testing.assert_allclose(each, expected)
    assert per_class_accuracy(y, y_pred) == pytest.approx(each.mean())
    some = ["owl", "elk", "owl"]
    np.testing.assert_allclose(
        per_class_accuracy(y, y_pred, labels=some, average=None),
        recall_score(y, y_pred, average=None, labels=some),
    )
    assert per_class_accuracy(y, y_pred, labels=some) == pytest.approx(
        recall_score(y, y_pred, average="macro", labels=["owl", "elk"])
    )
    with pytest.raises(ValueError, match=r"labels holds \['yak'\]"):
        per_class_accuracy(y, y_pred, labels=["yak"], average=None)


def test_bars_and_their_means(fitted, animals, blurred):
    y = animals.y_test
    shown = PerClassAccuracyDisplay.from_estimator(fitted, blurred, y)
    scores = gzsl_scores(y, fitted.predict(blurred), seen_classes=animals.seen)
    lengths = [bar.get_width() for side in shown.bars_.values() for bar in side]
    by_class = dict(zip(shown.classes, shown.accuracy, strict=True))
    assert lengths == [by_class[label] for label in shown.shown_classes_]
    assert set(shown.shown_classes_[:9]) == set(animals.seen)
    for side, letter in (("seen", "S"), ("unseen", "U")):
        widths = [bar.get_width() for bar in shown.bars_[side]]
        assert widths == sorted(widths, reverse=True)
        at = shown.means_[side].get_segments()[0][:, 0]
        np.testing.assert_allclose(at, scores[letter])
    labels = [text.get_text() for text in shown.ax_.get_legend().get_texts()]
    assert labels[1] == f"unseen, mean U = {scores['U']:.2f}"

    shown.plot(top_n=2, sort=False)
    worst = sorted(animals.unseen, key=lambda label: by_class[label])[:2]
    assert shown.shown_classes_[2:].tolist() == sorted(worst)
    with pytest.raises(ValueError, match="top_n == 0, must be >= 1"):
        shown.plot(top_n=0)
    only = PerClassAccuracyDisplay.from_predictions([3, 4], [3, 3], seen_classes=[1])
    assert list(only.bars_) == ["unseen"]


def test_losses_are_those_of_the_history(animals, tiny_flow):
    flow = VAECFlow(**tiny_flow, early_stopping=True, validation_interval=5)
    clf = GZSLClassifier(
        flow, SoftmaxClassifier(max_iter=40), seen_penalty=0.0, random_state=0
    )
    clf = CalibratedStackingCV(clf, cv=0.3, random_state=0).fit(
        animals.X, animals.y, class_attributes=animals.attributes
    )
    generator, classifier = clf.estimator_.generator_, clf.estimator_.classifier_
    shown = TrainingCurveDisplay.from_estimator(clf)
    history = [(row["iter"], row["rec"]) for row in generator.history_]
    np.testing.assert_allclose(shown.lines_["rec"].get_xydata(), history)
    validated = generator.validation_steps_, generator.validation_scores_
    np.testing.assert_allclose(shown.validation_line_.get_data(), validated)
    assert shown.stop_line_.get_xdata()[0] == generator.n_iter_ == shown.stop
    assert list(shown.plot(terms="rec").lines_) == ["rec"]
    assert list(TrainingCurveDisplay.from_estimator(generator).losses) == list(
        shown.losses
    )

    of_softmax = TrainingCurveDisplay.from_estimator(clf, part="classifier")
    steps, losses = of_softmax.lines_["loss"].get_data()
    np.testing.assert_allclose(losses, classifier.loss_curve_)
    assert steps[-1] == 40
    assert of_softmax.validation_ax_ is None

    with pytest.raises(ValueError, match=r"terms holds \['fow'\], but the losses are"):
        shown.plot(terms=["fow"])
    with pytest.raises(ValueError, match="part='critic' is none of"):
        TrainingCurveDisplay.from_estimator(clf, part="critic")


def test_without_steps_there_are_no_losses(fitted):
    with pytest.raises(ValueError, match="kept no losses of its training"):
        TrainingCurveDisplay.from_estimator(fitted)
    with pytest.raises(ValueError, match="kept no losses of its generator"):
        TrainingCurveDisplay.from_estimator(fitted, part="generator")


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


def test_likeness_is_the_cosine_from_the_mean_of_seen_classes(animals):
    shown = DescriptionDisplay.from_attributes(
        animals.attributes, seen_classes=animals.seen
    )
    labels = animals.labels.tolist()
    assert shown.classes.tolist() == labels
    vectors = animals.attributes.take(labels).astype(float)
    centre = vectors[:9].mean(axis=0)
    cosines = cosine_similarity(vectors - centre)
    np.testing.assert_allclose(shown.similarity, cosines, atol=1e-12)
    order = [labels.index(label) for label in shown.shown_classes_]
    assert sorted(order[:9]) == list(range(9))
    np.testing.assert_allclose(shown.im_.get_array(), cosines[np.ix_(order, order)])
    plain = DescriptionDisplay.from_attributes(
        animals.attributes, seen_classes=animals.seen, centred=False
    )
    np.testing.assert_allclose(plain.similarity, cosine_similarity(vectors), atol=1e-12)
    nearest, value = shown.nearest_seen["elk"]
    across = cosines[labels.index("elk"), :9]
    assert across[labels.index(nearest)] == pytest.approx(across.max()) == value

    shown.plot(classes=["elk", "ant", "bat"], sort=False)
    assert shown.shown_classes_.tolist() == ["ant", "bat", "elk"]
    with pytest.raises(ValueError, match=r"classes holds \['yak'\], which have no"):
        shown.plot(classes=["yak"])


def test_likeness_of_one_of_several_sources(animals):
    other = np.array(animals.vectors[:, :3])
    other[2] = np.nan  # of bat
    several = ClassAttributes(animals.labels, {"a": animals.vectors, "b": other})
    shown = DescriptionDisplay.from_attributes(
        several, seen_classes=animals.seen, source="b"
    )
    assert set(animals.labels) - set(shown.classes) == {"bat"}
    with pytest.raises(ValueError, match="choose one"):
        DescriptionDisplay.from_attributes(several, seen_classes=animals.seen)
