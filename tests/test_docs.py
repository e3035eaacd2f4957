"""docs/api.rst lists what is public, all of it and nothing else."""

import re
from importlib import import_module
from inspect import ismodule
from pathlib import Path

import sklearn_gzsl

# For these a page has examples that run: docs/new_generator.rst.
BASES = {"BaseGenerator", "NeuralGenerator", "DensityMixin"}
API = Path(__file__).parents[1] / "docs" / "api.rst"


def _public_objects():
    """Qualified name -> object, over the package and its public submodules."""
    top = {name: getattr(sklearn_gzsl, name) for name in sklearn_gzsl.__all__}
    modules = [sklearn_gzsl, *(obj for obj in top.values() if ismodule(obj))]
    return {
        f"{module.__name__}.{name}": getattr(module, name)
        for module in modules
        for name in module.__all__
        if name != "__version__" and not ismodule(getattr(module, name))
    }


def _documented_objects():
    """Qualified name -> object, for each entry of an autosummary block."""
    found, module, inside = {}, None, False
    for line in API.read_text(encoding="utf-8").splitlines():
        if match := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = import_module(match.group(1))
        if line and not line.startswith(" "):
            inside = line.startswith(".. autosummary::")
        elif inside and (match := re.fullmatch(r" +(\w+)", line)):
            name = match.group(1)
            found[f"{module.__name__}.{name}"] = getattr(module, name)
    return found


def test_every_public_name_is_in_the_api_reference():
    documented = [id(obj) for obj in _documented_objects().values()]
    public = _public_objects()
    assert public
    missing = [name for name, obj in public.items() if id(obj) not in documented]
    assert not missing, f"add to docs/api.rst: {missing}"


def test_the_api_reference_lists_public_names_only_and_once():
    documented = _documented_objects()
    strangers = documented.keys() - _public_objects().keys()
    assert not strangers
    assert len({id(obj) for obj in documented.values()}) == len(documented)


def test_what_is_public_has_a_docstring_with_examples():
    lacking = [
        name
        for name, obj in _public_objects().items()
        if ">>> " not in (obj.__doc__ or "") and name.split(".")[-1] not in BASES
    ]
    assert not lacking
