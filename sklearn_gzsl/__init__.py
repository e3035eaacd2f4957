"""Generalized zero-shot learning with the scikit-learn API.

The public names are loaded on first use, so that ``sklearn_gzsl.metrics`` and
``sklearn_gzsl.model_selection`` can be used without paying for torch's import.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__

if TYPE_CHECKING:
    # What type checkers and editors see; a test compares it with the names below.
    from . import (
        benchmark,
        datasets,
        distributed,
        exceptions,
        generators,
        inspection,
        metrics,
        model_selection,
        presets,
    )
    from .attributes import ClassAttributes
    from .classifiers._calibrated_stacking import CalibratedStackingCV
    from .classifiers._gzsl_classifier import GZSLClassifier
    from .classifiers._prototypes import PrototypeClassifier
    from .classifiers._rejecting import RejectingClassifier
    from .classifiers._voting import GZSLVotingClassifier
    from .compatibility import (
        CMT,
        DAP,
        ESZSL,
        IAP,
        SAE,
        SYNC,
        AttributeSoftmaxClassifier,
        BilinearClassifier,
        PrototypeNetwork,
    )
    from .generators import (
        ABP,
        CADAVAE,
        CEGZSL,
        CVAE,
        FVAEGAN,
        MLIS,
        WGANGP,
        BaseGenerator,
        GaussianGenerator,
        GSMFlow,
        VAECFlow,
    )
    from .linear_model._lda import IncrementalLDA
    from .linear_model._softmax import SoftmaxClassifier
    from .persistence import load


_HOME = {
    "SYNC": ".compatibility",
    "IAP": ".compatibility",
    "DAP": ".compatibility",
    "CMT": ".compatibility",
    "AttributeSoftmaxClassifier": ".compatibility",
    "BilinearClassifier": ".compatibility",
    "CalibratedStackingCV": ".classifiers._calibrated_stacking",
    "ClassAttributes": ".attributes",
    "ESZSL": ".compatibility",
    "SAE": ".compatibility",
    "GSMFlow": ".generators",
    "GZSLClassifier": ".classifiers._gzsl_classifier",
    "GZSLVotingClassifier": ".classifiers._voting",
    "IncrementalLDA": ".linear_model._lda",
    "load": ".persistence",
    "PrototypeClassifier": ".classifiers._prototypes",
    "PrototypeNetwork": ".compatibility",
    "RejectingClassifier": ".classifiers._rejecting",
    "SoftmaxClassifier": ".linear_model._softmax",
    "BaseGenerator": ".generators",
    "ABP": ".generators",
    "CADAVAE": ".generators",
    "CEGZSL": ".generators",
    "CVAE": ".generators",
    "FVAEGAN": ".generators",
    "GaussianGenerator": ".generators",
    "MLIS": ".generators",
    "VAECFlow": ".generators",
    "WGANGP": ".generators",
}
_SUBMODULES = (
    "benchmark",
    "datasets",
    "distributed",
    "exceptions",
    "generators",
    "inspection",
    "metrics",
    "model_selection",
    "presets",
)

__all__ = [
    "ABP",
    "CADAVAE",
    "CEGZSL",
    "CMT",
    "CVAE",
    "DAP",
    "ESZSL",
    "FVAEGAN",
    "IAP",
    "MLIS",
    "SAE",
    "SYNC",
    "WGANGP",
    "AttributeSoftmaxClassifier",
    "BaseGenerator",
    "BilinearClassifier",
    "CalibratedStackingCV",
    "ClassAttributes",
    "GSMFlow",
    "GZSLClassifier",
    "GZSLVotingClassifier",
    "GaussianGenerator",
    "IncrementalLDA",
    "PrototypeClassifier",
    "PrototypeNetwork",
    "RejectingClassifier",
    "SoftmaxClassifier",
    "VAECFlow",
    "__version__",
    "benchmark",
    "datasets",
    "distributed",
    "exceptions",
    "generators",
    "inspection",
    "load",
    "metrics",
    "model_selection",
    "presets",
]


def __getattr__(name: str):
    if name in _HOME:
        return getattr(import_module(_HOME[name], __name__), name)
    if name in _SUBMODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
