"""Real features, where they are at hand: a folder beside the project, or $GZSL_DATA."""

import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import minmax_scale
from sklearn.utils import Bunch

from sklearn_gzsl import ClassAttributes, GaussianGenerator, VAECFlow
from sklearn_gzsl.metrics import per_class_accuracy

FOLDER = Path(os.environ.get("GZSL_DATA", Path(__file__).parents[1] / "../shared/data"))


@pytest.fixture(params=["clinc150_minilm", "flo_mobilenetv2"])
def real(request):
    path = FOLDER / f"{request.param}.npz"
    if not path.exists():
        pytest.skip(f"no {path.name} in {FOLDER}")
    with np.load(path, allow_pickle=False) as data:
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
    for seed in range(5):
        generator = VAECFlow(
            hidden_dim=32, encoder_dims=(32,), max_iter=40, random_state=seed
        )
        generator.fit(real.X, real.y, real.attributes)
        losses = [row["loss"] for row in generator.history_]
        assert np.isfinite(losses).all()
        assert losses[-1] < losses[0]
        assert np.isfinite(generator.score_samples(real.X_unseen[:100])).all()
