"""In which precision matrices are multiplied."""

import torch

from ..utils import warn

# Names of the instructions in torch's report on the CPU: x86 and Arm.
_INSTRUCTIONS = ("amx_bf16", "avx512_bf16", "bf16")


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices faster than float32 ones."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        report = getattr(torch.cpu, "get_capabilities", dict)()  # not in older torch
        return any(report.get(name, False) for name in _INSTRUCTIONS)
    return False


def resolve_precision(precision: str, device: torch.device) -> torch.dtype:
    """``"auto"`` is bfloat16 where the device has instructions for it."""
    if precision == "auto":
        precision = "bfloat16" if has_bfloat16(device) else "float32"
    elif precision == "bfloat16" and not has_bfloat16(device):
        warn(
            f"precision='bfloat16', but this {device.type} has no instructions for it "
            "and will be slower than with 'float32'; 'auto' takes what is faster.",
        )
    return getattr(torch, precision)
