"""Classifiers that score a row and a description together; one method, one file."""

from ._bilinear import BilinearClassifier
from ._eszsl import ESZSL
from ._prototype_network import PrototypeNetwork
from ._sae import SAE

__all__ = ["ESZSL", "SAE", "BilinearClassifier", "PrototypeNetwork"]
