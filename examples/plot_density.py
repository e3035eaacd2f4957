"""
======================================
How dense is it here? Rows of no class
======================================

Classifiers choose among the classes that they know, also for a row of none of them. A
generator with a density can say more: how likely a row is under the description that
fits it best. Rows that are unlikely under all are of something new.
"""

# %%
# The data
# --------
# Intents of sentences, as in :ref:`this example
# <sphx_glr_auto_examples_plot_intents.py>`. All intents of two domains are strangers
# here: the model has neither rows nor descriptions of them.

import numpy as np

from sklearn_gzsl import GaussianGenerator
from sklearn_gzsl.datasets import load_intents

intents = load_intents()
X, y = intents.data, intents.target
strange = intents.target_names[np.isin(intents.domains, ["meta", "travel"])]
known = np.setdiff1d(intents.target_names, strange)
train = intents.train[np.isin(y[intents.train], known)]

generator = GaussianGenerator(random_state=0)
attributes = intents.class_attributes.subset(known)
generator.fit(X[train], y[train], class_attributes=attributes)

# %%
# Density under the best description
# ----------------------------------
# ``score_samples`` gives log p(row | description) for each class, seen or unseen,
# exactly. The best of these is a score of novelty, and needs no threshold to be looked
# at.

import matplotlib.pyplot as plt

test = intents.test
best = generator.score_samples(X[test], attributes).max(axis=1)
groups = {
    "seen classes": np.isin(y[test], np.intersect1d(known, intents.seen_classes)),
    "unseen, described": np.isin(
        y[test], np.intersect1d(known, intents.unseen_classes)
    ),
    "strangers": np.isin(y[test], strange),
}
figure, ax = plt.subplots(layout="constrained")
bins = np.linspace(*np.quantile(best, [0.005, 0.995]), 40)
for name, rows in groups.items():
    ax.hist(best[rows], bins, density=True, histtype="step", linewidth=2, label=name)
ax.set(xlabel="log-density under the best class, in nats", ylabel="share of rows")
ax.legend(loc="upper left")
plt.show()

# %%
# Can strangers be told?
# ----------------------
# The area under the ROC curve is the chance that a row of a known class is denser than
# one of a stranger. Unseen classes are in between: their means are only predicted from
# descriptions, so that their rows lie farther out.

from sklearn.metrics import RocCurveDisplay

figure, ax = plt.subplots(figsize=(6, 5), layout="constrained")
for name in ("seen classes", "unseen, described"):
    rows = groups[name] | groups["strangers"]
    RocCurveDisplay.from_predictions(
        groups[name][rows], best[rows], name=f"{name} against strangers", ax=ax
    )
ax.plot([0, 1], [0, 1], color="0.5", linestyle="--", linewidth=1)
ax.legend(loc="lower right", fontsize="small")
plt.show()

# %%
# A threshold without strangers
# -----------------------------
# It must not be chosen on rows of strangers, which nobody has beforehand. Take a
# density that nineteen of twenty rows of held-out *seen* classes exceed: they are to
# the model what unseen classes will be.

rng = np.random.default_rng(0)
classes = np.unique(y[train])
held_out = rng.choice(classes, 20, replace=False)
rest = train[~np.isin(y[train], held_out)]
trial = GaussianGenerator(**generator.settings_)  # densities in the same unit
trial.fit(X[rest], y[rest], class_attributes=attributes.subset(classes))
rows = train[np.isin(y[train], held_out)]
of_held_out = trial.score_samples(X[rows], attributes.subset(classes)).max(axis=1)
threshold = np.quantile(of_held_out, 0.05)
for name, rows in groups.items():
    print(f"{name:20} {np.mean(best[rows] < threshold):.0%} rejected")

# %%
# What was learned
# ----------------
# Densities find strangers among rows of seen classes well, and among rows of unseen
# classes less well: a new class and an unseen one are both far from what was met. Where
# a wrong answer is expensive, reject by the threshold, and look at what was rejected:
# it may be the next class to describe.
