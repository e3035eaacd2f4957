"""What a fresh interpreter loads: what waits for torch is slow."""

import json
import subprocess
import sys

# In this order, as what one has loaded the next one has, too.
STEPS = {
    "options": """
from sklearn_gzsl.benchmark._cli import main
for argv in (
    ["--version"],
    ["--help"],
    ["benchmark", "--help"],
    ["benchmark", "--seds=3"],
    ["fit", "--help"],
    ["predict", "--help"],
):
    try:
        main(argv)
    except SystemExit:
        pass
""",
    "records": "from sklearn_gzsl.benchmark import _record, format_results",
    "metrics": "import sklearn_gzsl.metrics, sklearn_gzsl.model_selection",
    "datasets": "from sklearn_gzsl.datasets import load_intents; load_intents()",
    "displays": "import sklearn_gzsl.inspection",
    "descriptions": """
from sklearn_gzsl import ClassAttributes
assert "n_classes=1" in repr(ClassAttributes({"a": [1]}))
""",
}
HEAVY = ["numpy", "sklearn", "torch", "skorch", "matplotlib", "h5py"]
SCRIPT = f"""
import json, sys
# No library of tables is needed.
sys.modules.update(dict.fromkeys(["pandas", "polars", "pyarrow"]))
loaded = {{}}
for name, code in {STEPS}.items():
    exec(code, {{}})
    loaded[name] = [name for name in {HEAVY} if name in sys.modules]
print(json.dumps(loaded))
"""


def test_no_more_is_loaded_than_is_used():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert loaded == {
        "options": [],
        "records": ["numpy"],
        "metrics": ["numpy", "sklearn"],
        "datasets": ["numpy", "sklearn"],
        "displays": ["numpy", "sklearn"],
        "descriptions": ["numpy", "sklearn"],
    }
