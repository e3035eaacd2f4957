"""What parameters may be, for type checkers."""

from typing import TypeAlias

import numpy as np

RandomState: TypeAlias = int | np.random.RandomState | None
