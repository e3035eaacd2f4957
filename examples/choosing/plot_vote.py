"""
=====================
When does a vote pay?
=====================

Two models can be better together than each is alone. They can also cost twice as much
and bring nothing. What decides is whether they are about equally good, and err on
different rows; both can be seen before a test row is looked at.
"""

# %%
# Five models
# -----------
# Intents of sentences, as in :ref:`this example
# <sphx_glr_auto_examples_first_steps_plot_intents.py>`. Five quick models: three scores
# of row and description, prototypes with plain settings, and synthetic rows with a
# linear discriminant.

from sklearn_gzsl import (
    ESZSL,
    SAE,
    SYNC,
    GaussianGenerator,
    GZSLClassifier,
    IncrementalLDA,
    PrototypeClassifier,
)
from sklearn_gzsl.datasets import load_intents

intents = load_intents()
attributes = intents.class_attributes
X, y = intents.data[intents.train], intents.target[intents.train]

models = {
    "ESZSL": ESZSL(),
    "SAE": SAE(),
    "SYNC": SYNC(),
    "prototypes": PrototypeClassifier(
        power=0.5, shrinkage=0.1, degree=1, alpha=1.0, description_weight=1.0
    ),
    "LDA": GZSLClassifier(
        GaussianGenerator(), IncrementalLDA(), seen_penalty=0.0, random_state=0
    ),
}

# %%
# Each alone, and in pairs
# ------------------------
# On classes held out of the training rows, each once. AUSUC depends on no seen penalty,
# so that unbalanced models can be compared. Members that are fitted already vote as
# they are, in scikit-learn's ``FrozenEstimator``. Beside the area, how much alike two
# models err: of the rows that one of the two gets wrong, how many both do.

import itertools

import numpy as np
from sklearn.frozen import FrozenEstimator

from sklearn_gzsl import GZSLVotingClassifier
from sklearn_gzsl.metrics import GZSLScorer
from sklearn_gzsl.model_selection import GZSLKFold

scorer = GZSLScorer("AUSUC")
pairs = list(itertools.combinations(models, 2))
alone = {name: [] for name in models}
together = {pair: [] for pair in pairs}
alike = {pair: [] for pair in pairs}
for train, test in GZSLKFold(n_splits=3, shuffle=True, random_state=0).split(X, y):
    fitted, wrong = {}, {}
    for name, model in models.items():
        fitted[name] = model.fit(X[train], y[train], class_attributes=attributes)
        wrong[name] = model.predict(X[test]) != y[test]
        alone[name].append(scorer(model, X[test], y[test]))
    for pair in pairs:
        vote = GZSLVotingClassifier([(n, FrozenEstimator(fitted[n])) for n in pair])
        vote.fit(X[train], y[train], class_attributes=attributes)
        together[pair].append(scorer(vote, X[test], y[test]))
        a, b = (wrong[name] for name in pair)
        alike[pair].append(np.sum(a & b) / np.sum(a | b))

for name, areas in alone.items():
    print(f"{name:12} AUSUC {np.mean(areas):.3f}")

# %%
# When it pays
# ------------
# What the vote of each pair gains over the better one of the two: the less, the farther
# the other is behind. Of pairs that are equally good, it gains the more, the fewer
# errors they have in common.

import matplotlib.pyplot as plt

area = {name: np.mean(areas) for name, areas in alone.items()}
behind = [abs(area[a] - area[b]) for a, b in pairs]
gain = [np.mean(together[a, b]) - max(area[a], area[b]) for a, b in pairs]
share = [np.mean(alike[pair]) for pair in pairs]
figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
drawn = ax.scatter(behind, gain, s=90, c=share, cmap="viridis_r", edgecolor="0.3")
figure.colorbar(drawn, label="share of errors in common")
best = int(np.argmax(gain))
ax.text(behind[best] + 0.004, gain[best] + 0.004, " and ".join(pairs[best]))
ax.axhline(0, color="0.5", linewidth=1)
ax.margins(0.1, 0.2)
ax.set(xlabel="AUSUC of the better minus the other", ylabel="AUSUC gained by the vote")
plt.show()

# %%
# On test rows
# ------------
# The pair that gains the most on held-out classes, balanced as a whole, and its
# members, balanced in the same way.

from sklearn_gzsl import CalibratedStackingCV

X_test, y_test = intents.data[intents.test], intents.target[intents.test]
members = [(name, models[name]) for name in pairs[best]]
candidates = dict(members) | {"both": GZSLVotingClassifier(members)}
for name, model in candidates.items():
    calibrated = CalibratedStackingCV(model, cv=3, random_state=0)
    calibrated.fit(X, y, class_attributes=attributes)
    scores = GZSLScorer()(calibrated, X_test, y_test)
    print(f"{name:6}", *(f"{key} {value:.3f} " for key, value in scores.items()))

# %%
# What was learned
# ----------------
# A vote pays a little between members that are about equally good, and err on different
# rows; held-out classes tell which. What they promised came true in the area, while at
# one balance H is that of the better member. And a vote makes no good model of middling
# ones: the prototypes alone are better than all of these pairs, and each partner here
# makes them worse.
