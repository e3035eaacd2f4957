"""Numbers and sizes beyond what can be computed with are told, never passed over."""

from time import process_time

import numpy as np
import pytest
from instances import TINY
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    CADAVAE,
    WGANGP,
    CalibratedStackingCV,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    IncrementalLDA,
    PrototypeNetwork,
    SoftmaxClassifier,
    VAECFlow,
)

THREE = ClassAttributes([0, 1, 2], [[1, 2], [2, 1], [1, 1]])
METHODS = ["predict", "predict_proba", "predict_log_proba", "decision_function"]


@pytest.fixture
def rows():
    return np.random.default_rng(0).random((20, 3)), np.arange(20) % 2


def one_row_of_naive_bayes(X, y):
    clf = GZSLClassifier(
        GaussianGenerator(),
        GaussianNB(),
        candidate_classes="unseen",
        n_synthetic=1,
        preprocessor="passthrough",
        random_state=0,
    )
    with np.errstate(all="ignore"):
        return clf.fit(X, y, class_attributes=THREE)


def penalty_without_unseen_classes(X, y):
    softmax = SoftmaxClassifier(max_iter=5)
    clf = GZSLClassifier(
        classifier=softmax, seen_penalty=1e39, n_synthetic=2, random_state=0
    )
    return clf.fit(X, y, class_attributes=THREE.subset([0, 1]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "fit", [one_row_of_naive_bayes, penalty_without_unseen_classes]
)
def test_scores_that_rank_nothing_are_an_error_in_every_method(fit, rows):
    clf = fit(*rows)
    for method in METHODS:
        with pytest.raises(ValueError, match="The scores of a row have NaN or"):
            getattr(clf, method)(rows[0])
    with pytest.raises(ValueError, match="seen_penalty is too large"):
        clf.predict_top_k(rows[0], 1)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_rows_too_large_for_a_linear_classifier_are_an_error():
    with pytest.raises(ValueError, match="The weights overflowed; scale X"):
        IncrementalLDA().fit(np.eye(3) * 1e300, [0, 1, 2])
    for clf in (IncrementalLDA(), SoftmaxClassifier(max_iter=50, lr=1.0)):
        clf.fit(10 * np.eye(3), [0, 1, 2])
        for method in METHODS:
            with pytest.raises(ValueError, match="X is too large for"):
                getattr(clf, method)(np.full((1, 3), 1.7e308))


@pytest.mark.parametrize(
    ("learner", "name"),
    [
        (CADAVAE(**TINY[CADAVAE] | {"latent_dim": 10**12}), "latent_dim"),
        (WGANGP(**TINY[WGANGP] | {"hidden_dim": 10**20}), "hidden_dim"),
        (VAECFlow(**TINY[VAECFlow] | {"encoder_dims": (8, 10**14)}), "encoder_dims"),
        (PrototypeNetwork(hidden_dim=10**13), "hidden_dim"),
    ],
)
def test_sizes_beyond_memory_are_named(learner, name, rows):
    with pytest.raises(ValueError, match=f"not enough memory with {name}=.*; lower"):
        learner.fit(*rows)


@pytest.mark.parametrize("n_samples", [10**14, 10**20])
def test_more_rows_than_memory_holds_are_named(n_samples, rows):
    generator = GaussianGenerator().fit(*rows)
    with pytest.raises(ValueError, match=f"memory with n_samples={n_samples}"):
        generator.sample(np.eye(2), n_samples)


@pytest.mark.parametrize("n_synthetic", [10**12, 10**30])
@pytest.mark.parametrize("memory_limit", [2**29, None])
def test_more_rows_than_anything_learns_from_are_refused(
    n_synthetic, memory_limit, rows
):
    """At once: the generator would take its time, and the stream have no end."""
    for generator in (GaussianGenerator(), CADAVAE()):
        clf = GZSLClassifier(
            generator, n_synthetic=n_synthetic, memory_limit=memory_limit
        )
        start = process_time()
        with pytest.raises(ValueError, match=f"^n_synthetic={n_synthetic} rows of 1 c"):
            clf.fit(*rows, class_attributes=THREE)
        assert process_time() - start < 0.5


@pytest.mark.parametrize("clf", [SoftmaxClassifier(), IncrementalLDA()])
@pytest.mark.parametrize("classes", [[1, "a"], ["b", (1, 2)], [1, None]])
def test_classes_that_cannot_be_sorted_are_named(clf, classes, rows):
    array = np.empty(2, dtype=object)
    array[:] = classes
    with pytest.raises(ValueError, match=r"classes (mixes text|has missing labels)"):
        clf.partial_fit(*rows, classes=array)


def test_labels_that_cannot_be_sorted_are_named(rows):
    y = [(1, 2), "a"] * 10
    with pytest.raises(ValueError, match=r"y mixes text, \['a'\], and other labels"):
        GZSLClassifier().fit(rows[0], y)


def test_folds_without_a_seed_leave_numpys_generator_alone(
    animals, clf, global_states_unchanged
):
    data = animals.X, animals.y
    CalibratedStackingCV(clf, cv=0.3).fit(*data, class_attributes=animals.attributes)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_a_preprocessor_makes_of_huge_numbers_is_named(animals, clf):
    X = animals.X.copy()
    X[0, 0] = 1e300
    clf.set_params(preprocessor=StandardScaler())
    with pytest.raises(ValueError, match="Input X after preprocessor contains"):
        clf.fit(X, animals.y, class_attributes=animals.attributes)
