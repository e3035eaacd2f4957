"""ImageNet-21K: a thousand seen classes, and up to twenty thousand unseen ones."""

from __future__ import annotations

import os
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils import Bunch, check_random_state

from .._sklearn_compat import Interval, validate_params
from ..attributes import ClassAttributes, check_class_attributes
from ..utils import warn
from ._imagenet21k_files import (
    COUNTS,
    FEATURES,
    N_CLASSES,
    find,
    find_unseen,
    is_described,
    read_seen,
    read_split,
    read_words,
)
from ._matfile import open_mat

if TYPE_CHECKING:
    from ..attributes._typing import ClassAttributesLike
    from ..utils._typing import RandomState

_DESCR = """\
ImageNet-21K, split {split}
---------------------------

**Data Set Characteristics:**

:Number of Instances: {n_train} to train on, {n_seen_rows} of seen and
    {n_unseen_rows} of unseen classes to test, which stay on disk
:Number of Attributes: {n_features}
:Number of Classes: {n_seen} seen and {n_unseen} unseen, {n_left_out} of the
    split left out for want of a description
:Class Attributes: {n_attributes}

Features, word vectors and splits in the layout of Y. Xian, C. H. Lampert, B. Schiele
and Z. Akata, "Zero-shot learning: a comprehensive evaluation of the good, the bad and
the ugly", TPAMI, 2018; word vectors and splits by S. Changpinyo, W.-L. Chao, B. Gong
and F. Sha, "Synthesized classifiers for zero-shot learning", CVPR, 2016.
"""


@validate_params(
    {
        "folder": [str, os.PathLike],
        "split": [str],
        "descriptions": "no_validation",
        "splits": [str, os.PathLike, None],
        "rows_per_class": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
        "max_bytes": [Interval(Integral, 1, None, closed="left"), None],
    },
    prefer_skip_nested_validation=True,
)
def load_imagenet21k(
    folder: str | os.PathLike,
    split: str = "2-hops",
    *,
    descriptions: ClassAttributesLike | None = None,
    splits: str | os.PathLike | None = None,
    rows_per_class: int | None = 50,
    random_state: RandomState = 0,
    max_bytes: int | None = None,
) -> Bunch:
    """Load a split of ImageNet-21K, the large benchmark of zero-shot learning.

    The classes of ILSVRC 2012 are seen; unseen ones are those within two or three hops
    of these in WordNet, the most or least populated ones, or all others [1]_, [2]_.
    Training rows are read into memory; test rows stay on disk, and come a block at a
    time.

    Parameters
    ----------
    folder : str or path-like
        Where these files are, as their authors lay them out:

        - ``ILSVRC2012_res101_feature.mat`` with ``features``, ``labels``,
          ``features_val`` and ``labels_val``, rows along either side;
        - ``ImageNet2011_res101_feature/res101_1crop_feature/<class number>.bin``, for
          each unseen class two int32, the numbers of rows and columns, and float64;
        - ``ImageNet_w2v.mat`` with ``wnids``, ``w2v`` and perhaps ``words`` and
          ``no_w2v_loc``;
        - ``ImageNet_splits.mat``, or ``ImageNet_splits.json``.

        MATLAB files may be of any version; 7.3 needs h5py.

    split : str, default="2-hops"
        "2-hops", "3-hops", "most-500", "most-1000", "most-5000", "least-500",
        "least-1000", "least-5000" or "all"; with a JSON file, one of its lists.

    descriptions : mapping, DataFrame or ClassAttributes, default=None
        Descriptions by the codes of classes, such as ``"n01440764"``; by default the
        word vectors. Classes of the split without one are left out.

    splits : str or path-like, default=None
        The file with the splits, if it has another name: a MATLAB file, or JSON with
        lists of codes, such as ``{"2-hops": ["n02084071", ...]}``; there ``"train"``
        lists the seen classes, by default the first 1,000 of ``wnids``.

    rows_per_class : int or None, default=50
        Training rows of each seen class, drawn at random; None takes all, which is
        10 GB.

    random_state : int, RandomState instance or None, default=0
        Seeds the choice of the training rows.

    max_bytes : int, default=None
        What a variable of a MATLAB file may take in memory, as in
        :func:`load_xlsa17`.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the following attributes.

        data : ndarray of shape (n_train, n_features), float32
            Training rows.
        target : ndarray of shape (n_train,) of str
            Code of each row's class.
        class_attributes : ClassAttributes
            Descriptions of seen and unseen classes.
        words : dict of str to str
            What the classes are called.
        seen_classes, unseen_classes : ndarray of str
            Their codes.
        test_seen, test_unseen : StoredRows
            Test rows on disk: ``len(rows)``, ``rows.classes``, ``rows.counts``, and
            ``rows.blocks(n_rows)``, which yields features and labels.
        DESCR : str
            Description of the data set.

    Raises
    ------
    FileNotFoundError
        If a file is missing, also of a class of the split; the message names it.
    ImportError
        If a file is of MATLAB's version 7.3 and h5py is missing.
    ValueError
        If the split is unknown, a file is damaged, cut short or contradicts another
        one, or a seen class has no description or no rows. The message names the file.

    Warns
    -----
    GZSLWarning
        If the word vectors of all 21,842 classes are there, and the split has another
        number of classes than the papers'.

    See Also
    --------
    load_xlsa17 : The smaller benchmarks.

    References
    ----------
    .. [1] Changpinyo, Chao, Gong and Sha. Synthesized classifiers for zero-shot
       learning. CVPR, 2016.
    .. [2] Xian, Lampert, Schiele and Akata. Zero-shot learning: a comprehensive
       evaluation of the good, the bad and the ugly. TPAMI, 2018.

    Examples
    --------
    >>> from sklearn_gzsl.datasets import load_imagenet21k
    >>> data = load_imagenet21k("imagenet21k", "2-hops")  # doctest: +SKIP
    >>> len(data.seen_classes), len(data.unseen_classes)  # doctest: +SKIP
    (1000, 1509)
    >>> X, y = next(data.test_unseen.blocks(1024))  # doctest: +SKIP
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"folder={str(folder)!r} does not exist.")
    # Small files first: what contradicts itself is found before gigabytes are read.
    words_mat = open_mat(find(folder, "ImageNet_w2v.mat"), max_bytes)
    wnids, words, vectors = read_words(words_mat)
    named = ("ImageNet_splits.mat", "ImageNet_splits.json")
    path = Path(splits) if splits is not None else find(folder, *named)
    seen, listed = read_split(path, split, wnids, max_bytes)
    if descriptions is None:
        whole = np.isfinite(vectors).all(axis=1)
        attributes = ClassAttributes(wnids[whole], vectors[whole])
    else:
        attributes = check_class_attributes(descriptions)
    del vectors
    unseen = listed[is_described(attributes, wnids, seen)[listed]]
    if not unseen.size:
        raise ValueError(f"descriptions has none of the classes of split={split!r}.")
    due = COUNTS.get(split, len(unseen))
    if descriptions is None and len(wnids) == N_CLASSES and due != len(unseen):
        warn(
            f"{path}: the split {split!r} has {len(unseen)} classes with a word "
            f"vector, and {due} in the papers, whose figures do not compare.",
        )
    features_mat = open_mat(find(folder, FEATURES), max_bytes)
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31))
    X, codes, test_seen = read_seen(features_mat, wnids, seen, rows_per_class, rng)
    test_unseen = find_unseen(folder, split, unseen, wnids, X.shape[1])
    classes = np.concatenate([seen, unseen])
    attributes = attributes.subset(wnids[classes])
    return Bunch(
        data=X,
        target=wnids[codes],
        class_attributes=attributes,
        words=dict(zip(wnids[classes].tolist(), words[classes].tolist(), strict=True)),
        seen_classes=wnids[seen],
        unseen_classes=wnids[unseen],
        test_seen=test_seen,
        test_unseen=test_unseen,
        DESCR=_DESCR.format(
            split=split,
            n_train=len(X),
            n_seen_rows=len(test_seen),
            n_unseen_rows=len(test_unseen),
            n_features=X.shape[1],
            n_seen=len(seen),
            n_unseen=len(unseen),
            n_left_out=len(listed) - len(unseen),
            n_attributes={k: v.shape[1] for k, v in attributes.sources.items()},
        ),
    )
