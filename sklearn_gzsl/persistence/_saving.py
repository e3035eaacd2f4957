"""The method ``save``, and estimators that say which versions have written them."""

from os import PathLike

from ..utils import InheritedDocs
from ._files import write
from ._versions import Stored, warn_of_versions


class SavingMixin(Stored, InheritedDocs):
    """Estimators that can be saved in files that hold data alone.

    Attributes
    ----------
    n_features_in_ : int
        Number of features of X.
    feature_names_in_ : ndarray of str
        Names of the features, if X had any.
    """

    def save(self, path: str | PathLike) -> None:
        """Write the estimator to a file, from which ``load`` brings it back.

        The file has a header in JSON and plain arrays, each with a checksum. Nothing in
        it is executed, by :func:`sklearn_gzsl.load` or later. It is a safetensors file,
        too: many programs list its arrays.

        Parameters
        ----------
        path : str or Path
            The file; one that is there is replaced, once the new one is whole.

        Raises
        ------
        TypeError
            If a part can not be written: a function, an object of another package, or
            one of scikit-learn that is not plain arrays, such as a tree. The message
            names the attribute.
        OSError
            If no file can be written there, as where the folder does not exist.

        See Also
        --------
        sklearn_gzsl.load : Reads it.

        Notes
        -----
        The parameters ``memory`` and ``checkpoint``, which name folders of this
        machine, are written as None.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from sklearn.datasets import load_digits
        >>> import sklearn_gzsl
        >>> X, y = load_digits(return_X_y=True)
        >>> clf = sklearn_gzsl.IncrementalLDA().fit(X, y)
        >>> with TemporaryDirectory() as folder:
        ...     clf.save(Path(folder, "digits.safetensors"))
        ...     loaded = sklearn_gzsl.load(Path(folder, "digits.safetensors"))
        >>> bool((loaded.predict_proba(X) == clf.predict_proba(X)).all())
        True
        """
        write(self, path)

    def _on_other_versions(self, written, here):
        warn_of_versions(type(self).__name__, written, here)
