"""
==============================================
Quickstart: read numbers that were never shown
==============================================

Handwritten numbers from 00 to 99, and a model that has met every digit, but not every
number: for twenty of the hundred there is not one training image. What there is for all
of them is a description: which digit is the tens, and which the units. This example
trains three classifiers and looks at what one of them imagines.
"""

# %%
# The data
# --------
# Each row is an image of 8 x 16 pixels, made from the digits that scikit-learn ships.
# Test images contain no scan of a digit that a training image contains, too.

from sklearn_gzsl.datasets import load_two_digit_numbers

numbers = load_two_digit_numbers(n_train=30)
X_train, y_train = numbers.data[numbers.train], numbers.target[numbers.train]
X_test, y_test = numbers.data[numbers.test], numbers.target[numbers.test]

print(f"{len(X_train)} rows of {len(numbers.seen_classes)} classes to train on")
print("unseen:", *numbers.unseen_classes)

# %%
# A class is described by 20 attributes, one for each digit in each place.

attributes = numbers.class_attributes
described = [
    name for name, value in zip(attributes.feature_names, attributes["36"]) if value
]
print(attributes)
print("36 is described by", *described)

# %%
# Three classifiers
# -----------------
# First, scikit-learn's logistic regression. It can only predict what it has been shown,
# so each image of an unseen number is taken for a seen one.
#
# Then, :class:`~sklearn_gzsl.GZSLClassifier` with two generators. Each learns from the
# training rows what images of a description look like, draws images for the
# descriptions that have none; a classifier is trained on real and generated images
# together; and how much seen classes are to be held back is chosen on numbers that are
# held out of the training rows. ``GaussianGenerator`` has a closed form; ``VAECFlow``
# is a normalizing flow, trained by gradient steps, here by less than a third of
# the default.

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from sklearn_gzsl import GaussianGenerator, GZSLClassifier, VAECFlow

plain = make_pipeline(MinMaxScaler(), LogisticRegression(max_iter=1000))
plain.fit(X_train, y_train)

gaussian = GZSLClassifier(generator=GaussianGenerator(), random_state=0)
gaussian.fit(X_train, y_train, class_attributes=attributes)

flow = GZSLClassifier(generator=VAECFlow(max_iter=200), random_state=0)
flow.fit(X_train, y_train, class_attributes=attributes)

# %%
# S is the accuracy on test images of seen classes, U that of unseen ones, each a mean
# over classes and with all hundred as candidates. H, their harmonic mean, is the number
# to look at: it is high only if both are. (Two decimals, as further ones differ between
# machines.) The :doc:`user guide </user_guide/index>` explains the scores and the
# descriptions; an :ref:`example with a grid search
# <sphx_glr_auto_examples_choosing_plot_grid_search.py>` chooses parameters without
# looking at the unseen classes.

from sklearn_gzsl.metrics import gzsl_scores

models = {
    "LogisticRegression, seen classes alone": plain,
    "GZSLClassifier(GaussianGenerator())": gaussian,
    "GZSLClassifier(VAECFlow(max_iter=200))": flow,
}
print(f"{'':39}     S     U     H")
for name, model in models.items():
    y_pred = model.predict(X_test)
    scores = gzsl_scores(y_test, y_pred, seen_classes=numbers.seen_classes)
    print(f"{name:39}", *(f"{scores[key]:5.2f}" for key in ("S", "U", "H")))

# %%
# What the flow imagines
# ----------------------
# Left, test images of unseen numbers. Right, what the flow draws from their
# descriptions. No image of these numbers was in its training data.

import matplotlib.pyplot as plt
import numpy as np

shown = ["03", "18", "36", "47", "69", "92"]
n_each = 4

generated, _ = flow.generator_.sample(attributes.subset(shown), n_each)
generated = flow.preprocessor_.inverse_transform(generated).reshape(-1, n_each, 8, 16)
real = np.stack(
    [numbers.images[numbers.test][y_test == number][:n_each] for number in shown]
)

figure = plt.figure(figsize=(9, 4), layout="constrained")
halves = figure.subfigures(1, 2, wspace=0.05)
for half, images, title in zip(
    halves, (real, generated), ("real test images", "generated from the description")
):
    half.suptitle(title)
    axes = half.subplots(len(shown), n_each)
    for number, row, images_of_number in zip(shown, axes, images):
        for ax, image in zip(row, images_of_number):
            ax.imshow(image, cmap="gray_r", vmin=0, vmax=16)
            ax.set(xticks=[], yticks=[])
        row[0].set_ylabel(number, rotation=0, ha="right", va="center", fontsize=12)
plt.show()

# %%
# What was learned
# ----------------
# No image of a 36 was there, but those of other numbers that begin with 3 or end in 6;
# so a description of two digits was enough to draw it, and what can be drawn can be
# recognised. That is all there is to generalized zero-shot learning here.
