"""Products in bfloat16, compiled networks, and work in pieces."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import pairwise_distances_argmin

from sklearn_gzsl import CADAVAE, MLIS, WGANGP, GSMFlow, VAECFlow
from sklearn_gzsl.datasets import load_two_digit_numbers
from sklearn_gzsl.nn import AffineCoupling, distinct, in_pieces, linear, products_in
from sklearn_gzsl.training import _precision

# Just large enough to recognise most of the numbers that they have never seen.
GENERATORS = {
    "VAECFlow": VAECFlow(
        hidden_dim=64, n_layers=2, encoder_dims=(128,), max_iter=60, lr=5e-3
    ),
    "GSMFlow": GSMFlow(hidden_dim=128, n_layers=2, batch_size=64, max_iter=50, lr=3e-3),
    "CADAVAE": CADAVAE(encoder_dim=128, decoder_dim=128, max_iter=130, lr=3e-3),
    "WGANGP": WGANGP(hidden_dim=128, n_critic=2, max_iter=180, lr=5e-3),
    "MLIS": MLIS(hidden_dim=128, embedding_dim=64, n_critic=2, max_iter=180, lr=5e-3),
}


@pytest.fixture(scope="module")
def numbers():
    numbers = load_two_digit_numbers(n_train=20)
    numbers.data = numbers.data / 16
    return numbers


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


def fit(generator, numbers):
    return generator.fit(
        numbers.data[numbers.train],
        numbers.target[numbers.train],
        class_attributes=numbers.class_attributes,
    )


def accuracy(generator, numbers):
    """Share of unseen numbers that are nearest to the mean of their samples."""
    unseen = numbers.class_attributes.subset(
        np.unique(numbers.target[numbers.test_unseen])
    )
    drawn, _ = generator.sample(unseen, 30)
    means = drawn.reshape(len(unseen.labels), 30, -1).mean(axis=1)
    rows = generator.transform(numbers.data[numbers.test_unseen])
    nearest = unseen.labels[pairwise_distances_argmin(rows, means)]
    return np.mean(nearest == numbers.target[numbers.test_unseen])


@pytest.mark.filterwarnings("ignore:precision='bfloat16'")
@pytest.mark.parametrize("name", GENERATORS)
def test_bfloat16_is_about_as_good(name, numbers):
    accuracies = []
    for precision in ("float32", "bfloat16"):
        generator = clone(GENERATORS[name])
        generator.set_params(precision=precision, random_state=0)
        fit(generator, numbers)
        assert generator.precision_ == precision
        weights = generator.net_.module_.state_dict().values()
        assert all(w.dtype != torch.bfloat16 for w in weights)
        accuracies.append(accuracy(generator, numbers))
    assert accuracies[0] > 0.4
    # Adversarial trainings of two seeds differ as much, on one processor or another.
    assert accuracies[1] > accuracies[0] - 0.12


def test_bfloat16_products_have_float32_results_and_gradients(rng):
    layer = linear(30, 20, rng, init="normal", gain=1.0)
    x = torch.randn(7, 30, generator=rng, requires_grad=True)
    weigh = torch.randn(7, 20, generator=rng)
    with products_in(layer, torch.bfloat16):
        y = layer(x)
        (y * weigh).sum().backward()
    got = [y, x.grad, layer.weight.grad, layer.bias.grad]
    assert all(t.dtype == torch.float32 for t in got)
    x64, w64 = x.detach().double(), layer.weight.detach().double()
    expected = [x64 @ w64.T, weigh.double() @ w64, weigh.double().T @ x64, weigh.sum(0)]
    for mine, exact in zip(got, expected, strict=True):
        error = (mine - exact).norm() / exact.norm()
        assert error < 0.01
    # It is bfloat16 indeed: float32 would be a thousand times as exact.
    assert (got[0] - expected[0]).norm() / expected[0].norm() > 1e-4


def test_precision_ends_with_its_block_also_when_nested(rng):
    layer = linear(3, 3, rng)
    with products_in(layer, torch.bfloat16):
        with products_in(layer, torch.float32):
            assert layer.products == torch.float32
        assert layer.products == torch.bfloat16
    assert layer.products is None


def test_a_flow_in_bfloat16_is_inverted_as_exactly_as_in_float32(rng):
    coupling = AffineCoupling(16, 4, 32, rng)
    x, condition = torch.randn(50, 16, generator=rng), torch.randn(3, 4, generator=rng)
    rows = torch.arange(50) % 3
    with products_in(coupling, torch.bfloat16), torch.no_grad():
        y, log_det = coupling(x, condition, rows)
        back = coupling.inverse(y, condition, rows)
    assert y.dtype == log_det.dtype == torch.float32
    torch.testing.assert_close(back, x, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("able", [True, False])
def test_auto_goes_by_the_device(able, numbers, monkeypatch):
    monkeypatch.setattr(_precision, "has_bfloat16", lambda _: able)
    generator = CADAVAE(encoder_dim=8, decoder_dim=8, max_iter=2, precision="auto")
    fit(generator, numbers)
    assert generator.precision_ == ("bfloat16" if able else "float32")


def test_bfloat16_without_instructions_warns(numbers, monkeypatch):
    monkeypatch.setattr(_precision, "has_bfloat16", lambda _: False)
    generator = CADAVAE(encoder_dim=8, decoder_dim=8, max_iter=2, precision="bfloat16")
    with pytest.warns(UserWarning, match="slower than with 'float32'"):
        fit(generator, numbers)


@pytest.mark.parametrize("name", ["WGANGP", "MLIS"])
def test_compile_is_refused_where_there_is_nothing_to_compile(name, numbers):
    generator = GENERATORS[name]
    with pytest.raises(ValueError, match="compile=True has nothing to compile"):
        fit(type(generator)(compile=True), numbers)


def test_compile_is_refused_without_a_compiler(numbers, monkeypatch):
    def no_compiler(_):
        raise RuntimeError("No working C++ compiler found")

    monkeypatch.setattr(torch, "compile", no_compiler)
    with pytest.raises(ValueError, match=r"needs a C\+\+ compiler.*No working"):
        fit(GSMFlow(compile=True), numbers)


@pytest.mark.filterwarnings("ignore")  # torch's own
@pytest.mark.parametrize(
    "generator",
    [
        GSMFlow(n_layers=1, hidden_dim=8, max_iter=5, random_state=0),
        WGANGP(
            critic_gradients="autograd",
            critic_layers=2,
            hidden_dim=8,
            max_iter=2,
            random_state=0,
        ),
    ],
    ids=lambda generator: type(generator).__name__,
)
def test_compiled_networks_learn_the_same(numbers, generator, monkeypatch):
    # It follows the networks as the default does, and writes no C++: half a minute.
    compiler = partial(torch.compile, backend="aot_eager")
    monkeypatch.setattr(torch, "compile", compiler)
    try:
        torch.compile(lambda x: x + 1)(torch.zeros(2))
    except Exception as error:  # noqa: BLE001, torch has many
        pytest.skip(f"torch cannot compile here: {type(error).__name__}")
    samples = []
    for compiled in (False, True):
        generator = clone(generator).set_params(compile=compiled)
        fit(generator, numbers)
        samples.append(generator.sample(numbers.class_attributes, 2)[0])
    np.testing.assert_allclose(*samples, atol=1e-4)


def test_threads_that_sample_leave_the_precision_alone(numbers):
    generator = VAECFlow(hidden_dim=8, encoder_dims=(8,), max_iter=2, random_state=0)
    fit(generator, numbers).precision_ = "bfloat16"
    one = generator.sample(numbers.class_attributes, 20)[0]
    before = generator.score_samples(numbers.data[:5])
    with ThreadPoolExecutor(4) as pool:
        args = [(numbers.class_attributes, 20)] * 8
        drawn = list(pool.map(lambda a: generator.sample(*a)[0], args))
    assert all(np.array_equal(one, other) for other in drawn)
    assert np.array_equal(generator.score_samples(numbers.data[:5]), before)


def test_scores_are_float32_while_another_thread_samples(numbers):
    generator = GSMFlow(hidden_dim=64, max_iter=20, random_state=0)
    fit(generator, numbers).precision_ = "bfloat16"
    alone = generator.score_samples(numbers.data[:5])
    with ThreadPoolExecutor(1) as pool:
        sampling = pool.submit(generator.sample, numbers.class_attributes, 200)
        scores = [generator.score_samples(numbers.data[:5]) for _ in range(5)]
        sampling.result()
    assert all(np.array_equal(alone, other) for other in scores)


def test_training_leaves_no_gradients_behind(numbers):
    module = fit(GSMFlow(hidden_dim=8, max_iter=2), numbers).net_.module_
    assert all(p.grad is None and p.spare is None for p in module.parameters())


def test_in_pieces_is_the_function_of_all_rows(rng):
    x, y = torch.randn(2, 10, 3, generator=rng)
    torch.testing.assert_close(in_pieces(torch.mul, x, y, size=4), x * y)


def test_distinct_classes_and_which_a_row_has():
    y = torch.tensor([4, 1, 4, 0])
    classes, rows = distinct(y, 6)
    assert classes.tolist() == [0, 1, 4]
    assert classes[rows].tolist() == y.tolist()
    # A device that cannot tell without waiting takes all classes.
    classes, rows = distinct(y.to("meta"), 6)
    assert classes.shape == (6,)
    assert rows.shape == (4,)
