"""The authors' archive, downloaded once."""

import os
import shutil
import zipfile
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from functools import partial
from http.client import HTTPException
from numbers import Integral, Real
from pathlib import Path, PurePosixPath

from sklearn.datasets import get_data_home

from .._sklearn_compat import Interval, validate_params
from ..utils import MALFORMED, few, heard
from ..utils import progress as shown
from ._download import check_checksum, check_url, download, verify
from ._reading import BadFileError
from ._xlsa17_files import XLSA17_NAMES

XLSA17_URL = "https://datasets.d2.mpi-inf.mpg.de/xian/xlsa17.zip"
_NEEDED = ("res101.mat", "att_splits.mat")
_USEFUL = ("trainclasses1.txt", "valclasses1.txt")


@validate_params(
    {
        "data_home": [str, os.PathLike, None],
        "datasets": [list, tuple],
        "url": [str],
        "checksum": [str, None],
        "download_if_missing": ["boolean"],
        "resume": ["boolean"],
        "keep_archive": ["boolean"],
        "progress": ["boolean", callable],
        "n_retries": [Interval(Integral, 0, None, closed="left")],
        "delay": [Interval(Real, 0, None, closed="left")],
        "timeout": [Interval(Real, 0, None, closed="neither")],
        "max_bytes": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def fetch_xlsa17(
    data_home: str | os.PathLike | None = None,
    *,
    datasets: Sequence[str] = XLSA17_NAMES,
    url: str = XLSA17_URL,
    checksum: str | None = None,
    download_if_missing: bool = True,
    resume: bool = True,
    keep_archive: bool = False,
    progress: bool | Callable[[int, int | None], object] = True,
    n_retries: int = 3,
    delay: float = 1.0,
    timeout: float = 60.0,
    max_bytes: int = 2**33,
) -> Path:
    """Download the archive of the xlsa17 benchmark, if it is not there yet.

    About 900 MB, from the site of its authors [1]_. Only what :func:`load_xlsa17`
    reads is unpacked: features, attributes and split of each data set.

    Parameters
    ----------
    data_home : str or path-like, default=None
        Folder for data sets; by default that of scikit-learn,
        :func:`sklearn.datasets.get_data_home`. Files go to its subfolder ``xlsa17``.

    datasets : list of str, default=("APY", "AWA1", "AWA2", "CUB", "SUN")
        What to unpack.

    url : str, default="https://datasets.d2.mpi-inf.mpg.de/xian/xlsa17.zip"
        Where the archive is; starts with ``https:``, ``http:`` or ``file:``.

    checksum : str, default=None
        SHA-256 checksum that the archive must have, 64 hexadecimal digits. The
        authors publish none.

    download_if_missing : bool, default=True
        Whether to download. If not, missing files are an error.

    resume : bool, default=True
        Whether to go on with a download that was interrupted, in this call or an
        earlier one, where the server supports it and its file is still the same.

    keep_archive : bool, default=False
        Whether to keep the archive after unpacking, for other data sets of it. One
        that was put there by hand is always kept.

    progress : bool or callable, default=True
        Whether to show on stderr how far it is; or a function that is called with the
        number of bytes that are there and that of all, None if the server does not
        tell.

    n_retries : int, default=3
        How often to try again when the connection fails, or when what has come is no
        whole archive.

    delay : float, default=1.0
        Seconds to wait before trying again.

    timeout : float, default=60.0
        Seconds without an answer after which the connection counts as failed.

    max_bytes : int, default=2**33
        The most that is downloaded, and the most that is unpacked for a data set.

    Returns
    -------
    folder : pathlib.Path
        The folder that :func:`load_xlsa17` takes.

    Raises
    ------
    OSError
        If the archive cannot be downloaded or lacks a data set; or if files are
        missing and must not be downloaded. The message says which file to put where
        by hand.
    ValueError
        If the archive is damaged, encrypted, has another checksum or asks for more than
        ``max_bytes``; what was downloaded then is deleted. Or if a parameter is out of
        range.

    See Also
    --------
    load_xlsa17 : Reads the files.

    Notes
    -----
    An archive that was put at ``xlsa17/xlsa17.zip`` by hand is used as if it had been
    downloaded. Files appear under their names only when they are complete, so that
    what is interrupted leaves nothing half-written behind.

    References
    ----------
    .. [1] Xian, Lampert, Schiele and Akata. Zero-shot learning: a comprehensive
       evaluation of the good, the bad and the ugly. TPAMI, 2018.

    Examples
    --------
    >>> from sklearn_gzsl.datasets import fetch_xlsa17, load_xlsa17
    >>> folder = fetch_xlsa17(datasets=["AWA2"])  # doctest: +SKIP
    >>> awa2 = load_xlsa17(folder, "AWA2")  # doctest: +SKIP
    """
    check_url(url)
    check_checksum(checksum)
    folder = Path(get_data_home(data_home)) / "xlsa17"
    names = [name.upper() for name in datasets]
    missing = [name for name in names if not _is_there(folder, name)]
    if not missing:
        return folder
    archive = folder / "xlsa17.zip"
    unpack = partial(_unpack, folder=folder, datasets=missing, max_bytes=max_bytes)
    # One that the user has put there is neither downloaded again nor removed.
    own = not archive.exists()
    if own:
        places = " and ".join(str(folder / missing[0] / name) for name in _NEEDED)
        by_hand = (
            f"To do it by hand, put the archive at {archive}, or the files of a data "
            f"set at {places}, and call again."
        )
        if not download_if_missing:
            raise FileNotFoundError(
                f"{few(missing)} not found in {folder}, and download_if_missing=False. "
                f"{by_hand}"
            )
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with (
                heard(None, progress is True, "fetch_xlsa17"),
                shown(None, "B", archive.name) as report,
            ):
                download(
                    url,
                    archive,
                    checksum=checksum,
                    # The check of an archive is that it can be unpacked.
                    check=unpack,
                    max_bytes=max_bytes,
                    resume=resume,
                    report=progress if callable(progress) else report,
                    n_retries=n_retries,
                    delay=delay,
                    timeout=timeout,
                )
        except (OSError, HTTPException) as error:
            raise OSError(f"{url} was not downloaded: {error}. {by_hand}") from error
        except BadFileError as error:
            raise BadFileError(f"{url} is of no use: {error} {by_hand}") from error
    else:
        if checksum is not None:
            verify(archive, checksum)
        try:
            unpack(archive)
        except BadFileError as error:
            raise BadFileError(f"{error} Replace or remove it.") from error
    lacking = [name for name in missing if not _is_there(folder, name)]
    if lacking:
        raise OSError(
            f"{archive} has no {' and '.join(_NEEDED)} of {few(lacking)}, only of "
            f"{few(_datasets(archive))}; choose others with the parameter datasets."
        )
    if own and not keep_archive:
        archive.unlink()
    return folder


def _is_there(folder, dataset):
    return all((folder / dataset / name).is_file() for name in _NEEDED)


def _unpack(archive, folder, datasets, max_bytes):
    """Unpack the needed files of the data sets that are there, each as a whole."""
    with _opened(archive) as opened:
        entries = _entries(opened)
        for dataset in datasets:
            own = {
                name: entries[dataset.lower(), name]
                for name in (*_NEEDED, *_USEFUL)
                if (dataset.lower(), name) in entries
            }
            n_bytes = sum(entry.file_size for entry in own.values())
            if n_bytes > max_bytes:
                raise BadFileError(
                    f"{archive} unpacks to {n_bytes:,} bytes of {dataset}, more than "
                    f"max_bytes={max_bytes:,}; raise that if you trust it."
                )
            if own.keys() >= set(_NEEDED):
                for name, entry in own.items():
                    _unpack_file(opened, entry, folder / dataset / name)


def _datasets(archive):
    with _opened(archive) as opened:
        return sorted(parts[0] for parts in _entries(opened) if _NEEDED[0] in parts[1:])


def _entries(opened):
    """Data set and file, both in lower case -> entry, wherever they lie."""
    return {
        PurePosixPath(info.filename.lower()).parts[-2:]: info
        for info in opened.infolist()
    }


@contextmanager
def _opened(archive):
    """The archive; one kind of error for all that may be wrong with it."""
    try:
        with zipfile.ZipFile(archive) as opened:
            yield opened
    except BadFileError:
        raise
    except MALFORMED as error:
        raise BadFileError(
            f"{archive} is damaged or no zip archive ({error})."
        ) from error


def _unpack_file(opened, entry, target):
    # Encrypted ones need a password, and other methods unpack without bounds.
    plain = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    if entry.flag_bits & 1 or entry.compress_type not in plain:
        raise BadFileError(
            f"{opened.filename} holds {entry.filename!r} encrypted, or compressed in "
            "an unusual way; pack the files anew, with deflate and without a password."
        )
    # Not ZipFile.extract, which keeps the archive's folders and writes in place.
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        # zipfile reads no more than the entry states, and compares the checksum then;
        # until then the file has another name, so that load_xlsa17 finds none that is
        # cut short.
        with opened.open(entry) as source, part.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
