"""What is written down: the format of the file."""

import json
from pathlib import Path

from ._schema import check_results
from ._table import summary

FORMAT = 1


def load_results(path):
    """Read results; an error unless they are results of a benchmark."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no results file {str(path)!r}.")
    try:
        # NaN and Infinity, which json would let pass, are none either.
        text = path.read_text(encoding="utf-8")
        results = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{str(path)!r} is no JSON file: {error}") from error
    # Any JSON file may be named by mistake.
    known = isinstance(results, dict) and results.get("format") == FORMAT
    if not known or not isinstance(results.get("methods"), dict):
        raise ValueError(
            f"{str(path)!r} holds no results of this version's benchmark (format "
            f"{FORMAT}); run the benchmark again."
        )
    check_results(results, repr(str(path)))
    for record in results["methods"].values():
        # Of what the fits are, and not of what they were when somebody edited them.
        record["summary"] = summary(record["fits"]) if record["fits"] else {}
    return results


def _refuse_constant(name):
    raise ValueError(f"{name} is no number of JSON")
