"""One training on several processes of torch.distributed."""

import torch.distributed as dist
from skorch.callbacks import Callback

from .training import Validation

__all__ = ["AverageGradients"]


class AverageGradients(Callback):
    """Train one generator on all processes of ``torch.distributed``.

    Each process fits with rows and a ``random_state`` of its own. They start from the
    weights and scales of the first process, and every step of an optimizer is
    taken with the mean of their gradients, so that the weights stay equal: a step of
    n processes is one of a batch that is n times as large. Without a process group
    it does nothing.

    All processes need rows of the same classes and the same parameters but
    ``random_state``, of which ``early_stopping`` must be False.

    Examples
    --------
    >>> from sklearn_gzsl import VAECFlow
    >>> from sklearn_gzsl.distributed import AverageGradients
    >>> generator = VAECFlow(callbacks=[AverageGradients()])
    """

    def on_train_begin(self, net, **kwargs):
        """Share the first process's weights, and be there at each step."""
        if not (dist.is_available() and dist.is_initialized()):
            return
        if any(isinstance(callback, Validation) for _, callback in net.callbacks_):
            raise ValueError(
                "AverageGradients cannot be combined with early_stopping=True: each "
                "process would stop at another step. Search over max_iter instead."
            )
        for tensor in net.module_.state_dict().values():
            first = tensor.contiguous()
            dist.broadcast(first, src=0)
            tensor.copy_(first)
        for optimizer in net._all_optimizers:
            optimizer.register_step_pre_hook(_average)


def _average(optimizer, *_):
    """Replace the gradients by their means over the processes."""
    gradients = [
        p.grad
        for group in optimizer.param_groups
        for p in group["params"]
        if p.grad is not None
    ]
    for work in [dist.all_reduce(g, async_op=True) for g in gradients]:
        work.wait()
    for g in gradients:
        g.div_(dist.get_world_size())
