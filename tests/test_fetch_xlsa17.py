import hashlib
import io
import json
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.io import savemat

from sklearn_gzsl.datasets import fetch_xlsa17, load_xlsa17


def _mat(variables):
    file = io.BytesIO()
    savemat(file, variables)
    return file.getvalue()


@pytest.fixture(scope="module")
def archive():
    """A zip archive like the authors', with two data sets and more besides."""
    rng = np.random.default_rng(0)
    features = {"features": rng.random((300, 60)), "labels": np.arange(60) % 3 + 1}
    splits = {
        "att": np.eye(3),
        "trainval_loc": np.flatnonzero(np.arange(60) % 3 < 2)[:30] + 1,
        "test_seen_loc": np.flatnonzero(np.arange(60) % 3 < 2)[30:] + 1,
        "test_unseen_loc": np.flatnonzero(np.arange(60) % 3 == 2) + 1,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("xlsa17/README.txt", "read me")
        opened.writestr("../../outside.txt", "not here")
        for name in ("AWA2", "aPY"):
            opened.writestr(f"xlsa17/data/{name}/res101.mat", _mat(features))
            opened.writestr(f"xlsa17/data/{name}/att_splits.mat", _mat(splits))
            opened.writestr(f"xlsa17/data/{name}/binaryAtt_splits.mat", b"large")
            opened.writestr(f"xlsa17/data/{name}/trainclasses1.txt", "1\n")
            opened.writestr(f"xlsa17/data/{name}/valclasses1.txt", "2\n")
    return file.getvalue()


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        site = self.server.site
        site.requests.append(dict(self.headers))
        if site.status != 200:
            self.send_error(site.status)
            return
        range_, condition = self.headers["Range"], self.headers["If-Range"]
        start = 0
        if range_ and site.ranges and condition in (None, site.etag):
            start = int(range_.removeprefix("bytes=").removesuffix("-"))
            if start >= len(site.content):
                self.send_error(416)
                return
            self.send_response(206)
            total = f"bytes {start}-{len(site.content) - 1}/{len(site.content)}"
            self.send_header("Content-Range", total)
        else:
            self.send_response(200)
        body = site.content[start:]
        if site.say_length:
            self.send_header("Content-Length", site.length or str(len(body)))
        if site.etag:
            self.send_header("ETag", site.etag)
        self.end_headers()
        # Some answers break off, the others are complete.
        broken = site.break_after.pop(0) if site.break_after else None
        site.sent += len(body[:broken])  # before the client can have all of it
        self.wfile.write(body[:broken])


@pytest.fixture
def site(archive, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.site = SimpleNamespace(
        url=f"http://127.0.0.1:{server.server_port}/xlsa17.zip",
        content=archive,
        status=200,
        ranges=True,
        etag='"first"',
        say_length=True,
        length=None,
        break_after=[],
        requests=[],
        sent=0,
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server.site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def fetch(site, tmp_path):
    def call(**options):
        defaults = {"url": site.url, "datasets": ["AWA2"], "progress": False}
        return fetch_xlsa17(tmp_path, **{**defaults, "delay": 0, **options})

    return call


def files_in(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


AWA2_FILES = [
    f"AWA2/{name}"
    for name in (
        "att_splits.mat",
        "res101.mat",
        "trainclasses1.txt",
        "valclasses1.txt",
    )
]


def test_needed_files_are_unpacked_and_can_be_loaded(fetch, site, tmp_path):
    folder = fetch()
    assert folder == tmp_path / "xlsa17"
    assert files_in(tmp_path) == [f"xlsa17/{name}" for name in AWA2_FILES]
    data = load_xlsa17(folder, "AWA2")
    assert data.data.shape == (60, 300)
    assert data.tuning_unseen_classes.tolist() == ["2"]
    assert len(site.requests) == 1
    assert "Range" not in site.requests[0]


def test_nothing_is_downloaded_twice(fetch, site):
    fetch()
    fetch(datasets=["awa2"], download_if_missing=False)
    assert len(site.requests) == 1
    fetch(datasets=("AWA2", "APY"), keep_archive=True)
    assert len(site.requests) == 2
    folder = fetch(datasets=["APY"])
    assert len(load_xlsa17(folder, "apy").data) == 60
    assert len(site.requests) == 2


def test_archive_put_there_by_hand_is_used_and_kept(fetch, site, archive, tmp_path):
    place = tmp_path / "xlsa17" / "xlsa17.zip"
    place.parent.mkdir()
    place.write_bytes(archive)
    folder = fetch(checksum=hashlib.sha256(archive).hexdigest())
    assert files_in(folder) == [*AWA2_FILES, "xlsa17.zip"]
    assert not site.requests
    with pytest.raises(ValueError, match=r"xlsa17\.zip has the SHA-256 checksum"):
        fetch(datasets=["APY"], checksum="0" * 64)
    assert place.exists()


def test_file_url(fetch, archive, tmp_path):
    source = tmp_path / "elsewhere.zip"
    source.write_bytes(archive)
    assert files_in(fetch(url=source.as_uri())) == AWA2_FILES


def test_broken_connection_goes_on_where_it_broke(fetch, site):
    site.break_after = [1000, 50_000]
    assert files_in(fetch()) == AWA2_FILES
    assert [r.get("Range") for r in site.requests] == [
        None,
        "bytes=1000-",
        "bytes=51000-",
    ]
    assert site.sent == len(site.content)


def test_next_call_goes_on_where_the_last_one_broke(fetch, site, tmp_path):
    site.break_after = [1000]
    with pytest.raises(OSError, match=f"broke after 1000 of {len(site.content)} bytes"):
        fetch(n_retries=0)
    assert (tmp_path / "xlsa17" / "xlsa17.zip.part").stat().st_size == 1000
    assert not (tmp_path / "xlsa17" / "xlsa17.zip").exists()
    digest = hashlib.sha256(site.content).hexdigest().upper()
    assert files_in(fetch(n_retries=0, checksum=digest)) == AWA2_FILES
    assert site.sent == len(site.content)


@pytest.mark.parametrize("how", ["resume=False", "no ranges", "new file", "other url"])
def test_what_cannot_go_on_starts_again(fetch, site, how):
    site.break_after = [1000]
    with pytest.raises(OSError, match="broke after 1000"):
        fetch(n_retries=0)
    site.sent = 0
    options = {"resume": False} if how == "resume=False" else {}
    if how == "no ranges":
        site.ranges = False
    elif how == "new file":
        site.etag = '"second"'
    elif how == "other url":
        options = {"url": site.url + "?other"}
    assert files_in(fetch(n_retries=0, **options)) == AWA2_FILES
    assert site.sent == len(site.content)


def test_new_file_of_a_server_without_tags(fetch, site, archive):
    """The part of another file is noticed by the length, and thrown away."""
    site.etag, site.break_after = None, [1000]
    site.content = b"x" * 5000
    with pytest.raises(OSError, match="broke after 1000 of 5000"):
        fetch(n_retries=0)
    site.content = archive
    assert files_in(fetch(n_retries=1)) == AWA2_FILES


def test_part_longer_than_what_is_there_now(fetch, site):
    whole, site.etag, site.break_after = site.content, None, [len(site.content)]
    site.content = whole * 2
    with pytest.raises(OSError, match="broke after"):
        fetch(n_retries=0)
    site.content = whole
    assert files_in(fetch(n_retries=1)) == AWA2_FILES


def test_server_that_tells_no_length(fetch, site):
    site.say_length = False
    seen = []
    fetch(progress=lambda *state: seen.append(state))
    assert seen[-1] == (len(site.content), None)


def test_wrong_checksum(fetch, site, tmp_path):
    expected = hashlib.sha256(site.content).hexdigest()
    site.content = site.content[:-1] + b"?"
    with pytest.raises(ValueError, match=f"checksum [0-9a-f]+, but {expected} was exp"):
        fetch(checksum=expected)
    assert files_in(tmp_path) == []


def test_offline_says_which_file_to_put_where(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(OSError, match="was not downloaded") as caught:
        fetch_xlsa17(
            tmp_path, url="http://127.0.0.1:9/xlsa17.zip", n_retries=1, delay=0
        )
    for place in ("xlsa17.zip", "APY/res101.mat", "APY/att_splits.mat"):
        assert str(tmp_path / "xlsa17" / place) in str(caught.value)


def test_download_if_missing(fetch, site, tmp_path):
    expected = str(tmp_path / "xlsa17" / "xlsa17.zip")
    with pytest.raises(FileNotFoundError, match=f"'AWA2'.*archive at {expected}"):
        fetch(download_if_missing=False)
    assert not site.requests


@pytest.mark.parametrize(("status", "n_requests"), [(404, 1), (503, 3)])
def test_retries_only_what_may_change(fetch, site, status, n_requests):
    site.status = status
    with pytest.raises(OSError, match=f"HTTP Error {status}"):
        fetch(n_retries=2)
    assert len(site.requests) == n_requests


def test_archive_without_the_data_set(fetch):
    with pytest.raises(
        OSError, match=r"att_splits.mat of \['CUB'\], only of \['apy', 'awa2'"
    ):
        fetch(datasets=["CUB"])


@pytest.mark.parametrize("content", [b"<html>Moved</html>", None])
def test_archive_that_is_damaged_or_none(fetch, site, content, tmp_path):
    if content is None:
        content = bytearray(site.content)
        place = content.index(b"AWA2/res101.mat") + 1000
        content[place : place + 100] = bytes(100)
    site.content = bytes(content)
    with pytest.raises(ValueError, match=r"damaged or no zip archive"):
        fetch()
    assert not (tmp_path / "xlsa17" / "AWA2" / "res101.mat").exists()


def test_a_page_in_its_place_is_thrown_away_and_asked_for_again(fetch, site, tmp_path):
    """The network of a hotel answers first; later calls are not bothered by it."""
    good, pages = site.content, [b"<html>log in</html>"] * 2

    def page_or_file(state, _):
        site.content = pages.pop() if pages else good

    site.content = b"<html>log in</html>"
    fetch(progress=page_or_file)
    assert len(site.requests) == 4
    assert files_in(tmp_path) == [f"xlsa17/{name}" for name in AWA2_FILES]


def test_what_stays_bad_is_not_kept(fetch, site, archive, tmp_path):
    site.content = b"<html>log in</html>"
    with pytest.raises(
        ValueError, match=r"xlsa17\.zip.*is damaged.*put the archive at"
    ):
        fetch(n_retries=1)
    assert len(site.requests) == 2
    assert files_in(tmp_path) == []
    site.content = archive
    assert files_in(fetch()) == AWA2_FILES


def test_an_archive_put_there_by_hand_is_not_removed(fetch, site, tmp_path):
    place = tmp_path / "xlsa17" / "xlsa17.zip"
    place.parent.mkdir()
    place.write_bytes(b"something of somebody's")
    with pytest.raises(ValueError, match=f"{place} is damaged.*Replace or remove it"):
        fetch()
    assert place.exists()
    assert not site.requests


@pytest.mark.parametrize("say_length", [True, False])
def test_no_more_comes_than_is_allowed(fetch, site, say_length, tmp_path):
    site.content, site.say_length = bytes(3_000_000), say_length
    with pytest.raises(ValueError, match=r"xlsa17\.zip has [\d,]+ bytes or more"):
        fetch(max_bytes=1_000_000)
    assert len(site.requests) == 1
    assert not [name for name in files_in(tmp_path) if not name.endswith(".json")]


@pytest.mark.parametrize("length", ["-1", "many", "1e5", "9" * 30])
def test_nonsense_of_a_server_about_the_size(fetch, site, length):
    site.length = length
    with pytest.raises(ValueError, match=f"xlsa17.zip: .* states the size '{length}'"):
        fetch()


def with_flag(content, flag=0, method=None, size=None):
    """The archive, with other properties of its files in the directory at its end."""
    content, at = bytearray(content), 0
    while (at := content.find(b"PK\1\2", at + 1)) > 0:
        content[at + 8] |= flag
        if method is not None:
            content[at + 10] = method
        if size is not None:
            content[at + 24 : at + 28] = size.to_bytes(4, "little")
    return bytes(content)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"flag": 1}, "encrypted, or compressed in an unusual way"),
        ({"method": 12}, "encrypted, or compressed in an unusual way"),
        ({"method": 99}, "encrypted, or compressed in an unusual way"),
        ({"size": 2**32 - 2}, "unpacks to .* bytes of AWA2, more than max_bytes"),
        ({"size": 20}, "is damaged"),
    ],
)
def test_archives_of_other_kinds(fetch, site, change, message, tmp_path):
    site.content = with_flag(site.content, **change)
    with pytest.raises(ValueError, match=rf"xlsa17\.zip.*{message}"):
        fetch(n_retries=0)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    "note",
    ["[" * 100_000, "[]", "{}", '{"url": 1}', "no json", '{"validator": "a\\r\\nb"}'],
)
def test_a_note_that_was_changed_is_no_note(fetch, site, note, tmp_path):
    site.break_after = [1000]
    with pytest.raises(OSError, match="broke after"):
        fetch(n_retries=0)
    path = tmp_path / "xlsa17" / "xlsa17.zip.part.json"
    if "validator" in note:
        note = json.dumps(json.loads(path.read_text()) | json.loads(note))
    path.write_text(note)
    assert files_in(fetch(n_retries=0)) == AWA2_FILES


def test_progress(fetch, site, capsys):
    site.break_after = [1000]
    seen = []
    fetch(progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (1000, len(site.content))
    assert seen[-1] == (len(site.content), len(site.content))
    assert capsys.readouterr().err == ""
    fetch(datasets=["APY"], progress=True)
    (line,) = capsys.readouterr().err.splitlines()
    megabytes = f"{len(site.content) / 1e6:.1f}"
    assert f"xlsa17.zip: {megabytes} of {megabytes} MB" in line


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"url": "ftp://example.org/xlsa17.zip"}, "url='ftp:.*starts with 'ftp'"),
        ({"url": "xlsa17.zip"}, "url='xlsa17.zip'"),
        ({"checksum": "abc"}, "checksum='abc' is no SHA-256"),
        ({"n_retries": -1}, "n_retries"),
        ({"datasets": "AWA2"}, "datasets"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_wrong_parameters_are_named(fetch, site, wrong, message):
    with pytest.raises(ValueError, match=message):
        fetch(**wrong)
    assert not site.requests
