"""Compiled networks: where torch.compile works, and an error where it does not."""

import torch
from torch import nn

from ..nn import (
    AdditiveCoupling,
    AffineCoupling,
    AutogradComparison,
    ConditionalCritic,
    ReLUNet,
)

_COMPILED = (AdditiveCoupling, AffineCoupling, AutogradComparison, ReLUNet)


def compile_networks(module: nn.Module, device: torch.device) -> None:
    """Let torch compile the networks in a module, at their first call.

    Losses and noise around them stay as they are: random generators that are given
    explicitly cannot be compiled.
    """
    networks = [part for part in module.modules() if isinstance(part, _COMPILED)]
    if not networks:
        way_out = "Set compile=False"
        if any(isinstance(part, ConditionalCritic) for part in module.modules()):
            way_out = (
                "With critic_gradients='closed-form' the critic's gradients are "
                "written by hand. Set compile=False, which is as fast, or "
                "critic_gradients='autograd'"
            )
        raise ValueError(f"compile=True has nothing to compile here. {way_out}.")
    try:  # whether there is a compiler for the device
        torch.compile(lambda x: x + 1)(
            torch.zeros(2, device=device, dtype=torch.float32)
        )
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        raise ValueError(
            "compile=True, but torch cannot compile for this device here; on a CPU it "
            "needs a C++ compiler, and an environment without spaces in its path. Set "
            f"compile=False. ({reason})"
        ) from error
    # In place, which leaves the names of the weights as they are in stored files.
    for network in networks:
        network.compile()
