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
    "CVAE": ["AWA1", "AWA2", "CUB", "SUN", "aPY", "FLO"],
    "FVAEGAN": ["AWA2", "CUB", "SUN", "FLO"],
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
        ("CVAE", "SUN"): 80 * 41,
        ("FVAEGAN", "AWA2"): 120 * 368,
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


def test_the_published_weights():
    """Literal numbers: defaults may be tuned, these may not."""
    published = {
        ("VAECFlow", "CUB"): {
            "hidden_dim": 512,
            "n_layers": 4,
            "encoder_dims": (1450, 2048),
            "decoder_dim": 665,
            "cls_weight": 0.01,
            "noise": "sample",
            "feature_noise": 0.0,
            "lr": 1e-4,
            "batch_size": 64,
        },
        ("GSMFlow", "aPY"): {
            "hidden_dim": 2048,
            "n_layers": 5,
            "positioning_dim": 1024,
            "anchors": "all",
            "conditioning": "explicit",
            "perturbation": 0.02,
            "perturbation_dropout": 0.0,
            "proto_weight": 3.0,
            "weight_decay": 1e-6,
            "lr": 3e-4,
            "lr_decay": 0.55,
            "batch_size": 200,
        },
        ("CADAVAE", "SUN"): {
            "latent_dim": 64,
            "encoder_dim": 1560,
            "decoder_dim": 1660,
            "attribute_encoder_dim": 1450,
            "attribute_decoder_dim": 665,
            "kl_weight": 0.25,
            "cross_weight": 2.37,
            "distribution_weight": 8.13,
            "standardize": False,
            "noise": "sample",
            "lr": 1.5e-4,
            "lr_schedule": "constant",
            "batch_size": 50,
        },
        ("CVAE", "CUB"): {
            "hidden_dim": 1024,
            "latent_dim": None,
            "kl_weight": 1e-5,
            "noise_scale": 1e-5,
            "dropout": 0.7,
            "regressor_weight": 0.0,
            "standardize": False,
            "lr": 1e-3,
            "batch_size": 64,
        },
        ("FVAEGAN", "SUN"): {
            "hidden_dim": 4096,
            "latent_dim": None,
            "output_activation": "sigmoid",
            "feature_scale": None,
            "vae_weight": 1.0,
            "cycle_weight": 0.01,
            "feedback": 0.1,
            "decoded_features": True,
            "cls_weight": 0.0,
            "lr": 1e-3,
            "batch_size": 64,
        },
        ("WGANGP", "FLO"): {
            "hidden_dim": 4096,
            "latent_dim": None,
            "output_activation": "relu",
            "feature_scale": None,
            "n_critic": 5,
            "gp_weight": 10.0,
            "cls_weight": 0.1,
            "ema_decay": 0.0,
            "lr": 1e-4,
            "batch_size": 64,
        },
    }
    for pair, expected in published.items():
        params = paper_settings(*pair).generator.get_params()
        assert {name: params[name] for name in expected} == expected, pair


@pytest.mark.parametrize(
    ("method", "dataset"),
    [
        ("GSMFlow", "SUN"),
        ("MLIS", "CUB"),
        ("CADAVAE", "MNIST"),
        ("cada-vae", "digits"),
        ("WGANGP", None),
    ],
)
def test_an_unknown_pair_lists_the_known_ones(method, dataset):
    assert paper_settings("gsmflow", "apy").generator.n_layers == 5
    assert paper_settings("cada-vae", "cub").generator.get_params() == (
        paper_settings("CADAVAE", "CUB").generator.get_params()
    )
    with pytest.raises(ValueError, match=f"method='{method}' on") as error:
        paper_settings(method, dataset)
    for name, datasets in PAIRS.items():
        assert f"{name}: {', '.join(datasets)}" in str(error.value)
