"""An object's state as JSON and arrays, and back: one walk in either direction.

JSON has numbers, texts, lists and None as they are; anything else is a dict with its
``"type"``. Arrays and objects are counted as they come, so that one which several
others share is one again.
"""

from math import isfinite
from typing import Any, Protocol

import numpy as np
from sklearn.utils import Bunch

from ..attributes import ClassAttributes
from ._allowed import class_of, name_of
from ._versions import Stored

_SEQUENCES = {"tuple": tuple, "set": set, "frozenset": frozenset}
_DICTS = {"dict": dict, "Bunch": Bunch}
# Scalar types of numpy, such as a parameter ``dtype=np.float64``.
_SCALARS = {
    np.dtype(code).type.__name__: np.dtype(code).type
    for code in np.typecodes["All"].replace("O", "").replace("V", "")
}
_SPAWNING = ("entropy", "spawn_key", "n_children_spawned")
_FLOATS = {text: float(text) for text in ("nan", "inf", "-inf")}
# Folders of the machine that writes. One that reads must not be told where to look for
# joblib's files, which are pickles, nor where to write.
_FOLDERS = ("memory", "checkpoint")


class ArraysOut(Protocol):
    """Takes arrays under names that they are found by again."""

    def put(self, name: str, array: np.ndarray) -> dict[str, Any]:
        """Keep an array; what is given back is JSON by which ``get`` finds it."""
        ...


class ArraysIn(Protocol):
    """Gives arrays."""

    def get(self, node: dict[str, Any]) -> np.ndarray:
        """The array that ``put`` has described so."""
        ...


class Encoder:
    """From an object to JSON, and arrays to ``arrays``."""

    def __init__(self, arrays: ArraysOut):
        self._arrays = arrays
        # With the objects, whose numbers could be given to others if they were gone.
        self._met: dict[int, tuple[int, Any]] = {}

    def encode(self, value: Any, path: str = "") -> Any:
        """JSON of a value; ``path`` is what errors and arrays call it.

        Raises
        ------
        TypeError
            If it can not be written.
        """
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float:
            # Python's shortest text of a float is the same float again.
            return value if isfinite(value) else {"type": "float", "value": str(value)}
        if kind is list:
            return self._items(value, path)
        if kind in _SEQUENCES.values():
            return {"type": kind.__name__, "items": self._items(value, path)}
        if kind in _DICTS.values():
            return {"type": kind.__name__, "items": self._pairs(value, path)}
        if isinstance(value, np.generic | np.dtype) or kind is type:
            return self._of_numpy(value, path)
        if id(value) in self._met:
            return {"type": "same", "as": self._met[id(value)][0]}
        self._met[id(value)] = len(self._met), value
        if isinstance(value, np.random.RandomState):
            state = self.encode(value.get_state(legacy=False), path)
            return {"type": "RandomState", "state": state}
        if isinstance(value, np.random.Generator):
            return self._generator(value, path)
        # Of a file that is mapped into memory, but of no other kind of array.
        if kind in (np.ndarray, np.memmap):
            return self._array(value, path)
        return self._object(value, path)

    def _items(self, values, path):
        return [self.encode(item, f"{path}[{i}]") for i, item in enumerate(values)]

    def _pairs(self, mapping, path):
        return [
            [self.encode(key, path), self.encode(item, f"{path}[{key!r}]")]
            for key, item in mapping.items()
        ]

    def _of_numpy(self, value, path):
        """Scalars, their types, and dtypes."""
        if isinstance(value, np.dtype):
            return {"type": "dtype", "value": _plain(value, path).str}
        if isinstance(value, type):
            if value not in _SCALARS.values():
                raise _refused(path, value)
            return {"type": "scalar type", "value": value.__name__}
        item = value.item()
        if type(item) not in (bool, int, float, str):  # dates, and wider floats
            raise _refused(path, value)
        item = self.encode(item, path)
        return {"type": "scalar", "dtype": value.dtype.str, "value": item}

    def _array(self, array, path):
        if array.dtype == object:
            items = self._items(array.ravel().tolist(), path)
            return {"type": "objects", "shape": list(array.shape), "items": items}
        _plain(array.dtype, path)
        # The order in memory, too: matrix products round by it.
        fortran = array.flags.f_contiguous and not array.flags.c_contiguous
        node = self._arrays.put(path, array.T if fortran else array)
        return {"type": "array", "fortran": fortran} | node

    def _generator(self, rng, path):
        bits = rng.bit_generator
        seed = bits.seed_seq
        if (
            type(bits) is not np.random.PCG64
            or type(seed) is not np.random.SeedSequence
        ):
            raise _refused(path, bits)
        # For the generators that it will spawn.
        spawning = {name: getattr(seed, name) for name in _SPAWNING}
        return {
            "type": "Generator",
            "state": self.encode(bits.state, path),
            "seed": self.encode(spawning, path),
        }

    def _object(self, value, path):
        name = name_of(type(value))
        if name is None:
            raise _refused(path, value)
        if isinstance(value, Stored | ClassAttributes):
            state = dict(value.__getstate__())
            state.pop("_versions", None)  # the file has them once
        else:
            state = vars(value)
        state = {k: None if k in _FOLDERS else v for k, v in state.items()}
        before = f"{path}." if path else ""
        encoded = {k: self.encode(v, before + k) for k, v in state.items()}
        return {"type": "object", "class": name, "state": encoded}


class Decoder:
    """From JSON to objects: the way back, in which nothing is believed."""

    def __init__(self, arrays: ArraysIn, versions: Any):
        self._arrays, self._versions = arrays, versions
        self._met: list[Any] = []

    def decode(self, node: Any) -> Any:
        """The value that was encoded so.

        Raises
        ------
        ValueError
            If it is none of what ``Encoder`` writes; other errors of Python where it
            lacks something.
        """
        if node is None or isinstance(node, bool | int | float | str):
            return node
        if isinstance(node, list):
            return [self.decode(item) for item in node]
        kind = node["type"]
        if kind in _SEQUENCES:
            return _SEQUENCES[kind](self.decode(node["items"]))
        if kind in _DICTS:
            items = (
                (self.decode(key), self.decode(item)) for key, item in node["items"]
            )
            return _DICTS[kind](items)
        if kind == "float":
            return _FLOATS[node["value"]]
        if kind == "dtype":
            return plain_dtype(node["value"])
        if kind == "scalar type":
            return _SCALARS[node["value"]]
        if kind == "scalar":
            return plain_dtype(node["dtype"]).type(self._number(node["value"]))
        if kind == "same":
            return self._met[node["as"]]
        read = {
            "RandomState": self._random_state,
            "Generator": self._generator,
            "array": self._array,
            "objects": self._objects,
            "object": self._object,
        }
        # Its number comes before those of what is in it.
        place = len(self._met)
        self._met.append(None)
        value = read[kind](node, place)
        self._met[place] = value
        return value

    def _number(self, node):
        value = self.decode(node)
        if type(value) not in (bool, int, float, str):
            raise ValueError("a scalar in it is none")
        return value

    def _random_state(self, node, _place):
        state = self.decode(node["state"])
        # numpy does not look, and would read what lies beside its numbers.
        if state["bit_generator"] != "MT19937" or not 0 <= state["state"]["pos"] <= 624:
            raise ValueError("a random state in it is none")
        rng = np.random.RandomState()
        rng.set_state(state)
        return rng

    def _generator(self, node, _place):
        seed = self.decode(node["seed"])
        known = {name: seed[name] for name in _SPAWNING}
        bits = np.random.PCG64(np.random.SeedSequence(**known))
        bits.state = self.decode(node["state"])
        return np.random.Generator(bits)

    def _array(self, node, _place):
        array = self._arrays.get(node)
        return array.T if node["fortran"] else array

    def _objects(self, node, _place):
        shape, items = node["shape"], self.decode(node["items"])
        flat = np.empty(len(items), dtype=object)
        flat[:] = items
        return flat.reshape(shape)

    def _object(self, node, place):
        cls = class_of(node["class"])
        value = cls.__new__(cls)
        self._met[place] = value  # what is in it may refer to it
        state = {str(k): self.decode(v) for k, v in node["state"].items()}
        if any(state.get(name) is not None for name in _FOLDERS):
            raise ValueError("it names a folder of this machine")
        if isinstance(value, Stored):
            value.__setstate__(state | {"_versions": self._versions})
        elif isinstance(value, ClassAttributes):
            value.__setstate__(state)
        else:
            # Not by a __setstate__ of scikit-learn's: these attributes are all.
            vars(value).update(state)
        return value


def plain_dtype(text: Any) -> np.dtype:
    """A dtype of numbers, texts or dates by its name.

    Raises
    ------
    ValueError
        If it is no such dtype.
    """
    dtype = np.dtype(text) if isinstance(text, str) else None
    if dtype is None or dtype.str != text or not _is_plain(dtype):
        raise ValueError(f"it has the dtype {text!r}")
    return dtype


def _is_plain(dtype):
    return dtype.kind in "biufcSUmM" and dtype.itemsize > 0


def _plain(dtype, path):
    if not _is_plain(dtype):
        raise _refused(path, np.empty(0, dtype))
    return dtype


def _refused(path, value):
    what = f"a {type(value).__module__}.{type(value).__qualname__}"
    return TypeError(
        f"{path or 'The estimator'} is {what}, of which save cannot write a file that "
        "is safe to load. If it is a parameter that only fit needs, such as callbacks, "
        "set it to None first; a table of descriptions belongs in ClassAttributes; "
        "otherwise store the estimator by pickle or skops: see "
        '"Saving, sharing, deploying" in the documentation.'
    )
