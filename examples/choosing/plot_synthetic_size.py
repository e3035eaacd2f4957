"""
===============================
How many synthetic rows to draw
===============================

Every generative method has this parameter, and papers set it between 50 and 5,000. It
does two things at once: more rows show better what a class looks like, and they make it
more frequent, so that it is predicted more often. This example takes the two apart.
"""

# %%
# The data
# --------
# Handwritten two-digit numbers, as in the :ref:`quickstart
# <sphx_glr_auto_examples_first_steps_plot_quickstart.py>`, with twenty real rows of
# each seen number.

from sklearn_gzsl import (
    GaussianGenerator,
    GZSLClassifier,
    IncrementalLDA,
    SoftmaxClassifier,
)
from sklearn_gzsl.datasets import load_two_digit_numbers

numbers = load_two_digit_numbers(n_train=20)
X, y, train = numbers.data, numbers.target, numbers.train

# %%
# Scores on held-out classes
# --------------------------
# :class:`~sklearn_gzsl.inspection.SyntheticSizeDisplay` fits the model with each number
# of rows to folds in which some of the *seen* classes are unseen: the twenty unseen
# numbers take no part, so the result may be used.
#
# Left, a softmax without a penalty. With few rows, an unseen number is rare, and
# hardly ever predicted. Right, a linear discriminant with equal priors, for which the
# number of rows is no frequency: what is left is what the rows show.

import matplotlib.pyplot as plt

from sklearn_gzsl.inspection import SyntheticSizeDisplay

softmax = SoftmaxClassifier(lr=0.01, max_iter=1000)  # quick, for 18 fits
figure, axes = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
for ax, classifier in zip(axes, (softmax, IncrementalLDA())):
    sizes = SyntheticSizeDisplay.from_estimator(
        GZSLClassifier(
            GaussianGenerator(), classifier, seen_penalty=0.0, random_state=0
        ),
        X[train],
        y[train],
        class_attributes=numbers.class_attributes,
        sizes=[1, 3, 10, 30, 100, 300],
        random_state=0,
        ax=ax,
    )
    ax.set_title(type(classifier).__name__)
    areas = sizes.scores["AUSUC"].mean(axis=1)
    print(f"{type(classifier).__name__:18} AUSUC", *(f"{area:.2f}" for area in areas))
plt.show()

# %%
# What was learned
# ----------------
# AUSUC, printed above for each number, does not depend on the balance. It rises as long
# as rows show something new, and then no more: from there on, the number of rows is
# only a way to set the balance, and a :ref:`seen penalty
# <sphx_glr_auto_examples_choosing_plot_seen_penalty.py>` does that better, in no time
# and exactly. So draw rows enough, leave ``seen_penalty="auto"``, and do not tune the
# number.
