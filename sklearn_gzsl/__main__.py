"""The command line without its script: ``python -m sklearn_gzsl``."""

import sys

from .benchmark._cli import main

sys.exit(main(prog="python -m sklearn_gzsl"))
