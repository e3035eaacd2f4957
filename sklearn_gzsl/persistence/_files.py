"""Files of ``save``: safetensors files, whose metadata say what the arrays are for.

::

    8 bytes   n, the length of the header, little-endian
    n bytes   JSON: {"__metadata__": {"format", "estimator", "sha256"},
                     name: {"dtype", "shape", "data_offsets"}, ...}
    the rest  the arrays' bytes, one after the other

``"estimator"`` is JSON itself: versions, date, facts, and the state as of ``_state``,
with the SHA-256 of every array. ``"sha256"`` is that of ``"estimator"``.
"""

import json
import os
from datetime import datetime, timezone
from hashlib import sha256
from math import prod
from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..utils import MALFORMED, check_place, replacing
from ._state import Decoder, Encoder, plain_dtype
from ._versions import Stored, versions

_FORMAT = "sklearn_gzsl 1"
# Labels of 20,000 classes take a few: a header is text, and read at once.
_MAX_HEADER = 2**26
# What safetensors calls dtypes; others are bytes to it.
_NAMES = {"|b1": "BOOL", "|i1": "I8", "|u1": "U8", "<f2": "F16", "<f4": "F32"}
_NAMES |= {"<i2": "I16", "<i4": "I32", "<i8": "I64", "<f8": "F64"}
_NAMES |= {"<u2": "U16", "<u4": "U32", "<u8": "U64"}


class _Writer:
    """Collects arrays, and where each will be."""

    def __init__(self):
        self.arrays, self.table = [], {}
        self._end = 0

    def put(self, name, array):
        # Without a copy where it is so already.
        array = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
        while name in self.table:  # of a path that a label has made ambiguous
            name += "'"
        known = array.dtype.str in _NAMES
        start, self._end = self._end, self._end + array.nbytes
        self.table[name] = {
            "dtype": _NAMES.get(array.dtype.str, "U8"),
            "shape": list(array.shape) if known else [array.nbytes],
            "data_offsets": [start, self._end],
        }
        self.arrays.append(array)
        return {
            "name": name,
            "dtype": array.dtype.str,
            "shape": list(array.shape),
            "sha256": sha256(_bytes_of(array)).hexdigest(),
        }


class _Reader:
    """Arrays of an open file; each is checked as it is read."""

    def __init__(self, file, start, table):
        self._file, self._start, self.table = file, start, table

    def get(self, node):
        start, stop = self.table.pop(node["name"])["data_offsets"]
        dtype, shape = plain_dtype(node["dtype"]), node["shape"]
        if stop - start != dtype.itemsize * prod(shape):
            raise ValueError(f"{node['name']} has another size than it says")
        data = np.empty(stop - start, np.uint8)
        self._file.seek(self._start + start)
        n_read = self._file.readinto(memoryview(data))
        if n_read != len(data) or sha256(data).hexdigest() != node["sha256"]:
            raise ValueError(f"{node['name']} is not what its checksum is of")
        if dtype.kind == "b" and data.max(initial=0) > 1:
            raise ValueError(f"{node['name']} has truth values that are none")
        return data.view(dtype).reshape(shape)


def write(estimator: Any, path: str | PathLike) -> None:
    """Write a file; see ``SavingMixin.save``."""
    path = Path(path)
    check_place(path)
    writer = _Writer()
    encoded = json.dumps(
        {
            "versions": versions(),
            "saved": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "facts": _facts(estimator),
            "state": Encoder(writer).encode(estimator),
        },
        allow_nan=False,
    )
    digest = sha256(encoded.encode()).hexdigest()
    metadata = {"format": _FORMAT, "estimator": encoded, "sha256": digest}
    header = json.dumps({"__metadata__": metadata} | writer.table).encode()
    # So that what follows begins at a multiple of what a cache takes at a time.
    header += b" " * (-(8 + len(header)) % 64)
    if len(header) > _MAX_HEADER:
        raise ValueError(
            f"The header would have {len(header)} bytes, of which load takes "
            f"{_MAX_HEADER}; store the estimator by pickle or skops."
        )
    with replacing(path) as file:
        file.write(len(header).to_bytes(8, "little") + header)
        for array in writer.arrays:
            file.write(_bytes_of(array))


def load(path: str | PathLike) -> Any:
    """Read an estimator from a file that its ``save`` has written.

    Nothing of the file is executed. It is made of arrays and of classes of this package
    and of scikit-learn that are on a list; what else it names is refused.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    estimator
        It predicts and samples bit by bit as the one that was saved, with the same
        versions on the same machine.

    Raises
    ------
    ValueError
        If the file is damaged or is none of ``save``, or holds what may not be loaded.
    OSError
        If it can not be read.

    Warns
    -----
    sklearn.exceptions.InconsistentVersionWarning
        If other versions of this package, scikit-learn or torch have written it.

    See Also
    --------
    GZSLClassifier.save : Writes it, as every estimator of this package does.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_digits
    >>> import sklearn_gzsl
    >>> X, y = load_digits(return_X_y=True)
    >>> clf = sklearn_gzsl.IncrementalLDA().fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     clf.save(Path(folder, "digits.safetensors"))
    ...     sklearn_gzsl.load(Path(folder, "digits.safetensors"))
    IncrementalLDA()
    """
    path = Path(path)
    with path.open("rb") as file:
        try:
            return _read(file)
        except (*MALFORMED, ImportError) as error:  # of a class that is nowhere
            raise ValueError(
                f"{str(path)!r} is damaged, or no file of save: "
                f"{error or type(error).__name__}. Give one that save has written."
            ) from error


def _read(file: IO[bytes]) -> Any:
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(8), "little")
    start = 8 + length
    if not 0 < length <= _MAX_HEADER or start > size:
        raise ValueError("it does not begin like one")
    table = _parsed(file.read(length))
    metadata = table.pop("__metadata__")
    if metadata["format"] != _FORMAT:
        raise ValueError(f"it has the format {metadata['format']!r}, not {_FORMAT!r}")
    if sha256(metadata["estimator"].encode()).hexdigest() != metadata["sha256"]:
        raise ValueError("its description is not what its checksum is of")
    end = 0
    for begin, stop in sorted(entry["data_offsets"] for entry in table.values()):
        if begin != end or stop < begin:
            raise ValueError("its arrays overlap, or leave gaps")
        end = stop
    if start + end != size:
        raise ValueError(f"it has {size} bytes, where {start + end} were written")
    reader = _Reader(file, start, table)
    described = _parsed(metadata["estimator"])
    estimator = Decoder(reader, described["versions"]).decode(described["state"])
    if reader.table:
        raise ValueError(f"it has arrays that nothing is made of: {list(reader.table)}")
    if not (isinstance(estimator, Stored) and hasattr(estimator, "save")):
        raise ValueError(f"it holds no estimator, but a {type(estimator).__name__}")
    return estimator


def _parsed(text):
    def refuse(constant):
        raise ValueError(f"it has a {constant} that is no JSON")

    return json.loads(text, parse_constant=refuse)


def _bytes_of(array):
    return array.reshape(-1).view(np.uint8)


def _facts(estimator):
    """What one may want to know of it before it is loaded."""

    def told(name):
        value = getattr(estimator, name, None)  # None before fit
        return value if value is None or np.isscalar(value) else len(value)

    params = sorted(estimator.get_params().items())
    seeds = {k: v for k, v in params if k.rpartition("__")[2] == "random_state"}
    return {
        "n_features": told("n_features_in_"),
        "n_classes": told("classes_"),
        "n_seen_classes": told("seen_classes_"),
        "n_unseen_classes": told("unseen_classes_"),
        "seeds": {k: int(v) for k, v in seeds.items() if isinstance(v, Integral)},
    }
