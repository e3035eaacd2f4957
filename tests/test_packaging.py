"""The files that name the same thing twice agree."""

import re
from pathlib import Path

import pytest

import sklearn_gzsl

ROOT = Path(__file__).parents[1]


def _normalized(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def pyproject():
    tomllib = pytest.importorskip("tomllib", reason="needs Python 3.11")
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and line[0] != "#")
    return {_normalized(name): version for name, version in pins.items()}


def test_version_is_single_sourced(pyproject):
    assert "version" in pyproject["project"]["dynamic"]
    source = pyproject["tool"]["setuptools"]["dynamic"]["version"]
    assert source == {"attr": "sklearn_gzsl.__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|rc\d+)?", sklearn_gzsl.__version__)


def test_every_requirement_is_pinned(pyproject, pins):
    project = pyproject["project"]
    requirements = list(pyproject["build-system"]["requires"])
    requirements += project["dependencies"]
    for extra in project["optional-dependencies"].values():
        requirements += extra
    names = {re.match(r"[\w.-]+", line).group() for line in requirements}
    unpinned = {_normalized(name) for name in names} - pins.keys()
    assert unpinned == {"sklearn-gzsl"}  # the extra `dev` refers to the others


@pytest.mark.parametrize(
    ("repository", "package"),
    [("ruff-pre-commit", "ruff"), ("codespell", "codespell")],
)
def test_pre_commit_runs_the_pinned_versions(repository, package, pins):
    config = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    found = re.search(rf"repo: \S*/{repository}\n\s*rev: v(\S+)\n", config)
    assert found.group(1) == pins[package]
