"""Generators: learn p(features | class description), then draw from it."""

from ._base import BaseGenerator
from ._gaussian import GaussianGenerator
from ._vae_cflow import VAECFlow

__all__ = ["BaseGenerator", "GaussianGenerator", "VAECFlow"]
