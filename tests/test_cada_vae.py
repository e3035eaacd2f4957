"""CADAVAE: losses against numpy, warm-ups, sources, latents, accuracy."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_gzsl import CADAVAE, ClassAttributes, GZSLClassifier, SoftmaxClassifier
from sklearn_gzsl.generators._cada_vae_modules import _distance
from sklearn_gzsl.metrics import gzsl_scores

TINY = {
    "latent_dim": 4,
    "encoder_dim": 8,
    "decoder_dim": 9,
    "attribute_encoder_dim": 10,
    "attribute_decoder_dim": 11,
    "max_iter": 15,
    "device": "cpu",
    "random_state": 0,
}


def blobs(n_classes=6, n_rows=20, seed=0):
    """Rows of classes whose means depend linearly on 3 attributes, in two sources.

    Source "A" describes all classes but the last two, "B" all but the first.
    """
    rng = np.random.default_rng(seed)
    A = rng.normal(size=(n_classes, 3)).astype(np.float32)
    B = (A @ rng.normal(size=(3, 4))).astype(np.float32)
    y = np.repeat(np.arange(n_classes), n_rows)
    X = (A @ rng.normal(size=(3, 5)))[y] + rng.normal(scale=0.3, size=(len(y), 5))
    one = ClassAttributes(np.arange(n_classes), A)
    A, B = A.copy(), B.copy()
    A[-2:] = np.nan
    B[0] = np.nan
    two = ClassAttributes(np.arange(n_classes), {"A": A, "B": B})
    return X.astype(np.float32), y, one, two


def number(t):
    return t.detach().double().numpy()


def numpy_losses(generator, x, y, attributes, seed, progress):
    """The losses of METHODS' equations, for one batch, from the weights alone."""
    module = generator.net_.module_
    state = {k: number(v) for k, v in module.state_dict().items()}
    scales = generator.attribute_scale_
    if not isinstance(scales, dict):
        scales = dict.fromkeys(attributes.sources, scales)
    data = [x.astype(float)]
    data += [t[y] / scales[name] for name, t in attributes.sources.items()]
    rng = torch.Generator().manual_seed(seed)
    L = generator.latent_dim

    def layer(name, t):
        return t @ state[f"{name}.weight"].T + state[f"{name}.bias"]

    targets, codes, z = [], [], []
    for m, raw in enumerate(data):
        t = (raw - state[f"vaes.{m}.location"]) / state[f"vaes.{m}.spread"]
        there = ~np.isnan(t[:, 0])
        h = np.maximum(layer(f"vaes.{m}.encoder.layers.0", np.nan_to_num(t)), 0)
        mu, lv = layer(f"vaes.{m}.mean", h), layer(f"vaes.{m}.log_var", h)
        by_row = generator.noise == "sample"
        e = torch.randn((len(x), 1 if by_row else L), generator=rng).double().numpy()
        targets.append((t, there))
        codes.append((mu, lv))
        z.append(mu + np.exp(lv if by_row else lv / 2) * e)

    terms = dict.fromkeys(["rec", "kl", "cross", "distribution"], 0.0)
    for m, (t, there) in enumerate(targets):
        mu, lv = codes[m]
        for i in np.flatnonzero(there):
            terms["kl"] -= 0.5 * np.sum(1 + lv[i] - mu[i] ** 2 - np.exp(lv[i]))
        for k, (_, also_there) in enumerate(targets):
            h = np.maximum(layer(f"vaes.{m}.decoder.layers.0", z[k]), 0)
            decoded = layer(f"vaes.{m}.decoder.layers.1", h)
            both = np.flatnonzero(there & also_there)
            error = state[f"vaes.{m}.unit"] * np.abs(decoded - t)[both].sum()
            terms["rec" if k == m else "cross"] += error
            if k > m:
                gap = (mu - codes[k][0]) ** 2
                gap = gap + (np.exp(lv / 2) - np.exp(codes[k][1] / 2)) ** 2
                terms["distribution"] += np.sqrt(gap[both].sum(axis=1)).sum()
    terms = {name: value / len(x) for name, value in terms.items()}

    def ramp(start, end):
        return np.clip((progress - start) / (end - start), 0, 1)

    terms["loss"] = (
        terms["rec"]
        + generator.kl_weight * ramp(*generator.kl_warmup) * terms["kl"]
        + generator.cross_weight * ramp(*generator.cross_warmup) * terms["cross"]
        + generator.distribution_weight
        * ramp(*generator.distribution_warmup)
        * terms["distribution"]
    )
    return terms


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("noise", ["sample", "dimension"])
@pytest.mark.parametrize(
    ("progress", "without"),
    [
        *((progress, None) for progress in (0.0, 0.1, 0.4, 0.8, 1.0)),
        (0.8, "cross"),  # DA-VAE
        (0.8, "distribution"),  # CA-VAE
    ],
)
def test_losses_equal_the_equations_in_numpy(noise, several, progress, without):
    X, y, one, two = blobs()
    attributes = two if several else one
    params = TINY | {"noise": noise, "kl_weight": 0.7, "kl_warmup": (0.05, 0.9)}
    if without:
        params |= {f"{without}_weight": 0.0}
    generator = CADAVAE(**params).fit(X, y, attributes)
    module = generator.net_.module_
    module.progress = progress
    x, y = X[::7], y[::7]
    rng = torch.Generator().manual_seed(3)
    losses = module(torch.tensor(x), torch.tensor(y), rng)
    expected = numpy_losses(generator, x, y, attributes, 3, progress)
    expected.pop(without, None)
    assert losses.keys() == expected.keys()
    for name, value in expected.items():
        assert losses[name].item() == pytest.approx(value, rel=1e-4), name


def test_training_moves_through_the_warm_ups():
    X, y, one, _ = blobs()
    generator = CADAVAE(**TINY | {"max_iter": 100}).fit(X, y, one)
    for row in generator.history_:
        # One step for each entry: its loss has the weights of that moment.
        generator.net_.module_.progress = (row["iter"] - 1) / 100
        total = row["rec"] + sum(
            generator.net_.module_.weight(name) * row[name]
            for name in ("kl", "cross", "distribution")
        )
        assert row["loss"] == pytest.approx(total, rel=1e-5)


def test_a_window_without_length_is_a_step():
    X, y, one, _ = blobs()
    params = TINY | {"max_iter": 1, "kl_warmup": (0.5, 0.5), "cross_warmup": [0, 0]}
    module = CADAVAE(**params).fit(X, y, one).net_.module_
    weights = []
    for progress in (0.0, 0.49, 0.5, 1.0):
        module.progress = progress
        weights.append([module.weight("kl"), module.weight("cross")])
    full = CADAVAE().kl_weight, CADAVAE().cross_weight
    assert_array_equal(weights, [(0, full[1])] * 2 + [full] * 2)


def test_distance_of_equal_gaussians_has_a_finite_gradient():
    codes = [torch.ones(2, 3, requires_grad=True) for _ in range(4)]
    distance = _distance(*codes)
    assert_allclose(number(distance), 0, atol=1e-5)
    distance.sum().backward()
    for code in codes:
        assert_array_equal(code.grad, 0)


@pytest.mark.parametrize("several", [False, True])
def test_every_parameter_gets_a_gradient(several):
    X, y, one, two = blobs()
    generator = CADAVAE(**TINY).fit(X, y, two if several else one)
    module = generator.net_.module_
    module.zero_grad()
    module(torch.tensor(X), torch.tensor(y), torch.Generator())["loss"].backward()
    for name, p in module.named_parameters():
        assert p.grad is not None, name
        assert p.grad.abs().sum() > 0, name


def test_ablations_leave_terms_out():
    X, y, one, _ = blobs()
    terms = {}
    for name in ("cross_weight", "distribution_weight", "kl_weight"):
        generator = CADAVAE(**TINY | {name: 0}).fit(X, y, one)
        terms[name] = generator.history_[-1].keys() - {"epoch", "iter", "loss"}
    assert terms["cross_weight"] == {"rec", "kl", "distribution"}  # DA-VAE
    assert terms["distribution_weight"] == {"rec", "kl", "cross"}  # CA-VAE
    assert terms["kl_weight"] == {"rec", "cross", "distribution"}


@pytest.mark.parametrize("window", [(0.1,), (0.5, 0.2), (-0.1, 1), (0, 1.1), ("a", 1)])
def test_bad_windows_name_the_argument(window):
    X, y, one, _ = blobs()
    with pytest.raises(ValueError, match="cross_warmup"):
        CADAVAE(**TINY | {"cross_warmup": window}).fit(X, y, one)


@torch.no_grad()
def noise_of(generator, X, Z):
    """What the latents Z of the rows X have beside their means, in deviations."""
    mean, log_var = generator.net_.module_.vaes[0].encode(torch.tensor(X))
    factor = 1.0 if generator.noise == "sample" else 0.5
    return (Z - number(mean)) / np.exp(factor * number(log_var))


def test_transform_gives_the_means_and_training_features_have_noise():
    X, y, one, _ = blobs()
    generator = CADAVAE(**TINY).fit(X, y, one)
    means = generator.transform(X)
    assert means.dtype == np.float32
    assert_allclose(noise_of(generator, X, means), 0, atol=1e-5)
    assert_array_equal(generator.fit_transform(X, y, class_attributes=one), means)

    first, again, other = (
        generator.training_features(X, random_state=seed) for seed in (1, 1, 2)
    )
    assert first.dtype == np.float32
    assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    # One number for each row.
    noise = noise_of(generator, X, first)
    assert_allclose(noise, np.repeat(noise[:, :1], 4, axis=1), atol=1e-3)
    assert noise[:, 0].std() == pytest.approx(1, abs=0.2)


def test_noise_of_each_dimension():
    X, y, one, _ = blobs()
    generator = CADAVAE(**TINY | {"noise": "dimension"}).fit(X, y, one)
    noise = noise_of(generator, X, generator.training_features(X))
    assert_allclose(noise.std(axis=0), 1, atol=0.2)
    assert_allclose(np.corrcoef(noise.T), np.eye(4), atol=0.35)


def test_the_classifier_learns_from_latents_with_noise():
    X, y, one, _ = blobs()
    seen = y < 4

    class Recorder(SoftmaxClassifier):
        def fit(self, X, y):
            self.rows = X
            return super().fit(X, y)

    clf = GZSLClassifier(
        CADAVAE(**TINY), Recorder(max_iter=1), random_state=0, seen_penalty=0.0
    )
    clf.fit(X[seen], y[seen], class_attributes=one)
    scaled = clf.preprocessor_.transform(X[seen])
    noise = noise_of(clf.generator_, scaled, clf.classifier_.rows[: seen.sum()])
    assert_allclose(noise, np.repeat(noise[:, :1], 4, axis=1), atol=1e-3)
    assert noise[:, 0].std() == pytest.approx(1, abs=0.2)


def test_names_of_the_latents():
    X, y, one, _ = blobs()
    generator = CADAVAE(**TINY).fit(X, y, one)
    assert generator.get_feature_names_out().tolist() == [
        f"cadavae{i}" for i in range(4)
    ]
    frame = generator.set_output(transform="pandas").transform(X)
    assert frame.columns[0] == "cadavae0"


def test_one_source_is_the_same_whatever_its_name():
    X, y, one, _ = blobs()
    renamed = ClassAttributes(one.labels, {"words": one.values})
    generator, other = (CADAVAE(**TINY).fit(X, y, a) for a in (one, renamed))
    assert isinstance(other.attribute_scale_, float)
    for attributes in (one, renamed):
        assert_array_equal(
            generator.sample(attributes, 3)[0], other.sample(attributes, 3)[0]
        )


def test_several_sources():
    X, y, _, two = blobs()
    generator = CADAVAE(**TINY).fit(X[y < 5], y[y < 5], two)
    assert generator.source_dims_ == {"A": 3, "B": 4}
    assert generator.n_attributes_in_ == 7
    norms = {
        name: np.linalg.norm(table[:5], axis=1) for name, table in two.sources.items()
    }
    assert generator.attribute_scale_ == {
        name: pytest.approx(np.nanmean(norm)) for name, norm in norms.items()
    }
    # The sources that describe a class take turns.
    generator.set_params(temperature=0)
    Z, labels = generator.sample(two, 4)
    assert_array_equal(labels, np.repeat(np.arange(6), 4))
    distinct = [len(np.unique(Z[labels == c], axis=0)) for c in range(6)]
    assert distinct == [1, 2, 2, 2, 1, 1]
    # A source that is left out describes nobody.
    only_b = ClassAttributes([1], {"B": two.sources["B"][1:2]})
    assert_allclose(generator.sample(only_b)[0][0], Z[5], rtol=1e-4, atol=1e-6)
    latents, labels = generator.sample(two.select("B"))
    assert_allclose(latents[labels == 1][0], Z[5], rtol=1e-4, atol=1e-6)


def test_a_class_of_one_source_gets_latents_like_its_own_rows():
    rng = np.random.default_rng(0)
    classes, n_seen = np.arange(30), 24
    A = rng.normal(size=(30, 3)).astype(np.float32)
    B = (A @ rng.normal(size=(3, 4))).astype(np.float32)
    y = np.repeat(classes, 30)
    X = (A @ rng.normal(size=(3, 8)))[y] + rng.normal(scale=0.3, size=(len(y), 8))
    A[classes % 3 == 1] = np.nan
    B[classes % 3 == 0] = np.nan
    attributes = ClassAttributes(classes, {"A": A, "B": B})
    sizes = {name: 64 for name in TINY if name.endswith("coder_dim")}
    params = TINY | sizes | {"max_iter": 400, "lr": 3e-3}
    seen = y < n_seen
    generator = CADAVAE(**params).fit(X[seen], y[seen], attributes)
    Z, labels = generator.sample(attributes, 50)
    real = np.array([generator.transform(X[y == c]).mean(axis=0) for c in classes])
    drawn = np.array([Z[labels == c].mean(axis=0) for c in classes])
    gaps = np.linalg.norm(drawn[:, None] - real, axis=2)
    for only in (np.isnan(A[:, 0]), np.isnan(B[:, 0])):
        for group in (only & (classes < n_seen), only & (classes >= n_seen)):
            assert np.median(np.diag(gaps)[group]) < 0.5 * np.median(gaps[group])


def test_sources_in_another_order():
    X, y, _, two = blobs()
    generator = CADAVAE(**TINY).fit(X, y, two)
    swapped = ClassAttributes(two.labels, dict(reversed(two.sources.items())))
    assert_array_equal(generator.sample(two, 2)[0], generator.sample(swapped, 2)[0])


def test_sources_that_cannot_be_used():
    X, y, one, two = blobs()
    generator = CADAVAE(**TINY).fit(X, y, two)
    with pytest.raises(ValueError, match=r"sources \['attributes'\], but CADAVAE was"):
        generator.sample(one)
    wide = ClassAttributes([0], {"B": np.ones((1, 9))})
    with pytest.raises(ValueError, match=r"9 columns in the source 'B'.* with 4"):
        generator.sample(wide)
    with pytest.raises(ValueError, match=r"sources \['A'\], which describe no class"):
        CADAVAE(**TINY).fit(X[y > 3], y[y > 3], two)


def test_several_sources_are_stored(round_trip):
    X, y, _, two = blobs()
    generator = CADAVAE(**TINY).fit(X, y, two)
    loaded = round_trip(generator)
    assert loaded.source_dims_ == generator.source_dims_
    assert_array_equal(loaded.sample(two, 3)[0], generator.sample(two, 3)[0])


def test_reference_numbers():
    """A change of these numbers is a change of the method: say so in the changelog."""
    X, y, one, two = blobs()
    losses = []
    for attributes in (one, two):
        generator = CADAVAE(**TINY | {"max_iter": 50}).fit(X, y, attributes)
        losses.append([generator.history_[i]["loss"] for i in (0, 25, -1)])
    assert_allclose(losses, REFERENCE_LOSSES, rtol=1e-3)


REFERENCE_LOSSES = [
    [334.38855, 769.328735, 1164.496338],
    [335.464691, 981.148438, 1611.120728],
]


def test_reads_numbers_it_never_saw(small_numbers):
    X, y = small_numbers.data, small_numbers.target
    sizes = {name: 128 for name in TINY if name.endswith("coder_dim")}
    generator = CADAVAE(**sizes, latent_dim=32, max_iter=300, lr=3e-3)
    softmax = SoftmaxClassifier(lr=1e-2, max_iter=1000)
    clf = GZSLClassifier(generator, softmax, random_state=0, seen_penalty=0.0)
    train, test = small_numbers.train, small_numbers.test
    clf.fit(X[train], y[train], class_attributes=small_numbers.class_attributes)
    scores = gzsl_scores(
        y[test], clf.predict(X[test]), seen_classes=small_numbers.seen_classes
    )
    assert scores["H"] > 0.45
