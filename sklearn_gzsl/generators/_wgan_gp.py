"""f-CLSWGAN (Xian et al. 2018): a conditional Wasserstein GAN of features."""

from ..utils import SPLITS, Published, register
from ._adversarial import JudgedGenerator, JudgedWGAN


class WGANGP(JudgedGenerator):
    r"""Conditional Wasserstein GAN with gradient penalty and class loss (f-CLSWGAN).

    A generator turns noise and a class's description into features,
    :math:`\tilde{x} = G(z, a)`. A critic learns to score real features above synthetic
    ones, and the generator learns to raise its scores, as well as the probability that
    a softmax classifier, trained on the real rows beforehand, gives the right class.

    See Also
    --------
    VAECFlow : A flow, which also knows its density.

    Notes
    -----
    The losses are those of the paper, where ``gp_weight`` is the lambda of Eq. 2 and
    ``cls_weight`` the beta of Eq. 4. Different from it are the defaults of
    ``hidden_dim``, ``feature_scale``, ``lr`` and ``max_iter``, chosen on held-out
    classes of real data; the average of the generator's weights, since the two sides
    circle around their balance; and that the features' mean is taken off for the critic
    and is where the generator starts. The authors' setting is ``hidden_dim=4096,
    feature_scale=None, ema_decay=0``, with ``lr`` from 1e-5 to 2e-4 and many more
    steps.

    With one hidden layer, as in the paper, the gradient in the critic's penalty is
    written out and needs no second differentiation. The softmax takes as many steps as
    the critic.

    References
    ----------
    Xian, Lorenz, Schiele and Akata (2018b). Feature generating networks for
    zero-shot learning. CVPR.

    Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville (2017). Improved training of
    Wasserstein GANs. NeurIPS.

    Examples
    --------
    >>> from sklearn_gzsl import WGANGP
    >>> from sklearn_gzsl.datasets import load_two_digit_numbers
    >>> numbers = load_two_digit_numbers()
    >>> generator = WGANGP(hidden_dim=64, max_iter=20, random_state=0).fit(
    ...     numbers.data[numbers.train],
    ...     numbers.target[numbers.train],
    ...     class_attributes=numbers.class_attributes,
    ... )
    >>> X_new, y_new = generator.sample(numbers.class_attributes, n_samples=2)
    >>> X_new.shape
    (200, 128)
    """

    def _module(self, options, rng):
        return JudgedWGAN(options, rng)


def _published(data, *, lr, passes, n_synthetic, cls_weight=0.01):
    return Published(
        generator={
            "hidden_dim": 4096,
            "latent_dim": None,
            "output_activation": "relu",
            "feature_scale": None,
            "n_critic": 5,
            "gp_weight": 10.0,
            "ema_decay": 0.0,
            "temperature": 1.0,
            "lr": lr,
            "lr_schedule": "constant",
            "batch_size": 64,
            # A step of the generator for each batch, the short one included: the critic
            # sees five times the rows.
            "max_iter": passes * -(-SPLITS[data].rows // 64),
            "cls_weight": cls_weight,
        },
        # The authors' batches are as large as the rows drawn for a class.
        softmax=(1e-3, 25, n_synthetic),
        n_synthetic=n_synthetic,
    )


register(
    WGANGP,
    name="wgan-gp",
    search={"max_iter": [400, 1200], "cls_weight": [0.01, 0.1]},
    published={
        "AWA1": _published("AWA1", lr=1e-5, passes=30, n_synthetic=1800),
        "AWA2": _published("AWA2", lr=1e-5, passes=30, n_synthetic=1800),
        "CUB": _published("CUB", lr=1e-4, passes=56, n_synthetic=300),
        "SUN": _published("SUN", lr=2e-4, passes=40, n_synthetic=400),
        "aPY": _published("aPY", lr=1e-5, passes=50, n_synthetic=1800),
        "FLO": _published("FLO", lr=1e-4, passes=80, n_synthetic=1200, cls_weight=0.1),
    },
)
