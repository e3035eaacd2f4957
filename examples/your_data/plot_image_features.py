"""
==========================================
Images: features of an encoder, made once
==========================================

Nobody recognises new classes in pixels. An encoder that has learned from other images
turns each image into a row, once; everything after that is a table. This example has an
encoder of its own, as small as its images, and shows the lines for real ones.

They are not run, as each fetches weights; ``loader`` gives batches of images, prepared
by the encoder's own ``transform``.

.. code-block:: python

   import timm, torch  # ResNet, ViT, ConvNeXt, ...

   net = timm.create_model("resnet101", pretrained=True, num_classes=0).eval()
   config = timm.data.resolve_data_config({}, model=net)
   transform = timm.data.create_transform(**config)
   with torch.inference_mode():
       X = torch.cat([net(images) for images, _ in loader]).numpy()

.. code-block:: python

   import open_clip, torch  # images and names in one space: both are needed here

   net, _, transform = open_clip.create_model_and_transforms("ViT-B-32", "openai")
   net.eval()
   tokenize = open_clip.get_tokenizer("ViT-B-32")
   with torch.inference_mode():
       X = torch.cat([net.encode_image(images) for images, _ in loader]).numpy()
       texts = tokenize([f"a photo of a {name}" for name in names])
       vectors = net.encode_text(texts).numpy()
   attributes = ClassAttributes(names, vectors)

.. code-block:: python

   import torch  # DINOv2

   net = torch.hub.load("facebookresearch/dinov2", "dinov2_vitb14").eval()
   with torch.inference_mode():
       X = torch.cat([net(images) for images, _ in loader]).numpy()
"""

# %%
# What to mind
# ------------
# An encoder that was trained on your unseen classes has seen them: ImageNet has many
# animals and birds, and figures on these flatter. And features are stored as the
# encoder gives them; ``GZSLClassifier`` scales them by itself.
#
# An encoder of our own
# ---------------------
# Images of two-digit numbers, twenty of which are unseen. The encoder is a net that has
# learned to read *single* digits, from scans that are in no test image: other images,
# and other classes, as it is with photographs.

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from sklearn_gzsl.datasets import load_two_digit_numbers

numbers = load_two_digit_numbers(n_train=20)
digits = load_digits()
allowed = np.setdiff1d(np.arange(len(digits.data)), numbers.scans[numbers.test])
encoder = MLPClassifier((32,), max_iter=500, tol=1e-3, random_state=0)
encoder.fit(digits.data[allowed] / 16, digits.target[allowed])


def encode(images):
    """Rows of the hidden layer, of the left and of the right half of each image."""
    halves = (images[:, :, :8], images[:, :, 8:])
    weights, bias = encoder.coefs_[0], encoder.intercepts_[0]
    return np.hstack(
        [np.maximum(h.reshape(len(h), -1) / 16 @ weights + bias, 0) for h in halves]
    )


features = {"pixels": numbers.data, "encoder": encode(numbers.images)}
for name, X in features.items():
    print(f"{name:8} {X.shape[0]} rows of {X.shape[1]} numbers")

# %%
# What features are worth
# -----------------------
# Choose an encoder as everything else, by classes that are held out of the training
# rows. ``held_out_score_`` is the H that a fit reached on them.

from sklearn_gzsl import GZSLClassifier
from sklearn_gzsl.metrics import gzsl_scores

y, train, test = numbers.target, numbers.train, numbers.test
models = {}
for name, X in features.items():
    clf = GZSLClassifier(random_state=0)
    clf.fit(X[train], y[train], class_attributes=numbers.class_attributes)
    scores = gzsl_scores(
        y[test], clf.predict(X[test]), seen_classes=numbers.seen_classes
    )
    print(f"{name:8} held-out H {clf.held_out_score_:.2f}; test", end="  ")
    print(*(f"{key} {value:.2f} " for key, value in scores.items()))
    models[name] = clf

# %%
# Real and synthetic rows
# -----------------------
# Six unseen numbers, in the plane of two principal components: where a generator puts
# the rows of a class that it has never met, by pixels and by the encoder's features.

import matplotlib.pyplot as plt

from sklearn_gzsl.inspection import SyntheticFeaturesDisplay

figure, axes = plt.subplots(1, 2, figsize=(12, 4.6), layout="constrained")
shown = ["03", "18", "36", "47", "69", "92"]
for ax, (name, clf) in zip(axes, models.items()):
    SyntheticFeaturesDisplay.from_estimator(
        clf, features[name][test], y[test], classes=shown, random_state=0, ax=ax
    )
    ax.set_title(name)
plt.show()

# %%
# What was learned
# ----------------
# Half as many numbers, in which classes are farther apart, and a higher H on test rows.
# The promise on held-out classes was larger than that: the encoder has learned from the
# very scans that the training images are made of, so that these are clearer to it than
# new ones. It is the first warning above, in small: what an encoder
# has been trained on is no fair test of its features.
