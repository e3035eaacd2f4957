"""The field's common data sets: ResNet features, attributes and official splits."""

import os
from collections.abc import Generator
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from sklearn.model_selection import PredefinedSplit
from sklearn.utils import Bunch

from .._sklearn_compat import Interval, validate_params
from ..attributes import ClassAttributes
from ._matfile import open_mat
from ._xlsa17_files import (
    find_file,
    find_folder,
    read_attributes,
    read_features,
    read_filenames,
    read_labels,
    read_names,
    read_split,
    read_tuning_classes,
)

_HELD_OUT_SHARE = 0.2  # of each class's rows, as the official split does

_LEAK = """\
{key} is not handed out: in most copies of these files, train_loc and val_loc leak. \
Together they are trainval_loc and test_seen_loc, so that a model tuned with them has \
seen test rows. Tune on the training rows alone: cv=data.tuning_cv holds out the same \
classes there; data.tuning_seen_classes and data.tuning_unseen_classes name them."""

_DESCR = """\
{dataset} of the xlsa17 benchmark
{underline}

**Data Set Characteristics:**

:Number of Instances: {n_rows} ({n_train} to train on, {n_test_seen} of seen and
    {n_test_unseen} of unseen classes to test)
:Number of Attributes: {n_features}
:Number of Classes: {n_classes}, of which {n_seen} seen and {n_unseen} unseen
:Class Attributes: {n_attributes} ({attributes!r} of {splits})

Features ({features}), class attributes and the proposed split of Y. Xian,
C. H. Lampert, B. Schiele and Z. Akata, "Zero-shot learning: a comprehensive evaluation
of the good, the bad and the ugly", TPAMI, 2018, or files in the layout of theirs.

The row lists train_loc and val_loc of the files are left out: in most copies they are
made of the training *and of the seen test rows*, so that tuning with them looks at test
rows. The classes that they stand for are kept.
"""


@validate_params(
    {
        "folder": [str, os.PathLike],
        "dataset": [str],
        "features": [str],
        "splits": [str],
        "attributes": [str],
        "dtype": "no_validation",  # by hand: numpy's type, its class or its name
        "max_bytes": [Interval(Integral, 1, None, closed="left"), None],
    },
    prefer_skip_nested_validation=True,
)
def load_xlsa17(
    folder: str | os.PathLike,
    dataset: str,
    *,
    features: str = "res101",
    splits: str = "att_splits",
    attributes: str = "att",
    dtype: DTypeLike = np.float32,
    max_bytes: int | None = None,
) -> Bunch:
    """Load a data set in the layout of the xlsa17 archive.

    That is how the zero-shot learning benchmarks AWA1, AWA2, CUB, SUN, aPY and (from
    other authors) FLO are passed around: ``res101.mat`` has a matrix of features and
    a label for each image, ``att_splits.mat`` an attribute vector for each class and
    the official split. Files of any MATLAB version are read; those of version 7.3
    need h5py.

    Parameters
    ----------
    folder : str or path-like
        The archive's folder, its ``data`` folder, or the data set's own.

    dataset : str
        Name of the data set's folder, as "AWA2", in upper or lower case. In place of
        the folder there may be files whose names start with it:
        ``AWA2_att_splits.mat``.

    features : str, default="res101"
        Name of the file with the features, without ``.mat``.

    splits : str, default="att_splits"
        Name of the file with class attributes and split, without ``.mat``; with
        CUB, for example, ``"sent_splits"`` where others' sentence embeddings are.

    attributes : str, default="att"
        Which matrix of that file describes the classes: ``"att"``, with a vector of
        norm 1 for each class, or ``"original_att"``, as people stated them, for
        which AWA1 and AWA2 have -1 where nobody did.

    dtype : {numpy.float32, numpy.float64}, default=numpy.float32
        Type of the features.

    max_bytes : int, default=None
        What a variable may take in memory; by default a hundred times what its file
        has, and 64 MiB at least. More is taken only by files that are made to harm.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the following attributes.

        data : ndarray of shape (n_rows, n_features), of type `dtype`
            Features, as they are in the file: not scaled.
        target : ndarray of shape (n_rows,) of str
            Name of each row's class.
        class_attributes : ClassAttributes
            A vector for each class, in the order of the file.
        target_names : ndarray of shape (n_classes,) of str
            All classes: names without the numbers and underscores of the file
            ("007.Parakeet_Auklet" is "Parakeet Auklet"), or "1" to "n_classes"
            if it has no names.
        original_names : list of str
            The same, as they are in the file.
        seen_classes : ndarray of str
            The classes that have training rows.
        unseen_classes : ndarray of str
            The classes that have none.
        train : ndarray of shape (n_train,) of int
            Indices of the training rows, counted from 0: ``trainval_loc``.
        test : ndarray of shape (n_test,) of int
            Indices of the test rows: those of seen classes, then of unseen ones.
        test_seen : ndarray of int
            Indices of the test rows of seen classes.
        test_unseen : ndarray of int
            Indices of the test rows of unseen classes.
        cv : list of one tuple (train, test)
            The official split, for scikit-learn's ``cv`` parameters.
        tuning_seen_classes, tuning_unseen_classes : ndarray of str, or None
            The authors' division of the seen classes for choosing settings.
        tuning_cv : cross-validation splitter, or None
            One split of the *training rows*, ``data[train]``, for searches: holds
            out the classes ``tuning_unseen_classes`` and a fifth of the rows of
            every other class. It refuses any other number of rows.
        filenames : list of str, or None
            The image of each row.
        DESCR : str
            Description of the data set.

    Raises
    ------
    FileNotFoundError
        If a file is missing; the message says where it should be.
    ImportError
        If a file is of version 7.3 and h5py is missing.
    ValueError
        If a file is damaged, lacks a variable, or contradicts itself or the other
        file: labels without attributes, other numbers of classes or rows, rows in
        two parts, unseen classes with training rows, images in the folder of another
        class. The message names the file and the variable. Also if a variable would
        take more than ``max_bytes``, or its numbers from other files, as HDF5 can
        (external storage, links, virtual data sets); if a parameter is
        out of range, or for ``data["train_loc"]`` and ``data["val_loc"]``.

    Warns
    -----
    GZSLWarning
        If the authors' division for tuning is none of the seen classes.

    See Also
    --------
    fetch_xlsa17 : Downloads the archive.
    sklearn_gzsl.model_selection.GZSLShuffleSplit : For tuning on classes drawn at
        random.

    Notes
    -----
    The rows of ``train_loc`` and ``val_loc`` are not handed out. In most copies of
    the files they are, together, ``trainval_loc`` and ``test_seen_loc``, so that who
    tunes with them looks at test rows. Where a file lacks both, the classes come from
    ``trainclasses1.txt`` and ``valclasses1.txt`` beside it; where these are missing,
    too, the three entries are None.

    The float64 of a file is converted on the way in, so that no more memory is used
    than for the float32 result: half of what scipy's reader returns, and a third of
    what reading with it and converting needs. Files of version 4 are the exception.

    Examples
    --------
    A data set of four images, stored in the archive's layout:

    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from scipy.io import savemat
    >>> from sklearn_gzsl.datasets import load_xlsa17
    >>> archive = tempfile.TemporaryDirectory()
    >>> folder = Path(archive.name) / "PETS"
    >>> folder.mkdir()
    >>> savemat(
    ...     folder / "res101.mat", {"features": np.eye(3, 4), "labels": [1, 2, 1, 3]}
    ... )
    >>> savemat(
    ...     folder / "att_splits.mat",
    ...     {
    ...         "att": np.array([[1, 0, 1], [0, 1, 1]]),
    ...         "allclasses_names": np.array(["cat", "dog", "hamster"], dtype=object),
    ...         "trainval_loc": [1, 2],
    ...         "test_seen_loc": [3],
    ...         "test_unseen_loc": [4],
    ...     },
    ... )
    >>> pets = load_xlsa17(archive.name, "pets")
    >>> pets.data.shape, pets.target.tolist()
    ((4, 3), ['cat', 'dog', 'cat', 'hamster'])
    >>> pets.train, pets.test_unseen, pets.unseen_classes
    (array([0, 1]), array([3]), array(['hamster'], dtype='<U7'))
    >>> archive.cleanup()
    """
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype={dtype!r}; use numpy.float32 or numpy.float64.")
    base = find_folder(Path(folder).expanduser(), dataset)
    splits_mat = open_mat(find_file(base, dataset, splits), max_bytes)
    features_mat = open_mat(find_file(base, dataset, features), max_bytes)

    # The small variables first: what contradicts itself is found before the features,
    # which may be gigabytes, are read.
    values = read_attributes(splits_mat, attributes)
    original_names, names = read_names(splits_mat, len(values), attributes)
    codes = read_labels(features_mat, splits_mat, len(values))
    train, test_seen, test_unseen = read_split(splits_mat, codes, names)
    test = np.concatenate([test_seen, test_unseen])
    seen, unseen = np.unique(codes[train]), np.unique(codes[test_unseen])
    tuning = read_tuning_classes(splits_mat, codes, names, seen)
    filenames = read_filenames(features_mat, codes, names)
    X = read_features(features_mat, len(codes), dtype)

    title = f"{dataset} of the xlsa17 benchmark"
    return _XLSA17Bunch(
        data=X,
        target=names[codes],
        class_attributes=ClassAttributes(names, values),
        target_names=names,
        original_names=original_names,
        seen_classes=names[seen],
        unseen_classes=names[unseen],
        train=train,
        test=test,
        test_seen=test_seen,
        test_unseen=test_unseen,
        cv=[(train, test)],
        tuning_seen_classes=None if tuning is None else names[tuning[0]],
        tuning_unseen_classes=None if tuning is None else names[tuning[1]],
        tuning_cv=None if tuning is None else _tuning_split(codes[train], tuning[1]),
        filenames=filenames,
        DESCR=_DESCR.format(
            dataset=dataset,
            underline="-" * len(title),
            n_rows=len(X),
            n_train=len(train),
            n_test_seen=len(test_seen),
            n_test_unseen=len(test_unseen),
            n_features=X.shape[1],
            n_classes=len(names),
            n_seen=len(seen),
            n_unseen=len(unseen),
            n_attributes=values.shape[1],
            attributes=attributes,
            splits=splits_mat.path.name,
            features=features_mat.path.name,
        ),
    )


class _XLSA17Bunch(Bunch):
    """A Bunch that says why two entries of the files are not there."""

    # A Bunch is a dict with attributes: both ways of asking need an answer.
    def __missing__(self, key):
        if key in ("train_loc", "val_loc"):
            raise ValueError(_LEAK.format(key=key))
        raise KeyError(key)

    def __getattr__(self, key):
        if key in ("train_loc", "val_loc"):
            raise AttributeError(_LEAK.format(key=key))
        return super().__getattr__(key)


class TuningSplit(PredefinedSplit):
    """One split of the training rows that refuses to cut anything else."""

    def split(
        self, X: Any = None, y: Any = None, groups: Any = None
    ) -> Generator[tuple[np.ndarray, np.ndarray], Any, None]:
        """Yield the split, after a look at the number of rows."""
        # Row numbers of another table would cut it without an error, at random.
        n_rows = len(self.test_fold) if X is None else np.shape(X)[0]
        if n_rows != len(self.test_fold):
            raise ValueError(
                f"tuning_cv splits the {len(self.test_fold)} training rows, but X has "
                f"{n_rows} rows; pass data.data[data.train] and "
                "data.target[data.train]."
            )
        return super().split(X, y, groups)


def _tuning_split(codes, unseen):
    """Hold out the unseen classes, and a fifth of the rows of every other one."""
    # A fixed seed, and a generator whose numbers never change: all who tune on a data
    # set tune on the same rows.
    rng = np.random.RandomState(0)
    # In scikit-learn's PredefinedSplit -1 is never tested, and 0 is in the only fold.
    test_fold = np.where(np.isin(codes, unseen), 0, -1)
    for code in np.setdiff1d(codes, unseen):
        own = rng.permutation(np.flatnonzero(codes == code))
        # One row at least to test, unless it is the only one.
        n_test = max(round(_HELD_OUT_SHARE * len(own)), min(1, len(own) - 1))
        test_fold[own[:n_test]] = 0
    return TuningSplit(test_fold)
