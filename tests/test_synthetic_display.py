"""Real and synthetic rows are drawn where they are, and compared as they should be."""

import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.manifold import TSNE, SpectralEmbedding
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklearn_gzsl import CADAVAE, GaussianGenerator, GZSLClassifier
from sklearn_gzsl.inspection import SyntheticFeaturesDisplay

plt = pytest.importorskip("matplotlib.pyplot")
pytestmark = pytest.mark.usefixtures("close_figures")


class Wrapper(ClassifierMixin, BaseEstimator):
    """Meta-estimator that has the seen classes, too, but not the generator."""

    def __init__(self, estimator):
        self.estimator_ = estimator
        self.classes_ = estimator.classes_
        self.seen_classes_ = estimator.seen_classes_

    def predict(self, X):
        return self.estimator_.predict(X)


def _legend(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


@pytest.fixture
def certain(animals):
    """A classifier whose synthetic rows of a class are all the same."""
    clf = GZSLClassifier(
        GaussianGenerator(temperature=0.0),
        LogisticRegression(),
        n_synthetic=5,
        seen_penalty=0.0,
    )
    return clf.fit(animals.X, animals.y, class_attributes=animals.attributes)


def test_plane_is_fitted_on_real_rows(certain, animals, blurred):
    shown = ["hippopotamus", "cat"]
    display = SyntheticFeaturesDisplay.from_estimator(
        certain, blurred, animals.y_test, classes=shown, n_samples=3
    )
    rows = np.isin(animals.y_test, shown)
    features = certain.transform(blurred)
    plane = PCA(n_components=2).fit(features[rows])
    drawn, labels = certain.generator_.sample(animals.attributes.subset(shown), 3)
    assert display.classes.tolist() == shown
    assert display.y_synthetic.tolist() == labels.tolist()
    for i, label in enumerate(shown):
        real = features[animals.y_test == label]
        np.testing.assert_allclose(
            display.real_[i].get_offsets(), plane.transform(real), atol=1e-5
        )
        synthetic = plane.transform(drawn[labels == label])
        np.testing.assert_allclose(
            display.synthetic_[i].get_offsets(), synthetic, atol=1e-5
        )
        means = [plane.transform(real).mean(axis=0), synthetic[0]]
        np.testing.assert_allclose(display.shifts_[i].get_xydata(), means, atol=1e-5)
        distance = np.linalg.norm(real.mean(axis=0) - drawn[labels == label][0])
        spread = np.sqrt(np.trace(np.cov(real.T)))
        assert display.mean_shift[i] == pytest.approx(distance / spread, rel=1e-4)
        assert display.spread_ratio[i] == pytest.approx(0, abs=1e-5)
        assert _legend(display)[i] == f"{label} (shift {display.mean_shift[i]:.2f})"


def test_numbers_of_rows_that_are_moved_and_stretched(
    fitted, animals, blurred, monkeypatch
):
    """A generator that gives the real rows, twice as wide and moved by a vector."""
    step = np.array([0.3, -0.4, 0, 0, 0])  # of length 0.5

    def sample(attributes, n_samples, random_state):
        rows = []
        for label in attributes.labels:
            real = fitted.transform(blurred[animals.y_test == label])
            mean = real.mean(axis=0)
            rows.append(mean + step + 2 * (real - mean))
        return np.concatenate(rows), np.repeat(attributes.labels, n_samples)

    monkeypatch.setattr(fitted.generator_, "sample", sample)
    display = SyntheticFeaturesDisplay.from_estimator(
        fitted, blurred, animals.y_test, n_samples=10
    )
    assert display.classes.tolist() == animals.unseen.tolist()
    np.testing.assert_allclose(display.spread_ratio, 2, rtol=1e-5)
    for shift, label in zip(display.mean_shift, display.classes, strict=True):
        real = fitted.transform(blurred[animals.y_test == label]).astype(float)
        centred = real - real.mean(axis=0)
        spread = np.sqrt((centred**2).sum() / (len(real) - 1))
        assert shift == pytest.approx(0.5 / spread, rel=1e-5)


def test_shift_of_a_true_generator_is_what_chance_gives(animals):
    """The formula in the notes: sqrt(1 / n + 1 / m)."""
    clf = GZSLClassifier(
        GaussianGenerator(),
        LogisticRegression(),
        preprocessor="passthrough",
        seen_penalty=0.0,
    ).fit(animals.X, animals.y, class_attributes=animals.attributes)
    squares = []
    ax = plt.subplots()[1]
    for seed in range(15):
        X, y = clf.generator_.sample(animals.attributes, 10, random_state=1000 + seed)
        display = SyntheticFeaturesDisplay.from_estimator(
            clf,
            X,
            y,
            n_samples=40,
            classes=animals.labels,
            random_state=seed,
            ax=ax,
        )
        ax.clear()
        squares.append(display.mean_shift**2)
    assert np.sqrt(np.mean(squares)) == pytest.approx(np.sqrt(1 / 10 + 1 / 40), rel=0.1)


def test_rows_pass_through_what_is_around_the_classifier(clf, animals, blurred):
    pipeline = make_pipeline(StandardScaler(), clf)
    pipeline.fit(
        animals.X, animals.y, gzslclassifier__class_attributes=animals.attributes
    )
    direct = SyntheticFeaturesDisplay.from_estimator(
        pipeline[-1], pipeline[:-1].transform(blurred), animals.y_test
    )
    wrapped = make_pipeline(pipeline[0], Wrapper(pipeline[-1]))
    for outer in (pipeline, make_pipeline(pipeline), wrapped):
        display = SyntheticFeaturesDisplay.from_estimator(
            outer, blurred, animals.y_test
        )
        np.testing.assert_allclose(display.real, direct.real, atol=1e-5)
        np.testing.assert_allclose(display.synthetic, direct.synthetic, atol=1e-5)


def test_any_transformer_makes_the_plane(fitted, animals, blurred):
    y = animals.y_test
    rows = np.isin(y, animals.unseen)
    features = fitted.transform(blurred)[rows]

    columns = FunctionTransformer(lambda X: X[:, [4, 1, 0]])
    display = SyntheticFeaturesDisplay.from_estimator(
        fitted, blurred, y, reducer=columns
    )
    np.testing.assert_array_equal(display.real, features[:, [4, 1]])

    discriminant = LinearDiscriminantAnalysis()  # which wants the labels
    display = SyntheticFeaturesDisplay.from_estimator(
        fitted, blurred, y, reducer=discriminant
    )
    expected = clone(discriminant).fit(features, y[rows]).transform(features)
    np.testing.assert_allclose(display.real, expected, rtol=1e-3, atol=1e-4)
    assert display.reducer is not discriminant
    assert not hasattr(discriminant, "scalings_")
    assert display.ax_.get_xlabel().startswith("LinearDiscriminantAnalysis")


class Together(BaseEstimator):
    """Reducer for the rows at hand alone, like t-SNE; turns them by its seed."""

    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit_transform(self, X):
        self.rows_ = X
        return self.random_state * X[:, :2]


class Labelled(Together):
    """One that must have labels, too."""

    def fit_transform(self, X, y):
        self.labels_ = y
        return super().fit_transform(X)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


@pytest.mark.parametrize("reducer", [Together(random_state=3), Labelled(3)])
def test_a_reducer_without_transform_gets_all_rows_at_once(
    fitted, animals, blurred, reducer
):
    display, usual = (
        SyntheticFeaturesDisplay.from_estimator(
            fitted, blurred, animals.y_test, n_samples=20, reducer=r, random_state=0
        )
        for r in (reducer, None)
    )
    features = fitted.transform(blurred)[np.isin(animals.y_test, animals.unseen)]
    rows = display.reducer.rows_
    np.testing.assert_array_equal(rows[:30], features)
    np.testing.assert_array_equal(display.real, 3 * rows[:30, :2])
    np.testing.assert_array_equal(display.synthetic, 3 * rows[30:, :2])
    assert display.synthetic.shape == (60, 2)
    if isinstance(reducer, Labelled):
        labels = np.concatenate([display.y_real, display.y_synthetic])
        np.testing.assert_array_equal(display.reducer.labels_, labels)
    # The numbers are those of all features, whatever the plane.
    np.testing.assert_array_equal(display.mean_shift, usual.mean_shift)
    np.testing.assert_array_equal(display.spread_ratio, usual.spread_ratio)
    assert not hasattr(reducer, "rows_")


@pytest.mark.parametrize(
    "reducer",
    [
        TSNE(perplexity=5, max_iter=250),
        make_pipeline(PCA(3), TSNE(perplexity=5, max_iter=250)),
        SpectralEmbedding(n_neighbors=8),
    ],
    ids=["t-SNE", "t-SNE in a pipeline", "spectral"],
)
def test_embeddings_are_seeded(
    fitted, animals, blurred, reducer, global_states_unchanged
):
    def draw(seed):
        return SyntheticFeaturesDisplay.from_estimator(
            fitted,
            blurred,
            animals.y_test,
            n_samples=10,
            reducer=reducer,
            random_state=seed,
        )

    first, again, other = draw(0), draw(0), draw(1)
    assert first.real.shape == first.synthetic.shape == (30, 2)
    np.testing.assert_array_equal(first.real, again.real)
    np.testing.assert_array_equal(first.synthetic, again.synthetic)
    assert not np.array_equal(first.real, other.real)
    for i, label in enumerate(first.classes):
        drawn = first.synthetic[first.y_synthetic == label]
        np.testing.assert_array_equal(first.synthetic_[i].get_offsets(), drawn)
    assert first.ax_.get_xlabel() == f"{type(reducer).__name__}: first column"


def test_latent_space_of_a_generator(animals, blurred):
    clf = GZSLClassifier(
        CADAVAE(latent_dim=3, encoder_dim=8, decoder_dim=8, max_iter=20),
        LogisticRegression(),
        random_state=0,
        seen_penalty=0.0,
    ).fit(animals.X, animals.y, class_attributes=animals.attributes)
    display = SyntheticFeaturesDisplay.from_estimator(clf, blurred, animals.y_test)
    assert display.reducer.n_features_in_ == 3
    assert display.real.shape == (30, 2)
    assert display.synthetic.shape == (300, 2)


def test_seeds(fitted, animals, blurred, global_states_unchanged):
    def synthetic(seed):
        return SyntheticFeaturesDisplay.from_estimator(
            fitted, blurred, animals.y_test, random_state=seed
        ).synthetic

    np.testing.assert_array_equal(synthetic(0), synthetic(0))
    np.testing.assert_array_equal(synthetic(None), synthetic(None))
    assert not np.array_equal(synthetic(0), synthetic(1))


def test_default_shows_eight_unseen_classes_at_most(small_numbers):
    X, y = small_numbers.data, small_numbers.target
    clf = GZSLClassifier(
        GaussianGenerator(),
        LinearDiscriminantAnalysis(),
        n_synthetic=2,
        seen_penalty=0.0,
    )
    clf.fit(
        X[small_numbers.train],
        y[small_numbers.train],
        class_attributes=small_numbers.class_attributes,
    )
    test = small_numbers.test
    display = SyntheticFeaturesDisplay.from_estimator(clf, X[test], y[test])
    assert display.classes.tolist() == sorted(small_numbers.unseen_classes)[:8]
    display = SyntheticFeaturesDisplay.from_estimator(
        clf, X[test], y[test], classes=small_numbers.unseen_classes
    )
    colours = {tuple(c) for part in display.real_ for c in part.get_facecolor()}
    assert len(colours) == 20


def test_classes_of_one_row_or_without_spread_have_no_shift(fitted, animals):
    X = np.concatenate([animals.X_test[animals.y_test == "elk"][:1]] * 3)
    X = np.concatenate([X, animals.X_test[animals.y_test == "elephant"][:1]])
    y = ["elk", "elk", "elk", "elephant"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        display = SyntheticFeaturesDisplay.from_estimator(fitted, X, y)
    assert np.isnan(display.mean_shift).all()
    assert len(display.real) == 4


def test_errors_of_the_synthetic_rows(fitted, animals):
    X, y = animals.X_test, animals.y_test

    def draw(X=X, y=y, clf=fitted, **options):
        return SyntheticFeaturesDisplay.from_estimator(clf, X, y, **options)

    with pytest.raises(ValueError, match=r"classes holds \['yak'\], which have no row"):
        draw(classes=["elk", "yak"])
    with pytest.raises(
        ValueError, match=r"classes holds \['yak'\], which the classifier"
    ):
        draw(y=np.where(y == "elk", "yak", y), classes=["yak"])
    with pytest.raises(ValueError, match="y holds no row of an unseen class; name the"):
        draw(animals.X, animals.y)
    with pytest.raises(TypeError, match=r"reducer=Ridge\(\) has to have fit_transform"):
        draw(reducer=Ridge())
    with pytest.raises(ValueError, match="two columns"):
        draw(reducer=PCA(n_components=1))
    with pytest.raises(TypeError, match="no generator_ in LogisticRegression"):
        draw(clf=LogisticRegression().fit(animals.X, animals.y))
    with pytest.raises(ValueError, match="n_samples == 1, must be >= 2"):
        draw(n_samples=1)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        draw(y=y[1:])
