"""Variables of MATLAB files; a large matrix is read at the size that it will have.

Versions 5 to 7 are read here and not by scipy, whose reader crashes the interpreter on
some damaged cells, unpacks whatever a file holds, so that 400 kB become gigabytes, and
needs three times the memory for features, which it holds as float64 first.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from ._hdf5_mat import HDF5Mat
from ._reading import check_memory, memory_limit, reading, text_of

# Codes of the v5 format, from MathWorks' "MAT-File Format" (tables of data types and of
# array types).
_MATRIX, _COMPRESSED = 14, 15
_CODES = (1, 2, 3, 4, 5, 6, 7, 9, 12, 13)
_TYPES = ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8", "i8", "u8")
_NUMBERS = dict(zip(_CODES, _TYPES, strict=True))
_ENCODINGS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8"} | {
    17: "utf-16",
    18: "utf-32",
}
_CELL, _CHAR = 1, 4
_NUMERIC_CLASSES = range(6, 16)  # double, single and the integers; no cells, no sparse
_OPAQUE = 17  # tables and other objects, whose header has no shape
_COMPLEX = 0x0800
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_CHUNK = 1 << 17  # numbers converted at a time
_LONGEST = 4096  # bytes of a name or a shape; MATLAB's names have 63 letters at most


def open_mat(
    path: str | os.PathLike, max_bytes: int | None = None
) -> "OldMat | ClassicMat | HDF5Mat":
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
        if major == 0:
            return OldMat(path)
        return (HDF5Mat if major == 2 else ClassicMat)(path, limit)


class OldMat:
    """A file of version 4, as scipy reads it."""

    def __init__(self, path: Path):
        from scipy.io import whosmat  # noqa: PLC0415

        self.path = path
        self.shapes = {name: shape for name, shape, _ in whosmat(self._content())}

    def array(self, key: str) -> Any:
        """Read a matrix of numbers."""
        from scipy.io import loadmat  # noqa: PLC0415

        with reading(self.path, key):
            return loadmat(self._content(), variable_names=[key])[key]

    def texts(self, key: str) -> list[str]:
        """Read the rows of a matrix of characters, or numbers."""
        return [text_of(cell) for cell in self.array(key).ravel()]

    def columns(self, key: str, dtype: DTypeLike) -> np.ndarray:
        """Read a matrix transposed: (n_columns, n_rows)."""
        return np.ascontiguousarray(self.array(key).T, dtype=dtype)

    def rows(self, key: str, chosen: np.ndarray, n_rows: int) -> np.ndarray:
        """Chosen ones of so many rows, along either side of the matrix, as float32."""
        return _rows(self.columns(key, np.float32), chosen, n_rows)

    def _content(self):
        # In memory: of a file, scipy would ask for as many bytes as a header states.
        return BytesIO(self.path.read_bytes())


class ClassicMat:
    """A file of version 5, or 7, which is 5 compressed."""

    def __init__(self, path: Path, limit: int):
        self.path, self._limit = path, limit
        # From the headers alone, without reading any matrix.
        self._elements = {element.name: element for element in _elements(path)}
        self.shapes = {name: e.shape for name, e in self._elements.items()}

    def array(self, key: str) -> Any:
        """Read a matrix of numbers as they are stored."""
        return self.columns(key).T

    def texts(self, key: str) -> list[str]:
        """Read a cell array of texts or numbers as a list of str."""
        with self._variable(key) as matrix:
            return matrix.texts()

    def columns(self, key: str, dtype: DTypeLike | None = None) -> np.ndarray:
        """Read a matrix transposed: (n_columns, n_rows), C-contiguous, of type dtype.

        Nothing of the size of the matrix is held but the result.
        """
        with self._variable(key) as matrix:
            return matrix.columns(dtype)

    def rows(self, key: str, chosen: np.ndarray, n_rows: int) -> np.ndarray:
        """Chosen ones of so many rows, along either side of the matrix, as float32."""
        return _rows(self.columns(key, np.float32), chosen, n_rows)

    @contextmanager
    def _variable(self, key):
        element = self._elements[key]
        n_bytes = 8 * prod(element.shape)
        check_memory(n_bytes, self._limit, self.path, f"its variable {key!r}")
        with reading(self.path, key), self.path.open("rb") as file:
            order = _order(file)
            file.seek(element.start)
            source: _Part | _Inflated = _Part(file, element.size)
            if element.is_compressed:
                source = _Inflated(file, element.size, self._limit)
                source.read(8)
            yield _Matrix(source, order)


def _rows(columns, chosen, n_rows):
    return (columns if len(columns) == n_rows else columns.T)[chosen]


class _Element(NamedTuple):
    """Where a variable is in a file, and what is said of it there."""

    name: str
    shape: tuple[int, ...]
    start: int
    size: int
    is_compressed: bool


def _elements(path) -> Iterator[_Element]:
    """Yield the variables of a file."""
    n_bytes = path.stat().st_size
    with path.open("rb") as file:
        order = _order(file)
        while len(tag := file.read(8)) == 8:
            kind, size = struct.unpack(f"{order}II", tag)
            start = file.tell()
            if size > n_bytes - start:
                raise ValueError("the file ends within a variable")
            source = _Part(file, size)
            # In version 7 every variable is compressed by itself, so that only the one
            # wanted has to be unpacked; of the others, what their name takes.
            if is_compressed := kind == _COMPRESSED:
                source = _Inflated(file, size, 4 * _LONGEST)
                kind, _ = struct.unpack(f"{order}II", source.read(8))
            if kind == _MATRIX and source.most:
                flags, shape, name = _Matrix(source, order).header()
                if flags & 0xFF != _OPAQUE:
                    yield _Element(name, shape, start, size, is_compressed)
            file.seek(start + size)


def _order(file):
    # The header ends with the letters MI, swapped where bytes are.
    return ">" if file.read(128)[126:] == b"MI" else "<"


class _Part:
    """The next `most` bytes of a file."""

    def __init__(self, file: BinaryIO, most: int):
        self._file, self.most = file, most

    def read(self, n_bytes: int) -> bytes:
        raw = self._file.read(min(n_bytes, self.most))
        self.most -= len(raw)
        return raw


class _Inflated:
    """The decompressed bytes of the next `size` bytes of a file, `most` at most."""

    def __init__(self, file: BinaryIO, size: int, most: int):
        self._file, self._left, self.most = file, size, most
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
            self.most -= len(part)
            if self.most < 0:
                raise ValueError("it unpacks to more than it states, or than max_bytes")
        return b"".join(parts)


class _Matrix:
    """A matrix or cell: parts, each a tag, then data, padded to eight bytes."""

    def __init__(self, source: _Part | _Inflated, order: str):
        self._source, self._order = source, order

    def header(self) -> tuple[int, tuple[int, ...], str]:
        """Flags, shape and name; of what is opaque, the flags alone."""
        flags = struct.unpack(f"{self._order}II", self._part(_LONGEST)[1])[0]
        if flags & 0xFF == _OPAQUE:
            return flags, (), ""
        shape = np.frombuffer(self._part(_LONGEST)[1], f"{self._order}i4").tolist()
        if min(shape, default=0) < 0:
            raise ValueError("a shape is negative")
        return flags, tuple(shape), self._part(_LONGEST)[1].decode("latin-1")

    def columns(self, dtype: DTypeLike | None) -> np.ndarray:
        """Transposed, C-contiguous, of type dtype or as they are stored."""
        flags, shape, _ = self.header()
        is_real = flags & 0xFF in _NUMERIC_CLASSES and not flags & _COMPLEX
        if not is_real or len(shape) != 2:
            raise ValueError("no dense matrix of real numbers")
        kind, size, data = self._tag()
        # MATLAB stores numbers as the smallest type that holds them all, whatever the
        # class of the matrix: the type is that of the data's own tag.
        stored = np.dtype(self._order + _NUMBERS.get(kind, "V1"))
        n_numbers = prod(shape)
        if kind not in _NUMBERS or size != n_numbers * stored.itemsize:
            raise ValueError("its size does not fit its shape")
        if data is None and size > self._source.most:
            raise ValueError("the file ends within it")
        # MATLAB stores column after column, which is what the transposed array needs.
        out = np.empty(n_numbers, dtype=dtype or stored.newbyteorder("="))
        for start in range(0, n_numbers, _CHUNK):
            part = out[start : start + _CHUNK]
            n_bytes = len(part) * stored.itemsize
            raw = data if data is not None else self._read(n_bytes)
            part[:] = np.frombuffer(raw, dtype=stored)
        # zlib compares checksums at the end of what it unpacks.
        self._source.read(min(8, self._source.most))
        return out.reshape(shape[1], shape[0])

    def texts(self) -> list[str]:
        """Texts of cells, rows of characters, or numbers."""
        flags, shape, _ = self.header()
        if flags & 0xFF == _CELL:
            return [self._cell() for _ in range(prod(shape))]
        kind, raw = self._part(self._source.most)
        if flags & 0xFF == _CHAR and kind in _ENCODINGS:
            encoding = _ENCODINGS[kind]
            if kind != 16 and encoding.startswith("utf"):
                encoding += {"<": "-le", ">": "-be"}[self._order]
            text, n_rows = raw.decode(encoding), shape[0]
            return [text[i::n_rows] for i in range(min(n_rows, len(text)))]
        if flags & 0xFF in _NUMERIC_CLASSES and not flags & _COMPLEX:
            numbers = np.frombuffer(raw, dtype=self._order + _NUMBERS[kind])
            return [text_of(number) for number in numbers]
        raise ValueError("neither texts nor real numbers")

    def _cell(self):
        """The text of a cell; of several ones in it the first."""
        kind, size, _ = self._tag()
        if kind != _MATRIX:
            raise ValueError("a cell is none")
        if not size:
            return ""
        inner = _Part(BytesIO(self._read(size)), size)
        return next(iter(_Matrix(inner, self._order).texts()), "")

    def _part(self, most):
        """Type and data of the next part."""
        kind, size, data = self._tag()
        if data is None:
            if size > most:
                raise ValueError("a part of it is too long")
            data = self._read(size)
            self._source.read(min(-size % 8, self._source.most))
        return kind, data

    def _tag(self):
        """Type and size; and the data, if they are small enough to share its place."""
        raw = self._read(8)
        (word,) = struct.unpack(f"{self._order}I", raw[:4])
        # The "small data element" of the format: type and size in one word, and up to
        # four bytes of data in the place of the size.
        kind, size = word & 0xFFFF, word >> 16
        if size:
            return kind, size, raw[4 : 4 + size]
        (size,) = struct.unpack(f"{self._order}I", raw[4:])
        return kind, size, None

    def _read(self, n_bytes):
        raw = self._source.read(n_bytes)
        if len(raw) != n_bytes:
            raise ValueError("the file ends within it")
        return raw
