"""Mini-batches by indexing tensors that already live on the device."""

from collections import deque
from itertools import pairwise

import torch
from torch import Tensor

# A progress that is as fine as one can read, whatever the number of steps.
_N_REPORTS = 100


def intervals(n_steps: int) -> list[int]:
    """Cut the steps of a training into at most 100 parts, to report after each."""
    n_steps = int(n_steps)  # products of small numpy integers overflow
    n_parts = min(_N_REPORTS, n_steps)
    bounds = [i * n_steps // n_parts for i in range(n_parts + 1)]
    return [end - start for start, end in pairwise(bounds)]


class IndexBatches:
    """Endless passes over the rows, cut into "epochs" of a fixed number of steps.

    Each pass visits the rows in a new order drawn from ``rng``; a last short batch
    is dropped if ``drop_last``, as the reference generators do. With fewer rows than
    ``batch_size`` every batch is all rows. An epoch here is a reporting interval,
    not a pass: iterating again goes on where the last epoch stopped. With
    ``per_step``, a step gets a list of that many batches. With ``rows_per_class`` above
    1, the rows of a class, which the last tensor tells, come in bunches of so many. The
    length is that of the next epoch, in the unit of skorch's callbacks: steps times the
    ``batch_size`` asked for.
    """

    def __init__(
        self,
        tensors: tuple[Tensor, ...],
        batch_size: int,
        rng: torch.Generator,
        epoch_lengths: list[int],
        *,
        drop_last: bool = True,
        per_step: int | None = None,
        rows_per_class: int = 1,
    ):
        self.tensors = tensors
        self.rng = rng
        self.drop_last = drop_last
        self.per_step = per_step
        self.rows_per_class = rows_per_class
        self.batch_size = min(batch_size, len(tensors[0]))
        self._asked_size = batch_size
        self._lengths = deque(epoch_lengths)
        # Where a pass is: what goes on later needs no more than these and ``rng``.
        self.order = torch.empty(0, dtype=torch.int64, device=rng.device)
        self.at = 0

    def _next(self):
        n = len(self.order)
        # A short batch has noisier gradients, for which the step is as long.
        if self.at >= (n - self.batch_size + 1 if self.drop_last else n):
            n = len(self.tensors[0])
            # On the device, so that no indices are sent to it at every step.
            order = torch.randperm(n, generator=self.rng, device=self.rng.device)
            if self.rows_per_class > 1:
                order = self._in_bunches(order)
            self.order, self.at = order, 0
        rows = self.order[self.at : self.at + self.batch_size]
        self.at += self.batch_size
        return tuple(t[rows] for t in self.tensors)

    def _in_bunches(self, order):
        """The rows of a pass, some of one class after another, bunches at random.

        Every row comes once, and classes as often as they have rows. A class's last
        bunch is short, and so is one that a batch ends in.
        """
        y = self.tensors[-1]
        order = order[y[order].argsort(stable=True)]
        counts = y.bincount()
        rank = torch.arange(len(order), device=order.device)
        rank -= (counts.cumsum(0) - counts)[y[order]]
        bunch = (rank % self.rows_per_class == 0).cumsum(0) - 1
        place = torch.randperm(
            int(bunch[-1]) + 1, generator=self.rng, device=order.device
        )
        return order[place[bunch].argsort(stable=True)]

    def __len__(self):
        return self._lengths[0] * self._asked_size if self._lengths else 0

    def __iter__(self):
        for _ in range(self._lengths.popleft()):
            if self.per_step is None:
                yield self._next()
            else:
                yield [self._next() for _ in range(self.per_step)]

    def go_on(self, order: Tensor, at: int, epoch_lengths: list[int]) -> None:
        """Be where another one was, with the epochs that are left."""
        self.order, self.at = order.to(self.order), at
        self._lengths = deque(epoch_lengths)
