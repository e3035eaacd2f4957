"""Classifiers that score a row and a description together; one method, one file."""

from ._attribute_prediction import DAP, IAP
from ._attribute_softmax import AttributeSoftmaxClassifier
from ._bilinear import BilinearClassifier
from ._cmt import CMT
from ._eszsl import ESZSL
from ._prototype_network import PrototypeNetwork
from ._sae import SAE
from ._sync import SYNC

__all__ = [
    "CMT",
    "DAP",
    "ESZSL",
    "IAP",
    "SAE",
    "SYNC",
    "AttributeSoftmaxClassifier",
    "BilinearClassifier",
    "PrototypeNetwork",
]
