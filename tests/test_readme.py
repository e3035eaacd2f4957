"""The README's code does what it says, on small data and with a tiny flow."""

import re
from functools import partial
from pathlib import Path

import pytest
from sklearn.utils import Bunch

import sklearn_gzsl

README = Path(__file__).parents[1] / "README.md"


@pytest.mark.parametrize(
    "code", re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
)
def test_blocks_run(code, animals, fitted, tiny_flow, monkeypatch):
    tiny = partial(sklearn_gzsl.VAECFlow, **tiny_flow)
    monkeypatch.setattr(sklearn_gzsl, "VAECFlow", tiny)
    monkeypatch.setattr("sklearn_gzsl.linear_model._softmax._AUTO_STEPS", 500)
    names = Bunch(
        X_train=animals.X,
        y_train=animals.y,
        X_test=animals.X_test,
        attributes=animals.attributes,
        labels=animals.labels,
        vectors=animals.vectors,
        clf=fitted,
        okapi_vector=-animals.vectors[0],
        tapir_vector=-animals.vectors[1],
        X_few=animals.X_test[animals.y_test == "elk"][:2],
        y_few=["elk", "elk"],
    )
    exec(code, names)
    model = names.get("search", names.get("clf"))
    assert set(animals.unseen) & set(model.predict(animals.X_test))
