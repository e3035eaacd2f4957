"""A server of this machine with an archive like the authors'."""

import io
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
from scipy.io import savemat

from sklearn_gzsl.datasets import fetch_xlsa17


def _mat(variables):
    file = io.BytesIO()
    savemat(file, variables)
    return file.getvalue()


def make_archive():
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


def make_site(archive, monkeypatch):
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


def make_fetch(site, tmp_path):
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
