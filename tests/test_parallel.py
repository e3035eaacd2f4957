"""Searches and fits on processes that are no joblib's own: dask's, and a group's."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from joblib import parallel_config
from sklearn.model_selection import GridSearchCV
from test_processes import workers_share_the_cores
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
    GSMFlow,
    GZSLClassifier,
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
    workers_share_the_cores("dask")
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


def _environment():
    """Variables with which another process has this package, and one thread."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}


needs_gloo = pytest.mark.skipif(
    not (distributed.is_available() and distributed.is_gloo_available()),
    reason="this torch cannot connect processes by gloo",
)


@pytest.fixture
def two_processes():
    """Run code in this process, of rank 0, and in another one, of rank 1."""
    # At their end gloo's threads abort a process now and then on a busy machine.
    leave = "\nimport os, sys\nsys.stdout.flush()\nos._exit(0)"

    def run(code, **environment):
        environment = _environment() | environment
        other = [sys.executable, "-c", "rank = 1\n" + code + leave]
        with subprocess.Popen(other, env=environment | {"RANK": "1"}) as process:
            try:
                exec(code, {"rank": 0})
                assert process.wait(timeout=120) == 0
            finally:
                process.kill()
                if distributed.is_initialized():
                    distributed.destroy_process_group()

    return run


# What both processes run; the file that they meet at comes before it.
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
def test_processes_end_with_the_same_weights(
    two_processes, monkeypatch, capsys, tmp_path
):
    """Those of the example, as torchrun would start it; then those of the script.

    In one pair of processes, as starting one takes most of the time.
    """
    script = str(EXAMPLES / "at_scale" / "distributed_training.py")
    options = ["--max-iter=2", "--classifier-max-iter=10", "--memory-limit=1048576"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    told = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    for name, value in (told | {"RANK": "0"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", sys.argv)  # to be put back
    two_processes(
        f"import runpy, sys\nsys.argv = {[script, *options]}\n"
        f"runpy.run_path({script!r}, run_name='__main__')\n"
        f"meeting = 'file://{tmp_path}/meeting'\n{SCRIPT}",
        **told,
    )
    output = capsys.readouterr().out
    assert "2 processes" in output
    assert "same generator: True, same classifier: True" in output


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
