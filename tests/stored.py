"""A model, and the path of a file for it."""

from sklearn_gzsl import PrototypeClassifier


def make_path(tmp_path):
    return tmp_path / "model.safetensors"


def make_model(animals):
    return PrototypeClassifier().fit(animals.X, animals.y, animals.attributes)
