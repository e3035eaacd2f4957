"""
================================
See what a classifier gets wrong
================================

A low harmonic mean has several causes: a bias towards one side, classes that look
alike, synthetic rows in the wrong place. Each has a picture of its own.
"""

# %%
# Two classifiers
# ---------------
# Handwritten two-digit numbers, as in the :ref:`quickstart
# <sphx_glr_auto_examples_first_steps_plot_quickstart.py>`, and the generator with a
# closed form. The two differ in one parameter only, the number of synthetic rows of
# each unseen class; the seen penalty, which would even this out, is left at 0.

from sklearn_gzsl import GaussianGenerator, GZSLClassifier, SoftmaxClassifier
from sklearn_gzsl.datasets import load_two_digit_numbers

numbers = load_two_digit_numbers(n_train=20)
X_train, y_train = numbers.data[numbers.train], numbers.target[numbers.train]
X_test, y_test = numbers.data[numbers.test], numbers.target[numbers.test]

models = {}
for n_synthetic in (10, 240):
    clf = GZSLClassifier(
        GaussianGenerator(),
        SoftmaxClassifier(lr=0.01, max_iter=2000),
        n_synthetic=n_synthetic,
        seen_penalty=0.0,
        random_state=0,
    )
    clf.fit(X_train, y_train, class_attributes=numbers.class_attributes)
    models[f"{n_synthetic} rows"] = clf

# %%
# A bias, or bad scores?
# ----------------------
# :class:`~sklearn_gzsl.inspection.SeenUnseenCurveDisplay` draws accuracy on seen
# against accuracy on unseen classes, for every penalty that could be subtracted from
# the scores of seen classes. The dot is where the classifier stands by itself; the grey
# lines have the same H all along.
#
# The curves are close together, the dots are not. So ten rows are enough to know what
# an unseen number looks like, but too few to make it likely: what is wrong is the bias,
# and a seen penalty would mend it. The star is the best that any penalty could do. It
# is called an oracle because it takes the labels of the test rows to find it: report
# the dot, and choose the penalty on held-out classes.

import matplotlib.pyplot as plt

from sklearn_gzsl.inspection import SeenUnseenCurveDisplay

figure, ax = plt.subplots(figsize=(6, 6), layout="constrained")
for name, clf in models.items():
    SeenUnseenCurveDisplay.from_estimator(
        clf,
        X_test,
        y_test,
        name=name,
        plot_oracle=True,
        iso_h=clf is models["240 rows"],
        ax=ax,
    )
plt.show()

# %%
# What is taken for what?
# -----------------------
# :class:`~sklearn_gzsl.inspection.ClassConfusionDisplay` sorts the classes into seen
# and unseen ones. The four blocks say the same as the dots above: with ten rows, most
# images of unseen numbers are taken for seen numbers, and hardly any of seen numbers
# for unseen ones.

from sklearn_gzsl.inspection import ClassConfusionDisplay

figure, axes = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
for ax, (name, clf) in zip(axes, models.items()):
    display = ClassConfusionDisplay.from_estimator(clf, X_test, y_test, ax=ax)
    ax.set_title(name)
    print(name, {block: round(share, 2) for block, share in display.blocks.items()})
plt.show()

# %%
# A hundred classes are too many to read. ``top_n`` shows those with the most errors,
# here of the better classifier. It reads 8 as 1 (84 as 14), and 2 or 3 as 8 (21 and 31
# as 81): nearly all of these errors lead from seen to unseen numbers.

display.plot(top_n=12)
plt.show()

# %%
# Do synthetic rows lie where the real ones do?
# ---------------------------------------------
# :class:`~sklearn_gzsl.inspection.SyntheticFeaturesDisplay` puts both into a plane, by
# a principal component analysis of the real rows, or any other transformer. A line
# leads from the mean of a class's real rows to that of its synthetic ones. In the
# legend is its length in all 128 features, relative to the spread of the real rows. By
# chance alone it would be 0.22 for 25 real and 100 synthetic rows, so the generator is
# close to right about where these numbers are, without having seen one of them.

from sklearn_gzsl.inspection import SyntheticFeaturesDisplay

figure, ax = plt.subplots(figsize=(7, 6), layout="constrained")
display = SyntheticFeaturesDisplay.from_estimator(
    clf, X_test, y_test, classes=["03", "14", "36", "58", "92"], ax=ax
)
plt.show()

# %%
# The generator is also right about how widely they spread, but for 03.

for number, shift, ratio in zip(
    display.classes, display.mean_shift, display.spread_ratio
):
    print(f"{number}: shift {shift:.2f}, spread x {ratio:.2f}")

# %%
# The picture of most papers is a t-SNE. It has no map for further rows, so real and
# synthetic ones are embedded together, and each shapes the picture of the other. That
# they mix is a good sign; distances and widths in it mean nothing, but those in the
# legend, which are measured in all features, do.

from sklearn.manifold import TSNE

figure, ax = plt.subplots(figsize=(7, 6), layout="constrained")
display = SyntheticFeaturesDisplay.from_estimator(
    clf,
    X_test,
    y_test,
    classes=["03", "14", "36", "58", "92"],
    reducer=TSNE(),
    random_state=0,
    ax=ax,
)
plt.show()

# %%
# What was learned
# ----------------
# So the synthetic rows are good, and what the first classifier lacks is the balance.
# That is the usual case, and ``seen_penalty="auto"``, the default, sees to it; only
# where curves are low or lines long is another generator worth a try.
