"""Searches and fits on joblib's processes say what those in this one say.

They are in one file because starting the processes, which import torch, takes most of
the time: a worker of pytest starts them once.
"""

import numpy as np
import pytest
import torch
from joblib import Parallel, cpu_count, delayed, parallel_config
from sklearn import config_context
from sklearn.base import clone
from sklearn.ensemble import VotingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    CalibratedStackingCV,
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    GZSLVotingClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    SoftmaxClassifier,
    VAECFlow,
)
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLShuffleSplit


def n_threads(_):
    return torch.get_num_threads()


def workers_share_the_cores(backend):
    """As many threads in all as there are cores, or one for each worker."""
    with parallel_config(backend, n_jobs=2):
        threads = Parallel()(delayed(n_threads)(i) for i in range(2))
    assert sum(threads) <= max(cpu_count(), 2)


def test_workers_share_the_cores(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)  # joblib would go by it
    workers_share_the_cores("loky")


def test_voting_of_scikit_learn(animals):
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


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("generator", ["gaussian", "flow"])
@pytest.mark.parametrize("routing", [False, True], ids=["routing off", "routing on"])
def test_two_jobs_score_as_one(clf, animals, tiny_flow, generator, backend, routing):
    grid = {"generator__alpha": [0.01, 1000.0], "n_synthetic": [5, 20]}
    if generator == "flow":
        classifier = SoftmaxClassifier(lr=0.05, max_iter=20)
        clf = GZSLClassifier(
            VAECFlow(**tiny_flow | {"max_iter": 5}),
            classifier,
            random_state=0,
            seen_penalty=0.0,
        )
        grid = {"generator__lr": [1e-3, 1e-2], "n_synthetic": [5, 20]}
    search = GridSearchCV(
        clf,
        grid,
        cv=GZSLShuffleSplit(n_splits=2, unseen_size=2, random_state=0),
        scoring=GZSLScorer(),
        refit="H",
        error_score="raise",
    )
    searches = [search, clone(search)]
    for search, n_jobs in zip(searches, [1, 2], strict=True):
        with (
            config_context(enable_metadata_routing=routing),
            parallel_config(backend, n_jobs=n_jobs),
        ):
            search.fit(animals.X, animals.y, class_attributes=animals.attributes)
    serial, parallel = (
        [v for k, v in search.cv_results_.items() if k.startswith("split")]
        for search in searches
    )
    np.testing.assert_array_equal(serial, parallel)
    assert len(np.unique(serial, axis=1).T) > 1
    serial, parallel = (s.decision_function(animals.X_test) for s in searches)
    np.testing.assert_array_equal(serial, parallel)


def test_same_seed_same_penalty(clf, animals):
    calibrated = CalibratedStackingCV(clf, cv=3, random_state=0)
    penalties = [
        clone(calibrated)
        .set_params(n_jobs=n_jobs)
        .fit(animals.X, animals.y, class_attributes=animals.attributes)
        .seen_penalty_
        for n_jobs in (None, 2)
    ]
    assert penalties[0] == penalties[1]


def test_members_of_a_vote(clf, animals):
    """With metadata routing, too: they must be told that it is on."""
    voting = GZSLVotingClassifier(
        [
            ("gauss", make_pipeline(StandardScaler(), clf)),
            ("proto", PrototypeClassifier()),
        ]
    )
    scores = []
    with config_context(enable_metadata_routing=True):
        for n_jobs in (None, 2):
            voting.set_params(n_jobs=n_jobs)
            voting.fit(animals.X, animals.y, class_attributes=animals.attributes)
            scores.append(voting.decision_function(animals.X_test))
    np.testing.assert_array_equal(*scores)
