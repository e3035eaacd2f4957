"""The benchmark on files with several tables of descriptions: one chosen, or all."""

import json

import numpy as np
import pytest
from benchmark_data import QUICK, animal_arrays, fits, quick_benchmark, writer
from instances import TINY
from real_files import real_file

from sklearn_gzsl import (
    CADAVAE,
    ClassAttributes,
    GaussianGenerator,
    PrototypeClassifier,
)
from sklearn_gzsl.benchmark import _runner, format_results
from sklearn_gzsl.benchmark._cli import main
from sklearn_gzsl.benchmark._data import describe_data, load_data
from sklearn_gzsl.benchmark._methods import METHODS
from sklearn_gzsl.utils import METHODS as REGISTERED

SENTENCES = "att_sentences"
TINY_VAE = QUICK | {f"generator__{name}": v for name, v in TINY[CADAVAE].items()}


@pytest.fixture(scope="module")
def arrays(animals):
    """The animals, described a second time: other columns, other numbers."""
    mixing = np.random.default_rng(1).normal(size=(7, 9))
    table = animals.vectors @ mixing
    return animal_arrays(animals) | {SENTENCES: table.astype(np.float32)}


write = pytest.fixture(writer, scope="module")
path = pytest.fixture(lambda write: write(), scope="module")
run = pytest.fixture(quick_benchmark)


def test_a_table_by_its_name_is_as_if_it_were_the_only_one(run, write, arrays):
    found = run(descriptions=SENTENCES)
    alone = write(att=arrays[SENTENCES], **{SENTENCES: None})
    expected = run(alone)
    assert fits(found)[0]["scores"] == fits(expected)[0]["scores"]
    assert found["data"] == expected["data"] | {"descriptions": SENTENCES}
    assert found["data"]["n_attributes"] == {"attributes": 9}


def test_a_file_without_att(run, write):
    path = write(att=None)
    assert fits(run(path, descriptions=SENTENCES))
    message = rf"='att' is no table of .*animals.npz'; choose from \['{SENTENCES}', 'al"
    with pytest.raises(ValueError, match=message):
        run(path)


def test_by_default_other_tables_change_nothing(run, write):
    alone = write(**{SENTENCES: None})
    expected, found, named = run(alone), run(), run(descriptions="att")
    assert found["data"] == named["data"] == expected["data"]
    assert "descriptions" not in found["data"]
    assert fits(found)[0]["scores"] == fits(expected)[0]["scores"]
    # Not even those that cannot be used.
    names = np.array(["red", "wings"])
    assert run(write(att_names=names))["data"] == expected["data"]


@pytest.mark.parametrize("name", ["att_words", "sentences", "X", "", None, ["att"]])
def test_an_unknown_table_is_answered_with_those_there_are(run, name):
    message = rf"choose from \['att', '{SENTENCES}', 'all'\]"
    with pytest.raises(ValueError, match=message):
        run(descriptions=name)


def test_a_file_without_any_table(run, write):
    path = write(att=None, **{SENTENCES: None})
    with pytest.raises(ValueError, match=r"has no array \['att'\]; it has"):
        run(path)
    for name in ("att_x", "X", "all"):
        with pytest.raises(ValueError, match=f"='{name}' is no table of .* has none"):
            run(path, descriptions=name)


def test_all_are_sources_of_one_description(path, animals, arrays):
    attributes = load_data(path, "all").class_attributes
    tables = {"att": arrays["att"], SENTENCES: arrays[SENTENCES]}
    assert attributes == ClassAttributes(animals.labels, tables)
    assert list(attributes.sources) == ["att", SENTENCES]


def test_all_are_for_methods_that_take_several(run, monkeypatch, capsys):
    found = run(methods="cada-vae", descriptions="all", params=TINY_VAE)
    assert found["data"]["descriptions"] == "all"
    assert found["data"]["n_attributes"] == {"att": 7, SENTENCES: 9}
    started = []
    monkeypatch.setattr(
        _runner.Run, "_method", lambda _, name, __: started.append(name) or []
    )
    message = rf"gaussian takes one table .*sources \['att', '{SENTENCES}'\]; choose"
    with pytest.raises(ValueError, match=message):
        run(methods=["cada-vae", "gaussian"], descriptions="all")
    with pytest.raises(ValueError, match="prototypes takes one table"):
        run(methods="prototypes", descriptions="all", params={})
    assert not started  # before anything is fitted
    # Of all methods, those are left out that cannot.
    run(methods="all", descriptions="all", params={}, verbose=1)
    assert started == ["cada-vae"]
    assert capsys.readouterr().err.count("takes one table") == len(METHODS) - 1


def test_tuning_and_calibration_with_all(run):
    options = {"tune": True, "calibrate": True, "folds": 1}
    options["grid"] = {"generator__distribution_weight": [1.0, 2.0]}
    params = {k: v for k, v in TINY_VAE.items() if "distribution" not in k}
    found = run(methods="cada-vae", descriptions="all", params=params, **options)
    tried = found["methods"]["cada-vae"]["search"]["tried"]
    assert len(tried) == 2
    assert all(trial["mean"] is not None for trial in tried)


def test_all_where_there_is_one_is_for_every_method(run, write):
    alone = write(**{SENTENCES: None})
    found = run(alone, descriptions="all")
    assert fits(found)[0]["scores"] == fits(run())[0]["scores"]


@pytest.mark.parametrize("method", METHODS)
def test_methods_say_truly_what_they_take(method, animals):
    cls = METHODS[method]
    tables = {"a": animals.vectors, "b": animals.vectors}
    known = {"class_attributes": ClassAttributes(animals.labels, tables)}
    estimator = cls(**TINY.get(cls, {}))
    if REGISTERED[cls].several_sources:
        estimator.fit(animals.X, animals.y, **known)
    else:
        with pytest.raises(ValueError, match="where one is needed"):
            estimator.fit(animals.X, animals.y, **known)


def test_a_generator_of_the_callers_own_may_take_several(run):
    class FirstSource(GaussianGenerator):
        def _table(self, attributes, *, reset=False):
            return attributes.sources["att"]

    found = run(params=QUICK | {"generator": FirstSource()}, descriptions="all")
    assert fits(found)[0]["scores"] == fits(run())[0]["scores"]


def test_the_order_of_the_arrays_in_the_file_changes_nothing(run, arrays, tmp_path):
    np.savez(tmp_path / "animals.npz", **dict(reversed(arrays.items())))
    options = {"methods": "cada-vae", "descriptions": "all", "params": TINY_VAE}
    found, expected = run(tmp_path / "animals.npz", **options), run(**options)
    assert found["data"] == expected["data"]
    scores = [fits(result, "cada-vae")[0]["scores"] for result in (found, expected)]
    assert scores[0] == scores[1]


def test_a_source_may_lack_classes(run, write, arrays):
    table = arrays[SENTENCES].copy()
    table[[2, 10]] = np.nan
    path = write(**{SENTENCES: table})
    options = {"methods": "cada-vae", "params": TINY_VAE}
    assert fits(run(path, descriptions="all", **options), "cada-vae")
    message = rf"npz', descriptions='{SENTENCES}': .* NaN or .*\['bat', 'elephant'\]"
    with pytest.raises(ValueError, match=message):
        run(path, descriptions=SENTENCES)


@pytest.mark.parametrize("descriptions", [SENTENCES, "all"])
def test_folders_and_sets_have_no_tables(run, small_numbers, tmp_path, descriptions):
    for name in ("res101.mat", "att_splits.mat"):
        (tmp_path / name).touch()  # refused before they are read
    cases = {
        "the folder '": tmp_path,
        "the built-in set 'two-digit-numbers'": "two-digit-numbers",
        "what a loader returned": small_numbers,
    }
    for what, data in cases.items():
        message = f"descriptions='{descriptions}' chooses .* data is {what}.*leave it"
        with pytest.raises(ValueError, match=message):
            run(data, descriptions=descriptions)
    with pytest.raises(FileNotFoundError, match="neither a file"):
        run(tmp_path / "none.npz", descriptions=descriptions)
    assert fits(run(small_numbers, descriptions="att"))


def test_resuming_takes_the_same_table(run, write, arrays, tmp_path, monkeypatch):
    # With equal tables, too, which have the same checksum.
    for path in (write(), write(**{SENTENCES: arrays["att"]})):
        for first, second in [("att", SENTENCES), (SENTENCES, "att"), ("att", "all")]:
            out = tmp_path / "results.json"
            out.unlink(missing_ok=True)
            found = run(path, descriptions=first, out=out)
            with pytest.raises(ValueError, match="made with other data"):
                run(path, descriptions=second, out=out, resume=True)
            with monkeypatch.context() as patch:
                patch.setattr(_runner.Run, "_fit", None)  # nothing is fitted again
                again = run(path, descriptions=first, out=out, resume=True)
            assert again == found


@pytest.mark.parametrize("style", ["text", "markdown", "rst"])
def test_the_head_of_the_table_names_the_descriptions(run, style):
    results = [run(), run(descriptions=SENTENCES)]
    assert "descriptions" not in format_results(results[0], style)
    assert f"5 features, descriptions {SENTENCES}" in format_results(results[1], style)
    # A block for each: one head cannot stand over both.
    table = format_results(results, style)
    assert table.count("9 seen and 3 unseen classes") == 2
    assert table.count(f"descriptions {SENTENCES}") == 1


@pytest.mark.parametrize("named", [True, False])
def test_tables_of_other_lengths(run, write, arrays, named):
    names = {} if named else {"allclasses_names": None}
    path = write(**{SENTENCES: arrays[SENTENCES][:-1]}, **names)
    assert fits(run(path))
    expected = "allclasses_names has 12 names" if named else "att describes 12"
    with pytest.raises(ValueError, match=f"{SENTENCES} .* 11 classes, but {expected};"):
        run(path, descriptions="all")
    message = f"{SENTENCES} describes 11" if named else rf"\[11\], but {SENTENCES} has"
    with pytest.raises(ValueError, match=message):
        run(path, descriptions=SENTENCES)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (np.array(["red", "wings"]), r"att_x has shape \(2,\), and so describes no"),
        (np.float32(3), r"att_x has shape \(\), and so"),
        (np.full((12, 2), "a"), r"'att_x'\] is not a table of numbers"),
    ],
)
@pytest.mark.parametrize("descriptions", ["att_x", "all"])
def test_arrays_that_describe_nothing(run, write, extra, message, descriptions):
    if descriptions == "att_x":
        message = message.replace(r"'att_x'\]", r"'attributes'\]")
    with pytest.raises(ValueError, match=message):
        run(write(att_x=extra), descriptions=descriptions)


def test_command_line(path, tmp_path, capsys):
    out = tmp_path / "results.json"
    command = ["benchmark", str(path), "--method", "gaussian", "--seeds", "1"]
    command += ["--head", "softmax"]
    command += ["--set", "n_synthetic=5", "--set", "classifier__max_iter=5", "--quiet"]
    assert main([*command, "--descriptions", SENTENCES, "--out", str(out)]) == 0
    head = capsys.readouterr().out.splitlines()[0]
    assert head.endswith(f"5 features, descriptions {SENTENCES}")
    assert json.loads(out.read_text())["data"]["descriptions"] == SENTENCES
    assert main([*command, "--out", str(out), "--resume"]) == 2
    assert "made with other data" in capsys.readouterr().err
    assert main([*command, "--descriptions", "att_words"]) == 2
    assert f"choose from ['att', '{SENTENCES}', 'all']" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["benchmark", "--help"])
    assert "--descriptions NAME" in capsys.readouterr().out


def test_birds_by_attributes_and_by_sentences():
    path = real_file("cub_lite2.npz")
    found = {name: load_data(path, name) for name in ("att", SENTENCES, "all")}
    widths = [describe_data(data)["n_attributes"] for data in found.values()]
    several = {"att": 312, SENTENCES: 1024}
    assert widths == [{"attributes": 312}, {"attributes": 1024}, several]
    sums = [describe_data(data)["sha256"] for data in found.values()]
    assert len({part["class_attributes"] for part in sums}) == 3
    assert len({part["features"] + part["split"] for part in sums}) == 1
    # Each tells unseen classes apart, of which chance would find one in fifty.
    for name in ("att", SENTENCES):
        data = found[name]
        given = {"power": None, "shrinkage": 0.5, "degree": 2, "alpha": 0.1}
        clf = PrototypeClassifier(**given, description_weight=0, seen_weight=0.0).fit(
            data.X[data.train[::6]],
            data.y[data.train[::6]],
            class_attributes=data.class_attributes,
        )
        rows = data.test_unseen
        unseen = np.unique(data.y[rows])
        scores = clf.decision_function(data.X[rows])
        scores = scores[:, np.isin(clf.classes_, unseen)]
        assert np.mean(unseen[scores.argmax(axis=1)] == data.y[rows]) > 0.2
