"""Data sets for generalized zero-shot learning; imports without torch."""

from ._fetch_xlsa17 import fetch_xlsa17
from ._imagenet21k import load_imagenet21k
from ._intents import load_intents
from ._make import make_gzsl_classification
from ._two_digits import load_two_digit_numbers
from ._xlsa17 import load_xlsa17

__all__ = [
    "fetch_xlsa17",
    "load_imagenet21k",
    "load_intents",
    "load_two_digit_numbers",
    "load_xlsa17",
    "make_gzsl_classification",
]
