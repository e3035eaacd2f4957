"""Files that name the same thing twice agree; sdist and wheel hold what they should."""

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import sklearn_gzsl

ROOT = Path(__file__).parents[1]
# What a checkout has and its sdist does without.
NOT_IN_SDIST = {".gitignore", ".ci/run"}


def _normalized(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins(file):
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and line[0] != "#")
    return {_normalized(name): version for name, version in pins.items()}


@pytest.fixture(scope="module")
def pyproject():
    tomllib = pytest.importorskip("tomllib", reason="needs Python 3.11")
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pins():
    return _pins("constraints.txt")


def _requirements(project, extras):
    """Name -> oldest version, of the package and of some of its extras."""
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    names = {}
    for line in lines:
        name, _, version = line.partition(">=")
        if not name.startswith("sklearn-gzsl["):  # `dev` refers to the others
            names[_normalized(name)] = version
    return names


def test_version_is_single_sourced(pyproject):
    assert "version" in pyproject["project"]["dynamic"]
    source = pyproject["tool"]["setuptools"]["dynamic"]["version"]
    assert source == {"attr": "sklearn_gzsl._version.__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+(\.dev\d+|rc\d+)?", sklearn_gzsl.__version__)


def test_every_requirement_is_pinned(pyproject, pins):
    project = pyproject["project"]
    names = set(_requirements(project, project["optional-dependencies"]))
    assert names | {"setuptools"} <= pins.keys()


def test_the_oldest_versions_are_those_promised(pyproject):
    promised = _requirements(pyproject["project"], ["data", "plot", "test"])
    oldest = _pins("constraints-oldest.txt")
    assert {name: oldest.get(name) for name in promised} == {
        **promised,
        "torch": _pins("constraints.txt")["torch"],  # the build for every machine
    }


def test_the_readme_states_the_oldest_versions(pyproject):
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    oldest = _requirements(pyproject["project"], [])
    python = pyproject["project"]["requires-python"].removeprefix(">=")
    assert (
        f"Python {python} or later, scikit-learn {oldest['scikit-learn']} or later, "
        f"torch {oldest['torch']} or later."
    ) in text


@pytest.mark.parametrize(
    ("repository", "package"),
    [("ruff-pre-commit", "ruff"), ("codespell", "codespell")],
)
def test_pre_commit_runs_the_pinned_versions(repository, package, pins):
    config = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    found = re.search(rf"repo: \S*/{repository}\n\s*rev: v(\S+)\n", config)
    assert found.group(1) == pins[package]


def test_the_citation_is_of_this_version(pyproject):
    yaml = pytest.importorskip("yaml")
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    citation, project = yaml.safe_load(text), pyproject["project"]
    assert citation["version"] == sklearn_gzsl.__version__
    assert citation["license"] == project["license"]
    assert citation["keywords"] == project["keywords"]
    assert citation["title"] == f"sklearn_gzsl: {project['description']}".replace(
        "Generalized", "generalized"
    )


def _targets_called(job):
    """Targets of make in the steps of a workflow's job."""
    values = job.get("strategy", {}).get("matrix", {}).get("target", [])
    for step in job["steps"]:
        for target in re.findall(r"\bmake (\S+|\$\{\{.*?\}\})", step.get("run", "")):
            yield from values if target.startswith("$") else [target]


def test_workflows_call_targets_of_make():
    yaml = pytest.importorskip("yaml")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())
    called = {}
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml")):
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
        called[path.stem] = {t for job in jobs.values() for t in _targets_called(job)}
    assert set().union(*called.values()) <= targets
    tests = {"test", "test-oldest", "test-newest", "test-dist"}
    assert called == {"ci": {"lint", "docs"} | tests, "release": {"test-dist"}}


def test_workflows_try_every_python_that_is_promised(pyproject):
    yaml = pytest.importorskip("yaml")
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    tried = yaml.safe_load(text)["jobs"]["newest"]["strategy"]["matrix"]["python"]
    prefix = "Programming Language :: Python :: 3."
    promised = [
        line.rsplit(" ", 1)[1]
        for line in pyproject["project"]["classifiers"]
        if line.startswith(prefix)
    ]
    assert tried == promised
    assert pyproject["project"]["requires-python"] == f">={promised[0]}"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the files that git knows, and their names."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    names = {name for name in listed.split("\0") if name and (ROOT / name).is_file()}
    copy = tmp_path_factory.mktemp("checkout")
    for name in names:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)
    return copy, names


def _build(kind, checkout):
    """Build an sdist or a wheel; returns the path of the file."""
    pytest.importorskip("setuptools", minversion="77")
    code = f"from setuptools.build_meta import *; print(build_{kind}('dist'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )
    return checkout / "dist" / done.stdout.splitlines()[-1]


def test_the_sdist_holds_the_checkout(checkout):
    copy, names = checkout
    with tarfile.open(_build("sdist", copy)) as archive:
        held = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert names - held == NOT_IN_SDIST & names
    assert {name for name in held - names if ".egg-info/" not in name} <= {
        "PKG-INFO",
        "setup.cfg",
    }


def test_the_wheel_holds_the_package_and_nothing_else(checkout):
    copy, names = checkout
    with zipfile.ZipFile(_build("wheel", copy)) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == {name for name in names if name.startswith("sklearn_gzsl/")}
    assert not [name for name in held if "conftest" in name]
