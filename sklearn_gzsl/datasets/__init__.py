"""Data sets for generalized zero-shot learning; imports without torch."""

from ._two_digits import load_two_digit_numbers

__all__ = ["load_two_digit_numbers"]
