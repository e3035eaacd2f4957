"""Pictures of votes: what all members have, and what each has of its own."""

from typing import Any

from ..utils import path_inside


def members_of(estimator: Any) -> dict[str, Any]:
    """Fitted members by name, of a vote or of what is around one; none of the rest."""
    inside = path_inside(estimator, "named_estimators_")[-1]
    named = getattr(inside, "named_estimators_", {})
    # Those dropped have a name, too.
    return {name: member for name, member in named.items() if member != "drop"}


def check_no_vote(estimator: Any, what: str) -> None:
    """Refuse a vote, of which each member has ``what``; the error names one."""
    if members := members_of(estimator):
        raise TypeError(
            f"Each member of a vote has its own {what}; draw one of them in place of "
            f"the {type(estimator).__name__}, such as named_estimators_"
            f"[{next(iter(members))!r}] of the vote."
        )
