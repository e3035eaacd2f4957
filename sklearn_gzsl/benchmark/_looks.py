"""A softmax classifier that remembers how it was during its training."""

from ..linear_model._softmax import SoftmaxClassifier
from ._options import N_LOOKS


class LookingSoftmax(SoftmaxClassifier):
    """SoftmaxClassifier that keeps its weights, at most 25 times, in ``looks_``.

    It learns exactly what a SoftmaxClassifier of the same seed does; the last of
    ``looks_`` are the weights that it ends with.
    """

    def _reset(self, X):
        super()._reset(X)
        self.looks_ = []

    def _after_interval(self, params, n_done, n_intervals):
        # Of 100 intervals every fourth, and always the last.
        if n_done * N_LOOKS // n_intervals > (n_done - 1) * N_LOOKS // n_intervals:
            W, b = (p.detach().cpu().numpy().copy() for p in params)
            self.looks_.append((W, b))

    def _state(self, *learned):
        return super()._state(*learned) | {"looks_": self.looks_}

    def _put(self, state):
        super()._put(state)
        self.looks_ = state["looks_"]
