"""The benchmark: honest figures, complete records, and clear complaints."""

import csv
import inspect
import json
import re

import numpy as np
import pytest
from benchmark_data import (
    QUICK,
    animal_arrays,
    fits,
    quick_benchmark,
    writer,
)
from scipy.io import savemat
from sklearn.base import clone

import sklearn_gzsl
from sklearn_gzsl import (
    GaussianGenerator,
    GZSLClassifier,
    PrototypeClassifier,
    SoftmaxClassifier,
    compatibility,
    generators,
)
from sklearn_gzsl.benchmark import _runner, format_results, run_benchmark
from sklearn_gzsl.benchmark._cli import main
from sklearn_gzsl.benchmark._methods import METHODS, generates
from sklearn_gzsl.metrics import GZSLScorer, per_class_accuracy

arrays = pytest.fixture(animal_arrays, scope="module")


write = pytest.fixture(writer, scope="module")


path = pytest.fixture(lambda write: write(), scope="module")


run = pytest.fixture(quick_benchmark)


# Of methods without generator.
QUICKER = {"seen_weight": 0.0, "max_iter": 5}


def test_figures_are_those_of_a_fit_by_hand(run, animals, arrays):
    fit = fits(run(seeds=[3]))[0]
    X, y = arrays["X"].astype(np.float32), animals.labels[arrays["labels"]]
    train, unseen = arrays["trainval_loc"], arrays["test_unseen_loc"]
    clf = GZSLClassifier(
        GaussianGenerator(),
        SoftmaxClassifier(max_iter=60, lr=0.1),
        n_synthetic=5,
        random_state=3,
        seen_penalty=0.0,
    ).fit(X[train], y[train], animals.attributes)
    test = np.concatenate([arrays["test_seen_loc"], unseen])
    expected = GZSLScorer(candidates="all")(clf, X[test], y[test])
    among_unseen = clone(clf).set_params(seen_penalty=1e6)
    among_unseen.fit(X[train], y[train], animals.attributes)
    Z = per_class_accuracy(y[unseen], among_unseen.predict(X[unseen]))
    assert fit["scores"] == pytest.approx({**expected, "Z": Z})
    assert 0 < fit["scores"]["H"] < 1


def test_the_file_has_all_that_is_needed_to_repeat_a_fit(run, tmp_path):
    out = tmp_path / "results.json"
    results = run(seeds=2, out=out)
    assert json.loads(out.read_text()) == results
    assert results["protocol"] == "honest"
    assert "one look" in results["protocol_note"]
    assert results["data"]["n_rows"] == {
        "train": 90,
        "test_seen": 90,
        "test_unseen": 30,
    }
    first, second = fits(results)
    assert (first["seed"], second["seed"]) == (0, 1)
    assert first["params"]["classifier__max_iter"] == 60
    assert first["params"]["generator"] == "GaussianGenerator"
    assert first["params"]["random_state"] == 0
    assert first["fitted"]["classifier_steps"] == 60
    assert first["seen_penalty"] == 0
    assert first["cost"]["wall_s"] > 0
    assert first["cost"]["peak_memory_mb"] > 10
    versions = results["environments"][first["environment"]]
    assert versions["numpy"] == np.__version__
    H = [fit["scores"]["H"] for fit in (first, second)]
    assert results["methods"]["gaussian"]["summary"]["scores"]["H"] == {
        "mean": pytest.approx(np.mean(H)),
        "sd": pytest.approx(abs(H[0] - H[1]) / np.sqrt(2)),
    }


def test_checksums_tell_what_changed(run, write, arrays):
    def sums(**changed):
        return run(write(**changed))["data"]["sha256"]

    original = sums()
    assert sums(X=arrays["X"].astype(np.float64)) == original  # the same numbers
    assert sums(test_seen_loc=arrays["test_seen_loc"].astype(np.int32)) == original
    other = arrays["X"].copy()
    other[7, 2] += 1
    changed = {"features": {"X": other}, "class_attributes": {"att": arrays["att"] * 2}}
    changed["split"] = {"test_seen_loc": arrays["test_seen_loc"][1:]}
    for part, arguments in changed.items():
        new = sums(**arguments)
        assert [key for key in original if new[key] != original[key]] == [part]


def test_every_generator_is_a_method():
    public = {getattr(generators, name) for name in generators.__all__}
    public = {cls for cls in public if issubclass(cls, generators.BaseGenerator)}
    complete = {cls for cls in public if not inspect.isabstract(cls)}
    compatible = {getattr(compatibility, name) for name in compatibility.__all__}
    assert set(METHODS.values()) == {PrototypeClassifier, *compatible, *complete}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_runs_on_two_digit_numbers(method, small_numbers):
    tiny = {"hidden_dim": 8, "max_iter": 2, "encoder_dim": 8}
    known = METHODS[method]().get_params()
    params = {f"generator__{name}": v for name, v in tiny.items() if name in known}
    if generates(method):
        params = QUICK | params
    else:
        params = {k: v for k, v in QUICKER.items() if k in known}
    results = run_benchmark(
        small_numbers, method, seeds=1, head="softmax", params=params, verbose=0
    )
    fit = fits(results, method)[0]
    if generates(method):
        assert fit["params"]["generator"] == METHODS[method].__name__
    assert set(fit["scores"]) == {"U", "S", "H", "AUSUC", "Z"}


def test_built_in_names(run):
    results = run("two-digit-numbers", params=QUICK | {"classifier__max_iter": 2})
    assert results["data"]["n_unseen"] == 20
    results = run_benchmark("intents", "eszsl", seeds=1, verbose=0)
    assert results["data"]["n_rows"]["test_unseen"] == 600


def test_an_xlsa17_folder_gives_the_same_figures(run, arrays, tmp_path):
    folder = tmp_path / "Animals"
    folder.mkdir()
    features = {
        "features": arrays["X"].T.astype(float),
        "labels": arrays["labels"][:, None] + 1.0,
    }
    names = np.array([[name] for name in arrays["allclasses_names"]], dtype=object)
    split = {key: arrays[key][:, None] + 1.0 for key in arrays if key.endswith("_loc")}
    split |= {"att": arrays["att"].T.astype(float), "allclasses_names": names}
    savemat(folder / "res101.mat", features)
    savemat(folder / "att_splits.mat", split)
    results, expected = run(folder), run()
    assert results["data"]["name"] == "Animals"
    assert results["data"]["sha256"] == expected["data"]["sha256"]
    assert fits(results)[0]["scores"] == fits(expected)[0]["scores"]


def test_published_protocol_is_labelled_and_no_worse(run, capsys, tmp_path):
    out = tmp_path / "results.json"
    honest = fits(run(seeds=3))
    results = run(seeds=3, protocol="published", verbose=1, out=out)
    gained = 0
    for fit, same in zip(fits(results), honest, strict=True):
        assert fit["looks"]["last_look"] == same["scores"]
        assert fit["looks"]["n_looks"] == 25
        assert fit["scores"]["H"] >= same["scores"]["H"]
        assert fit["protocol"] == "published"
        gained += fit["scores"]["H"] > same["scores"]["H"]
    assert gained
    assert "ON THE TEST ROWS" in results["protocol_note"]
    assert "ON THE TEST ROWS" in capsys.readouterr().err
    assert json.loads(out.read_text())["protocol"] == "published"
    for style in ("text", "markdown", "rst", "latex", "html", "csv"):
        assert "BEST OF 25 LOOKS AT TEST ROWS" in format_results(results, style)
        assert "LOOKS AT TEST ROWS" not in format_results(run(), style)


def test_no_more_looks_than_steps(run):
    params = QUICK | {"classifier__max_iter": 3}
    looks = fits(run(protocol="published", params=params))[0]["looks"]
    assert looks["n_looks"] == 3


@pytest.mark.parametrize("other", ["calibrate", "oracle"])
def test_published_protocol_stands_alone(run, other):
    with pytest.raises(ValueError, match="protocol='published' repeats"):
        run(protocol="published", **{other: True})


def test_an_interrupted_run_keeps_its_fits_and_resumes(run, tmp_path, monkeypatch):
    out = tmp_path / "results.json"
    complete = run(seeds=3)
    original, seeds = _runner.Run._fit, []

    def interrupted(self, clf, seed, unfinished):
        seeds.append(seed)
        if len(seeds) == 2:
            raise KeyboardInterrupt
        return original(self, clf, seed, unfinished)

    monkeypatch.setattr(_runner.Run, "_fit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(seeds=3, out=out)
    assert [fit["seed"] for fit in fits(json.loads(out.read_text()))] == [0]
    with pytest.raises(FileExistsError, match="resume"):
        run(seeds=3, out=out)
    results = run(seeds=3, out=out, resume=True)
    assert seeds == [0, 1, 1, 2]
    scores = [[fit["scores"] for fit in fits(r)] for r in (results, complete)]
    assert scores[0] == scores[1]
    assert results["methods"]["gaussian"]["summary"]["n_fits"] == 3
    run(seeds=3, out=out, resume=True)
    assert len(seeds) == 4


def test_a_preset_is_where_it_starts(run):
    params = {"generator__max_iter": 2, "generator__hidden_dim": 8, "n_synthetic": 5}
    small = {"generator__positioning_dim": 4, "classifier__max_iter": 5}
    results = run(methods="gsmflow", preset="AWA2", params=params | small)
    assert fits(results, "gsmflow")[0]["params"]["generator__proto_weight"] == 10.0
    assert "paper (AWA2)" in format_results(results)
    with pytest.raises(ValueError, match="no published settings"):
        run(preset="AWA2")


def test_command_line(path, tmp_path, capsys):
    out = tmp_path / "results.json"
    command = ["benchmark", str(path), "--method", "gaussian", "--seeds", "4,7"]
    command += ["--set", "n_synthetic=0.5x", "--set", "classifier__max_iter=60"]
    command += ["--head", "softmax"]
    assert main([*command, "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 3
    assert "gaussian, seed 7: U " in printed.err
    table = printed.out.splitlines()
    assert table[0].startswith("animals: 9 seen and 3 unseen classes, 90 training rows")
    assert table[1].startswith("protocol honest")
    assert table[3].split()[0] == "gaussian"
    assert table[3].count("+-") == 5
    found = fits(json.loads(out.read_text()))
    assert [fit["seed"] for fit in found] == [4, 7]
    assert found[0]["fitted"]["n_synthetic"] == 5

    assert main(["table", str(out), str(out), "--style", "markdown"]) == 0
    printed = capsys.readouterr().out
    rows = [line for line in printed.splitlines() if line.startswith("|")]
    assert len(rows) == 4  # one table: head, rule, and a row of each file
    assert len({row.count("|") for row in rows}) == 1
    mean = np.mean([fit["scores"]["H"] for fit in found])
    assert f"| {100 * mean:.1f} ± " in rows[2]


def test_version(capsys):
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"sklearn_gzsl {sklearn_gzsl.__version__}\n"


def test_all_methods_are_those_that_the_options_are_for(arrays, tmp_path, capsys):
    np.savez(tmp_path / "data.npz", **arrays)
    options = {"seeds": 1, "params": {"power": 0.5, "seen_weight": 0.0}}
    results = run_benchmark(tmp_path / "data.npz", **options)
    assert list(results["methods"]) == ["prototypes"]
    assert "gaussian is left out: " in capsys.readouterr().err
    with pytest.raises(ValueError, match="gaussian has no parameter"):
        run_benchmark(tmp_path / "data.npz", ["prototypes", "gaussian"], **options)
    with pytest.raises(ValueError, match="prototypes does not have"):
        run_benchmark(tmp_path / "data.npz", "prototypes", protocol="published")


def test_the_table_shows_a_fixed_penalty(run):
    results = run(params=QUICK | {"seen_penalty": 2.0}, calibrate=True, folds=1)
    column = [line.split(" | ")[2].strip() for line in _rows_of(results)]
    assert column[0] == "2"
    assert column[1].startswith("chosen, ")
    plain = run(params=QUICK | {"seen_penalty": 0.001})
    assert [line.split(" | ")[2].strip() for line in _rows_of(plain)] == ["0.001"]
    assert [line.split(" | ")[2].strip() for line in _rows_of(run())] == ["none"]


def test_csv_has_means_and_deviations_apart(run):
    results = run(seeds=2, calibrate=True)
    rows = list(csv.DictReader(format_results(results, "csv").splitlines()))
    assert [row["Penalty"].split(",")[0] for row in rows] == ["none", "chosen"]
    figures = results["methods"]["gaussian"]["summary"]["scores"]
    for name in ("U", "S", "H"):
        assert float(rows[1][name]) == pytest.approx(100 * figures[name]["mean"])
        sd = float(rows[1][f"{name} sd"])
        assert sd == pytest.approx(100 * figures[name]["sd"], abs=1e-4)
    assert rows[0]["Data"] == results["data"]["name"]
    assert rows[0]["Seeds"] == "2"


def test_documents_have_no_sign_that_breaks_them(run):
    results = run(seeds=2)
    results["data"]["name"] = "<b>A_1 & more</b>"
    latex, page = (format_results(results, style) for style in ("latex", "html"))
    assert r"n\_synthetic" in latex
    assert "<b>" not in page
    assert "&lt;b&gt;A_1 &amp; more" in page
    table = [line for line in latex.splitlines() if not line.startswith("%")]
    assert not re.search(r"(?<!\\)[_%#]", "\n".join(table))
    assert r"$\pm$" in latex


def _rows_of(results):
    lines = format_results(results, "markdown").splitlines()
    return [line for line in lines if line.startswith("| gaussian")]


def test_a_table_of_a_file_without_methods(tmp_path, capsys):
    path = tmp_path / "r.json"
    path.write_text('{"format": 1}')
    assert main(["table", str(path)]) == 2
    assert "holds no results" in capsys.readouterr().err


def test_presets_leave_out_methods_without_settings(small_numbers, monkeypatch):
    started = []
    monkeypatch.setattr(
        _runner.Run, "_method", lambda _, name, __: started.append(name) or []
    )
    run_benchmark(small_numbers, preset="AWA2", verbose=0)
    assert started == [
        "eszsl",
        "sae",
        "cada-vae",
        "cvae",
        "f-vaegan",
        "gsmflow",
        "vae-cflow",
        "wgan-gp",
    ]


def test_a_class_that_is_several_methods_has_no_preset_of_its_own(small_numbers):
    message = r"bilinear has no published settings of its own, but as \['ALE', 'DeV"
    with pytest.raises(ValueError, match=message):
        run_benchmark(small_numbers, "bilinear", preset="CUB", verbose=0)
