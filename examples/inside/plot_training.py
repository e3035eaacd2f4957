"""
====================================
Loss curves, and when training stops
====================================

A generator that is trained in steps has a loss, but the loss does not say how well it
draws classes that it has no rows of. Early stopping asks classes that are held out.
"""

# %%
# The data
# --------
# Made-up data with a curved map from descriptions to class means, of which forty
# classes are seen: few enough that a flow can learn them by heart.

from sklearn_gzsl.datasets import make_gzsl_classification

data = make_gzsl_classification(
    3000, 32, n_attributes=8, n_seen=40, n_unseen=10, nonlinearity=0.3, random_state=0
)
X, y, train = data.data, data.target, data.train

# %%
# Losses, and H on held-out classes
# ---------------------------------
# With ``early_stopping=True``, ``fit`` first makes a trial: a fifth of the classes is
# held out, and every so often the rows that the flow draws for them are judged by real
# ones. Then it is trained on all rows, for as many steps as were best.
#
# :class:`~sklearn_gzsl.inspection.TrainingCurveDisplay` shows both: coloured, the terms
# of the loss on all rows; over the scale on the right, the validation.

import matplotlib.pyplot as plt

from sklearn_gzsl import GZSLClassifier, SoftmaxClassifier, VAECFlow
from sklearn_gzsl.inspection import TrainingCurveDisplay

flow = VAECFlow(
    encoder_dims=(256,),
    decoder_dim=128,
    hidden_dim=128,  # small, and quick
    max_iter=1000,
    early_stopping=True,
    validation_interval=50,
    n_iter_no_change=20,  # to the end, for the picture
    random_state=0,
)
clf = GZSLClassifier(
    flow,
    SoftmaxClassifier(max_iter=4000),
    n_synthetic=200,
    seen_penalty=0.0,
    random_state=0,
)
clf.fit(X[train], y[train], class_attributes=data.class_attributes)
TrainingCurveDisplay.from_estimator(clf)
plt.show()

# %%
# The loss goes on falling while H has long been level: those steps teach the flow the
# rows of seen classes, and nothing about others.

generator = clf.generator_
print(f"stopped after {generator.n_iter_} of {flow.max_iter} steps")
print("held out in the trial:", *generator.validation_classes_)

# %%
# The classifier
# --------------
# The softmax behind it is trained in steps, too. ``part`` chooses what is drawn. Its
# loss still falls at the end: it asks for a larger ``max_iter``.

TrainingCurveDisplay.from_estimator(clf, part="classifier")
plt.show()

# %%
# What was learned
# ----------------
# Judge a generator by held-out classes, not by its loss. Where H is level, early
# stopping saves time, no more; where it falls again, it saves the model.
