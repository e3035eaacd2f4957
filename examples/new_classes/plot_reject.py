"""
=================================
Reject rows of no described class
=================================

Some rows belong to none of the classes that anybody has described. A
:class:`~sklearn_gzsl.RejectingClassifier` rejects them, at a rate of false alarms that
it keeps on classes held out of training, and tells which classes a row may well be of.
"""

# %%
# The data
# --------
# Handwritten two-digit numbers, each described by its digits. Of the numbers from 80 on
# there is neither a row in training nor a description.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import RocCurveDisplay

from sklearn_gzsl import PrototypeClassifier, RejectingClassifier
from sklearn_gzsl.datasets import load_two_digit_numbers
from sklearn_gzsl.inspection import ClassConfusionDisplay
from sklearn_gzsl.metrics import gzsl_scores, rejection_scores

numbers = load_two_digit_numbers(n_train=30, n_test=20)
X, y = numbers.data, numbers.target
attributes = numbers.class_attributes
attributes = attributes.subset(attributes.labels[attributes.labels < "80"])
train = numbers.train[y[numbers.train] < "80"]

clf = RejectingClassifier(PrototypeClassifier(), false_alarm=0.1, random_state=0)
clf.fit(X[train], y[train], class_attributes=attributes)

# %%
# How new a row is
# ----------------
# A row is rejected where its novelty is above 0: its best score is below the threshold
# for rows that are taken for a seen class, or below the one for those that are taken
# for an unseen class. Both were chosen on the training rows alone.

X_test, y_test = X[numbers.test], y[numbers.test]
novelty = clf.novelty_score(X_test)
groups = {
    "seen classes": np.isin(y_test, clf.seen_classes_),
    "unseen classes": np.isin(y_test, clf.unseen_classes_),
    "no described class": y_test >= "80",
}
fig, (ax, curve) = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
bins = np.linspace(*np.quantile(novelty, [0.005, 0.995]), 40)
for name, rows in groups.items():
    ax.hist(novelty[rows], bins, density=True, histtype="step", linewidth=2, label=name)
ax.axvline(0, color="black", linewidth=1)
ax.set(xlabel="novelty (rejected above 0)", ylabel="density", yticks=[])
ax.set_ylim(top=1.4 * ax.get_ylim()[1])
ax.legend(loc="upper left")

others = groups["no described class"]
RocCurveDisplay.from_predictions(others, novelty, name="rows from 80 on", ax=curve)
y_true = np.where(others, clf.reject_label_, y_test)
for rate in (0.05, 0.1, 0.2, 0.4):
    y_pred = clf.set_params(false_alarm=rate).predict(X_test)
    found = rejection_scores(y_true, y_pred, reject_label=clf.reject_label_)
    curve.plot(found["false_alarms"], found["detected"], "ko")
    curve.annotate(f"  {rate}", (found["false_alarms"], found["detected"]), va="top")
curve.set(xlabel="false alarms", ylabel="detected", title="Wanted rates (dots)")
plt.show()

# %%
# What is left
# ------------
# Rows that are rejected are errors where their class is described, and right where it
# is not.

y_pred = clf.set_params(false_alarm=0.1).predict(X_test)
print(gzsl_scores(y_test[~others], y_pred[~others], seen_classes=clf.seen_classes_))
print(rejection_scores(y_true, y_pred, reject_label=clf.reject_label_))
display = ClassConfusionDisplay.from_estimator(clf, X_test, y_true)
print({name: round(share, 2) for name, share in display.blocks.items()})
plt.show()

# %%
# Sets of classes
# ---------------
# The set of a row holds its class in a wanted share of cases, or more where ``predict``
# is right more often; the more is wanted, the larger it is. A row of no described class
# has a set, too, which is often empty while little is wanted.

columns = np.searchsorted(clf.classes_, y_test)
wanted = np.linspace(0.5, 0.95, 10)
fig, (ax, sizes) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
held, size = {name: [] for name in groups}, {name: [] for name in groups}
for coverage in wanted:
    sets = clf.predict_set(X_test, coverage)
    for name, rows in groups.items():
        size[name].append(sets[rows].sum(axis=1).mean())
        if name != "no described class":
            held[name].append(sets[rows, columns[rows]].mean())
for name in groups:
    if held[name]:
        ax.plot(wanted, held[name], "o-", label=name)
    sizes.plot(wanted, size[name], "o-", label=name)
ax.plot(wanted, wanted, "k:", label="as wanted")
ax.set(xlabel="coverage wanted", ylabel="rows whose set holds their class")
ax.legend()
sizes.set(xlabel="coverage wanted", ylabel="classes in a set")
sizes.legend()
plt.show()

# %%
# What was learned
# ----------------
# A row of a described class has about one class in its set, one of no described class
# has mostly none: an empty set is a rejection, too. With more than nine in ten wanted
# this is over, and all rows have a class or more. So how much to want, or which rate of
# false alarms, is a question of what a missed row costs; that the rate is kept, the
# black dots have shown.
