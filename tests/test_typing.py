"""What a type checker, and so an editor, makes of a user's code."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sklearn_gzsl

pytest.importorskip("pyright")
README = Path(__file__).parents[1] / "README.md"

# What README's code takes for granted.
GIVEN = """
import numpy as np

X_train, X_test, X_few, X_unlabelled = (np.zeros((4, 2)) for _ in range(4))
y_train, y_test, y_few = (np.array(["ape", "bat"] * 2) for _ in range(3))
labels, vectors = ["ape", "bat", "okapi"], np.eye(3)
attributes = dict(zip(labels, vectors))
okapi_vector, tapir_vector = vectors[:2]
"""

REVEALED = """
reveal_type(clf.fit(X_train, y_train, class_attributes=attributes))
reveal_type(clf.predict(X_test))
reveal_type(clf.generator_.sample(attributes, 5))
reveal_type(GaussianGenerator().fit(X_train, y_train))
reveal_type(CalibratedStackingCV(clf).fit(X_train, y_train).seen_classes_)
"""

MISSPELT = """
from sklearn_gzsl import *
GZSLClassifier(generators=None)
VAECFlow(hiden_dim=3)
VAECFlow(learning_rate=1e-3)
GSMFlow(hidden_dim="wide")
GSMFlow(max_itr=10)
SoftmaxClassifier(max_iters=5)
GZSLClassifier().fit([[0.0]], [0], attributes={0: [1.0]})
ClassAttributes(["a"], [[1.0]]).position(["a"])
"""

OWN = """
from sklearn_gzsl.generators import GSMFlow, NeuralGenerator, VAECFlow

VAECFlow(hidden_dim=3, lr=1e-4, random_state=0)
GSMFlow(lr_decay=0.5, max_iter=10, verbose=1)


class Mine(NeuralGenerator):
    width: int = 3

    def _module(self, options, rng):
        return options


Mine(width=4, lr=0.1)
Mine(wdth=4)
"""


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """Run pyright on code; what it reports, as (severity, line, message)."""
    folder = tmp_path_factory.mktemp("typing")
    package = str(Path(sklearn_gzsl.__file__).parents[1])
    settings = {"extraPaths": [package], "pythonVersion": "3.11"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))

    def run(**files):
        for name, code in files.items():
            (folder / f"{name}.py").write_text(code, encoding="utf-8")
        command = [sys.executable, "-m", "pyright", "--outputjson"]
        command += ["--pythonpath", sys.executable, "-p", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found = {name: [] for name in files}
        for report in json.loads(done.stdout)["generalDiagnostics"]:
            place = report["severity"], report["range"]["start"]["line"]
            found[Path(report["file"]).stem].append((*place, report["message"]))
        return found

    return run


@pytest.fixture(scope="module")
def reports(check):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    readme = GIVEN + "\n".join(blocks)
    revealed = readme + REVEALED
    return check(readme=readme, revealed=revealed, misspelt=MISSPELT, own=OWN)


def test_the_code_of_the_readme_has_no_fault(reports):
    assert not reports["readme"]


def test_types_are_known(reports):
    # The stubs of earlier releases leave types of arrays open.
    pytest.importorskip("numpy", minversion="2")
    revealed = [m for severity, _, m in reports["revealed"] if severity != "error"]
    types = [re.search(r'is "(.*)"$', message)[1] for message in revealed]
    assert types[0] == "GZSLClassifier"
    assert types[1].startswith("ndarray")
    assert types[2].startswith("tuple[ndarray")
    assert types[3] == "GaussianGenerator"
    assert types[4].startswith("ndarray")


def test_faults_are_found(reports):
    lines = MISSPELT.splitlines()
    at_fault = {
        line for severity, line, _ in reports["misspelt"] if severity == "error"
    }
    missed = [lines[i] for i in range(2, len(lines)) if i not in at_fault]
    assert not missed
    assert 1 not in at_fault


def test_a_generator_of_ones_own_has_the_parameters_of_all(reports):
    wrong = OWN.splitlines().index("Mine(wdth=4)")
    found = [line for severity, line, _ in reports["own"] if severity == "error"]
    assert found == [wrong]
