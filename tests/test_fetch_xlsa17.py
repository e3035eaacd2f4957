"""fetch_xlsa17 unpacks what is needed, and goes on where a download broke off."""

import hashlib

import pytest
from xlsa17_site import (
    AWA2_FILES,
    files_in,
    make_archive,
    make_fetch,
    make_site,
)

from sklearn_gzsl.datasets import fetch_xlsa17, load_xlsa17

archive = pytest.fixture(make_archive, scope="module")
site = pytest.fixture(make_site)
fetch = pytest.fixture(make_fetch)


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
