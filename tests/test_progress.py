"""Progress: verbose on the outermost estimator, bars in a terminal, elsewhere lines."""

import importlib
import io
import re
import sys
from types import ModuleType, SimpleNamespace

import pytest
from instances import TINY
from joblib import parallel_config
from sklearn.linear_model import LogisticRegression

from sklearn_gzsl import (
    CalibratedStackingCV,
    GZSLClassifier,
    GZSLVotingClassifier,
    PrototypeClassifier,
    RejectingClassifier,
    SoftmaxClassifier,
    VAECFlow,
)
from sklearn_gzsl.utils import _progress, heard, progress, say


class Part:
    """A part of an estimator: it reports, whoever is listening."""

    verbose = 0

    def work(self, n_steps=4, unit="steps"):
        with heard(self, self.verbose), progress(n_steps, unit) as done:
            for i in range(n_steps):
                say(f"at {i}")
                done(i + 1, loss=1 / (i + 1))


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass only when the test says so."""

    class Clock:
        now = 0.0

        def monotonic(self):
            return self.now

        def strftime(self, _):
            return "12:00:00"

    clock = Clock()
    monkeypatch.setattr(_progress, "time", clock)
    return clock


def as_terminal(monkeypatch):
    """Make stderr a terminal that keeps its text."""
    # Not in a fixture: pytest takes stderr after these.
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


class FakeWidget:
    """What tqdm and the bars need of ipywidgets, which tests do without."""

    def __init__(self, children=(), **state):
        self.children = tuple(children)
        self.layout, self.style = SimpleNamespace(), SimpleNamespace()
        self.value = self.bar_style = ""
        self.closed = False
        self.__dict__.update(state)

    def close(self):
        self.closed = True


@pytest.fixture
def notebook(monkeypatch):
    """What a notebook with widgets displays, in a list."""
    displayed = []
    modules = {"ipywidgets": {}, "IPython": {}, "IPython.display": {}}
    modules["ipywidgets"] = dict.fromkeys(
        ("HTML", "FloatProgress", "HBox", "VBox"), FakeWidget
    )
    modules["IPython.display"] = {"display": displayed.append}
    for name, contents in modules.items():
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
        sys.modules[name].__dict__.update(contents)
    monkeypatch.delitem(sys.modules, "tqdm.notebook", raising=False)
    module = importlib.import_module("tqdm.notebook")

    # As in tqdm.auto: a class of its own.
    class tqdm(module.tqdm):  # noqa: N801
        pass

    monkeypatch.setattr(_progress, "_tqdm", lambda: tqdm)
    yield displayed
    # Of the fakes, and not for others.
    sys.modules.pop("tqdm.notebook", None)


def flow(**params):
    return GZSLClassifier(
        VAECFlow(**TINY[VAECFlow]),
        SoftmaxClassifier(max_iter=3),
        n_synthetic=5,
        random_state=0,
        **params,
    )


def test_nobody_listens_to_silence(capsys):
    Part().work()
    assert capsys.readouterr() == ("", "")


def test_the_outermost_reaches_every_part(animals, capsys):
    vote = GZSLVotingClassifier([("flow", flow(seen_penalty=0.0))])
    clf = CalibratedStackingCV(vote, cv=2, verbose=1)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    out, err = capsys.readouterr()
    assert out == ""
    # Parts of the last fit have no bar above them; those in folds are soon over.
    assert re.findall(r"(\w+): (\d of \d \w+)", err) == [
        ("GZSLVotingClassifier", "1 of 1 members"),
        ("CalibratedStackingCV", "2 of 2 folds"),
    ]
    assert f"seen_penalty_={clf.seen_penalty_:.4g}: {clf.best_score_:.4f}" in err


def test_the_folds_of_the_reject_option_are_counted(animals, capsys):
    clf = RejectingClassifier(PrototypeClassifier(power=None), cv=2, verbose=1)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert "RejectingClassifier: 2 of 2 folds" in capsys.readouterr().err


def test_bars_are_nested_in_a_terminal(animals, monkeypatch):
    terminal = as_terminal(monkeypatch)
    clf = CalibratedStackingCV(flow(seen_penalty=0.0), cv=2, verbose=1)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    text = terminal.getvalue()
    assert "CalibratedStackingCV:   0%" in text  # which is shown where it is not
    folds = text[text.index("CalibratedStackingCV:   0%") :]
    for name in ("VAECFlow", "SoftmaxClassifier"):
        # A line below that of the folds, and back up again.
        assert re.search(rf"\n\r{name}: +0%.*?\x1b\[A", folds), name
    # With time spent and time left, and what the part is at.
    assert re.search(r"50%.* 1/2 \[\d\d:\d\d<\d\d:\d\d, .*folds", folds)
    assert "fitting the generator on" in folds


def test_bars_of_a_notebook_share_an_output(notebook, capsys):
    part = Part()
    with heard(None, 1, "work"), progress(3, "folds") as done:
        for i in range(3):
            part.work()
            done(i + 1)
            with heard(part, 0), progress(5, "steps") as steps:
                steps(2)  # ends early
                (box,) = notebook
                outer, inner = box.children
                names = [row.children[0].value.split(":")[0] for row in box.children]
                assert names == ["work", "Part"]
            assert box.children == (outer,)
            assert inner.closed
    assert outer.children[1].bar_style == "success"
    assert outer.children[1].value == 3
    assert not outer.closed
    assert not capsys.readouterr().err


def test_a_notebook_shows_how_far_it_came(notebook):
    def fail():
        with heard(None, 1), progress(4, "folds") as done:
            done(2)
            with heard(1, 1, "part"), progress(5, "steps"):
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    (box,) = notebook
    assert [row.children[1].bar_style for row in box.children] == ["danger", "danger"]


def test_a_total_of_a_notebook_may_come_later(notebook):
    with heard(None, 1, "fetch"), progress(None, "B", "file.zip") as done:
        done(1_000_000, 4_000_000)
    (box,) = notebook
    meter = box.children[0].children[1]
    assert (meter.value, meter.max, meter.bar_style) == (1e6, 4e6, "success")


def test_a_part_with_verbose_of_its_own_reports(animals, capsys):
    clf = flow(seen_penalty=0.0).set_params(generator__verbose=1)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    (line,) = capsys.readouterr().err.splitlines()
    n_steps = TINY[VAECFlow]["max_iter"]
    assert f"] VAECFlow: {n_steps} of {n_steps} steps, " in line


def test_lines_come_at_tenths_but_not_often(clock, capsys):
    with heard(None, 1, "work"), progress(1000, "steps") as done:
        for i in range(1, 901):
            clock.now += 1 if i <= 300 else 0.001
            done(i, loss=0.5)
        clock.now += 60
        done(950)
        done(1000)
    assert capsys.readouterr().err.splitlines() == [
        f"[12:00:00] work: {text}"
        for text in (
            "100 of 1000 steps, 100 s, 900 s left, loss 0.5",
            "200 of 1000 steps, 200 s, 800 s left, loss 0.5",
            "300 of 1000 steps, 300 s, 700 s left, loss 0.5",
            "950 of 1000 steps, 361 s, 19 s left",
            "1000 of 1000 steps, 361 s",
        )
    ]


def test_a_part_that_is_soon_over_leaves_no_line(clock, capsys):
    part = Part()
    with heard(None, 1, "work"), progress(3, "folds") as done:
        part.work()
        with heard(part, 0), progress(2, "steps") as steps:
            clock.now += 11
            steps(2)
        done(3)
    assert capsys.readouterr().err.splitlines() == [
        "[12:00:00] work > Part: 2 of 2 steps, 11 s",
        "[12:00:00] work: 3 of 3 folds, 11 s",
    ]


def test_totals_may_come_later_and_bytes_are_megabytes(clock, capsys):
    with heard(None, 1, "fetch"), progress(None, "B", "file.zip") as done:
        clock.now += 10
        done(1_500_000)
        clock.now += 10
        done(2_000_000, 4_000_000)
    assert capsys.readouterr().err.splitlines() == [
        "[12:00:00] fetch: file.zip: 1.5 MB, 10 s",
        "[12:00:00] fetch: file.zip: 2.0 of 4.0 MB, 20 s, 20 s left",
    ]


def test_an_error_closes_the_bar_and_ends_the_report(monkeypatch):
    terminal = as_terminal(monkeypatch)
    with pytest.raises(ZeroDivisionError), heard(None, 1), progress(2, "steps"):
        raise ZeroDivisionError
    assert terminal.getvalue().endswith("\n")
    terminal.truncate(0)
    Part().work()
    assert not terminal.getvalue().strip("\0")


@pytest.mark.parametrize("backend", ["threading", "multiprocessing"])
def test_members_are_counted_in_every_backend(animals, capsys, backend):
    vote = GZSLVotingClassifier(
        [("a", PrototypeClassifier()), ("b", PrototypeClassifier(alpha=1.0))],
        verbose=1,
        n_jobs=2,
    )
    with parallel_config(backend):
        vote.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert "2 of 2 members" in capsys.readouterr().err


def test_what_is_learned_does_not_depend_on_it(animals, capsys):
    given = animals.X, animals.y, animals.attributes
    silent, loud = (flow(verbose=verbose).fit(*given) for verbose in (0, 1))
    assert capsys.readouterr().err.count("\n")
    scores = (clf.decision_function(animals.X_test).tolist() for clf in (silent, loud))
    assert next(scores) == next(scores)


def test_parts_of_others_are_no_obstacle(animals, capsys):
    clf = GZSLClassifier(None, LogisticRegression(), seen_penalty=0.0, verbose=1)
    clf.fit(animals.X, animals.y, class_attributes=animals.attributes)
    assert "fitting the classifier on" in capsys.readouterr().err
