"""What results hold: anybody may have edited the file that they come from."""

from ._options import PROTOCOLS

_MOST = 1e100  # an integer of a JSON file may be larger than any float


class _Missing:
    def __repr__(self):
        return "missing"


_MISSING = _Missing()


def _is_number(value):
    return isinstance(value, int | float) and abs(value) < _MOST


def _is_count(value):
    return isinstance(value, int) and 0 <= value < _MOST


def _is_share(value):
    return _is_number(value) and 0 <= value <= 1


def _is_protocol(value):
    return value in list(PROTOCOLS)  # a list: what has no hash is none, either


_WORDS = {
    _is_number: "a number",
    _is_count: "a whole number, 0 or more",
    _is_share: "a number from 0 to 1",
    _is_protocol: f"one of {list(PROTOCOLS)}",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    str: "a text",
}

# A key that ends with ? may be missing. Of what is not named here nothing is asked.
_SCORES = {"U": _is_share, "S": _is_share, "H": _is_share}
_COST = {"wall_s": _is_number}
_FIT = {
    "seed": _is_count,
    "scores": _SCORES,
    "scores_without_penalty?": _SCORES,
    "seen_penalty": _is_number,
    "params": dict,
    "cost": _COST,
}
_TRIAL = {"params": dict, "mean": (_is_number, None), "wall_s": _is_number}
_SEARCH = {
    "seed?": _is_count,
    "tried?": [_TRIAL],
    "best_params?": dict,
    "cost?": _COST,
}
_METHOD = {"search": (_SEARCH, None), "fits": [_FIT]}
_RESULTS = {
    "protocol": _is_protocol,
    "protocol_note": str,
    "data": {
        "name": str,
        "descriptions?": str,
        "n_features": _is_count,
        "n_seen": _is_count,
        "n_unseen": _is_count,
        "n_rows": {"train": _is_count},
        "sha256": {"split": str},
    },
    "options": {
        "tune": ({"by": str}, None),
        "oracle": bool,
        "unlabelled?": (str, None),
        "params": dict,
        "preset": (str, None),
    },
    "environments": [dict],
    "methods": dict,
}


def check_results(results, name):
    """Refuse what are no results of a benchmark.

    Raises
    ------
    ValueError
        That says where they are not, and what should be there.
    """
    _check(results, _RESULTS, name)
    for method, record in results["methods"].items():
        place = f"{name}: methods.{method}"
        _check(record, _METHOD, place)
        fits = record["fits"]
        if len({"scores_without_penalty" in fit for fit in fits}) > 1:
            raise ValueError(f"{place}.fits: some have scores_without_penalty.")
        for fit in fits:
            for key in fit.keys() & {"scores", "scores_without_penalty"}:
                for score, value in fit[key].items():
                    _check(value, _is_number, f"{place}.fits.{key}.{score}")


def _check(value, schema, place):
    if isinstance(schema, tuple):
        schema, _ = schema  # or None
        if value is None:
            return
    kind = type(schema) if isinstance(schema, dict | list) else schema
    fits = isinstance(value, kind) if isinstance(kind, type) else kind(value)
    # JSON's true is no number, though Python's is.
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise ValueError(
            f"{place} is {_shown(value)}, where {_WORDS[kind]} should be; these are no "
            "results of the benchmark, or they were changed by hand."
        )
    if isinstance(schema, list):
        for i, item in enumerate(value):
            _check(item, schema[0], f"{place}[{i}]")
    elif isinstance(schema, dict):
        for key, part in schema.items():
            own = key.removesuffix("?")
            if own in value or own == key:
                _check(value.get(own, _MISSING), part, _below(place, own))


def _below(place, key):
    return f"{place}.{key}" if ": " in place else f"{place}: {key}"


def _shown(value):
    text = repr(value)
    return text if len(text) < 40 else f"{text[:36]} ..."
