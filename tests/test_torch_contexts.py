"""Same bits, whatever settings of torch the caller has in force, which stay as is."""

import pickle
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from instances import TINY

from sklearn_gzsl import (
    ABP,
    CADAVAE,
    CEGZSL,
    CVAE,
    FVAEGAN,
    MLIS,
    WGANGP,
    GaussianGenerator,
    GSMFlow,
    GZSLClassifier,
    SoftmaxClassifier,
    VAECFlow,
)

SHORT = {"max_iter": 2, "random_state": 0}
GENERATORS = {
    "Gaussian": GaussianGenerator(random_state=0),
    "VAECFlow": VAECFlow(**TINY[VAECFlow] | SHORT),
    "VAECFlow, early stopping": VAECFlow(**TINY[VAECFlow] | SHORT, early_stopping=True),
    "GSMFlow": GSMFlow(**TINY[GSMFlow] | SHORT, perturbation_dropout=0.5),
    "CADAVAE": CADAVAE(**TINY[CADAVAE] | SHORT),
    "ABP": ABP(**TINY[ABP] | SHORT),
    "CEGZSL": CEGZSL(**TINY[CEGZSL] | SHORT),
    "CVAE": CVAE(**TINY[CVAE] | SHORT, dropout=0.5, regressor_weight=1.0),
    "FVAEGAN": FVAEGAN(**TINY[FVAEGAN] | SHORT, feedback=0.5),
    "WGANGP": WGANGP(**TINY[WGANGP] | SHORT),
    "MLIS": MLIS(**TINY[MLIS] | SHORT),
}


@contextmanager
def default_dtype(dtype):
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def default_device(device):
    torch.set_default_device(device)
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextmanager
def deterministic():
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)


@contextmanager
def anomaly_mode():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Anomaly Detection has been enabled")
        with torch.autograd.detect_anomaly():
            yield


CONTEXTS = {
    "float64 by default": lambda: default_dtype(torch.float64),
    "bfloat16 by default": lambda: default_dtype(torch.bfloat16),
    # A device on which tensors have no values: none may be made there.
    "another device by default": lambda: default_device("meta"),
    "another device in a context": lambda: torch.device("meta"),
    "inference_mode": torch.inference_mode,
    "no_grad": torch.no_grad,
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "deterministic algorithms": deterministic,
    "anomaly mode": anomaly_mode,
}


def settings():
    """What a caller can have set in torch."""
    return {
        "dtype": torch.get_default_dtype(),
        "device": torch.empty(0).device,
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "autocast dtype": torch.get_autocast_dtype("cpu"),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "anomaly": torch.is_anomaly_enabled(),
    }


def use(generator, animals):
    """All that a generator and a file of it say."""
    X, attributes = animals.X.astype(np.float32), animals.attributes
    generator.fit(X, animals.y, attributes)
    loaded = pickle.loads(pickle.dumps(generator))
    said = [generator.sample(attributes, 2)[0], loaded.sample(attributes, 2)[0]]
    said += [generator.transform(X), generator.training_features(X, random_state=0)]
    if hasattr(generator, "score_samples"):
        said.append(generator.score_samples(X))
    return said


@pytest.fixture(scope="module")
def said_without(animals):
    return {name: use(generator, animals) for name, generator in GENERATORS.items()}


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("name", GENERATORS)
def test_generators(name, context, animals, said_without):
    with CONTEXTS[context]():
        before = settings()
        said = use(GENERATORS[name], animals)
        assert settings() == before
    for got, expected in zip(said, said_without[name], strict=True):
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax(context, dtype, animals):
    X = animals.X.astype(dtype)

    def learn():
        clf = SoftmaxClassifier(max_iter=20, logit_adjustment=1.0, random_state=0)
        return clf.fit(X, animals.y).partial_fit(X, animals.y).predict_proba(X)

    expected = learn()
    with CONTEXTS[context]():
        before = settings()
        got = learn()
        assert settings() == before
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("context", CONTEXTS)
def test_a_fitted_classifier_grows(context, animals):
    def grow():
        clf = GZSLClassifier(
            WGANGP(**TINY[WGANGP] | SHORT),
            SoftmaxClassifier(max_iter=20),
            n_synthetic=5,
            random_state=0,
            seen_penalty=0.0,
        )
        clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
        clf.add_classes({"yak": animals.vectors[0] + animals.vectors[5]})
        return clf.decision_function(animals.X_test)

    expected = grow()
    with CONTEXTS[context]():
        np.testing.assert_array_equal(grow(), expected)


# Anomaly mode has an error of its own, which names the operation that made the NaN.
@pytest.mark.parametrize("context", sorted(CONTEXTS.keys() - {"anomaly mode"}))
def test_the_callers_settings_survive_an_error(context, animals):
    with CONTEXTS[context]():
        before = settings()
        with pytest.raises(ValueError, match="lower lr"):
            WGANGP(**TINY[WGANGP] | {"lr": 1e39}).fit(
                animals.X, animals.y, animals.attributes
            )
        assert settings() == before
