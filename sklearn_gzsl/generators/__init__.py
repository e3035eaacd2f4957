"""Generators: learn p(features | class description), then draw from it."""

from ._base import BaseGenerator
from ._gaussian import GaussianGenerator
from ._vae_cflow import VAECFlow
from ._wgan_gp import WGANGP

__all__ = ["WGANGP", "BaseGenerator", "GaussianGenerator", "VAECFlow"]
