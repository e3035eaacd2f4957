"""Fast instances of every estimator: the one table in which a new method gets an entry.

From it come scikit-learn's checks and our own of every generator (test_common), those
of densities and of adversarial methods, and the stored references.
"""

from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_gzsl import (
    ABP,
    CADAVAE,
    CEGZSL,
    CMT,
    CVAE,
    DAP,
    ESZSL,
    FVAEGAN,
    IAP,
    MLIS,
    SAE,
    SYNC,
    WGANGP,
    AttributeSoftmaxClassifier,
    BilinearClassifier,
    CalibratedStackingCV,
    GaussianGenerator,
    GSMFlow,
    GZSLClassifier,
    GZSLVotingClassifier,
    IncrementalLDA,
    PrototypeClassifier,
    PrototypeNetwork,
    RejectingClassifier,
    SoftmaxClassifier,
    VAECFlow,
)
from sklearn_gzsl.compatibility._base import CompatibilityClassifier
from sklearn_gzsl.generators import NeuralGenerator
from sklearn_gzsl.training import AdversarialNet

# Generator -> arguments with which it trains in hundredths of a second.
TINY = {
    GaussianGenerator: {},
    VAECFlow: {
        "hidden_dim": 8,
        "n_layers": 2,
        "encoder_dims": (8,),
        "decoder_dim": 8,
        "max_iter": 10,
    },
    GSMFlow: {"hidden_dim": 8, "n_layers": 2, "positioning_dim": 6, "max_iter": 10},
    CADAVAE: {
        "latent_dim": 8,
        "encoder_dim": 8,
        "decoder_dim": 8,
        "attribute_encoder_dim": 8,
        "attribute_decoder_dim": 8,
        "max_iter": 10,
    },
    ABP: {"hidden_dim": 16, "latent_dim": 4, "max_iter": 10},
    CVAE: {"hidden_dim": 16, "latent_dim": 8, "max_iter": 10},
    FVAEGAN: {
        "hidden_dim": 16,
        "n_critic": 2,
        "cycle_weight": 0.1,
        "decoded_features": True,
        "max_iter": 10,
    },
    WGANGP: {"hidden_dim": 16, "n_critic": 2, "max_iter": 10},
    CEGZSL: {
        "hidden_dim": 16,
        "embedding_dim": 16,
        "projection_dim": 8,
        "comparator_dim": 8,
        "n_critic": 2,
        "max_iter": 10,
    },
    MLIS: {"hidden_dim": 16, "embedding_dim": 16, "n_critic": 2, "max_iter": 10},
}
# Further arguments that make another model or another loss of it.
VARIANTS = {
    GaussianGenerator: [{"degree": 2, "shrinkage": 0.0}],
    VAECFlow: [
        {"conditioning": "linear"},
        {"cls_weight": 0.0},
        {"conditioning": "linear", "cls_weight": 0.0},
        {"noise": "dimension"},
    ],
    GSMFlow: [
        {"anchors": "all"},
        {"positioning_dim": None},
        {"conditioning": "implicit"},
        {"conditioning": "implicit", "positioning_dim": None},
        {"centralising_weight": 1.0, "repulsion_weight": 0.1, "proto_weight": 0.0},
    ],
    CVAE: [{"regressor_weight": 0.1, "dropout": 0.5, "standardize": False}],
    FVAEGAN: [
        {"cycle_weight": 0.0, "decoded_features": False},
        {"feedback": 0.5, "cls_weight": 0.1},
        {"metric_weight": 0.5, "metric_margin": 1.0},
        {"output_activation": "sigmoid", "feature_scale": None},
    ],
    WGANGP: [
        {"cls_weight": 0},
        {"ema_decay": 0.0},
        {"output_activation": "linear"},
        {"critic_gradients": "autograd"},
        {"critic_gradients": "autograd", "critic_layers": 3},
        {"cycle_weight": 0.1, "mean_weight": 0.1, "soul_weight": 0.1},
    ],
    CEGZSL: [{"instance_weight": 0}, {"ce_weight": 0}],
    MLIS: [
        {"rows_per_class": 3},
        {"metric_loss": "contrastive"},
        {"metric_loss": "multi_similarity"},
        {"synthetic_refinement": False},
        {"ce_weight": 0},
        {"critic_gradients": "autograd", "critic_layers": 2},
    ],
}

NEURAL = [cls for cls in TINY if issubclass(cls, NeuralGenerator)]
GENERATORS = [cls(**arguments) for cls, arguments in TINY.items()]


def variants(condition):
    """Whole and varied instances of the generators that meet a condition, by name."""
    return {
        ", ".join([cls.__name__, *(f"{k}={v}" for k, v in further.items())]): cls(
            **arguments | further
        )
        for cls, arguments in TINY.items()
        if condition(cls)
        for further in ({}, *VARIANTS.get(cls, ()))
    }


DENSITIES = variants(lambda cls: hasattr(cls, "score_samples"))
ADVERSARIAL = variants(
    lambda cls: cls in NEURAL and issubclass(cls._net_class, AdversarialNet)
)

SOFTMAX = SoftmaxClassifier(lr=0.05, max_iter=100)
CLASSIFIER = GZSLClassifier(
    GaussianGenerator(), LogisticRegression(), random_state=0, seen_penalty=0.0
)
# As in the papers: no ridge relative to the data, rows as they are.
PUBLISHED = {"alpha": 1.0, "gamma": 1.0, "relative": False, "normalisation": None}
# Any other estimator -> arguments with which it is fast, one instance for each dict.
FAST = {
    SoftmaxClassifier: [{"max_iter": 200}],
    IncrementalLDA: [{}],
    PrototypeClassifier: [{}],
    ESZSL: [{}, PUBLISHED],
    BilinearClassifier: [
        {"max_iter": 30, "lr": 0.3},
        {"max_iter": 30, "lr": 0.3, "loss": "warp", "n_maps": 2},
        {"max_iter": 30, "lr": 1.0, "optimizer": "sgd", "loss": "max_violator"},
    ],
    PrototypeNetwork: [
        {"max_iter": 15, "lr": 0.03, "hidden_dim": 32},
        {"max_iter": 15, "lr": 0.03, "hidden_dim": 32, "episodic": True},
    ],
    AttributeSoftmaxClassifier: [
        {"max_iter": 60, "lr": 0.05, "hidden_dim": 32, "temperature": 0.3}
    ],
    CMT: [
        {"max_iter": 30, "lr": 0.05, "hidden_dim": 32},
        {"max_iter": 30, "lr": 0.05, "hidden_dim": 32, "novelty": 0.1},
    ],
    DAP: [{}],
    IAP: [{}],
    SYNC: [{}, {"loss": "one_versus_other", "bandwidth": 1.0}],
    SAE: [{}, {"direction": "encode", "normalisation": "standard"}],
    GZSLClassifier: [
        {},
        {"generator": GENERATORS[1], "classifier": SOFTMAX},
        # One of each kind, of densities that above: closed form, latents, adversarial.
        # All are checked alone, and the chain takes the same steps with each of a kind.
        *(
            {"generator": g, "classifier": SOFTMAX, "seen_penalty": 0.0}
            for g in GENERATORS
            if isinstance(g, (GaussianGenerator, CADAVAE, MLIS))
        ),
        {
            "generator": GaussianGenerator(),
            "classifier": LogisticRegression(),
            "preprocessor": make_pipeline(SimpleImputer(), StandardScaler()),
        },
    ],
    CalibratedStackingCV: [{"estimator": CLASSIFIER}],
    RejectingClassifier: [{"estimator": CLASSIFIER}],
    GZSLVotingClassifier: [
        {
            "estimators": [
                ("synthetic", CLASSIFIER),
                ("prototypes", PrototypeClassifier()),
            ]
        }
    ],
}
ESTIMATORS = [
    *GENERATORS,
    *(cls(**arguments) for cls in FAST for arguments in FAST[cls]),
]


def hurried(estimator):
    """The estimator with few steps: enough for checks of behaviour, not of learning."""
    known = estimator.get_params()
    names = ("max_iter", "generator__max_iter")
    few = {name: 2 for name in names if isinstance(known.get(name), int)}
    # Of these scikit-learn's checks ask for some accuracy.
    if isinstance(known.get("classifier"), SoftmaxClassifier):
        few |= {"classifier__max_iter": 20, "classifier__lr": 0.2}
    if isinstance(estimator, SoftmaxClassifier):
        few = {"max_iter": 40, "lr": 0.1}
    if isinstance(estimator, CompatibilityClassifier):
        few = {}  # its instance above has as few as those checks allow
    return clone(estimator).set_params(**few)
