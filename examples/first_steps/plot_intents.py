"""
=========================================================
What do they want? Intents of sentences, from their names
=========================================================

An assistant knows 120 intents, each with forty example sentences. Thirty more are
asked of it tomorrow, and nobody has written a sentence yet: there is only a name, such
as "freeze account". Sentences and names go through the same public text encoder, so
that the name is a description.

The data come with the package. With your own sentences, any encoder will do, for
example one of the package sentence-transformers:

.. code-block:: python

   encoder = SentenceTransformer("all-MiniLM-L6-v2")
   X = encoder.encode(sentences)
   names = [label.replace("_", " ") for label in labels]
   attributes = ClassAttributes(labels, encoder.encode(names))
"""

# %%
# The data
# --------
# :func:`~sklearn_gzsl.datasets.load_intents` is a part of CLINC150 (Larson et al. 2019,
# CC BY 3.0): embeddings in 96 numbers, not the sentences.

import numpy as np

from sklearn_gzsl.datasets import load_intents

intents = load_intents()
X, y, train, test = intents.data, intents.target, intents.train, intents.test
print(f"{len(train)} rows of {len(intents.seen_classes)} seen classes to train on")
print(f"unseen: {', '.join(intents.unseen_classes[:6])}, ...")

# %%
# Are the descriptions any good?
# ------------------------------
# Look before anything is fitted. Of an unseen class, something has to be known from
# seen ones: the names of a domain, here of banking, must be alike, but not the same.
# The lines part seen from unseen classes.

import matplotlib.pyplot as plt

from sklearn_gzsl.inspection import DescriptionDisplay

banking = intents.target_names[intents.domains == "banking"]
described = DescriptionDisplay.from_attributes(
    intents.class_attributes, seen_classes=intents.seen_classes, classes=banking
)
plt.show()

# %%
# To each unseen class the seen one that is most like it:

for label in intents.unseen_classes[:6]:
    nearest, cosine = described.nearest_seen[label]
    print(f"{label:20} {nearest:24} {cosine:.2f}")

# %%
# One fit
# -------
# The default: a Gaussian generator, prototypes, and a balance of seen and unseen
# classes that is chosen on classes held out of the training rows.

from sklearn_gzsl import GZSLClassifier
from sklearn_gzsl.metrics import gzsl_scores

clf = GZSLClassifier(random_state=0)
clf.fit(X[train], y[train], class_attributes=intents.class_attributes)
y_pred = clf.predict(X[test])
scores = gzsl_scores(y[test], y_pred, seen_classes=intents.seen_classes)
print(", ".join(f"{name} {value:.2f}" for name, value in scores.items()))

# %%
# Which intents fail?
# -------------------
# Means hide a lot: most unseen intents are recognised nearly as well as seen ones, and
# a few hardly ever. The ten worst of each side:

from sklearn_gzsl.inspection import PerClassAccuracyDisplay

PerClassAccuracyDisplay.from_predictions(
    y[test], y_pred, seen_classes=intents.seen_classes, top_n=10
)
plt.show()

# %%
# What they are taken for tells why: a name may promise something else than people say,
# or two intents ask for nearly the same.

for label in intents.unseen_classes:
    rows = y[test] == label
    if np.mean(y_pred[rows] == label) < 0.5:
        others, counts = np.unique(y_pred[rows], return_counts=True)
        best = np.argsort(-counts, kind="stable")[:2]
        told = ", ".join(f"{others[i]} ({counts[i]})" for i in best)
        print(f"{label:26} 20 rows, most taken for {told}")

# %%
# What was learned
# ----------------
# Names alone are enough for most intents. Where they fail, write a better description:
# one sentence of what people ask for says more than a name, and it goes through the
# same encoder. :ref:`A few real sentences
# <sphx_glr_auto_examples_new_classes_plot_few_shots.py>` help more.
