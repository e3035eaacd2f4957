"""Downloads that go on where they were interrupted, and are kept if they are good.

scikit-learn's ``fetch_file`` and pooch begin anew after each interruption, which of
900 MB is much, and take as much as a server sends.
"""

import hashlib
import json
import re
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from ..utils import MALFORMED
from ._reading import BadFileError

_BLOCK = 1 << 18
_SCHEMES = ("https", "http", "file")
_NEVER_THERE = (400, 401, 403, 404, 405, 410)  # HTTP statuses that retrying won't mend


def check_url(url: str) -> None:
    """Refuse what is no web or file address."""
    scheme = urlsplit(url).scheme
    if scheme not in _SCHEMES:
        raise ValueError(
            f"url={url!r} starts with {scheme!r}; use one of {', '.join(_SCHEMES)}."
        )


def check_checksum(checksum: str | None) -> None:
    """Refuse what is no SHA-256 checksum; None is none."""
    if checksum is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", checksum):
        raise ValueError(
            f"checksum={checksum!r} is no SHA-256 checksum of 64 hexadecimal digits."
        )


def verify(path: Path, checksum: str) -> None:
    """Compare a file with its checksum."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != checksum.lower():
        raise BadFileError(
            f"{path.name} has the SHA-256 checksum {digest.hexdigest()}, but "
            f"{checksum.lower()} was expected"
        )


def download(
    url: str,
    target: Path,
    *,
    checksum: str | None,
    check: Callable[[Path], object],
    max_bytes: int,
    resume: bool,
    report: Callable[[int, int | None], object],
    n_retries: int,
    delay: float,
    timeout: float,
) -> None:
    """Download to `target`, which appears only when it is complete and verified.

    What has come is kept in ``<target>.part`` when the connection breaks, with a note
    beside it on what it is a part of. What has another checksum, or makes ``check``
    raise a BadFileError, is deleted and tried again: it may be the page of a hotel's
    network.

    Raises
    ------
    OSError, http.client.HTTPException
        If it cannot be had.
    BadFileError
        If what comes is not what it should be.
    ValueError
        If the server says nonsense of its size, or it is larger than ``max_bytes``.
    """
    # Another name until it is whole: who finds a file can trust it.
    part, note = (
        target.with_name(target.name + end) for end in (".part", ".part.json")
    )
    if not resume:
        _forget(part, note)
    # A new attempt goes on where the last one broke off.
    for attempt in range(n_retries + 1):
        try:
            _transfer(url, part, note, report, timeout, max_bytes)
            if checksum is not None:
                verify(part, checksum)
            check(part)
            break
        except (OSError, HTTPException, BadFileError) as error:
            if isinstance(error, BadFileError):
                _forget(part, note)  # going on with it would never make it right
            hopeless = getattr(error, "code", None) in _NEVER_THERE
            if attempt == n_retries or hopeless or urlsplit(url).scheme == "file":
                raise
            time.sleep(delay)
    part.replace(target)
    _forget(note)


def _transfer(url, part, note, report, timeout, max_bytes):
    """Get what is missing of a file, or all of it."""
    known = _read_note(part, note, url) or {}
    done = part.stat().st_size if known else 0
    if known and done == known["total"]:
        return
    headers = {}
    if done:
        headers["Range"] = f"bytes={done}-"
        if known["validator"]:
            # A server whose file has changed since sends the whole new one.
            headers["If-Range"] = known["validator"]
    try:
        # The scheme is one of _SCHEMES, and urllib follows no redirection to a file.
        response = urlopen(Request(url, headers=headers), timeout=timeout)  # noqa: S310
    except HTTPError as error:
        error.close()
        if error.code == 416:  # the part is no part of what is there now
            _forget(part, note)
        raise
    with response:
        check_url(response.url)
        # 206 is a part; a server that knows no ranges answers 200 with the whole file.
        goes_on = done > 0 and response.status == 206
        total = _total(url, response.headers, done if goes_on else None)
        _check_size(url, total, max_bytes)
        if goes_on and total != known["total"]:
            _forget(part, note)
            raise OSError("the file has changed since the download began")
        if not goes_on:
            done = 0
            _write_note(note, url, response.headers, total)
        with part.open("ab" if goes_on else "wb") as file:
            while block := response.read(_BLOCK):
                file.write(block)
                done += len(block)
                report(done, total)
                if done > max_bytes:  # of a server that states less, or nothing
                    break
    if done > max_bytes:
        _forget(part, note)
        _check_size(url, done, max_bytes)
    # urllib takes a connection that closes early for the end of the file.
    if total is not None and done != total:
        raise OSError(f"the connection broke after {done} of {total} bytes")


def _total(url, headers, done):
    """Size of the whole file, None if unknown or if not what comes after `done`."""
    if done is None:
        length = headers.get("Content-Length")
        if length is not None and not re.fullmatch(r"\d{1,18}", length):
            raise ValueError(f"{url}: the server states the size {length!r}.")
        return None if length is None else int(length)
    range_ = headers.get("Content-Range", "")
    match = re.fullmatch(rf"bytes {done}-\d+/(\d{{1,18}})", range_)
    return int(match.group(1)) if match else None


def _check_size(url, size, max_bytes):
    if size is not None and size > max_bytes:
        raise ValueError(
            f"{url} has {size:,} bytes or more, but max_bytes={max_bytes:,}; raise "
            "that if it is what you want."
        )


def _read_note(part, note, url):
    """What the part is a part of; None if that cannot be told, or is something else."""
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
        usable = part.is_file() and known["url"] == url and known["total"] is not None
        # What goes into a header is one line of text.
        usable = usable and (known["validator"] or "").isprintable()
        return known if usable and part.stat().st_size <= known["total"] else None
    except (*MALFORMED, OSError):
        return None


def _write_note(note, url, headers, total):
    etag = headers.get("ETag") or ""
    # Weak tags promise less than equal bytes, so If-Range does not take them.
    strong = etag if etag.startswith('"') else None
    validator = strong or headers.get("Last-Modified")
    content = {"url": url, "validator": validator, "total": total}
    note.write_text(json.dumps(content), encoding="utf-8")


def _forget(*paths):
    for path in paths:
        path.unlink(missing_ok=True)
