"""
=============================================
Balance seen and unseen classes by one number
=============================================

A classifier that has met real rows of some classes, and descriptions of others, prefers
what it has met. Calibrated stacking takes one number, the seen penalty, off the scores
of all seen classes. Here is where the number comes from, without a row of an unseen
class.
"""

# %%
# The bias
# --------
# Intents of sentences, as in :ref:`this example
# <sphx_glr_auto_examples_first_steps_plot_intents.py>`, and a closed form that fits in
# a second. Without a penalty, seen classes win too often.

from sklearn_gzsl import (
    CalibratedStackingCV,
    GaussianGenerator,
    GZSLClassifier,
    IncrementalLDA,
)
from sklearn_gzsl.datasets import load_intents
from sklearn_gzsl.metrics import GZSLScorer

intents = load_intents()
X, y, train, test = intents.data, intents.target, intents.train, intents.test
plain = GZSLClassifier(
    GaussianGenerator(), IncrementalLDA(), seen_penalty=0.0, random_state=0
)
plain.fit(X[train], y[train], class_attributes=intents.class_attributes)

# %%
# Chosen on held-out classes
# --------------------------
# In each fold, some of the seen classes lose all of their rows and play the unseen
# ones. All penalties at which a prediction changes are looked at, so the maximum is
# exact. The band is the spread over the folds. The top is flat: it matters that there
# is a penalty, and little whether it is a bit larger.

import matplotlib.pyplot as plt

from sklearn_gzsl.inspection import SeenPenaltyDisplay

calibrated = CalibratedStackingCV(plain, store_cv_results=True, random_state=0)
calibrated.fit(X[train], y[train], class_attributes=intents.class_attributes)
chosen = SeenPenaltyDisplay.from_estimator(calibrated)
plt.show()

# %%
# ``GZSLClassifier`` does the same by itself, as ``seen_penalty="auto"`` is its default;
# ``SeenPenaltyDisplay.from_estimator`` takes it, too. ``CalibratedStackingCV``
# is for all other classifiers, votes included.

# %%
# On classes that are really unseen
# ---------------------------------
# A penalty moves the classifier along its seen-unseen curve. The dots are without and
# with the penalty; the star is the best that any could do, had one known the labels.

from sklearn_gzsl.inspection import SeenUnseenCurveDisplay

figure, ax = plt.subplots(figsize=(6, 6), layout="constrained")
for name, model in {"no penalty": plain, "chosen penalty": calibrated}.items():
    SeenUnseenCurveDisplay.from_estimator(
        model,
        X[test],
        y[test],
        name=name,
        iso_h=model is plain,
        plot_oracle=model is calibrated,
        ax=ax,
    )
plt.show()

# %%
# What was learned
# ----------------
# The penalty changes neither the generator nor the ranking on either side, only where
# the line between them is drawn; still, H gains a lot. The area under the curve, AUSUC,
# is the same for both: compare models by it, and report H with a penalty that was
# chosen on held-out classes.

for name, model in {"no penalty": plain, "chosen penalty": calibrated}.items():
    scores = GZSLScorer()(model, X[test], y[test])
    print(f"{name:15}", *(f"{key} {value:.2f} " for key, value in scores.items()))
