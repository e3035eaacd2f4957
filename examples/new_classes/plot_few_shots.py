"""
==========================================
New classes, and their first few real rows
==========================================

A model in use meets classes that nobody thought of. A description is enough to begin
with; then the first real rows come in. Neither needs the generator to be trained again.
"""

# %%
# A model in use
# --------------
# Intents of sentences, as in :ref:`this example
# <sphx_glr_auto_examples_first_steps_plot_intents.py>`. Fifteen of the thirty unseen
# intents are not even described yet.

import numpy as np

from sklearn_gzsl import GaussianGenerator, GZSLClassifier, IncrementalLDA
from sklearn_gzsl.datasets import load_intents
from sklearn_gzsl.metrics import gzsl_scores

intents = load_intents()
X, y, train = intents.data, intents.target, intents.train
later = intents.unseen_classes[1::2]
known = np.setdiff1d(intents.target_names, later)

clf = GZSLClassifier(GaussianGenerator(), IncrementalLDA(), random_state=0)
clf.fit(X[train], y[train], class_attributes=intents.class_attributes.subset(known))
print(len(clf.classes_), "classes")

# %%
# Of the rows of unseen intents, half may come in as shots; the other half and the test
# rows of seen intents are for scoring.

rng = np.random.default_rng(0)
shuffled = rng.permutation(intents.test_unseen)
few, kept = np.split(shuffled[np.argsort(y[shuffled], kind="stable")], 2)
few, kept = (
    np.concatenate([shuffled[y[shuffled] == c][half] for c in intents.unseen_classes])
    for half in (slice(0, 10), slice(10, 20))
)
test = np.concatenate([intents.test_seen, kept])


def show(model, name):
    """Print U, S and H on the test rows."""
    scores = gzsl_scores(
        y[test], model.predict(X[test]), seen_classes=intents.seen_classes
    )
    print(f"{name:28}", *(f"{key} {value:.2f} " for key, value in scores.items()))


show(clf, "fifteen intents unknown")

# %%
# New classes from descriptions
# -----------------------------
# ``add_classes`` draws synthetic rows for them and trains the classifier anew, in a
# fraction of a second. No row of the new classes was needed.

clf.add_classes(intents.class_attributes.subset(later))
print(len(clf.classes_), "classes")
show(clf, "all intents described")

# %%
# The first real rows
# -------------------
# ``partial_fit`` gives the classifier real rows of an unseen class.
# :class:`~sklearn_gzsl.inspection.FewShotCurveDisplay` does so to copies of the model,
# with more and more rows, drawn three times.

import matplotlib.pyplot as plt

from sklearn_gzsl.inspection import FewShotCurveDisplay

FewShotCurveDisplay.from_estimator(
    clf,
    X[few],
    y[few],
    X[test],
    y[test],
    shots=[0, 1, 2, 5, 10],
    n_repeats=3,
    random_state=0,
)
plt.show()

# %%
# What was learned
# ----------------
# The first two or three rows of a class are worth the most, and seen classes lose
# nothing by them. So start with descriptions, and collect a handful of rows where
# :class:`~sklearn_gzsl.inspection.PerClassAccuracyDisplay` shows that a description is
# not enough.

clf.partial_fit(X[few], y[few])
show(clf, "ten rows of each")
