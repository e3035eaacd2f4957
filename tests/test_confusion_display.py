"""The picture of a confusion matrix shows what scikit-learn counts."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, recall_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl.inspection import ClassConfusionDisplay
from sklearn_gzsl.metrics import gzsl_scores

plt = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.usefixtures("close_figures")


def test_matrix_is_scikit_learns_with_unseen_classes_last(fitted, animals, blurred):
    y, y_pred = animals.y_test, fitted.predict(blurred)
    display = ClassConfusionDisplay.from_estimator(fitted, blurred, y)
    order = [*np.sort(animals.seen), *np.sort(animals.unseen)]
    assert display.classes.tolist() == order
    np.testing.assert_array_equal(
        display.counts, confusion_matrix(y, y_pred, labels=order)
    )
    shares = confusion_matrix(y, y_pred, labels=order, normalize="true")
    assert 0.1 < np.diag(shares).mean() < 0.9
    np.testing.assert_allclose(display.confusion_matrix, shares)
    np.testing.assert_allclose(display.im_.get_array(), shares)
    for labels in (display.ax_.get_xticklabels(), display.ax_.get_yticklabels()):
        assert [text.get_text() for text in labels] == order
    for (i, j), text in np.ndenumerate(display.text_):
        assert (text is None) == (shares[i, j] == 0)
        if text is not None:
            assert text.get_text() == f"{shares[i, j]:.2f}"
            assert text.get_position() == (j, i)
    horizontal, vertical = display.dividers_
    assert set(horizontal.get_ydata()) == set(vertical.get_xdata()) == {8.5}


def test_blocks_are_shares_of_rows_averaged_over_classes(fitted, animals, blurred):
    rows = np.random.default_rng(0).permutation(len(blurred))[:80]  # unequal classes
    X, y = blurred[rows], animals.y_test[rows]
    display = ClassConfusionDisplay.from_estimator(fitted, X, y)
    to_unseen = np.isin(fitted.predict(X), animals.unseen)
    for side in ("seen", "unseen"):
        crossing = np.mean([to_unseen[y == c].mean() for c in animals[side]])
        assert 0 < crossing < 1
        assert display.blocks[f"{side}->unseen"] == pytest.approx(crossing)
        assert display.blocks[f"{side}->seen"] == pytest.approx(1 - crossing)
    diagonal = np.diag(display.confusion_matrix)
    own = gzsl_scores(y, fitted.predict(X), seen_classes=animals.seen)
    assert diagonal[:9].mean() == pytest.approx(own["S"])
    assert diagonal[9:].mean() == pytest.approx(own["U"])
    np.testing.assert_allclose(
        diagonal,
        recall_score(y, fitted.predict(X), labels=display.classes, average=None),
    )


def test_the_most_confused_of_many_classes_are_shown():
    y_true = np.repeat(np.arange(150), 10)
    y_pred = y_true.copy()
    y_pred[y_true == 140] = 7  # all rows
    y_pred[310:316] = 77  # six of class 31
    y_pred[120] = 31  # one of class 12
    display = ClassConfusionDisplay.from_predictions(
        y_true, y_pred, seen_classes=np.arange(120)
    )
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == [
        "seen",
        "unseen",
    ]
    assert display.ax_.get_xticks().tolist() == [59.5, 134.5]
    assert display.text_ is None

    display.plot(top_n=4)
    assert display.shown_classes_.tolist() == [7, 31, 77, 140]
    expected = [[1, 0, 0, 0], [0, 0.4, 0.6, 0], [0, 0, 1, 0], [1, 0, 0, 0]]
    np.testing.assert_allclose(display.im_.get_array(), expected)
    assert display.dividers_[0].get_ydata()[0] == 2.5
    assert [text.get_text() for text in display.ax_.get_yticklabels()] == [
        "7",
        "31",
        "77",
        "140",
    ]
    # The numbers remain those of all classes.
    assert display.blocks["unseen->seen"] == pytest.approx(1 / 30)
    assert display.confusion_matrix.shape == (150, 150)


def test_classes_can_be_chosen_by_name(fitted, animals, blurred):
    display = ClassConfusionDisplay.from_estimator(
        fitted, blurred, animals.y_test, classes=["elk", "cat", "ant"]
    )
    assert display.shown_classes_.tolist() == ["ant", "cat", "elk"]
    places = [display.classes.tolist().index(c) for c in display.shown_classes_]
    np.testing.assert_array_equal(
        display.im_.get_array(), display.confusion_matrix[np.ix_(places, places)]
    )
    display.plot(classes=["elk"])
    assert display.dividers_ == []


def test_predicted_classes_without_rows_are_blank_and_do_not_count():
    display = ClassConfusionDisplay.from_predictions(
        [1, 1, 8], [1, 2, 9], seen_classes=[1, 2, 3]
    )
    assert display.classes.tolist() == [1, 2, 8, 9]
    assert np.isnan(display.confusion_matrix[[1, 3]]).all()
    assert np.ma.getmaskarray(display.im_.get_array())[[1, 3]].all()
    assert display.blocks == {
        "seen->seen": 1.0,
        "seen->unseen": 0.0,
        "unseen->seen": 0.0,
        "unseen->unseen": 1.0,
    }


def test_rows_of_one_side_are_enough():
    display = ClassConfusionDisplay.from_predictions(
        ["elk", "elk"], ["elk", "cat"], seen_classes=["cat"]
    )
    assert display.blocks["unseen->seen"] == 0.5
    assert np.isnan(display.blocks["seen->seen"])


def test_confusion_of_a_pipeline(clf, animals, blurred):
    pipeline = make_pipeline(StandardScaler(), clf)
    pipeline.fit(
        animals.X, animals.y, gzslclassifier__class_attributes=animals.attributes
    )
    display = ClassConfusionDisplay.from_estimator(pipeline, blurred, animals.y_test)
    np.testing.assert_array_equal(
        display.counts,
        confusion_matrix(
            animals.y_test, pipeline.predict(blurred), labels=display.classes
        ),
    )
    assert display.n_seen == 9


def test_errors_of_the_confusion(fitted, animals):
    X, y = animals.X_test, animals.y_test
    display = ClassConfusionDisplay.from_estimator(fitted, X, y)
    with pytest.raises(ValueError, match=r"classes holds \['yak'\], which occur nei"):
        display.plot(classes=["ant", "yak"])
    with pytest.raises(ValueError, match="top_n and classes both choose"):
        display.plot(classes=["ant"], top_n=3)
    with pytest.raises(ValueError, match="top_n == 0, must be >= 1"):
        display.plot(top_n=0)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ClassConfusionDisplay.from_predictions(y, y[1:], seen_classes=animals.seen)
    with pytest.raises(ValueError, match="y_pred holds"):
        ClassConfusionDisplay.from_predictions(
            y, np.zeros(len(y)), seen_classes=animals.seen
        )
