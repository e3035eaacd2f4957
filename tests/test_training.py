"""The training net: steps, batches, progress, errors and early ends."""

import numpy as np
import pytest
import torch
from skorch.callbacks import Callback, EarlyStopping, GradientNormClipping
from torch import nn

from sklearn_gzsl import CADAVAE, WGANGP
from sklearn_gzsl.training import (
    IndexBatches,
    StepNet,
    Validation,
    draw_seed,
    resolve_device,
    torch_generator,
)


class Mean(nn.Module):
    """Learns the mean of its rows; NaN from step ``nan_at`` on."""

    def __init__(self, n_features=2, nan_at=None):
        super().__init__()
        self.location = nn.Parameter(torch.zeros(n_features))
        self.nan_at = nan_at
        self.n_steps = 0

    def forward(self, x, rng):
        self.n_steps += 1
        square = (x - self.location).square().mean()
        if self.nan_at is not None and self.n_steps >= self.nan_at:
            square = square * float("nan")
        return {"loss": square, "square": square}


def make_net(module, **kwargs):
    kwargs = {"max_iter": 250, "lr": 0.05, "batch_size": 8} | kwargs
    return StepNet(module, rng=torch_generator(0), **kwargs)


X = torch.randn(50, 2, generator=torch_generator(1)) + torch.tensor([1.0, -2.0])


@pytest.mark.parametrize("max_iter", [1, 7, 100, 250])
def test_takes_exactly_max_iter_steps(max_iter):
    module = Mean()
    net = make_net(module, max_iter=max_iter).train_steps(X)
    assert module.n_steps == max_iter
    assert net.history[-1, "iter"] == max_iter
    assert len(net.history) == min(100, max_iter)


def test_learns():
    module = Mean()
    net = make_net(module, lr_schedule="cosine").train_steps(X)
    torch.testing.assert_close(
        module.location.detach(), X.mean(dim=0), atol=0.1, rtol=0
    )
    losses = net.history[:, "loss"]
    assert losses[-1] < losses[0] / 2


def test_non_finite_loss_names_iteration_and_term():
    with pytest.raises(ValueError, match=r"iteration 123 \(terms: loss, square\)"):
        make_net(Mean(nan_at=123)).train_steps(X)


def test_early_stopping_of_skorch_ends_training_and_keeps_the_net():
    module = Mean()
    stopper = EarlyStopping(monitor="loss", patience=2, threshold=1e9, sink=str)
    net = make_net(module, callbacks=[stopper]).train_steps(X)
    assert 0 < module.n_steps < 250
    assert not net.module_.training


@pytest.mark.parametrize("stop_at", [1, 37, 249, 250])
def test_a_net_that_stops_at_a_step_is_one_whose_training_was_ended(stop_at):
    class Stop(Callback):
        def on_batch_end(self, net, **kwargs):
            net.stop_training = net.n_steps_ == stop_at

    module, ended = Mean(), Mean()
    net = make_net(module, stop_at=stop_at, lr_schedule="cosine").train_steps(X)
    other = make_net(ended, callbacks=[Stop()], lr_schedule="cosine").train_steps(X)
    assert module.n_steps == ended.n_steps == stop_at
    assert torch.equal(module.location, ended.location)
    assert net.history[-1, "iter"] == other.history[-1, "iter"] == stop_at
    assert module.progress == (stop_at - 1) / 250


def test_validation_ends_training_and_leaves_it_as_it_is():
    modes, scores = [], iter([1.0, 3.0, 2.0, 3.0, 2.5, 9.0])

    def score():
        modes.append(module.training)
        return next(scores)

    module, plain = Mean(), Mean()
    validation = Validation(score, interval=7, patience=3)
    make_net(module, callbacks=[validation]).train_steps(X)
    make_net(plain, stop_at=35).train_steps(X)
    assert validation.steps_ == [7, 14, 21, 28, 35]
    assert validation.scores_ == [1.0, 3.0, 2.0, 3.0, 2.5]
    assert validation.best_step_ == 14
    assert not any(modes)
    assert torch.equal(module.location, plain.location)


def test_a_users_interrupt_is_passed_on():
    class Interrupt(Callback):
        def on_batch_end(self, net, **kwargs):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_net(Mean(), callbacks=[Interrupt()]).train_steps(X)


def take(batches):
    return [b[0].tolist() for b in batches]


def test_batches_visit_every_row_once_a_pass_and_go_on():
    rows = torch.arange(10)
    batches = IndexBatches((rows,), 5, torch_generator(0), [1, 1, 2])
    first, second, third = take(batches), take(batches), take(batches)
    assert sorted(first[0] + second[0]) == list(range(10))
    assert sorted(third[0] + third[1]) == list(range(10))
    assert first[0] + second[0] != third[0] + third[1]


@pytest.mark.parametrize(("drop_last", "sizes"), [(True, [4, 4]), (False, [4, 4, 2])])
def test_a_last_short_batch_is_dropped_or_kept(drop_last, sizes):
    rows = torch.arange(10)
    n = len(sizes)
    batches = IndexBatches((rows,), 4, torch_generator(0), [n, n], drop_last=drop_last)
    for _ in range(2):
        assert [len(b) for b in take(batches)] == sizes


def test_fewer_rows_than_a_batch_make_full_batches():
    batches = IndexBatches((torch.arange(3),), 64, torch_generator(0), [4])
    assert [sorted(b) for b in take(batches)] == [[0, 1, 2]] * 4


def test_rows_of_a_class_come_together():
    y = torch.tensor([0] * 9 + [1] * 6 + [2] * 4 + [3])
    batches = IndexBatches(
        (torch.arange(20), y), 20, torch_generator(0), [1] * 4, rows_per_class=3
    )
    passes = [next(iter(batches)) for _ in range(4)]
    for rows, classes in passes:
        assert sorted(rows.tolist()) == list(range(20))
        assert torch.equal(classes, y[rows])
        # Bunches of three, and one of a single row in the classes 2 and 3.
        _, lengths = classes.unique_consecutive(return_counts=True)
        assert ((lengths % 3 == 0) | (lengths % 3 == 1)).all()
        changes = (classes[1:] != classes[:-1]).sum()
        assert 3 <= changes <= 7
    assert len({tuple(rows.tolist()) for rows, _ in passes}) == 4
    # One row at a time is no bunch, and the order that it always was.
    plain, single = (
        IndexBatches((torch.arange(20), y), 20, torch_generator(0), [1], **options)
        for options in ({}, {"rows_per_class": 1})
    )
    assert take(plain) == take(single)


def test_seeds():
    assert draw_seed(3) == draw_seed(3) != draw_seed(4)
    assert draw_seed(None) != draw_seed(None)
    shared = np.random.RandomState(0)
    assert draw_seed(shared) != draw_seed(shared)
    before = np.random.get_state()[1].copy()  # noqa: NPY002 (must stay as it is)
    draw_seed(None)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_devices():
    assert resolve_device("auto").type in {"cpu", "cuda", "mps"}
    assert resolve_device("cpu").type == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="device='cuda' is not available"):
            resolve_device("cuda")


@pytest.mark.parametrize(
    ("generator", "n_turns"),
    [
        (CADAVAE(latent_dim=2, encoder_dim=8, decoder_dim=8, max_iter=4), 1),
        (WGANGP(hidden_dim=8, n_critic=2, max_iter=4), 3),
    ],
    ids=lambda p: type(p).__name__,
)
def test_callbacks_see_and_change_the_gradients(animals, generator, n_turns):
    norms = []

    class Watch(Callback):
        def on_grad_computed(self, net, named_parameters, **kwargs):
            grads = [p.grad for _, p in named_parameters if p.grad is not None]
            norms.append(torch.cat([g.ravel() for g in grads]).norm().item())

    clip = GradientNormClipping(1e-3)
    generator.set_params(callbacks=[clip, Watch()], random_state=0)
    generator.fit(animals.X, animals.y, animals.attributes)
    assert len(norms) == 4 * n_turns
    assert max(norms) < 1.001e-3
