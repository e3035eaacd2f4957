"""The published hyper-parameters of each method on each benchmark data set."""

from . import compatibility, generators  # noqa: F401  these register their settings
from .classifiers._gzsl_classifier import GZSLClassifier
from .linear_model._softmax import SoftmaxClassifier
from .utils import METHODS, SPLITS, Published

__all__ = ["paper_settings"]


def paper_settings(method, dataset):
    """Published settings of a method on a benchmark, as a ready classifier.

    For reproducing the papers: the numbers of steps are made for GPUs, and some were
    chosen on test rows by their authors. The defaults of the generators are better for
    anything else. Where a paper and its authors' code disagree, these are the code's,
    as far as arguments go: the notes of each generator say what it does differently.

    Parameters
    ----------
    method : str
        Name of the generator, or of a classifier without one, in any case, such as
        "VAECFlow", "ESZSL" or "vae-cflow". Some have no published settings for any
        data set, as MLIS.

    dataset : str
        Name of the data set, in any case: "AWA1", "AWA2", "CUB", "SUN", "aPY", "FLO" or
        "ImageNet", with the split and the 2048 ResNet features of Xian et al. (2018).

    Returns
    -------
    GZSLClassifier, or the classifier without generator
        Not fitted. Its parameters can be changed with ``set_params``.

    Raises
    ------
    ValueError
        If there are no published settings of the method on the data set; the message
        lists those that there are.

    Notes
    -----
    Passes over the rows ("epochs") are turned into gradient steps with the number of
    training rows of the split. The final classifiers of the references are evaluated on
    the test rows after every epoch and the best is reported (CADA-VAE's excepted); here
    the last step counts.

    Where the synthetic rows take more than ``memory_limit``, the classifier learns from
    chunks of them: GSMFlow on AWA2 has 500,000, which are 4 GB, and draws them once for
    every five passes; ``set_params(memory_limit=None)`` draws them once, with room for
    two copies. For VAE-cFlow on ImageNet only steps, batch and synthetic rows are
    published; the rest is as on the other data sets. Its 600 rows for each of 20,345
    unseen classes would take 100 GB at once.

    References
    ----------
    Gu et al. (2020), Chen et al. (2021), Schönfeld et al. (2019), Xian et al. (2018b):
    see the generators.

    Xian, Lampert, Schiele and Akata (2018). Zero-shot learning: a comprehensive
    evaluation of the good, the bad and the ugly. TPAMI.

    Examples
    --------
    >>> from sklearn_gzsl.presets import paper_settings
    >>> clf = paper_settings("GSMFlow", "AWA2")
    >>> clf.n_synthetic, clf.generator.max_iter
    (50000, 45500)
    >>> clf = clf.set_params(random_state=0, generator__max_iter=400)
    """
    known = {
        name: (m.estimator, settings)
        for m in METHODS.values()
        for name, settings in m.published.items()
    }
    chosen = _spelled(method, known)
    data = _spelled(dataset, SPLITS)
    if chosen is None or data not in known[chosen][1]:
        pairs = (f"{name}: {', '.join(known[name][1])}" for name in known)
        raise ValueError(
            f"There are no published settings of method={method!r} on "
            f"dataset={dataset!r}; there are {'; '.join(pairs)}."
        )
    estimator, settings = known[chosen]
    if isinstance(settings[data], Published):
        return _classifier(estimator, settings[data], data)
    return estimator(**settings[data])


def _spelled(name, names):
    """The one of ``names`` that is meant, in any case and with hyphens, or None."""
    spelled = str(name).upper().replace("-", "")
    return next((n for n in names if n.upper() == spelled), None)


def _classifier(generator, published, data):
    """The published settings of a generator, as an unfitted classifier."""
    split = SPLITS[data]
    rows = split.seen * published.n_real if published.n_real else split.rows
    rows += split.unseen * published.n_synthetic
    lr, passes, batch_size = published.softmax
    # The authors count passes over all rows, real and synthetic.
    steps = passes * -(-rows // batch_size)
    return GZSLClassifier(
        generator(**published.generator),
        SoftmaxClassifier(lr=lr, batch_size=batch_size, max_iter=steps),
        preprocessor=published.preprocessor,
        n_real=published.n_real,
        n_synthetic=published.n_synthetic,
        seen_penalty=0.0,  # none of the papers has one
    )
