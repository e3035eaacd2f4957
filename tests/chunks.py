"""A classifier of the animals that learns from chunks."""

from sklearn_gzsl import (
    GaussianGenerator,
    GZSLClassifier,
    SoftmaxClassifier,
)

SMALL = 1 << 12  # bytes: chunks of 64 rows, where a row has 5 features


def make_streamed(animals):
    """A classifier of the animals that learns from chunks, not fitted."""
    return GZSLClassifier(
        GaussianGenerator(),
        SoftmaxClassifier(lr=0.2, max_iter=100),
        n_synthetic=100,
        memory_limit=SMALL,
        random_state=0,
        seen_penalty=0.0,
    )
