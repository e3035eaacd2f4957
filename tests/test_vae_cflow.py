"""VAECFlow: losses and density against oracles, ablations, awkward data, accuracy."""

import numpy as np
import pytest
import torch
from conftest import blobs
from scipy.special import logsumexp
from scipy.stats import norm

from sklearn_gzsl import VAECFlow

TINY = {
    "hidden_dim": 8,
    "encoder_dims": (8,),
    "decoder_dim": 8,
    "n_layers": 2,
    "max_iter": 15,
    "device": "cpu",
    "random_state": 0,
}


@pytest.fixture(scope="module")
def fitted():
    X, y, attributes = blobs()
    return VAECFlow(**TINY).fit(X, y, attributes), X, attributes


@pytest.mark.parametrize("noise", ["sample", "dimension"])
def test_losses_equal_the_equations_in_numpy(noise):
    X, y, attributes = blobs()
    params = TINY | {
        "noise": noise,
        "rec_weight": 0.7,
        "reg_weight": 0.5,
        "cls_weight": 0.3,
    }
    # Steps enough for a term near 0 to have digits.
    params |= {"feature_noise": 0.0, "max_iter": 50}
    generator = VAECFlow(**params).fit(X, y, attributes)
    module = generator.net_.module_
    rows = slice(0, 120, 7)
    x, labels = torch.tensor(X[rows]), torch.tensor(y[rows])
    losses = module(x, labels, torch.Generator().manual_seed(5))
    shape = (len(x), 1 if noise == "sample" else X.shape[1])
    eps = torch.randn(shape, generator=torch.Generator().manual_seed(5)).numpy()

    def number(t):
        return t.detach().double().numpy()

    a = attributes.values[y[rows]] / generator.attribute_scale_
    mean, log_std = map(number, module.prior(torch.tensor(a, dtype=torch.float32)))
    mu, lv = mean - number(module.mean_offset), log_std - number(module.log_std_offset)
    z, log_det = map(number, module.flow(x))
    nll = -(norm.logpdf(z, mean, np.exp(log_std)).sum(axis=1) + log_det)
    decoded = number(module.decoder(torch.tensor(mu + np.exp(lv) * eps).float()))
    logits = number(module.head(torch.tensor(z).float()))
    logits *= np.exp(3 * number(module.head_scale.gain))
    expected = {
        "flow": nll.mean() / np.log(2),
        "rec": np.abs(decoded - a).sum(axis=1).mean(),
        "reg": (np.exp(lv) - lv - 1).sum(axis=1).mean(),
        "cls": (logsumexp(logits, axis=1) - logits[np.arange(len(z)), y[rows]]).mean(),
    }
    expected["loss"] = (
        expected["flow"]
        + 0.7 * expected["rec"]
        + 0.5 * expected["reg"]
        + 0.3 * expected["cls"]
    )
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value, rel=1e-4), name


def test_ablations_leave_parts_out():
    X, y, attributes = blobs()
    kinds = {
        "whole": {},
        "cflow": {"conditioning": "linear"},
        "without_cls": {"cls_weight": 0},
    }
    terms, parts = {}, {}
    for kind, params in kinds.items():
        generator = VAECFlow(**TINY | params).fit(X, y, attributes)
        terms[kind] = generator.history_[-1].keys() - {"epoch", "iter"}
        parts[kind] = {
            n.split(".")[0] for n, _ in generator.net_.module_.named_parameters()
        }
    assert terms["whole"] == {"loss", "flow", "rec", "reg", "cls"}
    assert terms["cflow"] == {"loss", "flow", "cls"}
    assert terms["without_cls"] == {"loss", "flow", "rec", "reg"}
    assert parts["whole"] - parts["cflow"] == {"encoder", "decoder"}
    assert parts["whole"] - parts["without_cls"] == {"head", "head_scale"}


def test_temperature_scales_the_spread_without_training_again(fitted):
    generator, _, attributes = fitted
    spread = []
    for temperature in (0.0, 0.5, 1.0):
        generator.set_params(temperature=temperature)
        X, y = generator.sample(attributes, 500)
        spread.append(np.mean([X[y == c].std(axis=0) for c in range(4)]))
    generator.set_params(temperature=1.0)
    assert spread[0] < 1e-5 < spread[1] < spread[2]


@torch.no_grad()
def test_temperature_multiplies_the_deviation_of_the_base(fitted):
    generator, _, attributes = fitted
    flow = generator.net_.module_.flow
    latents = {}
    for temperature in (0.0, 0.5, 1.0):
        generator.set_params(temperature=temperature)
        draws = torch.tensor(generator.sample(attributes, 50)[0])
        latents[temperature] = flow(draws)[0] - latents.get(0.0, 0.0)
    torch.testing.assert_close(latents[0.5], 0.5 * latents[1.0], atol=1e-4, rtol=1e-3)


def test_feature_noise_has_the_unit_of_the_features():
    X, y, attributes = blobs()
    params = TINY | {"feature_noise": 0.3}
    noise = [
        float(VAECFlow(**params).fit(unit * X, y, attributes).net_.module_.x_noise)
        for unit in (1.0, 100.0)
    ]
    expected = 0.3 * np.sqrt(X.var(axis=0).mean())
    np.testing.assert_allclose(noise, [expected, 100 * expected], rtol=1e-4)


def test_training_raises_the_likelihood_of_rows_under_their_class():
    X, y, attributes = blobs(n_rows=100)
    test = np.arange(len(X)) % 5 == 0
    own = []
    for max_iter in (1, 500):
        generator = VAECFlow(**TINY | {"max_iter": max_iter, "lr": 1e-2})
        generator.fit(X[~test], y[~test], attributes)
        scores = generator.score_samples(X[test], attributes)
        own.append(scores[np.arange(test.sum()), y[test]].mean())
    assert own[1] > own[0] + 1
    assert (scores.argmax(axis=1) == y[test]).mean() > 0.8


@pytest.mark.parametrize("seed", range(5))
def test_constant_and_nearly_constant_channels(seed):
    X, y, attributes = blobs(n_features=12, n_rows=60, seed=seed)
    X[:, 0] = 0.3
    X[:, 1] = 0
    X[seed, 1] = 1.0  # constant but for one row
    X[:, 2:8] *= np.random.default_rng(seed).random((len(X), 6)) > 0.98
    params = TINY | {"random_state": seed, "lr": 1e-3, "max_iter": 100}
    generator = VAECFlow(**params).fit(X, y, attributes)
    draws, _ = generator.sample(attributes, 100)
    assert np.isfinite(generator.score_samples(X)).all()
    assert np.abs(draws).max() < 10 * np.abs(X).max()


def test_bad_encoder_dims_name_the_argument():
    X, y, attributes = blobs()
    for dims in ((), (0,), (4, -1), (5.5,), ("a",)):
        with pytest.raises(ValueError, match="encoder_dims"):
            VAECFlow(**TINY | {"encoder_dims": dims}).fit(X, y, attributes)


def test_too_high_learning_rate_is_a_clear_error():
    X, y, attributes = blobs()
    for max_iter, lr in ((1, 1e39), (50, 1e30)):
        params = TINY | {"lr": lr, "max_iter": max_iter}
        with pytest.raises(ValueError, match="lower lr"):
            VAECFlow(**params, lr_schedule="constant").fit(X, y, attributes)
