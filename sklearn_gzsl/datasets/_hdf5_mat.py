"""MATLAB files of version 7.3, which are HDF5, and what is refused of that format.

HDF5 may take the numbers of a data set from any other file of the machine, and unpack a
few bytes to as many as it likes. MATLAB does neither.
"""

import zlib
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ._reading import BadFileError, check_memory, reading, text_of

# HDF5's numbers of what changes chunks on the way: deflate, shuffle, checksums, and the
# lzf of h5py. Others come as programs of their own, or unpack without bounds.
_DEFLATE = 1
_FILTERS = {_DEFLATE, 2, 3, 32000}
_BLOCK = 1 << 26  # bytes that are read at a time where some rows are wanted
_DEFLATE_RATIO = 1032  # no more comes of a deflated byte


class HDF5Mat:
    """A file of version 7.3: HDF5, in which every array is stored transposed."""

    def __init__(self, path: Path, limit: int):
        try:
            import h5py  # noqa: PLC0415
        except ImportError as error:
            raise ImportError(
                f"{path} is a MATLAB file of version 7.3; reading it needs h5py: "
                "pip install h5py"
            ) from error
        self.path, self._limit, self._h5py = path, limit, h5py
        self._checked = set()  # not once more for each block of rows
        with h5py.File(path, "r") as file:
            names = [
                name
                for name in file
                # Other links lead to other files, or nowhere.
                if isinstance(file.get(name, getlink=True), h5py.HardLink)
                and file.get(name, getclass=True) is h5py.Dataset
            ]
            self.shapes = {name: file[name].shape[::-1] for name in names}

    def array(self, key: str) -> Any:
        """Read a numeric variable."""
        with reading(self.path, key), self._open() as file:
            return self._stored(file, key)[()].T

    def texts(self, key: str) -> list[str]:
        """Read a cell array of texts or numbers as a list of str."""
        with reading(self.path, key), self._open() as file:
            stored = self._stored(file, key)
            # Cells are references to arrays that lie elsewhere in the file.
            if stored.dtype.kind == "O":
                return self._cells(file, stored)
            if _is_text(stored):
                return ["".join(map(chr, codes)) for codes in stored[()].T]
            return [text_of(number) for number in stored[()].ravel()]

    def columns(self, key: str, dtype: DTypeLike) -> np.ndarray:
        """Read a matrix transposed: (n_columns, n_rows), converted block by block."""
        with reading(self.path, key), self._open() as file:
            stored = self._stored(file, key, np.dtype(dtype).itemsize)
            out = np.empty(stored.shape, dtype=dtype)
            # HDF5 converts on the way, a block at a time; stored[()].astype would hold
            # the whole matrix twice.
            stored.read_direct(out)
        return out

    def rows(self, key: str, chosen: np.ndarray, n_rows: int) -> np.ndarray:
        """Chosen ones, sorted, of so many rows of numbers, as float32.

        The rows may lie along either side of the matrix, and of the others no more is
        held than a block.
        """
        with reading(self.path, key), self._open() as file:
            stored = self._stored(file, key)
            along = stored.shape.index(n_rows)
            width = prod(stored.shape) // max(n_rows, 1)
            out = np.empty((len(chosen), width), dtype=np.float32)
            # Whole chunks, each of which is unpacked once.
            step = stored.chunks[along] if stored.chunks else 1
            step *= max(_BLOCK // (step * width * stored.dtype.itemsize), 1)
            for start in range(0, n_rows, step):
                first, last = np.searchsorted(chosen, [start, start + step])
                if first == last:
                    continue
                part = slice(start, min(start + step, n_rows))
                block = stored[:, part].T if along else stored[part]
                out[first:last] = block[chosen[first:last] - start]
        return out

    def _open(self):
        # Opened for each variable anew, so that no file stays open behind the user.
        return self._h5py.File(self.path, "r")

    def _stored(self, file, key, itemsize=1):
        """A data set, by name or reference, that reads this file alone and fits."""
        stored = file[key]
        if not isinstance(stored, self._h5py.Dataset) or stored.shape is None:
            raise TypeError("no array")
        if stored.external or stored.is_virtual:
            raise BadFileError(
                f"{self.path}: its variable {_name(stored)!r} takes its numbers from "
                "other files, which is refused: anybody's files could be read so. "
                "Store the numbers themselves."
            )
        is_cell = self._h5py.check_ref_dtype(stored.dtype) is self._h5py.Reference
        if stored.dtype.kind not in "fiub" and not is_cell:
            raise TypeError(f"it holds {stored.dtype}")
        itemsize = max(itemsize, stored.dtype.itemsize)
        self._check(itemsize * prod(stored.shape), stored)
        if stored.chunks is not None and key not in self._checked:
            self._check_chunks(stored)
            self._checked.add(key)
        return stored

    def _check(self, n_bytes, stored):
        if n_bytes > self._limit:  # only then: HDF5 looks for a name through the file
            what = f"its variable {_name(stored)!r}"
            check_memory(n_bytes, self._limit, self.path, what)

    def _check_chunks(self, stored):
        """Refuse chunks that unpack to more than their size, or than allowed."""
        chunk = stored.dtype.itemsize * prod(stored.chunks)
        self._check(chunk, stored)
        made = stored.id.get_create_plist()
        filters = [made.get_filter(i)[0] for i in range(made.get_nfilters())]
        if not set(filters) <= _FILTERS or len(set(filters)) < len(filters):
            raise TypeError(f"it is packed in a way that is not known: {filters}")
        n_stored = stored.id.get_storage_size()
        if _DEFLATE not in filters or _DEFLATE_RATIO * n_stored <= self._limit:
            return
        # The library unpacks all there is: what can be a bomb is looked at before.
        for block in stored.iter_chunks():
            try:
                start = tuple(place.start for place in block)
                skipped, raw = stored.id.read_direct_chunk(start)
            except RuntimeError:  # there is no such chunk; it counts as zeros
                continue
            is_plain = skipped >> filters.index(_DEFLATE) & 1
            if is_plain or _DEFLATE_RATIO * len(raw) <= self._limit:
                continue
            # Checksums add a few bytes.
            if len(zlib.decompressobj().decompress(raw, chunk + 65)) > chunk + 64:
                raise TypeError("a part of it unpacks to more than its size")

    def _cells(self, file, stored):
        """Texts of cells; a cell that stands in many places counts in each."""
        texts, left = [], self._limit
        for reference in stored[()].ravel():
            cell = self._stored(file, reference)
            left -= cell.nbytes
            self._check(self._limit - left, stored)
            texts.append(self._cell_text(file, cell))
        return texts

    def _cell_text(self, file, cell):
        # An empty text is stored as its shape, two numbers that are no characters.
        if "MATLAB_empty" in cell.attrs:
            return ""
        if _is_text(cell):
            return "".join(map(chr, cell[()].ravel()))
        if cell.dtype.kind == "O":
            inner = self._stored(file, cell[()].ravel()[0])
            return self._cell_text(file, inner)
        return text_of(cell[()])


def _name(stored):
    return stored.name.strip("/")


def _is_text(stored):
    return stored.attrs.get("MATLAB_class") == b"char"
