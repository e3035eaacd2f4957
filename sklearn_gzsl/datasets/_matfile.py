"""Variables of MATLAB files; a large matrix is read at the size that it will have.

scipy reads cells, texts and all that is small, but gets no file as it is: its reader
unpacks whatever a file holds, so that 400 kB become gigabytes, and takes the sizes in
it for true. Each variable is therefore cut out and unpacked here, within a limit.
Features are converted on the way, as scipy would hold them as float64 first, in three
times the memory.
"""

import os
import struct
import zlib
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from ._hdf5_mat import HDF5Mat
from ._reading import check_memory, memory_limit, reading, text_of

# Codes of the v5 format, from MathWorks' "MAT-File Format" (table of data types).
_MATRIX, _COMPRESSED = 14, 15
_CODES = (1, 2, 3, 4, 5, 6, 7, 9, 12, 13)
_TYPES = ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8", "i8", "u8")
_NUMBERS = dict(zip(_CODES, _TYPES, strict=True))
_NUMERIC_CLASSES = range(6, 16)  # double, single and the integers; no cells, no sparse
_OPAQUE = 17  # tables and other objects, whose header has no shape
_COMPLEX = 0x0800
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_CHUNK = 1 << 17  # numbers converted at a time
_HEADER = 128  # bytes at the head of a file
_LONGEST = 4096  # bytes of a name or a shape; MATLAB's names have 63 letters at most


def open_mat(
    path: str | os.PathLike, max_bytes: int | None = None
) -> "ClassicMat | HDF5Mat":
    """Open a MATLAB file of version 4, 5, 7 or 7.3.

    Returns an object with a ``path``, ``shapes`` (name -> shape as MATLAB has it),
    ``array(key)``, ``texts(key)`` and ``columns(key, dtype)``. No variable takes more
    than ``max_bytes``, by default a multiple of what the file itself has.
    """
    # Imported here and below: few who import the package read MATLAB files.
    from scipy.io.matlab import matfile_version  # noqa: PLC0415

    path = Path(path)
    limit = memory_limit(path, max_bytes)
    with reading(path):
        with path.open("rb") as file:
            is_bare_hdf5 = file.read(8) == _HDF5_SIGNATURE  # as Python libraries write
        # scipy's numbers: 0 is version 4, 1 is 5 to 7, and 2 is 7.3, which is HDF5.
        major = 2 if is_bare_hdf5 else matfile_version(path, appendmat=False)[0]
        if major == 2:
            return HDF5Mat(path, limit)
        return ClassicMat(path, limit, has_elements=major == 1)


class ClassicMat:
    """A file of version 4, 5, or 7, which is 5 compressed."""

    def __init__(self, path: Path, limit: int, *, has_elements: bool):
        self.path, self._limit = path, limit
        self._elements = {}
        if has_elements:
            # From the headers alone, without reading any matrix.
            self._elements = {element.name: element for element in _elements(path)}
            self.shapes = {name: e.shape for name, e in self._elements.items()}
        else:
            from scipy.io import whosmat  # noqa: PLC0415

            self.shapes = {name: shape for name, shape, _ in whosmat(self._whole())}

    def array(self, key: str) -> Any:
        """Read a variable as scipy does."""
        from scipy.io import loadmat  # noqa: PLC0415

        with reading(self.path, key):
            self._check(key, 8)
            content = self._cut_out(key) if self._elements else self._whole()
            return loadmat(content, variable_names=[key])[key]

    def texts(self, key: str) -> list[str]:
        """Read a cell array of texts or numbers as a list of str."""
        return [text_of(cell) for cell in self.array(key).ravel()]

    def columns(self, key: str, dtype: DTypeLike) -> np.ndarray:
        """Read a matrix transposed: (n_columns, n_rows), C-contiguous, of type dtype.

        Nothing of the size of the matrix is held but the result. (scipy's reader
        would hold it as float64 first.)
        """
        if not self._elements:
            return np.ascontiguousarray(self.array(key).T, dtype=dtype)
        with reading(self.path, key), self.path.open("rb") as file:
            self._check(key, np.dtype(dtype).itemsize)
            source, order = _source(file, self._elements[key])
            reader = _Parts(source, order)
            source.read(8)
            flags, shape, _ = reader.header()
            return _convert(reader, flags, shape, dtype)

    def _check(self, key, itemsize):
        n_bytes = itemsize * prod(self.shapes[key])
        check_memory(n_bytes, self._limit, self.path, f"its variable {key!r}")

    def _whole(self):
        return BytesIO(self.path.read_bytes())

    def _cut_out(self, key):
        """A file of the one variable, unpacked."""
        with self.path.open("rb") as file:
            head = file.read(_HEADER)
            source, _ = _source(file, self._elements[key])
            content = source.read(self._limit + 1)
        check_memory(len(content), self._limit, self.path, f"its variable {key!r}")
        return BytesIO(head + content)


class _Element(NamedTuple):
    """Where a variable is in a file, and what is said of it there."""

    name: str
    shape: tuple[int, ...]
    start: int
    size: int
    is_compressed: bool


def _elements(path):
    """Yield what is at the top of a file."""
    n_bytes = path.stat().st_size
    with path.open("rb") as file:
        order = _order(file)
        while len(tag := file.read(8)) == 8:
            kind, size = struct.unpack(f"{order}II", tag)
            start = file.tell()
            if size > n_bytes - start:
                raise ValueError("the file ends within a variable")
            source = file
            # In version 7 every variable is compressed by itself, so that only the one
            # wanted has to be unpacked; of the others, what their name takes.
            if packed := kind == _COMPRESSED:
                source = _Inflated(file, size)
                kind, _ = struct.unpack(f"{order}II", source.read(8))
            if kind == _MATRIX and size:
                flags, shape, name = _Parts(source, order).header()
                if flags & 0xFF != _OPAQUE:
                    yield _Element(name, shape, start, size, packed)
            file.seek(start + size)


def _order(file):
    # The header ends with the letters MI, swapped where bytes are.
    return ">" if file.read(_HEADER)[126:] == b"MI" else "<"


def _source(file, element):
    """What the bytes of an element are read from, tag first; and their order."""
    file.seek(0)
    order = _order(file)
    if element.is_compressed:
        file.seek(element.start)
        return _Inflated(file, element.size), order
    file.seek(element.start - 8)
    return _Part(file, element.size + 8), order


def _convert(reader, flags, shape, dtype):
    if (flags & 0xFF) not in _NUMERIC_CLASSES or flags & _COMPLEX or len(shape) != 2:
        raise ValueError("no dense matrix of real numbers")
    kind, size, data = reader.tag()
    # MATLAB stores numbers as the smallest type that holds them all, whatever the
    # class of the matrix: the type is that of the data's own tag.
    stored = np.dtype(reader.order + _NUMBERS.get(kind, "V1"))
    n_numbers = prod(shape)
    if kind not in _NUMBERS or size != n_numbers * stored.itemsize:
        raise ValueError("its size does not fit its shape")
    if data is None and size > reader.source.most:
        raise ValueError("the file ends within it")
    # MATLAB stores column after column, which is what the transposed array needs.
    out = np.empty(n_numbers, dtype=dtype)
    for start in range(0, n_numbers, _CHUNK):
        part = out[start : start + _CHUNK]
        n_bytes = len(part) * stored.itemsize
        raw = data if data is not None else reader.source.read(n_bytes)
        if len(raw) != n_bytes:
            raise ValueError("the file ends within it")
        part[:] = np.frombuffer(raw, dtype=stored)
    reader.source.read(8)  # zlib compares checksums at the end of what it unpacks
    return out.reshape(shape[1], shape[0])


class _Part:
    """The next `size` bytes of a file."""

    def __init__(self, file: BinaryIO, size: int):
        self._file, self.most = file, size

    def read(self, n_bytes: int) -> bytes:
        raw = self._file.read(min(n_bytes, self.most))
        self.most -= len(raw)
        return raw


class _Inflated:
    """The decompressed bytes of the next `size` bytes of a file."""

    def __init__(self, file: BinaryIO, size: int):
        self._file, self._left = file, size
        self.most = 1032 * size  # no more comes of deflated bytes
        self._inflate = zlib.decompressobj()

    def read(self, n_bytes: int) -> bytes:
        parts = []
        while n_bytes:
            # What was read but not unpacked, because enough had come out.
            raw = self._inflate.unconsumed_tail
            if not raw:
                raw = self._file.read(min(self._left, 1 << 18))
                self._left -= len(raw)
            part = self._inflate.decompress(raw, n_bytes)
            if not raw and not part:  # the end; who asked sees that bytes are missing
                break
            parts.append(part)
            n_bytes -= len(part)
        return b"".join(parts)


class _Parts:
    """The parts of a matrix: each a tag, then data, padded to eight bytes."""

    def __init__(self, source: "BinaryIO | _Part | _Inflated", order: str):
        self.source, self.order = source, order

    def tag(self) -> tuple[int, int, bytes | None]:
        """Type and size; and the data, if they are small enough to share its place."""
        raw = self.source.read(8)
        (word,) = struct.unpack(f"{self.order}I", raw[:4])
        # The "small data element" of the format: type and size in one word, and up to
        # four bytes of data in the place of the size.
        kind, size = word & 0xFFFF, word >> 16
        if size:
            return kind, size, raw[4 : 4 + size]
        (size,) = struct.unpack(f"{self.order}I", raw[4:])
        return kind, size, None

    def header(self) -> tuple[int, tuple[int, ...], str]:
        """Flags, shape and name of a matrix; of what is opaque, the flags alone."""
        flags = struct.unpack(f"{self.order}II", self._small())[0]
        if flags & 0xFF == _OPAQUE:
            return flags, (), ""
        shape = np.frombuffer(self._small(), dtype=f"{self.order}i4").tolist()
        if min(shape, default=0) < 0:
            raise ValueError("a shape is negative")
        return flags, tuple(shape), self._small().decode("latin-1")

    def _small(self):
        _, size, data = self.tag()
        if size > _LONGEST:
            raise ValueError("a name or a shape is too long")
        if data is None:
            data = self.source.read(size + -size % 8)[:size]
        return data
