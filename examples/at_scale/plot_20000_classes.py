"""
===================================
Twenty thousand classes on a laptop
===================================

Four hundred classes have rows, 19,600 a description alone. Synthetic rows of
all of them would be the largest array of the program. They never have to exist at once,
and neither have the scores of all rows and classes.
"""

# %%
# The data
# --------
# Made up: means follow from facts, of which the descriptions are a noisy record (exact
# ones made it too easy). There are few features, so that this page is quick.
# :func:`~sklearn_gzsl.datasets.load_imagenet21k` reads a real set of this size.

import numpy as np

from sklearn_gzsl import ClassAttributes

N_SEEN, N_UNSEEN, N_FEATURES, N_ATTRIBUTES = 400, 19_600, 64, 32
rng = np.random.default_rng(0)
facts = rng.normal(size=(N_SEEN + N_UNSEEN, N_ATTRIBUTES)).astype(np.float32)
described = facts + 0.5 * rng.standard_normal(facts.shape, dtype=np.float32)
means = facts @ rng.normal(size=(N_ATTRIBUTES, N_FEATURES)).astype(np.float32)


def draw(y):
    """Rows of classes, with half as much noise as classes differ by."""
    noise = rng.standard_normal((len(y), N_FEATURES), dtype=np.float32)
    return means[y] + 0.5 * means.std() * noise


y_train = np.repeat(np.arange(N_SEEN), 20)
X_train = draw(y_train)
y_test = np.concatenate([np.arange(N_SEEN), rng.integers(N_SEEN, len(means), 3000)])
X_test = draw(y_test)

# %%
# One fit
# -------
# Past ``memory_limit``, here 16 MiB, synthetic rows are made a chunk at a time, and the
# classifier learns from them through ``partial_fit``.
# :class:`~sklearn_gzsl.IncrementalLDA` needs no steps, whose number would grow with the
# classes: means of the classes and one covariance.

import tracemalloc

from sklearn_gzsl import GaussianGenerator, GZSLClassifier, IncrementalLDA

N_SYNTHETIC = 10


def fit(n_unseen, memory_limit):
    """The fitted classifier, and MiB at the highest, beside the data."""
    attributes = ClassAttributes(
        np.arange(N_SEEN + n_unseen), described[: N_SEEN + n_unseen]
    )
    clf = GZSLClassifier(
        GaussianGenerator(degree=1),
        IncrementalLDA(),
        n_synthetic=N_SYNTHETIC,
        memory_limit=memory_limit,
        seen_penalty=0.0,
        random_state=0,
    )
    tracemalloc.start()
    clf.fit(X_train, y_train, class_attributes=attributes)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return clf, peak


LIMIT = 2**24
clf, peak = fit(N_UNSEEN, LIMIT)
print(f"{len(clf.classes_)} classes, {N_UNSEEN * N_SYNTHETIC} synthetic rows")

# %%
# What it takes
# -------------
# The same with fewer unseen classes, and without a limit: then memory grows with all
# synthetic rows.

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
sizes = [1000, 5000, N_UNSEEN]
bounded = [*(fit(n, LIMIT)[1] for n in sizes[:-1]), peak]
unbounded = [fit(n, None)[1] for n in sizes]
ax.plot(sizes, unbounded, "o-", label="memory_limit=None")
ax.plot(sizes, bounded, "o-", label="memory_limit=2**24")
ax.set(xlabel="unseen classes", ylabel="MiB at the highest", ylim=(0, None))
ax.legend()
plt.show()

# %%
# Among the best k
# ----------------
# With so many candidates, the first guess is seldom the question. ``predict_top_k``
# gives labels, so that the scores of all rows and classes, here half a gigabyte, never
# exist.

from sklearn_gzsl.metrics import top_k_per_class_accuracy

best = clf.predict_top_k(X_test, k=100)
is_seen = y_test < N_SEEN
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ks = [1, 2, 5, 10, 20, 50, 100]
for name, rows in {"seen": is_seen, "unseen": ~is_seen}.items():
    accuracy = [
        top_k_per_class_accuracy(y_test[rows], best[rows], k=k, ranked=True) for k in ks
    ]
    ax.semilogx(ks, accuracy, "o-", label=f"{name} classes")
    print(f"{name:6} the best {accuracy[0]:.2f}, among ten {accuracy[3]:.2f}")
ax.set_xticks(ks, ks)
ax.set(xlabel="k", ylabel="per-class accuracy among the best k", ylim=(0, 1))
ax.legend()
plt.show()

# %%
# What was learned
# ----------------
# The number of classes is no limit. With ``memory_limit``, and a closed form as the
# classifier, memory grows with the descriptions and the means of the classes alone;
# :doc:`/user_guide/large` says what else there is to it.
