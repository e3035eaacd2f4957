"""Nested values as JSON and arrays, of which a file is written without any code."""

from typing import Any

import numpy as np
import torch


def pack(value: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """What JSON has of a nested value, and its arrays and tensors by name.

    Raises
    ------
    TypeError
        If there is something else in it than numbers, text, None, arrays, tensors, and
        dicts, lists and tuples of these.
    """
    arrays: dict[str, np.ndarray] = {}
    return _packed(value, arrays), arrays


def unpack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The nested value again; tensors are on the CPU."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "dict":
        return {key: unpack(item, arrays) for key, item in content}
    if kind == "tensor":
        return torch.from_numpy(arrays[content])
    if kind == "array":
        return arrays[content]
    items = (unpack(item, arrays) for item in content)
    return {"list": list, "tuple": tuple}[kind](items)


def packable(mapping: dict[str, Any]) -> dict[str, Any]:
    """The entries that can be packed."""
    kept = {}
    for name, value in mapping.items():
        try:
            pack(value)
        except TypeError:
            continue
        kept[name] = value
    return kept


def _packed(value, arrays):
    # JSON would take them for Python's own only in part.
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, torch.Tensor | np.ndarray):
        kind = "array" if isinstance(value, np.ndarray) else "tensor"
        array = value if kind == "array" else value.detach().cpu().numpy()
        if array.dtype == object:
            raise TypeError("an array of objects")
        arrays[str(len(arrays))] = array
        return {kind: str(len(arrays) - 1)}
    if isinstance(value, dict):
        # Pairs, as an optimizer's state has numbers for keys.
        return {"dict": [[_key(k), _packed(v, arrays)] for k, v in value.items()]}
    if type(value) in (list, tuple):
        return {type(value).__name__: [_packed(item, arrays) for item in value]}
    raise TypeError(f"{type(value).__name__} cannot be packed")


def _key(key):
    if not isinstance(key, int | str):
        raise TypeError(f"{type(key).__name__} as a key")
    return key
