"""Generators: learn p(features | class description), then draw from it."""

from ._base import BaseGenerator
from ._cada_vae import CADAVAE
from ._gaussian import GaussianGenerator
from ._vae_cflow import VAECFlow

__all__ = ["CADAVAE", "BaseGenerator", "GaussianGenerator", "VAECFlow"]
