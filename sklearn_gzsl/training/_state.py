"""All that a training needs to go on, as if it had never been cut off."""

from typing import Any

import torch

from ._packing import packable


def net_state(net: Any, batches: Any, *, over: bool = False) -> dict[str, Any]:
    """The state of a StepNet between two steps, or when it has taken all of them.

    Numbers, text and tensors, and lists and dicts of them.
    """
    # The last row is that of the interval in which the net is, which begins it anew.
    rows = net.history if over else net.history[:-1]
    return {
        "over": over,
        "n_steps": net.n_steps_,
        "n_intervals": net.n_intervals_,
        "interval": torch.stack(net.interval_) if net.interval_ else None,
        "loss_names": net.loss_names_,
        "lr": net.lr,
        "history": [packable(row) | {"batches": []} for row in rows],
        "callbacks": [packable(vars(callback)) for _, callback in net.callbacks_],
        "tensors": _tensors(net.module_),
        "numbers": [_numbers(part) for part in net.module_.modules()],
        "optimizers": [o.state_dict()["state"] for o in net._all_optimizers],
        "rng": net.rng.get_state(),
        "order": batches.order,
        "at": batches.at,
    }


@torch.no_grad()
def go_on(net: Any, batches: Any, lengths: list[int], state: dict[str, Any]) -> None:
    """Put a net that begins where another one was, of the same module and arguments."""
    tensors = _tensors(net.module_)
    for name, value in state["tensors"].items():
        tensors[name].copy_(value)
    for part, numbers in zip(net.module_.modules(), state["numbers"], strict=True):
        vars(part).update(numbers)
    for optimizer, moments in zip(
        net._all_optimizers, state["optimizers"], strict=True
    ):
        # The groups are those that it has by its parameters.
        groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": moments, "param_groups": groups})
    for (_, callback), kept in zip(net.callbacks_, state["callbacks"], strict=True):
        vars(callback).update(kept)
    net.n_steps_, net.n_intervals_ = state["n_steps"], state["n_intervals"]
    if state["interval"] is not None:
        net.interval_ = list(state["interval"].to(net.device))
    net.loss_names_, net.lr = state["loss_names"], state["lr"]
    net.history[:] = state["history"]
    net.rng.set_state(state["rng"])
    left = lengths[net.n_intervals_ :]
    if left:  # of the interval in which it was cut off, perhaps nothing
        left[0] -= len(net.interval_)
    batches.go_on(state["order"], state["at"], left)


def _tensors(module):
    """Weights and buffers by name, also buffers that are not stored with a model."""
    return dict(module.named_parameters()) | dict(module.named_buffers())


def _numbers(part):
    """What else training changes in a module: counts, and how far it is."""
    return {
        name: value
        for name, value in vars(part).items()
        if isinstance(value, int | float) and name[0] != "_"
    }
