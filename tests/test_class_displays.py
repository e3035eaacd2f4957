"""Pictures of classes, of the plane that they lie in, and of losses."""

import numpy as np
import pytest
from sklearn.metrics import recall_score
from sklearn.metrics.pairwise import cosine_similarity

from sklearn_gzsl import (
    CalibratedStackingCV,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    IncrementalLDA,
    SoftmaxClassifier,
    VAECFlow,
)
from sklearn_gzsl.inspection import (
    DescriptionDisplay,
    PerClassAccuracyDisplay,
    SyntheticFeaturesDisplay,
    TrainingCurveDisplay,
)
from sklearn_gzsl.metrics import gzsl_scores, per_class_accuracy

plt = pytest.importorskip("matplotlib.pyplot")


pytestmark = pytest.mark.usefixtures("close_figures")


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
