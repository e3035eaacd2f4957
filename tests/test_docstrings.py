"""Docstrings are completed by those of base classes, and repeat no other's lines."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import sklearn_gzsl
from sklearn_gzsl.utils import InheritedDocs
from sklearn_gzsl.utils._docstrings import entries, sections

PACKAGE = Path(sklearn_gzsl.__file__).parent
# Lines that classes without a common base may share, such as the types of parameters.
FEW = 60


class Animal(InheritedDocs):
    """An animal.

    Parameters
    ----------
    legs : int, default=4
        How many legs
        it has.

    name, nickname : str, default="cat"
        What it is called.

    wings : int, default=0
        How many wings it has.

    Attributes
    ----------
    age_ : float
        Its age.

    See Also
    --------
    Plant : Does not run.

    Notes
    -----
    Animals breathe.
    """

    def __init__(self, legs=4, name="cat", nickname="cat", wings=0):
        pass


class Bird(Animal):
    r"""An animal that flies, by :math:`\alpha`.

    Parameters
    ----------
    span : float, default=1.5
        From tip to tip.

    wings : int, default=2
        Birds have two.

    Examples
    --------
    >>> 1 + 1
    2
    """

    def __init__(self, span=1.5, legs=2, name="cat", nickname="cat", wings=2):
        pass


class Ostrich(Bird):
    """It does not fly.

    Attributes
    ----------
    speed_ : float
        Of its run.
    """

    def __init__(self, legs=2, name="bird"):
        pass


class Undocumented(Bird):
    pass


def test_what_a_class_leaves_out_is_put_in():
    assert (
        Bird.__doc__
        == inspect.cleandoc(
            r"""An animal that flies, by :math:`\alpha`.

        Parameters
        ----------
        span : float, default=1.5
            From tip to tip.

        wings : int, default=2
            Birds have two.

        legs : int, default=2
            How many legs
            it has.

        name, nickname : str, default="cat"
            What it is called.

        Attributes
        ----------
        age_ : float
            Its age.

        See Also
        --------
        Plant : Does not run.

        Examples
        --------
        >>> 1 + 1
        2
        """
        )
        + "\n"
    )


def test_parameters_that_a_constructor_lacks_are_left_out():
    assert [*entries(sections(Ostrich.__doc__)["Parameters"])] == [
        ("legs",),
        ("name", "nickname"),
    ]
    assert 'default="bird"' in Ostrich.__doc__
    assert [*entries(sections(Ostrich.__doc__)["Attributes"])] == [
        ("speed_",),
        ("age_",),
    ]


def test_a_class_without_docstring_stays_without():
    assert Undocumented.__doc__ is None
    assert inspect.getdoc(Undocumented) == inspect.getdoc(Bird)


# Without the package around it, all of which would have to be compiled anew.
WITHOUT = f"""
import sys, types
utils = sys.modules["utils"] = types.ModuleType("utils")
utils.__path__ = [{str(PACKAGE / "utils")!r}]
from utils._parameters import DeclaredParameters

class Base(DeclaredParameters):
    "Docstring."
    width: int = 3

class Derived(Base):
    "Docstring."
    depth: int = 4

if Base.__doc__ is not None or vars(Derived(depth=5)) != dict(depth=5, width=3):
    raise SystemExit(1)
"""


def test_python_may_leave_docstrings_out():
    subprocess.run([sys.executable, "-OO", "-c", WITHOUT], check=True)


def class_docstrings():
    """Names and docstrings, as they are written, of the classes with public names."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield node.name, ast.get_docstring(node) or ""


def repeated_lines():
    """Line -> the public classes whose docstrings have it, where these are several."""
    owners = defaultdict(set)
    for name, doc in class_docstrings():
        for title, text in sections(doc).items():
            # Each example has to run by itself, and so may be like another one.
            if title != "Examples":
                for line in filter(None, map(str.strip, text.splitlines())):
                    owners[line].add(name)
    return {line: names for line, names in owners.items() if len(names) > 1}


def test_docstrings_do_not_repeat_each_other():
    repeated = repeated_lines()
    assert len(repeated) <= FEW, "\n".join(
        f"{line}  ({', '.join(sorted(names))})" for line, names in repeated.items()
    )


def test_signatures_can_be_read():
    """What help() shows: numpy's ArrayLike written out is 300 characters long."""
    long = [
        f"{module.__name__}.{name}.{method}"
        for module in rooms()
        for name, member in vars(module).items()
        if getattr(member, "__module__", "").startswith("sklearn_gzsl")
        for method, found in [("", member), *inspect.getmembers(member)]
        # Of a method of the class, too, which is no function there.
        if inspect.isfunction(function := getattr(found, "__func__", found))
        if method in ("__init__", "__call__") or not method.startswith("_")
        if "_array_like" in str(inspect.signature(function))
    ]
    assert not long


def rooms():
    """What users import from: modules of the package whose names have no underscore."""
    for found in pkgutil.iter_modules(sklearn_gzsl.__path__, "sklearn_gzsl."):
        if not found.name.split(".")[1].startswith("_"):
            yield importlib.import_module(found.name)
