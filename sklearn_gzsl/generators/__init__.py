"""Generators: learn p(features | class description), then draw from it."""

from ._base import BaseGenerator
from ._gaussian import GaussianGenerator
from ._mlis import MLIS
from ._vae_cflow import VAECFlow
from ._wgan_gp import WGANGP

__all__ = ["MLIS", "WGANGP", "BaseGenerator", "GaussianGenerator", "VAECFlow"]
