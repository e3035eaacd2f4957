"""Random examples: a few in `make test`, as many as are asked for in `make fuzz`."""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# All examples together, in round numbers; each test has its share of a hundred.
TOTAL = int(os.environ.get("FUZZ_EXAMPLES", "200"))
SEEDED = "FUZZ_EXAMPLES" in os.environ


def share(percent):
    """Settings of a test that makes so many of a hundred examples."""
    return settings(
        max_examples=max(TOTAL * percent // 100, 1),
        deadline=None,
        # The same examples in each `make test`, and others in each `make fuzz`; a
        # failure prints how it is made again.
        derandomize=not SEEDED,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


# What stands for extreme sizes, counts and offsets in binary files.
_WORDS = [b"\0" * 4, b"\1\0\0\0", b"\xff" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80"]


@st.composite
def mutated(draw, content):
    """The bytes with one to four of them, or runs of them, in disorder."""
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        if not content:
            break
        # Heads of files have more to spoil than what follows.
        end = draw(st.sampled_from([200, 3000, 2**40]))
        at = draw(st.integers(0, min(len(content), end) - 1))
        match draw(st.integers(0, 5)):
            case 0:
                content[at] ^= 1 << draw(st.integers(0, 7))
            case 1:
                content[at : at + 4] = draw(st.sampled_from(_WORDS))
            case 2:
                del content[at:]
            case 3:
                del content[at : at + draw(st.integers(1, 64))]
            case 4:
                content[at:at] = draw(st.binary(min_size=1, max_size=16))
            case 5:
                source = draw(st.integers(0, len(content) - 1))
                content[at : at + 8] = content[source : source + 8]
    return bytes(content)


_SCALARS = [None, True, 0, -1, 1.5, 10**400, "", "x" * 50, [], {}, [1], {"a": 1}]


@st.composite
def edited(draw, value):
    """JSON with one to three places changed: other values, no values, more values."""
    for _ in range(draw(st.integers(1, 3))):
        value = _edited(draw, value)
    return value


def _edited(draw, value):
    if not isinstance(value, dict | list) or not value or not draw(st.integers(0, 9)):
        return draw(st.sampled_from(_SCALARS))
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = draw(st.sampled_from(keys))
    changed = value.copy()
    if draw(st.integers(0, 5)) == 0:
        del changed[key]
    else:
        changed[key] = _edited(draw, value[key])
    return changed
