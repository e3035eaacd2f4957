"""Published settings: complete, ready to fit, and clear about what is not there."""

import numpy as np
import pytest
from sklearn.base import clone

from sklearn_gzsl import GZSLClassifier
from sklearn_gzsl.presets import paper_settings

PAIRS = {
    "VAECFlow": ["AWA1", "AWA2", "CUB", "SUN", "ImageNet"],
    "GSMFlow": ["AWA2", "aPY", "CUB", "FLO"],
    "CADAVAE": ["AWA1", "AWA2", "CUB", "SUN"],
    "WGANGP": ["AWA1", "AWA2", "CUB", "SUN", "aPY", "FLO"],
}


@pytest.mark.parametrize("method", PAIRS)
def test_every_published_pair_is_a_classifier_that_fits(method, animals):
    sizes = {"hidden_dim": 8, "encoder_dims": (8,), "max_iter": 2}
    for dataset in PAIRS[method]:
        clf = clone(paper_settings(method, dataset))
        assert isinstance(clf, GZSLClassifier)
        assert type(clf.generator).__name__ == method
        known = clf.generator.get_params()
        clf.set_params(
            n_synthetic=5,
            classifier__max_iter=5,
            **{f"generator__{k}": v for k, v in sizes.items() if k in known},
        )
        clf.fit(animals.X, animals.y, animals.attributes)
        assert np.isin(clf.predict(animals.X_test), clf.classes_).all()


def test_steps_are_the_published_ones():
    """From the papers' tables and scripts, not from the formulas of the module."""
    steps = {
        ("VAECFlow", "AWA1"): 15_000,
        ("VAECFlow", "SUN"): 38_000,
        ("GSMFlow", "AWA2"): 45_500,
        ("GSMFlow", "aPY"): 17_400,
        ("GSMFlow", "CUB"): 16_200,
        ("GSMFlow", "FLO"): 6_300,
        ("CADAVAE", "CUB"): 14_200,
        ("WGANGP", "AWA1"): 9_300,
    }
    for pair, expected in steps.items():
        assert paper_settings(*pair).generator.max_iter == expected, pair


def test_the_authors_softmax():
    vae_cflow = paper_settings("VAECFlow", "AWA1")
    # 25 passes over 19832 real and 10 x 6000 synthetic rows, in batches of 6000.
    assert vae_cflow.classifier.max_iter == 25 * 14
    cada = paper_settings("CADAVAE", "AWA1")
    assert (cada.n_real, cada.n_synthetic) == (200, 400)
    assert cada.classifier.max_iter == 33 * (40 * 200 + 10 * 400) // 32


@pytest.mark.parametrize(
    ("method", "dataset"), [("GSMFlow", "SUN"), ("MLIS", "CUB"), ("CADAVAE", "MNIST")]
)
def test_an_unknown_pair_lists_the_known_ones(method, dataset):
    with pytest.raises(ValueError, match=f"method='{method}' on") as error:
        paper_settings(method, dataset)
    for name, datasets in PAIRS.items():
        assert f"{name}: {', '.join(d.upper() for d in datasets)}" in str(error.value)
