"""The command line: ``python -m sklearn_gzsl``."""

import sys

from .benchmark._cli import main

sys.exit(main())
