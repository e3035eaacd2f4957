"""
=====================================================
Tune parameters without looking at the unseen classes
=====================================================

What makes a good model of unseen classes can only be measured on classes without
training rows. The unseen classes themselves must stay out of it: they are the test.
So a search has to make *other* classes unseen, for a while. Here, scikit-learn's
``GridSearchCV`` does so with a splitter and a scorer of this package.
"""

# %%
# The data
# --------
# Handwritten two-digit numbers, as in the
# :ref:`quickstart <sphx_glr_auto_examples_first_steps_plot_quickstart.py>`.

from sklearn_gzsl.datasets import load_two_digit_numbers

numbers = load_two_digit_numbers(n_train=25)
X_train, y_train = numbers.data[numbers.train], numbers.target[numbers.train]
X_test, y_test = numbers.data[numbers.test], numbers.target[numbers.test]

# %%
# Folds with unseen classes of their own
# --------------------------------------
# :class:`~sklearn_gzsl.model_selection.GZSLShuffleSplit` draws some of the *seen*
# classes and keeps all of their rows for scoring. Of the other classes it keeps a few
# rows, so that each fold can tell accuracy on seen from accuracy on unseen classes.

import numpy as np

from sklearn_gzsl.model_selection import GZSLShuffleSplit

cv = GZSLShuffleSplit(n_splits=3, unseen_size=16, random_state=0)
for train, test in cv.split(X_train, y_train):
    held_out = np.setdiff1d(y_train[test], y_train[train])
    print(f"{len(train)} rows to fit, {len(test)} to score; unseen:", *held_out)

# %%
# The search
# ----------
# :class:`~sklearn_gzsl.metrics.GZSLScorer` gives four scores at once, and ``refit="H"``
# names the one that decides. Searched are two parameters: how widely the generator
# spreads its rows, and how many of them there are for each unseen class. Parameters of
# the generator go by ``generator__``, as in a pipeline.
#
# The class attributes are an argument of ``fit``. As a
# :class:`~sklearn_gzsl.ClassAttributes` they reach every fold whole. There is no seen
# penalty: each of the fits would choose one on folds of its own.

from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_gzsl import GaussianGenerator, GZSLClassifier, SoftmaxClassifier
from sklearn_gzsl.metrics import GZSLScorer, gzsl_scores

temperatures = [0.4, 0.7, 1.0, 1.3]
n_synthetic = [10, 50, 250]
classifier = SoftmaxClassifier(lr=0.01, max_iter=2000)  # quick, for 37 fits
model = GZSLClassifier(
    GaussianGenerator(), classifier, seen_penalty=0.0, random_state=0
)
search = GridSearchCV(
    model,
    {"generator__temperature": temperatures, "n_synthetic": n_synthetic},
    cv=cv,
    scoring=GZSLScorer(),
    refit="H",
)
search.fit(X_train, y_train, class_attributes=numbers.class_attributes)
print("best parameters:", search.best_params_)

# %%
# The picture shows how each choice buys accuracy on unseen classes with accuracy on
# seen ones, and where the balance is best.

import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 3, figsize=(10, 3.4), layout="constrained")
titles = {"S": "seen S", "U": "unseen U", "H": "harmonic mean H"}
for ax, (key, title) in zip(axes, titles.items()):
    scores = np.reshape(
        search.cv_results_[f"mean_test_{key}"], (len(temperatures), len(n_synthetic))
    )
    ax.imshow(scores, cmap="viridis", aspect="auto")
    for (i, j), score in np.ndenumerate(scores):
        dark = score < (scores.min() + scores.max()) / 2
        ax.text(j, i, f"{score:.2f}", ha="center", color="w" if dark else "k")
    ax.set(title=title, xlabel="n_synthetic", ylabel="temperature")
    ax.set_xticks(range(len(n_synthetic)), n_synthetic)
    ax.set_yticks(range(len(temperatures)), temperatures)
plt.show()

# %%
# The test
# --------
# ``GridSearchCV`` has fitted the best model on all training rows, so that the classes
# that were unseen in the folds are seen by it. Now, once, it meets the twenty classes
# that are really unseen.

default = clone(model)
default.fit(X_train, y_train, class_attributes=numbers.class_attributes)
for name, model in {"default": default, "searched": search}.items():
    scores = gzsl_scores(
        y_test, model.predict(X_test), seen_classes=numbers.seen_classes
    )
    print(f"{name:9}", *(f"{key} {value:.3f}" for key, value in scores.items()))
