"""Small things that more than one estimator needs."""

from functools import wraps


def all_or_nothing(method):
    """Make a fit leave the estimator as it was when it fails or is interrupted.

    Works for methods that set attributes and do not change fitted ones in place.
    """

    @wraps(method)
    def safe(self, *args, **kwargs):
        before = dict(vars(self))
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return safe
