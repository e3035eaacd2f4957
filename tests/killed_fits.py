"""Fits in processes that are killed (kill -9) at random moments, until one is over.

A script, so that the processes are forked where torch has started no threads yet:
``python killed_fits.py FOLDER N_KILLS SEED``. It compares what comes of each with the
fit that nobody has disturbed, and prints how many were killed.
"""

import os
import random
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from conftest import make_animals
from instances import TINY

from sklearn_gzsl import CADAVAE, WGANGP, GZSLClassifier, SoftmaxClassifier

FITS = {
    "trial and training": lambda **kept: CADAVAE(
        **TINY[CADAVAE] | {"max_iter": 60}, early_stopping=True, random_state=0, **kept
    ),
    "two sides": lambda **kept: WGANGP(
        **TINY[WGANGP] | {"max_iter": 60}, random_state=0, **kept
    ),
    "streamed": lambda **kept: GZSLClassifier(
        classifier=SoftmaxClassifier(max_iter=700, **kept),
        n_synthetic=40,
        memory_limit=1 << 12,
        random_state=0,
        seen_penalty=0.0,
    ),
}


def learned(fit, animals, **kept):
    """Numbers that show every difference."""
    model = FITS[fit](**kept).fit(animals.X, animals.y, animals.attributes)
    if isinstance(model, GZSLClassifier):
        return np.append(model.classifier_.coef_, model.classifier_.loss_curve_)
    losses = [list(row.values()) for row in model.history_]
    return np.append(model.sample(animals.attributes, 2)[0], losses)


def survive(fit, animals, folder, expected, rng, most):
    """Start processes until one ends by itself; how many were killed."""
    result, n_killed = folder / "result.npy", 0
    while True:
        child = os.fork()
        if not child:
            kept = {"checkpoint": folder / "kept", "checkpoint_interval": 0.01}
            np.save(result, learned(fit, animals, **kept))
            os._exit(0)
        if n_killed < most:
            # Early, mostly: the state of a training that is over is no news.
            time.sleep(0.5 * rng.random() ** 2)
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        if status == 0:
            assert np.array_equal(np.load(result), expected, equal_nan=True), fit
            return n_killed
        assert os.WIFSIGNALED(status), f"{fit}: the process failed by itself"
        n_killed += 1


def main(folder, n_kills, seed):
    """Kill so many processes, a few in each fit."""
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    animals, rng = make_animals(), random.Random(seed)
    expected = {fit: learned(fit, animals) for fit in FITS}
    n_killed = 0
    while n_killed < n_kills:
        for fit in FITS:
            with tempfile.TemporaryDirectory(dir=folder) as own:
                most = min(rng.randint(1, 3), n_kills - n_killed)
                n_killed += survive(fit, animals, Path(own), expected[fit], rng, most)
            if n_killed == n_kills:
                break
    print(n_killed)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
