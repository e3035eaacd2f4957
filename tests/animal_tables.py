"""Files of the animals, and commands on them."""

import pytest

from sklearn_gzsl.benchmark._cli import main

pd = pytest.importorskip("pandas")


FEATURES = ["weight", "height", "ears", "tail", "age"]


class Tables:
    """Files of the animals, and commands on them."""

    def __init__(self, animals, folder):
        self.folder = folder
        # Copies: tests write into them, and pandas 2 would into what all tests share.
        self.rows = pd.DataFrame(animals.X.copy(), columns=FEATURES)
        self.rows["species"] = animals.y
        self.test = pd.DataFrame(animals.X_test.copy(), columns=FEATURES)
        self.classes = pd.DataFrame(animals.vectors.copy(), columns=list("abcdefg"))
        self.classes.insert(0, "species", animals.labels)
        self.write()

    def write(self):
        self.rows.to_csv(self["train.csv"], index=False)
        self.test.to_csv(self["rows.csv"], index=False)
        self.classes.to_csv(self["animals.csv"], index=False)

    def __getitem__(self, name):
        return str(self.folder / name)

    def fit(self, *more, data="train.csv", target="species"):
        return main(
            [
                *("fit", self[data], "--target", target, "--quiet"),
                *("--attributes", self["animals.csv"], "--model", self["m.gzsl"]),
                *more,
            ]
        )

    def predict(self, *more, rows="rows.csv"):
        return main(["predict", self["m.gzsl"], self[rows], *more])


def make_tables(animals, tmp_path):
    return Tables(animals, tmp_path)
