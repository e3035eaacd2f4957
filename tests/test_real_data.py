"""Real features, where they are at hand."""

import numpy as np
import pytest
from real_files import real_file
from sklearn.preprocessing import minmax_scale
from sklearn.utils import Bunch

from sklearn_gzsl import ClassAttributes, GaussianGenerator, VAECFlow
from sklearn_gzsl.attributes import learn_scaling
from sklearn_gzsl.metrics import per_class_accuracy
from sklearn_gzsl.model_selection import check_gzsl_split


@pytest.fixture(scope="module", params=["clinc150_minilm", "flo_mobilenetv2"])
def real(request):
    with np.load(real_file(f"{request.param}.npz"), allow_pickle=False) as data:
        rows = {k: data[f"{k}_loc"].astype(int) for k in ("trainval", "test_unseen")}
        X = minmax_scale(data["X"].astype(np.float32))
        y = data["labels"].astype(int)
        attributes = ClassAttributes(np.arange(len(data["att"])), data["att"])
    return Bunch(
        X=X[rows["trainval"]],
        y=y[rows["trainval"]],
        X_unseen=X[rows["test_unseen"]],
        y_unseen=y[rows["test_unseen"]],
        attributes=attributes,
        name=request.param,
    )


def test_closed_form_tells_unseen_classes_apart(real):
    generator = GaussianGenerator().fit(real.X, real.y, real.attributes)
    classes = np.unique(real.y_unseen)
    scores = generator.score_samples(real.X_unseen, real.attributes.subset(classes))
    accuracy = per_class_accuracy(real.y_unseen, classes[scores.argmax(axis=1)])
    assert accuracy > {"clinc150_minilm": 0.79, "flo_mobilenetv2": 0.52}[real.name]


def test_vae_cflow_trains_on_dense_and_on_sparse_features(real):
    """The reference implementation's loss is NaN by the second step on the first."""
    for seed in range(2):
        generator = VAECFlow(
            hidden_dim=32, encoder_dims=(32,), max_iter=20, random_state=seed
        )
        generator.fit(real.X, real.y, real.attributes)
        losses = [row["loss"] for row in generator.history_]
        assert np.isfinite(losses).all()
        assert losses[-1] < losses[0]
        assert np.isfinite(generator.score_samples(real.X_unseen[:100])).all()


def load(name):
    with np.load(real_file(f"{name}.npz"), allow_pickle=False) as data:
        return {key: data[key] for key in data if key != "image_files"}


@pytest.mark.parametrize(
    ("name", "n_same"),
    [("awa1_shallow", 1), ("clinc150_minilm", 3), ("flo_mobilenetv2", 3)],
)
def test_published_splits_pass_but_for_a_few_rows_that_occur_twice(name, n_same):
    data = load(name)
    y, train, seen, unseen = (
        data[key].astype(int)
        for key in ("labels", "trainval_loc", "test_seen_loc", "test_unseen_loc")
    )
    test = np.concatenate([seen, unseen])
    classes = np.unique(y[unseen])
    with pytest.warns(UserWarning, match=f"^{n_same} rows of test equal a row of trai"):
        summary = check_gzsl_split(y, train, test, unseen=classes, X=data["X"])
    assert summary.n_test_seen == len(seen)
    assert summary.unseen_classes.tolist() == classes.tolist()


def test_the_published_validation_split_of_flo_leaks_test_rows():
    """Its train_loc and val_loc overlap the test rows, as is known of this split."""
    data = load("flo_mobilenetv2")
    test = np.concatenate([data["test_seen_loc"], data["test_unseen_loc"]])
    with pytest.raises(ValueError, match=r"leaks\. train and test share rows"):
        check_gzsl_split(data["labels"], data["train_loc"], test)


@pytest.mark.parametrize(
    "name", ["awa1_shallow", "clinc150_minilm", "cub_lite2", "flo_mobilenetv2"]
)
def test_columns_of_descriptions_are_in_one_unit(name):
    data = load(name)
    seen = np.unique(data["labels"][data["trainval_loc"].astype(int)])
    tables = [values for key, values in data.items() if key.startswith("att")]
    assert tables
    for table in tables:
        assert learn_scaling(table[seen], "auto").method is None
