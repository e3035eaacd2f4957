"""The state of a fit that was killed, beside the file of the results."""

from contextlib import suppress
from shutil import rmtree

from ..training import EACH_FIT, checkpoints


class Unfinished:
    """Where the parts of one fit keep their state, if results are written at all.

    Parameters
    ----------
    out : Path or None
        The file of the results.
    method : str
    seed : int
    """

    def __init__(self, out, method, seed):
        self._folder = None
        if out is not None:
            self._folder = out.with_name(out.name + ".fits") / f"{method}-{seed}"

    def serve(self, estimator):
        """Let the parts use it; what is to be said of the fit's cost."""
        if self._folder is None:
            return {}
        own = str(self._folder / EACH_FIT)
        kept = checkpoints(estimator)
        estimator.set_params(**{name: own for name in kept if kept[name] is None})
        # Times are those of the part that is left.
        return {"resumed": True} if self._folder.exists() else {}

    def remove(self):
        """Forget the state: the fit is among the results."""
        if self._folder is not None:
            rmtree(self._folder, ignore_errors=True)
            with suppress(OSError):  # there may be others
                self._folder.parent.rmdir()
