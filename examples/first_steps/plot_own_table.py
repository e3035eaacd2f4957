"""
=============================================
A table of your own: rows and attributes, CSV
=============================================

Two files are all that is needed: rows of numbers with a column that names the class,
and a table that describes each class, of which some have no row. Here the rows are
leaves that a scanner has measured, and the descriptions what any field guide says of a
tree.
"""

# %%
# Two files
# ---------
# They are written here, to a temporary folder, and stand for yours. The descriptions
# are plain facts, typed by hand; the measurements are made up from these and noise.

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

FIELD_GUIDE = """tree,length,slender,lobes,teeth,leaflets,glossy,hairy,pointed
alder,8,1.2,0,1,0,1,0,0
ash,7,2.5,0,1,10,0,0,1
aspen,5,1.0,0,1,0,0,0,1
beech,8,1.5,0,0,0,1,1,1
birch,5,1.3,0,2,0,0,0,1
box,2,2.0,0,0,0,2,0,0
cherry,11,2.0,0,1,0,0,0,2
elder,7,2.0,0,1,6,0,0,2
elm,9,1.6,0,2,0,0,2,2
field maple,6,0.9,4,0,0,0,1,0
hawthorn,4,1.1,5,1,0,1,0,0
hazel,9,1.2,0,2,0,0,2,1
holly,7,2.0,0,3,0,2,0,2
hornbeam,8,1.8,0,2,0,0,0,1
horse chestnut,18,2.2,0,1,6,0,0,1
lime,7,1.0,0,1,0,0,1,2
magnolia,20,2.3,0,0,0,2,1,1
Norway maple,13,0.9,5,1,0,0,0,2
oak,11,1.8,8,0,0,0,0,0
pear,6,1.4,0,1,0,2,0,1
plane,16,0.9,5,1,0,1,1,2
robinia,4,2.0,0,0,14,0,0,0
rowan,5,3.0,0,1,13,0,0,1
sweet chestnut,20,3.0,0,3,0,2,0,2
walnut,11,2.0,0,0,6,0,0,1
willow,8,6.0,0,1,0,0,2,2
"""
UNSEEN = ["elder", "hornbeam", "Norway maple", "pear", "sweet chestnut"]
MEASURED = [
    *("area", "width", "outline", "aspect", "roundness", "solidity", "edge", "tip"),
    *("gaps", "brightness", "gloss", "texture"),
]

folder = Path(tempfile.mkdtemp())
(folder / "trees.csv").write_text(FIELD_GUIDE, encoding="utf-8")

rng = np.random.default_rng(0)
facts = pd.read_csv(folder / "trees.csv", index_col="tree")
facts = facts / facts.std()  # for the scanner, not for the model
of_facts = rng.normal(size=(facts.shape[1], len(MEASURED)))
leaves = np.repeat(facts.index, 60)
noise = rng.normal(0, 1, size=(len(leaves), len(MEASURED)))
measured = 30 + facts.loc[leaves].to_numpy() @ of_facts + noise
rows = pd.DataFrame(measured.round(1), columns=MEASURED)
rows.insert(0, "tree", leaves)
rows = rows.sample(frac=1, random_state=0)
is_new = rows["tree"].isin(UNSEEN) | (rng.random(len(rows)) < 0.25)
rows[~is_new].to_csv(folder / "leaves.csv", index=False)
rows[is_new].to_csv(folder / "new_leaves.csv", index=False)

# %%
# From here on, it is your code
# -----------------------------
# The index of the descriptions has the labels: text, as in the column of the rows. More
# trees are described than there are leaves of.

leaves = pd.read_csv(folder / "leaves.csv")
attributes = pd.read_csv(folder / "trees.csv", index_col="tree")

X, y = leaves.drop(columns="tree"), leaves["tree"]
print(leaves.iloc[:3, :5])
print("no leaf of:", *sorted(set(attributes.index) - set(y)), sep=" | ")

# %%
# Look at the descriptions before anything is fitted: are columns constant, trees alike,
# units too far apart? With the rows, how well the mean of a tree is predicted by the
# descriptions of all others.

from sklearn_gzsl.inspection import check_descriptions

print(check_descriptions(attributes, X, y))

# %%
# Then fit. Columns of unlike units are no matter, neither in rows nor in descriptions.

from sklearn_gzsl import GZSLClassifier

clf = GZSLClassifier(random_state=0)
clf.fit(X, y, class_attributes=attributes)
print(f"H to expect, from trees that were held out: {clf.held_out_score_:.2f}")

# %%
# New leaves
# ----------
# Of any tree. ``predict`` gives labels as they stand in the file; ``predict_proba`` has
# a column for each of ``classes_``.

new = pd.read_csv(folder / "new_leaves.csv")
X_new, y_new = new.drop(columns="tree"), new["tree"]
answer = pd.DataFrame({"is": y_new, "predicted": clf.predict(X_new)})
answer["probability"] = clf.predict_proba(X_new).max(axis=1).round(2)
print(answer.head())

# %%
# Where the truth is known, U, S and H, and the accuracy of each class. Of five of these
# trees, the model knows a line of the field guide and no more.

import matplotlib.pyplot as plt

from sklearn_gzsl.inspection import PerClassAccuracyDisplay
from sklearn_gzsl.metrics import gzsl_scores

scores = gzsl_scores(y_new, answer["predicted"], seen_classes=clf.seen_classes_)
print(", ".join(f"{name} {value:.2f}" for name, value in scores.items()))
PerClassAccuracyDisplay.from_predictions(
    y_new, answer["predicted"], seen_classes=clf.seen_classes_
)
plt.show()

# %%
# The pair that is confused most is one whose descriptions the check above called close,
# before there was a model:

wrong = answer[answer["is"] != answer["predicted"]]
print(wrong.groupby(["is", "predicted"]).size().sort_values(ascending=False).head(5))

# %%
# What was learned
# ----------------
# Two calls of ``read_csv`` and one of ``fit``. Measurements that were made up from the
# descriptions are an easy case: with real ones, the check and the H to expect say what
# the descriptions are worth. The same without Python, by the
# :doc:`command line </command_line>`:
#
# .. code-block:: console
#
#    $ sklearn-gzsl fit leaves.csv --target tree --attributes trees.csv --model m.gzsl
#    $ sklearn-gzsl predict m.gzsl new_leaves.csv --out predictions.csv
