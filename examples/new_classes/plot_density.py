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
# Handwritten two-digit numbers, as in the :ref:`quickstart
# <sphx_glr_auto_examples_first_steps_plot_quickstart.py>`. All numbers from 80 on are
# strangers here: the model has neither rows nor descriptions of them.

import numpy as np

from sklearn_gzsl import GaussianGenerator
from sklearn_gzsl.datasets import load_two_digit_numbers

numbers = load_two_digit_numbers()
X, y = numbers.data, numbers.target
known, strange = numbers.target_names[:80], numbers.target_names[80:]
train = numbers.train[np.isin(y[numbers.train], known)]

generator = GaussianGenerator(random_state=0)
attributes = numbers.class_attributes.subset(known)
generator.fit(X[train], y[train], class_attributes=attributes)

# %%
# Density under the best description
# ----------------------------------
# ``score_samples`` gives log p(row | description) for each class, seen or unseen,
# exactly. The largest of these says how well a row fits what is known.

import matplotlib.pyplot as plt

test = numbers.test
best = generator.score_samples(X[test], attributes).max(axis=1)
seen = np.isin(y[test], numbers.seen_classes)
groups = {
    "seen classes": np.isin(y[test], known) & seen,
    "unseen, described": np.isin(y[test], known) & ~seen,
    "strangers": np.isin(y[test], strange),
}
figure, ax = plt.subplots(layout="constrained")
bins = np.linspace(*np.quantile(best, [0.005, 1]), 40)
for name, rows in groups.items():
    ax.hist(best[rows], bins, density=True, histtype="step", linewidth=2, label=name)
ax.set(xlabel="log-density under the best class, in nats", ylabel="share of rows")
ax.legend(loc="upper left")
plt.show()

# %%
# Can strangers be told?
# ----------------------
# The area under the ROC curve is the chance that a row of a known class is denser than
# one of a stranger.

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
# density that nineteen of twenty rows of held-out *seen* classes exceed: they are to a
# second model what unseen classes are to the first.

rng = np.random.default_rng(0)
classes = np.unique(y[train])
held_out = rng.choice(classes, 16, replace=False)
is_out = np.isin(y[train], held_out)
trial = GaussianGenerator(**generator.settings_)  # so that densities can be compared
trial.fit(
    X[train][~is_out], y[train][~is_out], class_attributes=attributes.subset(classes)
)
of_held_out = trial.score_samples(X[train][is_out], attributes.subset(classes))
threshold = np.quantile(of_held_out.max(axis=1), 0.05)
for name, rows in groups.items():
    print(f"{name:20} {np.mean(best[rows] < threshold):.0%} rejected")

# %%
# What was learned
# ----------------
# A density finds rows of strangers that a classifier would name with confidence, but
# not all of them: a stranger that is made of familiar parts looks familiar. Where a
# wrong answer is expensive, reject by such a threshold, and look at what was rejected:
# it may be the next class to describe.
