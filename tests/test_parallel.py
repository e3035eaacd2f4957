"""Searches and fits on more than one process."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from joblib import Parallel, cpu_count, delayed, parallel_config
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV
from torch import distributed

from sklearn_gzsl import (
    ABP,
    CADAVAE,
    CEGZSL,
    CVAE,
    FVAEGAN,
    MLIS,
    WGANGP,
    ClassAttributes,
    GaussianGenerator,
    GSMFlow,
    GZSLClassifier,
    IncrementalLDA,
    SoftmaxClassifier,
    VAECFlow,
)
from sklearn_gzsl.distributed import AverageGradients
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


@pytest.fixture
def search():
    """A search whose networks are wide enough for torch to use several threads."""
    flow = GSMFlow(hidden_dim=256, n_layers=1, max_iter=2, lr=1e-3)
    classifier = SoftmaxClassifier(max_iter=10)
    clf = GZSLClassifier(
        flow, classifier, n_synthetic=5, random_state=0, seen_penalty=0.0
    )
    return GridSearchCV(
        clf,
        {"generator__lr": [1e-3, 1e-2]},
        cv=GZSLShuffleSplit(n_splits=2, random_state=0),
        scoring=GZSLScorer(),
        refit="H",
        error_score="raise",
    )


@pytest.fixture
def two_workers(monkeypatch):
    """Two processes of dask."""
    dask = pytest.importorskip("distributed")
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    cluster = dask.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    )
    with cluster, dask.Client(cluster):
        yield


def test_dask_shares_the_cores_and_scores_as_one_process(
    search, small_numbers, two_workers
):
    _workers_share_the_cores("dask")
    data = small_numbers
    X, y = data.data[data.train], data.target[data.train]
    found = []
    for backend in ("sequential", "dask"):
        with parallel_config(backend):
            search.fit(X, y, class_attributes=data.class_attributes)
        results = search.cv_results_
        found.append([v for k, v in results.items() if k.startswith("split")])
        found.append(search.decision_function(data.data[data.test]))
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_array_equal(found[1], found[3])
    assert len(np.unique(found[0], axis=1).T) > 1


@pytest.mark.parametrize(
    "method", [VAECFlow, GSMFlow, ABP, CADAVAE, CEGZSL, CVAE, FVAEGAN, WGANGP, MLIS]
)
def test_threads_change_what_is_learned_by_rounding_alone(method):
    rng = np.random.default_rng(0)
    X, y = rng.random((120, 64)), np.arange(120) % 30
    attributes = ClassAttributes(range(40), rng.random((40, 20)))
    found, n_threads = [], torch.get_num_threads()
    for n in (1, 2, 2):
        torch.set_num_threads(n)
        generator = method(max_iter=2, random_state=0)
        # Wide enough for torch to use several threads, and no wider.
        for name, value in generator.get_params().items():
            if name.endswith("_dim") and isinstance(value, int) and value > 512:
                generator.set_params(**{name: 512})
        generator.fit(X, y, class_attributes=attributes)
        found.append(generator.sample(attributes)[0])
    torch.set_num_threads(n_threads)
    np.testing.assert_allclose(found[0], found[1], atol=1e-3)
    np.testing.assert_array_equal(found[1], found[2])


def _n_threads(_):
    return torch.get_num_threads()


def _workers_share_the_cores(backend):
    """As many threads in all as there are cores, or one for each worker."""
    with parallel_config(backend, n_jobs=2):
        threads = Parallel()(delayed(_n_threads)(i) for i in range(2))
    assert sum(threads) <= max(cpu_count(), 2)


def test_workers_share_the_cores(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)  # joblib would go by it
    _workers_share_the_cores("loky")


# Beside the last one, because starting these processes takes most of its time.
def test_voting_in_processes(animals):
    """What a process of its own can tell of who called is what a thread can."""

    def voting(attributes):
        clf = GZSLClassifier(
            GaussianGenerator(),
            IncrementalLDA(),
            class_attributes=attributes,
            n_synthetic=20,
            seen_penalty=0.0,
        )
        return VotingClassifier([("a", clf), ("b", clf)], n_jobs=2)

    for attributes in (None, ClassAttributes(range(9), animals.vectors[:9])):
        voting(attributes).fit(animals.X, animals.codes)
    with pytest.raises(ValueError, match=r"VotingClassifier .* GZSLVotingClassifier"):
        voting(animals.attributes).fit(animals.X, animals.y)


def _environment():
    """Variables with which another process has this package, and one thread."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}


def _launch(script, *args, n_processes=2, timeout=120):
    """Output of a script started by torchrun."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(n_processes), str(script), *map(str, args)]
    for _ in range(2):
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=_environment(),
            check=False,
        )
        # Rarely, on a busy machine, gloo's threads abort a process that is at its end.
        if "terminate called without an active exception" not in done.stderr:
            break
        warnings.warn(f"starting {script} again, as gloo aborted it", stacklevel=2)
    assert done.returncode == 0, done.stderr
    return done.stdout


needs_gloo = pytest.mark.skipif(
    not (distributed.is_available() and distributed.is_gloo_available()),
    reason="this torch cannot connect processes by gloo",
)


@needs_gloo
def test_the_distributed_example():
    output = _launch(
        EXAMPLES / "distributed_training.py",
        *("--max-iter", 2, "--classifier-max-iter", 10, "--memory-limit", 2**20),
    )
    assert "2 processes" in output
    assert "same generator: True, same classifier: True" in output


# What both processes run; the file that they meet at, and their ranks, come before it.
SCRIPT = """
import numpy as np
import torch
import torch.distributed as dist
from sklearn_gzsl import MLIS, VAECFlow
from sklearn_gzsl.distributed import AverageGradients

dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=2)
rng = np.random.default_rng(dist.get_rank())
X, y = rng.random((40, 6)), np.arange(40) % 4
tiny = {"hidden_dim": 8, "lr": 0.01, "batch_size": 8}
for generator in (
    VAECFlow(encoder_dims=(8,), decoder_dim=8, max_iter=3, **tiny),
    MLIS(max_iter=2, **tiny),
):
    generator.set_params(callbacks=[AverageGradients()], random_state=dist.get_rank())
    generator.fit(X, y)
    for tensor in generator.net_.module_.state_dict().values():
        first = tensor.clone()
        dist.broadcast(first, src=0)
        assert torch.equal(first, tensor)
    own = [row["loss" if "loss" in row else "critic"] for row in generator.history_]
    losses = torch.tensor(own, dtype=torch.float64)
    mean = losses.clone()
    dist.all_reduce(mean)
    assert not torch.equal(mean / 2, losses)  # each has rows and noise of its own
dist.destroy_process_group()
"""


@needs_gloo
def test_processes_end_with_the_same_weights(tmp_path):
    """This one and another."""
    meeting = f"file://{tmp_path}/meeting"
    other = [sys.executable, "-c", f"meeting, rank = {meeting!r}, 1\n{SCRIPT}"]
    with subprocess.Popen(other, env=_environment()) as process:
        try:
            exec(SCRIPT, {"meeting": meeting, "rank": 0})
            assert process.wait(timeout=120) == 0
        finally:
            process.kill()
            if distributed.is_initialized():
                distributed.destroy_process_group()


@pytest.fixture
def group_of_one(tmp_path):
    """This process alone as a group."""
    distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path}/meeting", rank=0, world_size=1
    )
    yield
    distributed.destroy_process_group()


@needs_gloo
@pytest.mark.parametrize("early_stopping", [False, True])
def test_average_of_one(animals, tiny_flow, group_of_one, early_stopping):
    alone = VAECFlow(**tiny_flow, random_state=0, early_stopping=early_stopping)
    grouped = VAECFlow(**alone.get_params() | {"callbacks": [AverageGradients()]})
    if early_stopping:
        with pytest.raises(ValueError, match="Search over max_iter instead"):
            grouped.fit(animals.X, animals.y, animals.attributes)
        return
    found = [
        g.fit(animals.X, animals.y, animals.attributes).sample(animals.attributes)[0]
        for g in (alone, grouped)
    ]
    np.testing.assert_array_equal(*found)


def test_without_a_group_nothing_is_averaged(animals, tiny_flow):
    generator = VAECFlow(**tiny_flow, callbacks=[AverageGradients()], random_state=0)
    generator.fit(animals.X, animals.y, animals.attributes)
    plain = generator.set_params(callbacks=None)
    X_new, _ = generator.sample(animals.attributes)
    plain.fit(animals.X, animals.y, animals.attributes)
    np.testing.assert_array_equal(plain.sample(animals.attributes)[0], X_new)
