"""
=============================
Write a generator of your own
=============================

A method of your own is a class with a few lines of torch: the model, its loss, and how
to draw from it. Training, early stopping, searches and a classifier behind it come from
the base class. This example writes one, looks at what it draws, writes another that
draws better, and asks held-out classes what that is worth.
"""

# %%
# The model
# ---------
# Features of a class are a linear function of its description, and normal noise.
# ``forward`` returns the losses of a batch, of which ``"loss"`` is minimised;
# ``sample`` draws rows of each description. Parameters are annotated attributes, and
# what is not stated here is that of the base class. :doc:`/new_generator` explains each
# line.

from numbers import Real

import torch
from sklearn.utils._param_validation import Interval
from torch import nn

from sklearn_gzsl.generators import NeuralGenerator
from sklearn_gzsl.nn import linear


class LinearGaussian(NeuralGenerator):
    """Features x = W a + b + noise of a class with the description a.

    Parameters
    ----------
    ridge : float, default=1e-3
        Weight of the squared norm of W in the loss.
    """

    ridge: float = 1e-3
    lr: float = 1e-2
    max_iter: int = 500

    _parameter_constraints = {"ridge": [Interval(Real, 0, None, closed="left")]}

    def _module(self, options, rng):
        return LinearGaussianModule(options, rng)


class LinearGaussianModule(nn.Module):
    """The mean, a linear layer, and one standard deviation for all features."""

    def __init__(self, options, rng):
        super().__init__()
        self.options = options
        self.mean = linear(options.n_attributes, options.n_features, rng)
        n_deviations = self.n_deviations(options)
        self.log_std = nn.Parameter(torch.zeros(n_deviations, dtype=torch.float32))

    def n_deviations(self, options):
        """How many standard deviations there are."""
        return 1

    def prepare(self, X, y, A, unseen):
        """Keep the descriptions of the seen classes."""
        self.A = A

    def forward(self, x, y, rng):
        """Negative log-density of rows, and the norm of W."""
        u = (x - self.mean(self.A[y])) * torch.exp(-self.log_std)
        density = (0.5 * u.square() + self.log_std).sum(dim=1).mean()
        norm = self.mean.weight.square().sum()
        return {"loss": density + self.options.ridge * norm, "density": density}

    def sample(self, a, n_samples, rng, temperature):
        """Rows of each description."""
        mean = self.mean(a).repeat_interleave(n_samples, dim=0)
        like = {"device": mean.device, "dtype": mean.dtype}
        noise = torch.randn(mean.shape, generator=rng, **like)
        return mean + temperature * self.log_std.exp() * noise


# %%
# In a classifier
# ---------------
# It goes where every other generator goes. ``held_out_score_`` is H on classes that
# ``fit`` has held out, so that versions can be compared without a test row.

from sklearn_gzsl import GZSLClassifier, IncrementalLDA
from sklearn_gzsl.datasets import load_two_digit_numbers

numbers = load_two_digit_numbers(n_train=20)
X, y = numbers.data[numbers.train], numbers.target[numbers.train]
attributes = numbers.class_attributes

one = GZSLClassifier(LinearGaussian(), IncrementalLDA(), random_state=0)
one.fit(X, y, class_attributes=attributes)
print(one)
print(f"H on held-out classes {one.held_out_score_:.3f}")

# %%
# A second version
# ----------------
# The noise is the same in all pixels, and corners that are always white get as much as
# the strokes. One standard deviation for each feature is one line of the module, and
# one that puts it in its place:


class DiagonalModule(LinearGaussianModule):
    """A standard deviation for each feature."""

    def n_deviations(self, options):
        """As many as there are features."""
        return options.n_features


class DiagonalGaussian(LinearGaussian):
    """The same with noise of its own in each feature."""

    def _module(self, options, rng):
        return DiagonalModule(options, rng)


each = GZSLClassifier(DiagonalGaussian(), IncrementalLDA(), random_state=0)
each.fit(X, y, class_attributes=attributes)
print(f"H on held-out classes {each.held_out_score_:.3f}")

# %%
# What they draw
# --------------
# Of numbers that no training row shows.

import matplotlib.pyplot as plt

X_test, y_test = numbers.data[numbers.test], numbers.target[numbers.test]
shown = ["03", "18", "36", "47", "69", "92"]
rows = {"a test row": [X_test[y_test == number][0] for number in shown]}
for name, clf in {"one deviation": one, "one each": each}.items():
    drawn, _ = clf.generator_.sample(attributes.subset(shown), 1, random_state=0)
    rows[name] = clf.preprocessor_.inverse_transform(drawn)

figure, axes = plt.subplots(3, len(shown), figsize=(9, 3), layout="constrained")
for (name, images), row in zip(rows.items(), axes):
    for ax, image in zip(row, images):
        ax.imshow(image.reshape(8, 16), cmap="gray_r", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, rotation=0, ha="right", va="center")
for ax, number in zip(axes[0], shown):
    ax.set_title(number)
plt.show()

# %%
# On test rows, once
# ------------------

from sklearn_gzsl.metrics import GZSLScorer

for name, clf in {"one deviation": one, "one each": each}.items():
    scores = GZSLScorer()(clf, X_test, y_test)
    print(f"{name:14}", *(f"{key} {value:.2f} " for key, value in scores.items()))

# %%
# What was learned
# ----------------
# A generator is a model, a loss and a way to draw, and a variant of it a few lines. The
# second version draws cleaner numbers, white where these are always white, and is no
# better: the classifier behind it goes by the means, which are about the same, and by
# how features vary *together*, which neither version knows. So judge a generator by
# ``held_out_score_``, and not by its pictures. The next step would be noise that is
# correlated, as that of :class:`~sklearn_gzsl.GaussianGenerator` is.
