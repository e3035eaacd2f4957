"""Training rows for a final classifier: real and synthetic, at once and streamed."""

from ._moves import trusted_part
from ._stream import RowStream
from ._training import asks_for_seen, check_asks, is_streamed, train, train_drawn
from ._training_rows import TrainingRows

__all__ = [
    "RowStream",
    "TrainingRows",
    "asks_for_seen",
    "check_asks",
    "is_streamed",
    "train",
    "train_drawn",
    "trusted_part",
]
