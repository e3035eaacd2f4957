"""The training steps of SoftmaxClassifier, with as little work in each as possible."""

import numpy as np
import torch
from torch.optim.adam import adam

# Numbers of X that are gathered at a time: 4 MB in float32.
_MAX_GATHERED = 2**20


def on_device(array, device):
    """A tensor that shares the array's memory where it can; it is only read."""
    # Torch warns of arrays that must not be written to, as joblib's workers get them.
    if device.type == "cpu" and array.flags.writeable:
        return torch.from_numpy(array)
    return torch.tensor(array, device=device)


def batches(X, y, weight, batch_size, rng, skip=0):
    """Endless passes over the rows, each in a new order drawn from ``rng``.

    Yields rows, labels as a column, and as a column what each row weighs in the mean
    over the batch. The first ``skip`` batches are left out.
    """
    n = len(X)
    batch_size = int(batch_size)  # torch cuts by no numpy number
    y, weight = y[:, None], weight[:, None]
    if n <= batch_size:  # their order does not matter
        weight = weight / n
        while True:
            yield X, y, weight
    sizes = torch.full_like(weight, batch_size)
    sizes[n - n % batch_size :] = n % batch_size
    per_block = batch_size * max(_MAX_GATHERED // (batch_size * X.shape[1]), 1)
    n_passes, skip = divmod(skip, -(-n // batch_size))
    start = skip * batch_size
    for _ in range(n_passes):
        torch.randperm(n, generator=rng, device=rng.device)
    while True:
        order = torch.randperm(n, generator=rng, device=rng.device)[start:]
        xs = (x for block in order.split(per_block) for x in X[block].split(batch_size))
        ys = y[order].split(batch_size)
        shares = (weight[order] / sizes[start:]).split(batch_size)
        yield from zip(xs, ys, shares, strict=True)
        start = 0


class SoftmaxSteps:
    """Weights of a linear softmax, and Adam's steps down their cross-entropy.

    Weights and biases are one flat tensor, so that Adam is one call for both.

    Parameters
    ----------
    coef, intercept : ndarray of shape (n_classes, n_features) and (n_classes,)
        Where to start; copied.
    moments : tuple of ndarray or None
        Adam's state at the end of an earlier training, as ``moments`` gives it.
    device : torch.device
    lr, weight_decay : float
    """

    def __init__(self, coef, intercept, moments, *, device, lr, weight_decay):
        dtype = torch.float32 if coef.dtype == np.float32 else torch.float64
        if device.type == "mps":  # has no float64
            dtype = torch.float32
        size = coef.size + intercept.size
        self._flat = torch.empty(size, dtype=dtype, device=device)
        self._grad = torch.empty_like(self._flat)
        self.coef, self.intercept = self._views(self._flat, coef.shape)
        self.coef.copy_(on_device(coef, torch.device("cpu")))
        self.intercept.copy_(on_device(intercept, torch.device("cpu")))
        self._coef_grad, self._intercept_grad = self._views(self._grad, coef.shape)
        self._offset = None
        if moments is None:
            zeros = torch.zeros_like(self._flat)
            # Torch wants the number of steps taken as a float32 tensor.
            n_steps = torch.zeros((), dtype=torch.float32, device=device)
            self._moments = zeros, zeros.clone(), n_steps
        else:
            # Not from_numpy, on purpose: what is fitted must not change in place.
            self._moments = tuple(torch.tensor(m, device=device) for m in moments)
        self._adam = {
            "lr": lr,
            "weight_decay": weight_decay,
            "beta1": 0.5,
            "beta2": 0.999,
            "eps": 1e-8,
            "amsgrad": False,
            "maximize": False,
            "foreach": False,
            "fused": device.type != "mps",
        }

    @staticmethod
    def _views(flat, shape):
        n_weights = shape[0] * shape[1]
        return flat[:n_weights].view(shape), flat[n_weights:]

    def go_on_from(self, coef, intercept):
        """Take these weights, if they are others than those that it has.

        On the CPU ``weights`` are views: what was changed there is here already.
        """
        for own, given in ((self.coef, coef), (self.intercept, intercept)):
            if own.device.type != "cpu" or own.data_ptr() != given.ctypes.data:
                own.copy_(on_device(given, torch.device("cpu")))

    def set_offset(self, offset):
        """Set what is added to the logits in training, an ndarray or None."""
        if offset is not None:
            offset = torch.tensor(
                offset, dtype=self._flat.dtype, device=self._flat.device
            )
        self._offset = offset

    @property
    def weights(self):
        return self.coef.cpu().numpy(), self.intercept.cpu().numpy()

    @property
    def moments(self):
        return tuple(m.cpu().numpy() for m in self._moments)

    def step(self, x, y, weight):
        """Take one step; the log-probabilities before it of the labels, (n, 1).

        The gradient of the weighted cross-entropy is weight * (p - onehot(y)).
        """
        bias = self.intercept
        if self._offset is not None:
            bias = bias + self._offset
        slope = torch.log_softmax(torch.addmm(bias, x, self.coef.T), dim=1)
        log_p = slope.gather(1, y)
        slope.exp_().scatter_(1, y, -1.0, reduce="add").mul_(weight)
        torch.mm(slope.T, x, out=self._coef_grad)
        torch.sum(slope, dim=0, out=self._intercept_grad)
        state = ([moment] for moment in self._moments[:2])
        adam([self._flat], [self._grad], *state, [], [self._moments[2]], **self._adam)
        return log_p
