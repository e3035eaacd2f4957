"""Archives that are damaged, changed or none, and servers that talk nonsense."""

import hashlib
import json

import pytest
from xlsa17_site import (
    AWA2_FILES,
    files_in,
    make_archive,
    make_fetch,
    make_site,
)

archive = pytest.fixture(make_archive, scope="module")
site = pytest.fixture(make_site)
fetch = pytest.fixture(make_fetch)


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
