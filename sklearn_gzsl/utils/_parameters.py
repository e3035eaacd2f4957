"""Parameters of estimators as annotated class attributes."""

from inspect import Parameter, Signature, get_annotations, signature
from typing import TYPE_CHECKING, ClassVar

from ._docstrings import InheritedDocs

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:  # in the standard library from Python 3.11 on; without effect at run time

    def dataclass_transform(**_):
        return lambda cls: cls


@dataclass_transform(kw_only_default=True, eq_default=False)
class DeclaredParameters(InheritedDocs):
    """Base class of estimators that declare parameters, and write no ``__init__``.

    ``lr: float = 1e-3`` in the body of a class makes ``lr`` a keyword-only parameter of
    its constructor, beside those of the bases; a subclass declares it again to give it
    another default. Names with an underscore in front are no parameters. The class's
    ``_parameter_constraints`` and docstring are completed by those of the bases.

    A class with an ``__init__`` of its own keeps it, as everywhere in scikit-learn.

    These are no dataclasses, although type checkers read them as such: what asks
    whether an object is one takes the fields for all of it. By dask's tokens, two fits
    with the same parameters would be one and the same.
    """

    _parameter_constraints: ClassVar[dict] = {}

    def __init_subclass__(cls, **kwargs):
        if "__init__" not in vars(cls):
            _declare(cls)
        known = signature(cls.__init__).parameters
        constraints = {}
        for base in reversed(cls.__mro__):
            constraints |= vars(base).get("_parameter_constraints", {})
        cls._parameter_constraints = {
            name: allowed for name, allowed in constraints.items() if name in known
        }
        super().__init_subclass__(**kwargs)


def _declare(cls):
    """Give the class a constructor with its own parameters and those of its bases."""
    inherited = {}
    for base in reversed(cls.__bases__):
        inherited |= _parameters(base)
    own = {
        name: Parameter(
            name,
            Parameter.KEYWORD_ONLY,
            default=vars(cls).get(name, Parameter.empty),
            annotation=annotation,
        )
        for name, annotation in get_annotations(cls).items()
        if not name.startswith("_") and "ClassVar" not in str(annotation)
    }
    for name in sorted(inherited.keys() & vars(cls).keys() - own.keys()):
        raise TypeError(
            f"{cls.__name__}.{name} = {vars(cls)[name]!r} does not change the default "
            f"of the parameter {name!r}; annotate it, as in '{name}: int = ...'."
        )
    if own or inherited.keys() != _parameters(cls).keys():
        # New ones first, then the inherited ones in their order.
        new = {k: p for k, p in own.items() if k not in inherited}
        cls.__init__ = _constructor(cls, new | inherited | own)


def _parameters(cls):
    """Parameters of the constructor by name, all keyword-only."""
    if cls.__init__ is object.__init__:
        return {}
    _, *parameters = signature(cls.__init__).parameters.values()
    return {p.name: p.replace(kind=Parameter.KEYWORD_ONLY) for p in parameters}


def _constructor(cls, parameters):
    """An ``__init__`` that stores its arguments and does nothing else."""
    me = Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)
    shape = Signature([me, *parameters.values()])

    def __init__(self, **params):  # noqa: N807
        try:
            given = shape.bind(self, **params)
        except TypeError as error:  # a name that is unknown, or one that is missing
            raise TypeError(f"{type(self).__name__}() {error}") from None
        given.apply_defaults()
        for name in parameters:
            setattr(self, name, given.arguments[name])

    # What scikit-learn's get_params, help() and editors at run time look at.
    __init__.__signature__ = shape
    __init__.__qualname__ = f"{cls.__qualname__}.__init__"
    __init__.__module__ = cls.__module__
    return __init__
