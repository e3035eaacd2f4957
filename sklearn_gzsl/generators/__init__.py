"""Generators: transformers that can also draw features for any described class."""

from ._abp import ABP
from ._base import BaseGenerator, DensityMixin
from ._cada_vae import CADAVAE
from ._cegzsl import CEGZSL
from ._cvae import CVAE
from ._fvaegan import FVAEGAN
from ._gaussian import GaussianGenerator
from ._gsm_flow import GSMFlow
from ._mlis import MLIS
from ._neural import NeuralGenerator
from ._vae_cflow import VAECFlow
from ._wgan_gp import WGANGP

__all__ = [
    "ABP",
    "CADAVAE",
    "CEGZSL",
    "CVAE",
    "FVAEGAN",
    "MLIS",
    "WGANGP",
    "BaseGenerator",
    "DensityMixin",
    "GSMFlow",
    "GaussianGenerator",
    "NeuralGenerator",
    "VAECFlow",
]
