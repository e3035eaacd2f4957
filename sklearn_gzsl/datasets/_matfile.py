"""Variables of MATLAB files; a large matrix is read at the size that it will have."""

import os
import struct
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import DTypeLike

# Codes of the v5 format, from MathWorks' "MAT-File Format" (table of data types).
_MATRIX, _COMPRESSED = 14, 15
_CODES = (1, 2, 3, 4, 5, 6, 7, 9, 12, 13)
_TYPES = ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8", "i8", "u8")
_NUMBERS = dict(zip(_CODES, _TYPES, strict=True))
_NUMERIC_CLASSES = range(6, 16)  # double, single and the integers; no cells, no sparse
_COMPLEX = 0x0800
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_CHUNK = 1 << 17  # numbers converted at a time


def open_mat(path: str | os.PathLike) -> "ClassicMat | HDF5Mat":
    """Open a MATLAB file of version 4, 5, 7 or 7.3.

    Returns an object with a ``path``, ``shapes`` (name -> shape as MATLAB has it),
    ``array(key)``, ``texts(key)`` and ``columns(key, dtype)``.
    """
    # Imported here and below: few who import the package read MATLAB files.
    from scipy.io.matlab import matfile_version  # noqa: PLC0415

    path = Path(path)
    with _reading(path):
        with path.open("rb") as file:
            is_bare_hdf5 = file.read(8) == _HDF5_SIGNATURE  # as Python libraries write
        # scipy's numbers: 0 is version 4, 1 is 5 to 7, and 2 is 7.3, which is HDF5.
        major = 2 if is_bare_hdf5 else matfile_version(path, appendmat=False)[0]
        return HDF5Mat(path) if major == 2 else ClassicMat(path, streams=major == 1)


@contextmanager
def _reading(path, key=None):
    """Turn what the libraries raise on damaged files into one kind of error."""
    from scipy.io.matlab import MatReadError  # noqa: PLC0415

    # What a cut or foreign file raises depends on where its bytes stop making sense.
    builtin = (ValueError, TypeError, LookupError, RuntimeError, OSError)
    try:
        yield
    except (*builtin, MatReadError, struct.error, zlib.error) as error:
        what = "the file" if key is None else f"its variable {key!r}"
        raise ValueError(
            f"{path}: {what} cannot be read ({error}). Either it is not what it should "
            "be, a MATLAB file and dense arrays of real numbers in it, or it is "
            "damaged, for example by a download that was cut short."
        ) from error


class ClassicMat:
    """A file of version 4, 5, or 7, which is 5 compressed."""

    def __init__(self, path: Path, *, streams: bool):
        from scipy.io import whosmat  # noqa: PLC0415

        self.path = path
        # From the headers alone, without reading any matrix.
        self.shapes = {name: shape for name, shape, _ in whosmat(path, appendmat=False)}
        self._streams = streams

    def array(self, key: str) -> Any:
        """Read a variable as scipy does."""
        from scipy.io import loadmat  # noqa: PLC0415

        with _reading(self.path, key):
            return loadmat(self.path, variable_names=[key], appendmat=False)[key]

    def texts(self, key: str) -> list[str]:
        """Read a cell array of texts or numbers as a list of str."""
        return [_text(cell) for cell in self.array(key).ravel()]

    def columns(self, key: str, dtype: DTypeLike) -> np.ndarray:
        """Read a matrix transposed: (n_columns, n_rows), C-contiguous, of type dtype.

        Nothing of the size of the matrix is held but the result. (scipy's reader
        would hold it as float64 first.)
        """
        with _reading(self.path, key):
            if self._streams:
                return _stream_columns(self.path, key, dtype)
            return np.ascontiguousarray(self.array(key).T, dtype=dtype)


class HDF5Mat:
    """A file of version 7.3: HDF5, in which every array is stored transposed."""

    def __init__(self, path: Path):
        try:
            import h5py  # noqa: PLC0415
        except ImportError as error:
            raise ImportError(
                f"{path} is a MATLAB file of version 7.3; reading it needs h5py: "
                "pip install h5py"
            ) from error
        self.path = path
        # Opened for each variable anew, so that no file stays open behind the user.
        self._open = lambda: h5py.File(path, "r")
        with self._open() as file:
            self.shapes = {
                str(name): item.shape[::-1]
                for name, item in file.items()
                if isinstance(item, h5py.Dataset)
            }

    def array(self, key: str) -> Any:
        """Read a numeric variable."""
        with _reading(self.path, key), self._open() as file:
            stored: Any = file[key]
            return stored[()].T

    def texts(self, key: str) -> list[str]:
        """Read a cell array of texts or numbers as a list of str."""
        with _reading(self.path, key), self._open() as file:
            stored: Any = file[key]
            # Cells are references to arrays that lie elsewhere in the file.
            if stored.dtype.kind == "O":
                return [_stored_text(file, ref) for ref in stored[()].ravel()]
            if _is_text(stored):
                return ["".join(map(chr, codes)) for codes in stored[()].T]
            return [_text(number) for number in stored[()].ravel()]

    def columns(self, key: str, dtype: DTypeLike) -> np.ndarray:
        """Read a matrix transposed: (n_columns, n_rows), converted block by block."""
        with _reading(self.path, key), self._open() as file:
            stored: Any = file[key]
            out = np.empty(stored.shape, dtype=dtype)
            # HDF5 converts on the way, a block at a time; stored[()].astype would hold
            # the whole matrix twice.
            stored.read_direct(out)
        return out


def _is_text(stored):
    return stored.attrs.get("MATLAB_class") == b"char"


def _stored_text(file, reference):
    stored = file[reference]
    # An empty text is stored as its shape, two numbers that are no characters.
    if "MATLAB_empty" in stored.attrs:
        return ""
    if _is_text(stored):
        return "".join(map(chr, stored[()].ravel()))
    if stored.dtype.kind == "O":
        return _stored_text(file, stored[()].ravel()[0])
    return _text(stored[()])


def _text(cell):
    """Unwrap a cell: text as it is, a whole number without decimals."""
    # Cells come as arrays of one element, in arrays of one element ...
    while isinstance(cell, np.ndarray):
        if cell.size == 0:
            return ""
        cell = cell.ravel()[0]
    is_whole = isinstance(cell, np.floating) and float(cell).is_integer()
    return str(int(cell) if is_whole else cell)


def _stream_columns(path, key, dtype):
    with path.open("rb") as file:
        # The header ends with the letters MI, swapped where bytes are.
        order = ">" if file.read(128)[126:] == b"MI" else "<"
        while tag := file.read(8):
            kind, size = struct.unpack(f"{order}II", tag)
            end = file.tell() + size
            source = file
            # In version 7 every variable is compressed by itself, so that only the one
            # wanted has to be unpacked; of the others, what their name takes.
            if kind == _COMPRESSED:
                source = _Inflated(file, size)
                kind, _ = struct.unpack(f"{order}II", source.read(8))
            if kind == _MATRIX:
                reader = _Elements(source, order)
                flags, shape, name = reader.header()
                if name == key:
                    return _convert(reader, flags, shape, dtype)
            file.seek(end, os.SEEK_SET)
    raise KeyError(key)


def _convert(reader, flags, shape, dtype):
    if (flags & 0xFF) not in _NUMERIC_CLASSES or flags & _COMPLEX or len(shape) != 2:
        raise ValueError("no dense matrix of real numbers")
    kind, size, data = reader.tag()
    # MATLAB stores numbers as the smallest type that holds them all, whatever the
    # class of the matrix: the type is that of the data's own tag.
    stored = np.dtype(reader.order + _NUMBERS.get(kind, "V1"))
    n_numbers = int(shape[0]) * int(shape[1])
    if kind not in _NUMBERS or size != n_numbers * stored.itemsize:
        raise ValueError("its size does not fit its shape")
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


class _Inflated:
    """The decompressed bytes of the next `size` bytes of a file."""

    def __init__(self, file: BinaryIO, size: int):
        self._file, self._left = file, size
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


class _Elements:
    """The parts of a matrix: each a tag, then data, padded to eight bytes."""

    def __init__(self, source: "BinaryIO | _Inflated", order: str):
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

    def header(self) -> tuple[int, np.ndarray, str]:
        """Flags, shape and name of a matrix."""
        flags = struct.unpack(f"{self.order}II", self._small())[0]
        shape = np.frombuffer(self._small(), dtype=f"{self.order}i4")
        return flags, shape, self._small().decode("latin-1")

    def _small(self):
        _, size, data = self.tag()
        if data is None:
            data = self.source.read(size + -size % 8)[:size]
        return data
