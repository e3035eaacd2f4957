"""With which versions a stored object was written, and what becomes of it in others."""

from functools import cache
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import sklearn
from sklearn.exceptions import InconsistentVersionWarning

from ..utils import warn

ROOT = __name__.partition(".")[0]


@cache
def _installed(name):
    # Without a build's label: "2.13.0+cpu" stores the same as "2.13.0". Read off the
    # installation, as some estimators do without torch's import.
    return version(name).partition("+")[0]


def versions() -> dict[str, str]:
    """Versions by which stored objects are told apart."""
    return {
        ROOT: import_module(ROOT).__version__,
        "scikit-learn": sklearn.__version__,
        "torch": _installed("torch"),
    }


def differing(found: Any) -> tuple[str, str] | None:
    """The versions that an object was written with and those here, where they differ.

    ``found`` is what ``versions`` gave there; anything else is an unknown version.
    """
    if not isinstance(found, dict):
        found = {}
    here = versions()
    names = [name for name in here if found.get(name) != here[name]]
    if not names:
        return None
    return tuple(  # type: ignore[return-value]
        ", ".join(f"{name} {of.get(name, 'unknown')}" for name in names)
        for of in (found, here)
    )


class Stored:
    """Base class of what is stored: its state says with which versions.

    An attribute that a version has not written is an error which says so.
    """

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_versions": versions()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        found = differing(state.pop("_versions", None))
        vars(self).update(state)
        if found:
            self._written_with = found[0]
            self._on_other_versions(*found)

    def _on_other_versions(self, written: str, here: str) -> None:
        """For estimators, which warn; not for each of their parts."""

    if not TYPE_CHECKING:  # to a type checker, every attribute would be there

        def __getattr__(self, name):
            written = vars(self).get("_written_with")
            if written is None or name.startswith("__") or hasattr(type(self), name):
                # Once more: the words of a property, or of what it lacks, are better.
                return super().__getattribute__(name)
            raise AttributeError(
                f"{type(self).__name__} has no attribute {name!r}. It was stored by "
                f"other versions ({written}), which may have written none: load it "
                "with these, or fit it anew.",
                name=name,
                obj=self,
            )


def warn_of_versions(name: str, written: str, here: str) -> None:
    """Warn as scikit-learn does where it loads what another version has written."""
    warn(
        InconsistentVersionWarning(
            estimator_name=name,
            current_sklearn_version=here,
            original_sklearn_version=written,
        )
    )
