"""What every generator says of its parameters agrees: to users, tools and checkers."""

import copy
import inspect
import re
from typing import ClassVar

import pytest
from sklearn.base import BaseEstimator, clone

from sklearn_gzsl import compatibility, generators
from sklearn_gzsl.generators import BaseGenerator, GSMFlow, VAECFlow
from sklearn_gzsl.utils import METHODS, DeclaredParameters
from sklearn_gzsl.utils._docstrings import entries, sections

GENERATORS = [
    cls
    for cls in (getattr(generators, name) for name in generators.__all__)
    if issubclass(cls, BaseGenerator) and not inspect.isabstract(cls)
]


def documented(cls, title="Parameters"):
    """Names in a section of the docstring, in order, each once."""
    return [name for names in entries(sections(cls.__doc__)[title]) for name in names]


COMPATIBLE = [getattr(compatibility, name) for name in compatibility.__all__]


@pytest.mark.parametrize("cls", GENERATORS + COMPATIBLE)
def test_all_that_is_said_of_parameters_agrees(cls):
    parameters = inspect.signature(cls).parameters
    assert cls().get_params() == {k: p.default for k, p in parameters.items()}
    assert sorted(documented(cls)) == sorted(parameters)
    assert cls._parameter_constraints.keys() == parameters.keys()
    kinds = {p.kind for p in parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}
    assert all(p.annotation is not p.empty for p in parameters.values())


@pytest.mark.parametrize("cls", GENERATORS + COMPATIBLE)
def test_documented_defaults_are_those_of_the_constructor(cls):
    parameters = inspect.signature(cls).parameters
    for names, text in entries(sections(cls.__doc__)["Parameters"]).items():
        said = re.search(r"default=(.+)", text.split("\n")[0])
        if said is None:  # in the text, where the first line has no room
            missing = [n for n in names if str(parameters[n].default) not in text]
            assert not missing
            continue
        values = said.group(1).split(", ") if len(names) > 1 else [said.group(1)]
        defaults = [parameters[name].default for name in names]
        assert [eval(value) for value in values] == defaults


@pytest.mark.parametrize("cls", GENERATORS + COMPATIBLE)
def test_fitted_attributes_are_those_documented(cls, animals):
    quick = {"max_iter": 2} if "max_iter" in cls().get_params() else {}
    generator = cls(**quick).fit(animals.X, animals.y, animals.attributes)
    fitted = {k for k in vars(generator) if k.endswith("_") and not k.startswith("_")}
    assert fitted <= {*documented(cls, "Attributes"), "feature_names_in_"}
    for name in documented(cls, "Attributes"):  # some are properties
        assert hasattr(generator, name) or name == "feature_names_in_"


@pytest.mark.parametrize("cls", GENERATORS + COMPATIBLE)
def test_a_method_states_parameters_that_there_are(cls):
    params = cls().get_params()
    method = METHODS[cls]
    assert method.search.keys() <= params.keys()
    for settings in method.published.values():
        for published in settings.values():
            named = getattr(published, "generator", published)
            assert named.keys() <= params.keys()


class Base(DeclaredParameters, BaseEstimator):
    """A base class.

    Parameters
    ----------
    width : int, default=3
        Its width.
    """

    width: int = 3
    depth: int = 2

    kind: ClassVar[str] = "no parameter"
    _parameter_constraints = {"width": [int], "depth": [int]}


class Derived(Base):
    depth: int = 5
    name: str = "x"

    _parameter_constraints = {"name": [str]}


def test_new_parameters_come_first():
    assert [*inspect.signature(Derived).parameters] == ["name", "width", "depth"]
    assert Derived().get_params() == {"depth": 5, "name": "x", "width": 3}
    assert Base(depth=1).get_params() == {"depth": 1, "width": 3}
    assert repr(Derived(width=4, depth=5)) == "Derived(width=4)"


def test_constraints_are_those_of_the_parameters_there_are():
    assert Derived._parameter_constraints == {
        "name": [str],
        "width": [int],
        "depth": [int],
    }

    class Narrow(Base):
        def __init__(self, width=1):
            self.width = width

    assert Narrow._parameter_constraints == {"width": [int]}


def test_an_init_of_its_own_is_kept():
    class Own(Base):
        def __init__(self, width=7, *, extra=1):
            self.width, self.extra = width, extra

    class Heir(Own):
        pass

    class Further(Own):
        more: int = 4

    assert Own(8).get_params() == {"extra": 1, "width": 8}
    assert Heir(8).width == 8
    assert Further(extra=2).get_params() == {"extra": 2, "more": 4, "width": 7}


def test_parameters_of_several_bases():
    class Other(DeclaredParameters):
        speed: float = 1.0

    class Both(Other, Base):
        pass

    assert Both(speed=2.0).get_params() == {"depth": 2, "speed": 2.0, "width": 3}


def test_a_default_without_annotation_is_refused():
    with pytest.raises(
        TypeError, match=r"Wrong\.depth = 9 does not change the default"
    ):

        class Wrong(Base):
            depth = 9


def test_a_parameter_without_default_has_to_be_given():
    class Needy(Base):
        source: str

    assert Needy(source="here").source == "here"
    with pytest.raises(TypeError, match=r"Needy\(\) missing a required"):
        Needy()


def test_copies_are_equal_and_independent():
    flow = VAECFlow(hidden_dim=3, encoder_dims=[4])
    for other in (clone(flow), copy.copy(flow), copy.deepcopy(flow)):
        assert other.get_params() == flow.get_params()
    other.set_params(hidden_dim=5)
    assert flow.hidden_dim == 3
    assert flow != clone(flow)  # as everywhere in scikit-learn


def test_fits_with_equal_parameters_are_told_apart_by_dask(animals):
    """They are no dataclasses, of whose objects dask takes the fields for all."""
    tokenize = pytest.importorskip("dask.base").tokenize
    generator = GSMFlow(hidden_dim=8, max_iter=2, random_state=0)
    data = animals.X, animals.y, animals.attributes
    tokens = {tokenize(clone(generator).fit(*data)), tokenize(generator)}
    assert len(tokens) == 2
