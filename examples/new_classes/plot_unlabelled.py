"""
====================================
Learn from rows that nobody labelled
====================================

The mean of an unseen class is predicted from its description, and seldom well. Rows
that come later, of seen and unseen classes and without labels, show where it is. Here
they come in batches of 100: each batch is predicted first, and then adapted to, so that
no prediction is of rows that the model has met.
"""

# %%
# The data
# --------
# Handwritten two-digit numbers, each described by its digits, but blurred: the noise
# stands for what descriptions do not say. Half of the images of seen numbers are kept
# back, to come without labels among those of the unseen ones.

import matplotlib.pyplot as plt
import numpy as np

from sklearn_gzsl import (
    ClassAttributes,
    GaussianGenerator,
    GZSLClassifier,
    IncrementalLDA,
)
from sklearn_gzsl.datasets import load_two_digit_numbers

numbers = load_two_digit_numbers(n_train=50, n_test=50)
X, y = numbers.data, numbers.target
rng = np.random.default_rng(0)
clear = numbers.class_attributes
attributes = ClassAttributes(clear.labels, rng.normal(clear.values, 0.4))
train, others = np.split(rng.permutation(numbers.train), 2)
later = rng.permutation(np.concatenate([others, numbers.test_unseen]))

clf = GZSLClassifier(GaussianGenerator(), IncrementalLDA(), random_state=0)
clf.fit(X[train], y[train], class_attributes=attributes)
print(f"{len(train)} rows with labels, {len(later)} without")

# %%
# A stream
# --------
# ``adapt`` may be called as often as rows come: sums are kept of earlier ones. A linear
# discriminant cannot learn from rows without labels itself; its synthetic rows move.

plain, means = clf.predict(X[later]), clf.classifier_.means_.copy()
streamed = []
for batch in np.split(later, np.arange(100, len(later), 100)):
    streamed.append(clf.predict(X[batch]))
    clf.adapt(X[batch])
streamed = np.concatenate(streamed)

# %%
# Accuracy on the last 500 rows, at each time:

unseen = np.isin(y[later], clf.unseen_classes_)
times = np.arange(500, len(later) + 1, 50)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.5), sharey=True, layout="constrained")
for ax, side, of_side in ((axes[0], "unseen", unseen), (axes[1], "seen", ~unseen)):
    for name, y_pred in (("as fitted", plain), ("adapted", streamed)):
        right = np.where(of_side, y_pred == y[later], np.nan)
        ax.plot(times, [np.nanmean(right[t - 500 : t]) for t in times], label=name)
    ax.set(title=f"rows of {side} classes", xlabel="rows so far", ylim=(0, 1))
axes[0].set_ylabel("accuracy")
axes[0].legend()
plt.show()

# %%
# How far it has come:

for name, y_pred in (("as fitted", plain), ("adapted", streamed)):
    U, S = (np.mean((y_pred == y[later])[rows]) for rows in (unseen, ~unseen))
    print(f"{name:10} U {U:.2f}  S {S:.2f}  H {2 * U * S / (U + S):.2f}")

# %%
# Where the classes went
# ----------------------
# Means of the unseen classes that were found most often, as images: as their
# descriptions predict them, after adapting, and of their true labels, which nobody has
# told.

found = clf.unseen_classes_[np.argsort(-clf.unlabelled_counts_)[:6]]
fig, axes = plt.subplots(3, 6, figsize=(9, 3), layout="constrained")
for column, label in zip(axes.T, found, strict=True):
    i = np.searchsorted(clf.classes_, label)
    true = clf.transform(X[later][y[later] == label]).mean(axis=0)
    for ax, mean in zip(column, (means[i], clf.classifier_.means_[i], true)):
        ax.imshow(mean.reshape(8, 16), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    column[0].set_title(label)
for ax, name in zip(axes[:, 0], ("predicted", "adapted", "true"), strict=True):
    ax.set_ylabel(name)
plt.show()

# %%
# What was learned
# ----------------
# What blurred descriptions predict is a smear; the rows without labels have made of it
# the number that is meant. Where rows come anyway and labels are dear, this is the
# cheapest gain there is, for unseen classes and for seen ones.
