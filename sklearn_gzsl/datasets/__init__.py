"""Data sets for generalized zero-shot learning; imports without torch."""

from ._two_digits import load_two_digit_numbers
from ._xlsa17 import load_xlsa17

__all__ = ["load_two_digit_numbers", "load_xlsa17"]
