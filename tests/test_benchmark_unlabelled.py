"""Benchmarks that adapt to test rows: which rows, and that nobody overlooks it."""

import numpy as np
import pytest
from benchmark_data import animal_arrays, fits, writer

from sklearn_gzsl import PrototypeClassifier
from sklearn_gzsl.benchmark import format_results, run_benchmark
from sklearn_gzsl.benchmark._cli import main
from sklearn_gzsl.benchmark._data import load_data
from sklearn_gzsl.benchmark._transductive import adapted_to
from sklearn_gzsl.metrics import GZSLScorer

write = pytest.fixture(writer, scope="module")
arrays = pytest.fixture(animal_arrays, scope="module")
path = pytest.fixture(lambda write: write(), scope="module")
FIXED = {
    "power": None,
    "shrinkage": 0.3,
    "degree": 1,
    "alpha": 0.1,
    "description_weight": 0.0,
    "hubness_weight": 0.0,
}


def run(path, **options):
    options = {"seeds": [3], "params": FIXED, "verbose": 0} | options
    return run_benchmark(path, "prototypes", **options)


class Met:
    """Remembers the rows that it is adapted to."""

    def adapt(self, X, reset=False):
        self.rows = X


@pytest.mark.parametrize("unlabelled", ["half", "test"])
def test_which_rows_are_met_and_which_are_scored(path, unlabelled):
    data, met = load_data(path), Met()
    scored, cost = adapted_to(met, data, unlabelled, seed=0)
    assert cost["wall_s"] >= 0
    test = np.concatenate([data.test_seen, data.test_unseen])
    left = np.concatenate([scored.test_seen, scored.test_unseen])
    rows = sorted(map(tuple, met.rows))
    if unlabelled == "test":
        assert sorted(left) == sorted(test)
        assert rows == sorted(map(tuple, data.X[test]))
        return
    # Of each class the one half is met, and the other scored.
    others = np.setdiff1d(test, left)
    assert rows == sorted(map(tuple, data.X[others]))
    n_met, n_left = (
        np.unique(data.y[part], return_counts=True)[1] for part in (others, left)
    )
    assert ((n_left - n_met >= 0) & (n_left - n_met <= 1)).all()
    again, _ = adapted_to(Met(), data, unlabelled, seed=1)
    assert set(again.test_seen) != set(scored.test_seen)


def test_figures_are_those_by_hand(path):
    data = load_data(path)
    train, test = data.train, np.concatenate([data.test_seen, data.test_unseen])
    clf = PrototypeClassifier(**FIXED)
    clf.fit(data.X[train], data.y[train], class_attributes=data.class_attributes)
    clf.adapt(data.X[np.random.default_rng(3).permutation(test)])  # by the seed
    expected = GZSLScorer(candidates="all")(clf, data.X[test], data.y[test])
    found = fits(run(path, unlabelled="test"), "prototypes")[0]["scores"]
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_adapted_folds_choose_the_penalty(path):
    plain, adapted = (
        fits(run(path, calibrate=True, unlabelled=part), "prototypes")[0]
        for part in (None, "half")
    )
    assert plain["seen_penalty"] != adapted["seen_penalty"]
    assert "adapting" in adapted
    assert "adapting" not in plain


def test_everything_says_transductive(path, tmp_path, capsys):
    out = tmp_path / "a.json"
    inductive = run(path, seeds=1)
    transductive = run(path, unlabelled="half", out=out)
    assert "unlabelled" not in inductive["options"]
    assert "not comparable" in transductive["protocol_note"]
    for style in ("text", "markdown", "rst"):
        # Two tables, although it is one data set.
        table = format_results([inductive, transductive], style)
        first, second = table.split("TRANSDUCTIVE")
        assert "transductive" not in first
        assert "transductive, half" in second
    with pytest.raises(ValueError, match="other options"):
        run(path, unlabelled="test", out=out, resume=True)
    options = ["--method", "prototypes", "--seeds", "1", "--quiet"]
    options += [
        part for item in FIXED.items() for part in ("--set", "{}={}".format(*item))
    ]
    assert main(["benchmark", str(path), *options, "--unlabelled", "test"]) == 0
    assert "TRANSDUCTIVE, adapted to the test rows" in capsys.readouterr().out


def test_what_does_not_go_together(path):
    with pytest.raises(ValueError, match="choose from \\['half', 'test'\\]"):
        run(path, unlabelled="all")
    with pytest.raises(ValueError, match="without unlabelled"):
        run(path, unlabelled="test", protocol="published")
    with pytest.raises(ValueError, match="eszsl cannot adapt"):
        run_benchmark(path, "eszsl", unlabelled="test", verbose=0)
