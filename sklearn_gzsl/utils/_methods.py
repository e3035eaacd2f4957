"""What presets and the benchmark know of a method, stated in the method's own file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Split:
    """Sizes of a split of Xian et al. (2018), from which passes become steps."""

    rows: int
    seen: int
    unseen: int


# By the name that messages show; it is looked up in any case.
SPLITS = {
    "AWA1": Split(rows=19832, seen=40, unseen=10),
    "AWA2": Split(rows=23527, seen=40, unseen=10),
    "CUB": Split(rows=7057, seen=150, unseen=50),
    "SUN": Split(rows=10320, seen=645, unseen=72),
    "aPY": Split(rows=5932, seen=20, unseen=12),
    "FLO": Split(rows=5631, seen=82, unseen=20),
    "ImageNet": Split(rows=1_281_167, seen=1000, unseen=20_345),
}


@dataclass(frozen=True, kw_only=True)
class Published:
    """Published settings of a generator, and of the classifier behind it.

    Parameters
    ----------
    generator : dict
        Parameters of the generator: all that the paper states, also where they are
        defaults today, which may be tuned.
    softmax : tuple of float, int and int
        Learning rate, passes and rows in a batch of the final classifier.
    n_synthetic, n_real, preprocessor
        As in GZSLClassifier.
    """

    generator: Mapping[str, Any]
    softmax: tuple[float, int, int]
    n_synthetic: int
    n_real: int | None = None
    preprocessor: str | None = None


# By the data set's name in SPLITS. A classifier without generator has parameters alone.
Settings = Mapping[str, Published | Mapping[str, Any]]


@dataclass(frozen=True)
class Method:
    """A method by its name on the command line, and what its search tries."""

    estimator: type
    name: str
    search: Mapping[str, Sequence]
    # By the name in papers: that of the class, if it is one method.
    published: Mapping[str, Settings] = field(default_factory=dict)
    several_sources: bool = False


METHODS: dict[type, Method] = {}


def register(
    estimator: type,
    *,
    name: str,
    search: Mapping[str, Sequence],
    published: Settings | None = None,
    published_as: Mapping[str, Settings] | None = None,
    several_sources: bool = False,
) -> None:
    """Make a method known to ``paper_settings`` and to the benchmark.

    Parameters
    ----------
    estimator : type
        The class of the generator, or of another classifier of classes without rows.
    name : str
        Name on the benchmark's command line.
    search : dict of str to list
        Values of the method's own parameters that the benchmark's search tries.
    published : dict of str to Published, optional
        Published settings, by the data set's name in SPLITS; of a classifier without
        generator, dicts of its parameters.
    published_as : dict of str to dict, optional
        The same, by the names of the methods that the class stands for, if several.
    several_sources : bool, default=False
        Whether it learns from descriptions of several sources, and not from one table.
    """
    settings = dict(published_as or {})
    if published:
        settings[estimator.__name__] = published
    METHODS[estimator] = Method(estimator, name, search, settings, several_sources)
