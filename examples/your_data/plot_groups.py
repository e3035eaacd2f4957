"""
============================================
Groups: when rows of a fold know each other
============================================

Pictures by one photographer, recordings of one session, parts of one batch: rows of a
group are more alike than rows of a class. If a group is on both sides of a fold, the
fold asks for what the model has met, and its figures are too good.
"""

# %%
# The data
# --------
# Made up: thirty classes, ten stations that measure them, and an offset of each station
# that is larger than the noise. Two stations are new, and all classes are measured
# there, the eight unseen ones, too.

import numpy as np

from sklearn_gzsl import ClassAttributes, GZSLClassifier

rng = np.random.default_rng(0)
described = rng.normal(size=(30, 12))
means = described @ rng.normal(size=(12, 24))
offsets = rng.normal(0, 4.0, size=(10, 24))
y = np.repeat(np.arange(30), 50)
station = np.tile(np.arange(10), 150)
X = means[y] + offsets[station] + rng.normal(0, 1.5, size=(1500, 24))

is_seen, is_new = y < 22, station >= 8
train = is_seen & ~is_new
attributes = ClassAttributes(np.arange(30), described)

# %%
# A split that leaks
# ------------------
# By rows and by classes there is nothing wrong with random folds;
# :func:`~sklearn_gzsl.model_selection.check_gzsl_split` says what is, once it knows of
# the stations.

from sklearn_gzsl.model_selection import GZSLKFold, check_gzsl_split

X_train, y_train, groups = X[train], y[train], station[train]
folds = GZSLKFold(n_splits=4, shuffle=True, random_state=0)
rows, held_out = next(folds.split(X_train, y_train))
print(check_gzsl_split(y_train, rows, held_out))
try:
    check_gzsl_split(y_train, rows, held_out, groups=groups)
except ValueError as error:
    print(error)

# %%
# Three figures of one model
# --------------------------
# By random folds; by folds in which no station is on both sides, which is one more
# argument; and on the new stations, what both want to tell.

from sklearn.model_selection import cross_validate

from sklearn_gzsl.metrics import GZSLScorer

clf = GZSLClassifier(seen_penalty=0.0, random_state=0)
scorer = GZSLScorer()
figures = {}
for name, known in {"random folds": None, "folds by station": groups}.items():
    result = cross_validate(
        clf,
        X_train,
        y_train,
        groups=known,
        cv=folds,
        params={"class_attributes": attributes},
        scoring=scorer,
    )
    figures[name] = {key: result[f"test_{key}"].mean() for key in ("S", "U", "H")}
clf.fit(X_train, y_train, class_attributes=attributes)
figures["new stations"] = scorer(clf, X[is_new], y[is_new])
for name, scores in figures.items():
    print(f"{name:17}", *(f"{key} {scores[key]:.2f} " for key in ("S", "U", "H")))

# %%
# Folds by station have trained on six stations where the model has eight, and are too
# modest by some points; random folds are too good, and would let nobody doubt:

import matplotlib.pyplot as plt

figure, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
keys, width = ("S", "U", "H"), 0.26
for i, (name, scores) in enumerate(figures.items()):
    places = np.arange(len(keys)) + (i - 1) * width
    bars = ax.bar(places, [scores[key] for key in keys], width * 0.92, label=name)
    ax.bar_label(bars, fmt="%.2f")
ax.set_xticks(np.arange(len(keys)), keys)
ax.set(ylim=(0, 1.12), ylabel="score")
ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
plt.show()

# %%
# What was learned
# ----------------
# Classes that are held out are not enough: where rows come in groups, hold these out,
# too. The same ``groups`` go into a search, ``search.fit(X, y, groups=groups,
# class_attributes=attributes)``, so that no parameter is chosen for knowing a station.
