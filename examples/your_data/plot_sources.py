"""
==========================================
Several descriptions, some of them missing
==========================================

One table has hand-made attributes, another one sentences; neither covers all classes. A
:class:`~sklearn_gzsl.ClassAttributes` holds both side by side, gaps included, and
``CADAVAE`` learns from whatever there is of a class.
"""

# %%
# Two sources
# -----------
# Handwritten two-digit numbers. The first source says which digits they are made of.
# The second one stands for an embedding of text: a random map of the same facts with
# noise, longer and less clear. Of every third number the first is missing, and of every
# fourth the second, unless it is the only one.

import numpy as np

from sklearn_gzsl import CADAVAE, ClassAttributes, GZSLClassifier
from sklearn_gzsl.datasets import load_two_digit_numbers

numbers = load_two_digit_numbers(n_train=20)
X, y, train, test = numbers.data, numbers.target, numbers.train, numbers.test
labels, digits = numbers.target_names, numbers.class_attributes.values

rng = np.random.default_rng(0)
text = digits @ rng.normal(size=(20, 40)) + rng.normal(0, 0.7, size=(100, 40))
digits, text = digits.copy(), text.astype(np.float32)
without_digits = np.arange(100) % 3 == 0
digits[without_digits] = np.nan  # a row of NaN: not described by this source
text[(np.arange(100) % 4 == 0) & ~without_digits] = np.nan
both = ClassAttributes(labels, {"digits": digits, "text": text})
print(both)
for source in both.sources:
    print(f"{source}: describes {len(both.select(source).labels)} of {len(labels)}")

# %%
# What each source says
# ---------------------
# In the digits, a number is like all those that share one with it. The text says the
# same, less clearly. Only the classes that a source describes are shown.

import matplotlib.pyplot as plt

from sklearn_gzsl.inspection import DescriptionDisplay

figure, axes = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
for ax, source in zip(axes, both.sources):
    DescriptionDisplay.from_attributes(
        both, source=source, seen_classes=numbers.seen_classes, sort=False, ax=ax
    )
    ax.set_title(source)
plt.show()

# %%
# One model for both
# ------------------
# ``CADAVAE`` has an encoder for rows and one for each source, which meet in one latent
# space. A class takes part with the sources that describe it. To compare, the text
# alone: then the sixteen classes without text are not known at all, and their rows
# count as errors.

from sklearn_gzsl import SoftmaxClassifier
from sklearn_gzsl.metrics import gzsl_scores

scores = {}
for name, described in {"text alone": both.select("text"), "both": both}.items():
    clf = GZSLClassifier(
        CADAVAE(max_iter=400),
        SoftmaxClassifier(lr=0.01, max_iter=1200),
        seen_penalty=0.0,
        random_state=0,
    )
    rows = train[np.isin(y[train], described.labels)]
    clf.fit(X[rows], y[rows], class_attributes=described)
    scores[name] = gzsl_scores(
        y[test], clf.predict(X[test]), seen_classes=numbers.seen_classes
    )
    print(f"{name:12} {len(clf.classes_):3} classes", end="  ")
    print(*(f"{key} {value:.2f} " for key, value in scores[name].items()))

# %%
# Which classes gain?
# -------------------
# Of the model with both sources, the accuracy of each unseen number:

from sklearn_gzsl.inspection import PerClassAccuracyDisplay

unseen = numbers.test_unseen
shown = PerClassAccuracyDisplay.from_estimator(clf, X[unseen], y[unseen])
kinds = {
    "by both sources": ~np.isnan(digits[:, 0]) & ~np.isnan(text[:, 0]),
    "by digits alone": np.isnan(text[:, 0]),
    "by text alone": without_digits,
}
for name, of_kind in kinds.items():
    accuracy = shown.accuracy[np.isin(shown.classes, labels[of_kind])]
    print(f"{name:18} {len(accuracy):2} unseen classes, accuracy {accuracy.mean():.2f}")
plt.show()

# %%
# What was learned
# ----------------
# Gaps are no reason to drop a class or a source: give all that there is. Each source
# makes its classes known, and where there are several, they help each other.
