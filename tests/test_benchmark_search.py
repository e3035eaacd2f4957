"""The benchmark's searches: what is tuned, on which rows, and what is reported."""

from pathlib import Path

import numpy as np
import pytest
from benchmark_data import (
    ONE_GAUSSIAN,
    QUICK,
    animal_arrays,
    fits,
    means,
    quick_benchmark,
    writer,
)
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    SoftmaxClassifier,
)
from sklearn_gzsl.benchmark import _search, format_results
from sklearn_gzsl.benchmark._methods import (
    METHODS,
    build,
    generates,
    search_space,
)
from sklearn_gzsl.benchmark._record import load_results
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit

arrays = pytest.fixture(animal_arrays, scope="module")
write = pytest.fixture(writer, scope="module")
path = pytest.fixture(lambda write: write(), scope="module")
run = pytest.fixture(quick_benchmark)


@pytest.mark.parametrize("method", METHODS)
def test_the_documented_searches_are_those_made(method):
    docs = Path(__file__).parents[1] / "docs"
    page = (docs / "benchmarks" / "protocol.rst").read_text("utf-8")
    clf = build(method, preset=None, head="softmax", params={}, n_typical=1)
    space = search_space(method, clf, grid={}, fixed=(), n_typical=1)
    if generates(method):
        assert space.pop("n_synthetic") == [1, 4, 12]
        assert space.pop("classifier__max_iter") == [10_000, 30_000]
    documented = "; ".join(
        f"`{name.removeprefix('generator__')}` {', '.join(map(str, values))}"
        for name, values in space.items()
    )
    assert f"   * - `{method}`\n     - {documented}\n" in page


def test_tuning_chooses_among_the_values_and_never_sees_test_rows(run, write, arrays):
    options = {
        "tune": True,
        "params": {"classifier__lr": 0.1, "generator__shrinkage": 0.1},
        "grid": {"classifier__max_iter": [2, 60], "n_synthetic": ["1x", "3x"]},
        "folds": 2,
    }
    results = run(**options)
    found = results["methods"]["gaussian"]["search"]
    assert found["space"]["n_synthetic"] == [10, 30]  # 10 rows of each seen class
    assert len(found["tried"]) == 8
    best = max(found["tried"], key=lambda tried: tried["mean"])
    assert found["best_params"] == best["params"]
    assert best["params"]["classifier__max_iter"] == 60
    params = fits(results)[0]["params"]
    assert best["params"].items() <= params.items()
    # Whatever is in the test rows, and whatever describes their classes.
    X, att = arrays["X"].copy(), arrays["att"].copy()
    X[90:] = X[::-1][:120]
    att[9:] = att[:3] + 1
    other = run(write(X=X, att=att), **options)["methods"]["gaussian"]["search"]
    assert means(other) == means(found)


def test_tuning_trains_each_generator_once_on_each_split(run, monkeypatch, tmp_path):
    fit, fitted = GaussianGenerator._fit, []

    def counting(self, *args):
        fitted.append(self.temperature)
        return fit(self, *args)

    monkeypatch.setattr(GaussianGenerator, "_fit", counting)
    grid = {"classifier__max_iter": [2, 3], "n_synthetic": [5, 6]}
    options = {"tune": True, "params": ONE_GAUSSIAN, "folds": 2}
    options["memory"] = tmp_path / "kept"
    run(grid=grid, **options)
    assert len(fitted) == 2 + 1  # two splits of four combinations, and the final fit
    run(grid=grid, **options)
    assert len(fitted) == 3 + 1  # what is kept serves the next search, but no timed fit


def test_an_interrupted_search_resumes(run, tmp_path, monkeypatch):
    params = QUICK | {"generator__shrinkage": 0.1}
    options = {"tune": True, "params": params, "grid": {"n_real": [3, 4, 5]}}
    complete = run(**options)
    original, scored = _search.Search._score, []

    def interrupted(self, *args):
        scored.append(args)
        if len(scored) == 3:
            raise KeyboardInterrupt
        return original(self, *args)

    monkeypatch.setattr(_search.Search, "_score", interrupted)
    options["out"] = tmp_path / "results.json"
    with pytest.raises(KeyboardInterrupt):
        run(**options)
    with pytest.raises(ValueError, match="hold no fit"):
        format_results(load_results(options["out"]))
    results = run(resume=True, **options)
    assert len(scored) == 6 + 1
    first, second = (r["methods"]["gaussian"]["search"] for r in (complete, results))
    assert means(first) == means(second)
    assert first["best_params"] == second["best_params"]
    assert fits(complete)[0]["scores"] == fits(results)[0]["scores"]


def test_a_combination_that_fails_is_left_out(run, capsys):
    options = {"tune": True, "params": QUICK | ONE_GAUSSIAN}
    found = run(grid={"n_real": [-1, 5]}, **options)["methods"]["gaussian"]["search"]
    assert [trial["mean"] is None for trial in found["tried"]] == [True, False]
    assert found["best_params"] == {"n_real": 5}
    with pytest.raises(ValueError, match="no combination"):
        run(grid={"n_real": [-1]}, verbose=1, **options)
    assert "'n_real' parameter" in capsys.readouterr().err


def test_calibration_is_that_of_the_classifier_itself(run, arrays, animals):
    rows = {"n_synthetic": 5}
    fit = fits(run(seeds=[1], head="prototypes", params=rows, calibrate=True))[0]
    clf = GZSLClassifier(n_synthetic=5, random_state=1)
    X, y = arrays["X"].astype(np.float32), animals.labels[arrays["labels"]]
    train = arrays["trainval_loc"]
    clf.fit(X[train], y[train], class_attributes=animals.attributes)
    assert fit["seen_penalty"] == clf.seen_penalty_ != 0
    assert fit["params"]["seen_penalty"] == "auto"
    test = np.concatenate([arrays["test_seen_loc"], arrays["test_unseen_loc"]])
    H = GZSLScorer(candidates="all")
    assert fit["scores"]["H"] == pytest.approx(H(clf, X[test], y[test])["H"])
    clf.set_params(seen_penalty=0.0)
    without = fit["scores_without_penalty"]
    assert without["H"] == pytest.approx(H(clf, X[test], y[test])["H"])
    plain = fits(run(seeds=[1], head="prototypes", params=rows))[0]
    assert plain["scores"] == without
    assert plain["seen_penalty"] == 0


def test_calibration_is_that_of_calibrated_stacking(run, arrays, animals):
    plain = fits(run(seeds=2))[1]
    results = run(seeds=2, calibrate=True, folds=3)
    fit = fits(results)[1]
    clf = GZSLClassifier(
        GaussianGenerator(), SoftmaxClassifier(), random_state=1, seen_penalty=0.0
    )
    X, y = arrays["X"].astype(np.float32), animals.labels[arrays["labels"]]
    train = arrays["trainval_loc"]
    cv = GZSLShuffleSplit(3, unseen_size=3 / 12, random_state=1)
    calibrated = CalibratedStackingCV(clf.set_params(**QUICK), cv=cv)
    calibrated.fit(X[train], y[train], class_attributes=animals.attributes)
    assert fit["seen_penalty"] == pytest.approx(calibrated.seen_penalty_)
    assert fit["seen_penalty"] != 0
    test = np.concatenate([arrays["test_seen_loc"], arrays["test_unseen_loc"]])
    expected = GZSLScorer(candidates="all")(calibrated, X[test], y[test])
    assert {k: fit["scores"][k] for k in expected} == pytest.approx(expected)
    assert fit["scores_without_penalty"] == plain["scores"]
    for figure in ("AUSUC", "Z"):  # which no penalty changes
        assert fit["scores"][figure] == pytest.approx(plain["scores"][figure])
    table = format_results(results).splitlines()
    assert [line.split()[0] for line in table[3:5]] == ["gaussian", "gaussian"]
    assert "  none  " in table[3]
    assert "  chosen, " in table[4]


def test_tuning_goes_by_what_is_reported(run):
    options = {"tune": True, "tune_iter": 1, "folds": 2, "params": QUICK}
    assert run(**options)["options"]["tune"]["by"] == "H"
    results = run(calibrate=True, **options)
    assert results["options"]["tune"]["by"] == "calibrated-H"
    assert "tuned by calibrated-H" in format_results(results)


def test_fixed_parameters_are_not_tuned(run):
    results = run(tune=True, params=QUICK, tune_iter=1, folds=2, tune_by="AUSUC")
    found = results["methods"]["gaussian"]["search"]
    assert list(found["space"]) == ["generator__shrinkage", "generator__temperature"]
    assert len(found["tried"]) == 1
    assert "tuned by AUSUC; softmax; classifier__lr=0.1, " in format_results(results)


def test_oracle_is_reported_on_demand_and_labelled(run):
    results = run(oracle=True)
    scores = fits(results)[0]["scores"]
    assert scores["oracle_H"] >= scores["H"]
    assert "Oracle H, for orientation" in format_results(results)
    assert "Oracle" not in format_results(run())


def test_objects_can_be_tuned(run, tmp_path):
    grid = {"preprocessor": [StandardScaler(), None], "generator__temperature": [1.0]}
    options = {"tune": True, "grid": grid, "params": QUICK, "folds": 1}
    out = tmp_path / "r.json"
    results = run(seeds=1, out=out, **options)
    chosen = results["methods"]["gaussian"]["search"]["best_params"]["preprocessor"]
    assert fits(results)[0]["params"]["preprocessor"] == chosen
    again = run(seeds=2, out=out, resume=True, **options)
    assert fits(again)[1]["params"]["preprocessor"] == chosen
