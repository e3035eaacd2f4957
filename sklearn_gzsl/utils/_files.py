"""Files that a kill leaves whole, with one writer at a time, and values in them."""

import json
import os
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_STORED, BadZipFile

import numpy as np

# What reading damaged, cut or foreign bytes leads to, before they are anything: it
# depends on where they stop making sense.
MALFORMED = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, MemoryError),
    *(RuntimeError, TypeError, ValueError, BadZipFile, struct.error, zlib.error),
)
_HEADER = "header"


def check_place(path: Path) -> None:
    """Refuse a path at which no file can be written, before there is one to write.

    Raises
    ------
    OSError
        If it is a folder, or in a folder that is not there.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: its folder does not exist; create it first.")


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which takes the place of ``path`` once all of it is on the disk.

    An error, a kill or a loss of power leaves the old file or the new one.
    """
    # In the same folder: only within one file system is a move a single act.
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # the name must not be there before its contents
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    if os.name == "posix":  # elsewhere folders cannot be opened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only process, and the only thread, that holds this file.

    The system lets go of it when the process ends, however that comes about.

    Raises
    ------
    BlockingIOError
        If somebody else holds it.
    """
    with _own(path):
        try:
            yield
        finally:
            # Windows removes no open file; there it stays behind, and does no harm.
            with suppress(OSError):
                path.unlink()


def _own(path):
    while True:
        file = path.open("ab")
        try:
            _lock(file)
            # Whoever held it may have removed it since: a file without a name is no
            # obstacle to anybody.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                    return file
        except BaseException:
            file.close()
            raise
        file.close()


if sys.platform == "win32":
    import msvcrt

    def _lock(file):
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error

else:
    import fcntl

    def _lock(file):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def write_arrays(
    path: Path, header: dict[str, Any], arrays: dict[str, np.ndarray]
) -> None:
    """Write arrays, and values that JSON has, into one .npz file."""
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    with replacing(path) as file:
        np.savez(file, **{_HEADER: text}, **arrays)


def read_arrays(
    path: Path, *, header_only: bool = False
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read them again; nothing in the file is executed, and flipped bits are noticed.

    Raises
    ------
    ValueError
        If it is no such file, or not a whole one.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            # As they are written: what is packed may unpack to any size.
            if any(part.compress_type != ZIP_STORED for part in file.zip.infolist()):
                raise ValueError("its arrays are compressed")
            header = json.loads(file[_HEADER].tobytes())
            names = set(file.files) - {_HEADER}
            return header, {} if header_only else {name: file[name] for name in names}
    except MALFORMED as error:
        raise ValueError(f"{str(path)!r} is damaged ({error}); delete it.") from error


def jsonable(
    value: Any, other: Callable[[Any], Any] = lambda value: type(value).__name__
) -> Any:
    """The value if JSON has it, a list for arrays, else the name of its class.

    ``other=repr`` tells estimators of one class apart.
    """
    # The json module refuses numpy's numbers.
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return str(value)  # strict JSON has no NaN
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(k): jsonable(v, other) for k, v in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [jsonable(v, other) for v in value]
    return other(value)
