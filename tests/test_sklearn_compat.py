"""What scikit-learn keeps for itself comes through one module."""

import ast
from pathlib import Path

import pytest

import sklearn_gzsl
from sklearn_gzsl import _sklearn_compat

PACKAGE = Path(sklearn_gzsl.__file__).parent


def _private_imports(code):
    """Dotted names that the code imports from scikit-learn and that are private."""
    names = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    parts = {name: name.split(".") for name in names}
    return {
        name
        for name, (package, *inner) in parts.items()
        if package == "sklearn" and any(part.startswith("_") for part in inner)
    }


@pytest.mark.parametrize(
    "code",
    [
        "from sklearn.utils import Bunch, _safe_indexing",
        "from sklearn.utils._param_validation import Interval",
        "import sklearn.utils._param_validation",
        "def late():\n    from sklearn.base import _fit_context",
    ],
)
def test_private_imports_are_found(code):
    assert _private_imports(code)


def test_no_other_module_imports_private_names():
    found = {
        str(path.relative_to(PACKAGE)): names
        for path in PACKAGE.rglob("*.py")
        if (names := _private_imports(path.read_text(encoding="utf-8")))
    }
    assert list(found) == ["_sklearn_compat.py"]


def test_the_module_has_nothing_that_is_not_used():
    modules = [path for path in PACKAGE.rglob("*.py") if path.stem != "_sklearn_compat"]
    used = {
        alias.name
        for path in modules
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "_sklearn_compat"
        for alias in node.names
    }
    assert used == set(_sklearn_compat.__all__)
