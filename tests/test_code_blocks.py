"""All code in README and in the documentation runs, page by page.

What a page prints after ``>>>`` must be what comes out. Its other blocks of Python have
to run: small data stand for what they take for granted, and trainings are cut short.
Commands must be such that the command line or the Makefile knows them.
"""

import contextlib
import doctest
import re
import shlex
import textwrap
from pathlib import Path

import joblib
import numpy as np
import pytest

from sklearn_gzsl import SoftmaxClassifier
from sklearn_gzsl.benchmark._cli import _parser
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit
from sklearn_gzsl.training import StepNet

ROOT = Path(__file__).parents[1]
MADE = {"_build", "auto_examples", "generated", "sg_execution_times.rst"}
README = ROOT / "README.md"
PAGES = [
    page
    for page in sorted(ROOT.glob("docs/**/*.rst"))
    if not MADE & set(page.relative_to(ROOT).parts)
]
# README's is below; the other's blocks are files, and test_new_generator.py's matter.
OWN_TESTS = {README, ROOT / "docs" / "new_generator.rst"}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

if not PAGES:
    pytest.skip("the package is tested without its pages", allow_module_level=True)
pytestmark = pytest.mark.usefixtures("quick_softmax")


def blocks(page, *languages):
    """Line and code of the blocks in one of the languages."""
    text = page.read_text(encoding="utf-8")
    names = "|".join(languages)
    if page.suffix == ".md":
        pattern = rf"^```(?:{names})\n((?:.*\n)*?)```"
    else:
        start = rf"^\.\. code-block:: (?:{names})\n"
        if "python" in languages:  # so does a paragraph that ends in two colons
            start = rf"(?:{start}|^(?!\.\.).*::\n)"
        pattern = start + r"\n*((?:[ \t]+\S.*\n|\n)+)"
    for found in re.finditer(pattern, text, re.MULTILINE):
        yield text.count("\n", 0, found.start(1)), textwrap.dedent(found[1])


def pieces(page):
    """Doctest examples and blocks of Python in the order of the page."""
    found = list(blocks(page, "python"))
    if page.suffix == ".rst":
        parser = doctest.DocTestParser()
        examples = parser.get_examples(page.read_text(encoding="utf-8"), str(page))
        found += [(example.lineno, example) for example in examples]
    return sorted(found, key=lambda piece: piece[0])


def commands(page):
    """Lines of the blocks of commands, without prompts and comments."""
    for _, code in blocks(page, "bash", "console"):
        for line in code.replace("\\\n", " ").splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words:
                yield words


@pytest.fixture
def cut_short(monkeypatch):
    """Few steps, as a context: outputs of doctests depend on more."""
    start, steps = StepNet.__init__, SoftmaxClassifier._n_steps

    def few(net, module, *, max_iter=1, **kwargs):
        start(net, module, max_iter=min(max_iter, 3), **kwargs)

    @contextlib.contextmanager
    def context():
        # Threads, as new processes would not know of the patches.
        with monkeypatch.context() as patch, joblib.parallel_config("threading"):
            patch.setattr(StepNet, "__init__", few)
            patch.setattr(
                SoftmaxClassifier, "_n_steps", lambda *args: min(steps(*args), 50)
            )
            yield

    return context


@pytest.fixture
def no_cluster(monkeypatch):
    """Threads in place of a cluster with a scheduler."""
    distributed = pytest.importorskip("distributed")
    config = joblib.parallel_config
    monkeypatch.setattr(distributed, "Client", contextlib.nullcontext)
    monkeypatch.setattr(joblib, "parallel_config", lambda _: config("threading"))


@pytest.fixture
def given(animals, clf):
    """What blocks take for granted."""
    rows = np.flatnonzero(animals.y_test == "elk")[:2]
    return {
        "X_train": animals.X,
        "y_train": animals.y,
        "X_test": animals.X_test,
        "y_test": animals.y_test,
        "X": animals.X,
        "y": animals.y,
        "attributes": animals.attributes,
        "labels": animals.labels,
        "vectors": animals.vectors,
        "okapi_vector": -animals.vectors[0],
        "tapir_vector": -animals.vectors[1],
        "X_few": animals.X_test[rows],
        "X_unlabelled": animals.X_test,
        "y_few": animals.y_test[rows],
        "clf": clf,
        "grid": {"n_synthetic": [5, 20]},
        "cv": GZSLShuffleSplit(2, random_state=0),
        "scorer": GZSLScorer(),
        "__name__": "a page",
    }


def run(page, names, cut_short):
    """Run what a page shows, in one namespace; an error where it does not hold."""
    for line, piece in pieces(page):
        if isinstance(piece, doctest.Example):
            test = doctest.DocTest([piece], {}, page.name, str(page), 0, None)
            test.globs = names  # not a copy: what comes later goes on with it
            said = []
            runner = doctest.DocTestRunner(optionflags=FLAGS)
            runner.run(test, out=said.append, clear_globs=False)
            assert not said, "".join(said)
        else:
            # Empty lines before it, so that errors are reported where they are.
            code = compile("\n" * line + piece, str(page), "exec")
            with cut_short():
                exec(code, names)


def of_pages(condition):
    chosen = [page for page in (README, *PAGES) if condition(page)]
    return pytest.mark.parametrize(
        "page", chosen, ids=lambda page: str(page.relative_to(ROOT))
    )


@of_pages(lambda page: page not in OWN_TESTS and pieces(page))
def test_python(
    page, given, cut_short, no_cluster, close_figures, tmp_path, monkeypatch
):
    for name in ("skops", "skl2onnx", "onnxruntime"):
        if re.search(
            rf"^>>> (?:import|from) {name}", page.read_text("utf-8"), re.MULTILINE
        ):
            pytest.importorskip(name)
    monkeypatch.chdir(tmp_path)
    run(page, given, cut_short)


def test_readme(given, cut_short, animals, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(README, given, cut_short)
    for model in (given["clf"], given["search"], given["calibrated"]):
        assert set(animals.unseen) & set(model.predict(animals.X_test))


@of_pages(lambda page: list(commands(page)))
def test_commands(page):
    targets = re.findall(
        r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    for words in commands(page):
        if words[:3] == ["python", "-m", "sklearn_gzsl"]:
            _parser("sklearn-gzsl").parse_args(words[3:])
        elif words[0] == "sklearn-gzsl":
            _parser("sklearn-gzsl").parse_args(words[1:])
        elif words[0] == "make":
            asked = [word for word in words[1:] if "=" not in word]
            assert set(asked) <= set(targets), words
        for word in words:
            if re.match(r"(examples|docs|tests)/.*\.py$", word):
                assert (ROOT / word).is_file(), words


def test_blocks_are_found():
    """The test itself: every way of the pages to show Python."""
    guide = ROOT / "docs" / "user_guide" / "inductive.rst"
    text = guide.read_text(encoding="utf-8")
    assert len(pieces(guide)) > text.count("code-block:: python") > 0
    shown = README.read_text(encoding="utf-8").count("```python")
    assert len(list(blocks(README, "python"))) == shown


@pytest.mark.parametrize(
    "text", ["Do::\n\n    1 / 0\n", ".. code-block:: python\n\n   1 / 0\n"]
)
def test_a_block_that_fails_is_seen(tmp_path, text):
    page = tmp_path / "page.rst"
    page.write_text("Title\n=====\n\n" + text + "\nMore text.\n", encoding="utf-8")
    [(line, code)] = blocks(page, "python")
    assert code.strip() == "1 / 0"
    assert page.read_text(encoding="utf-8").splitlines()[line].strip() == "1 / 0"
