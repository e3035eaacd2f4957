"""
====================================
Save a model, share it, let it loose
====================================

A fitted model is kept for oneself, given to others, or put to work where this package
is not installed. Each of these wants another file, and this example makes them all.
"""

# %%
# A model
# -------
# Handwritten two-digit numbers, as in the :ref:`quickstart
# <sphx_glr_auto_examples_first_steps_plot_quickstart.py>`, with a linear discriminant
# behind the generator.

import tempfile
from pathlib import Path

from sklearn_gzsl import GaussianGenerator, GZSLClassifier, IncrementalLDA
from sklearn_gzsl.datasets import load_two_digit_numbers

numbers = load_two_digit_numbers(n_train=25)
X, y = numbers.data[numbers.train], numbers.target[numbers.train]
X_test = numbers.data[numbers.test]
clf = GZSLClassifier(GaussianGenerator(), IncrementalLDA(), random_state=0)
clf.fit(X, y, class_attributes=numbers.class_attributes)
expected = clf.predict(X_test)

# %%
# Keep it
# -------
# ``save`` writes arrays and a description of the estimator, and no code: a file from
# elsewhere can do no harm when it is loaded, and one that was cut off is an error.

import sklearn_gzsl

folder = Path(tempfile.mkdtemp())
clf.save(folder / "kept.gzsl")
loaded = sklearn_gzsl.load(folder / "kept.gzsl")
print("the same predictions:", bool((loaded.predict(X_test) == expected).all()))

# %%
# It goes on learning, for the rows that it was trained on are in the file. A number
# that exists on paper only:

loaded.add_classes({"7 with a bar": numbers.class_attributes["77"]})
print(len(clf.classes_), "classes, and then", len(loaded.classes_))

# %%
# Share it
# --------
# Others must not get the training rows. ``forget_rows`` drops them.

clf.forget_rows()
clf.save(folder / "shared.gzsl")
loaded = sklearn_gzsl.load(folder / "shared.gzsl")
print("the same predictions:", bool((loaded.predict(X_test) == expected).all()))

# %%
# What is in such a file, its header tells without this package: it is JSON.

import json

with (folder / "shared.gzsl").open("rb") as file:
    header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
about = json.loads(header["__metadata__"]["estimator"])
for name, fact in about["facts"].items():
    print(f"{name:18} {fact if len(str(fact)) < 50 else str(fact)[:50] + ' ...'}")

# %%
# Let it loose
# ------------
# Where scores are linear, ``to_sklearn`` makes a pipeline of scikit-learn, which needs
# neither this package nor torch, and which skl2onnx turns into an ONNX file, for where
# there is no Python (:doc:`/persistence` has the lines).

import joblib

pipeline = clf.to_sklearn()
joblib.dump(pipeline, folder / "pipeline.joblib")
print(pipeline)
print("the same predictions:", bool((pipeline.predict(X_test) == expected).all()))

# %%
# How large?
# ----------
# Beside a pickle of the whole, each with what it is good for:

import matplotlib.pyplot as plt

kept = sklearn_gzsl.load(folder / "kept.gzsl")
joblib.dump(kept, folder / "pickle.joblib")
purpose = {
    "pickle.joblib": "one's own cache: loading runs code",
    "kept.gzsl": "keep: goes on learning",
    "shared.gzsl": "share: without rows",
    "pipeline.joblib": "deploy: scikit-learn alone",
}
sizes = [(folder / name).stat().st_size / 2**20 for name in purpose]
figure, ax = plt.subplots(figsize=(8, 3), layout="constrained")
bars = ax.barh([f"{name}\n{text}" for name, text in purpose.items()], sizes)
ax.bar_label(bars, fmt="%.2f MB", padding=4)
ax.margins(x=0.15)
ax.invert_yaxis()
ax.set(xlabel="size of the file")
plt.show()

# %%
# What was learned
# ----------------
# Three calls, each for a purpose: ``save`` to keep, ``forget_rows`` before you share,
# ``to_sklearn`` to deploy. Predictions are the same in all of them.
