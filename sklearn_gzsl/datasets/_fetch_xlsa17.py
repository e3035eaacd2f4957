"""The authors' archive, downloaded once."""

import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Sequence
from http.client import HTTPException
from numbers import Integral, Real
from pathlib import Path, PurePosixPath

from sklearn.datasets import get_data_home

from .._sklearn_compat import Interval, validate_params
from ..utils import few
from ._download import Progress, check_checksum, check_url, download, verify
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
        Whether to report on stderr; or a function that is called with the number of
        bytes that are there and that of all, None if the server does not tell.

    n_retries : int, default=3
        How often to try again when the connection fails.

    delay : float, default=1.0
        Seconds to wait before trying again.

    timeout : float, default=60.0
        Seconds without an answer after which the connection counts as failed.

    Returns
    -------
    folder : pathlib.Path
        The folder that :func:`load_xlsa17` takes.

    Raises
    ------
    OSError
        If the archive cannot be downloaded, is damaged, has another checksum, or
        lacks a data set; or if files are missing and must not be downloaded. The
        message says which file to put where by hand.
    ValueError
        If a parameter is out of range.

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
            download(
                url,
                archive,
                checksum=checksum,
                resume=resume,
                report=_reporter(progress, archive.name),
                n_retries=n_retries,
                delay=delay,
                timeout=timeout,
            )
        except (OSError, HTTPException) as error:
            raise OSError(f"{url} was not downloaded: {error}. {by_hand}") from error
    elif checksum is not None:
        verify(archive, checksum)
    _unpack(archive, folder, missing)
    if own and not keep_archive:
        archive.unlink()
    return folder


def _reporter(progress, name):
    if callable(progress):
        return progress
    return Progress(name) if progress else _report_nothing


def _report_nothing(done, total):
    """Stand in for a report that nobody wants."""


def _is_there(folder, dataset):
    return all((folder / dataset / name).is_file() for name in _NEEDED)


def _unpack(archive, folder, datasets):
    """Unpack the needed files of the data sets, each at once or not at all."""
    try:
        with zipfile.ZipFile(archive) as opened:
            # Data set and file, both in lower case -> entry, wherever they lie.
            entries = {
                PurePosixPath(info.filename.lower()).parts[-2:]: info
                for info in opened.infolist()
            }
            for dataset in datasets:
                for name in (*_NEEDED, *_USEFUL):
                    entry = entries.get((dataset.lower(), name))
                    if entry is None and name in _NEEDED:
                        # The way out is what the archive does have.
                        there = sorted(p[0] for p in entries if name in p[1:])
                        raise OSError(
                            f"{archive} has no {name} of {dataset}, only of "
                            f"{few(there)}; choose others with the parameter datasets."
                        )
                    if entry is not None:
                        _unpack_file(opened, entry, folder / dataset / name)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise OSError(
            f"{archive} is damaged or no zip archive ({error}); remove it and call "
            "again."
        ) from error


def _unpack_file(opened, entry, target):
    # Not ZipFile.extract, which keeps the archive's folders and writes in place.
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        # zipfile compares the checksum when the last byte is read; until then the file
        # has another name, so that load_xlsa17 finds none that is cut short.
        with opened.open(entry) as source, part.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
