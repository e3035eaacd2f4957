"""The house: rooms on floors, arrows only downwards, files that one can read."""

import ast
from pathlib import Path

import pytest

import sklearn_gzsl

PACKAGE = Path(sklearn_gzsl.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# From the top floor down. A room may use those below it, at import and at run time.
FLOORS = [
    {"__main__"},
    {"benchmark"},
    {"presets"},
    {"compatibility"},
    {"classifiers"},
    {"generators", "synthesis", "inspection"},
    {"linear_model", "model_selection", "datasets", "distributed"},
    {"persistence"},
    {"attributes", "metrics", "training"},
    {"nn", "utils"},
    {"_sklearn_compat", "_version", "exceptions"},
]
FLOOR_OF = {room: i for i, floor in enumerate(FLOORS) for room in floor}


def room_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported_rooms(path):
    """Rooms and names of the package that a file imports, wherever it does."""
    here = ("sklearn_gzsl", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else ()
            module = (*base, *(node.module.split(".") if node.module else ()))
            names = [(*module, alias.name) for alias in node.names]
        else:
            continue
        for name in names:
            if name[0] == "sklearn_gzsl":
                yield name[1]


def test_every_room_has_a_floor():
    assert {room_of(path) for path in FILES} - {"__init__"} <= FLOOR_OF.keys()


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows_go_downwards(path):
    room = room_of(path)
    if room == "__init__":  # loads the public names on first use
        return
    for other in imported_rooms(path):
        assert other == room or FLOOR_OF[other] > FLOOR_OF[room], (room, other)


def test_the_check_sees_imports():
    assert {"metrics", "attributes", "utils"} <= set(
        imported_rooms(PACKAGE / "classifiers" / "_adapting.py")
    )


def test_the_root_holds_few_modules():
    names = {path.name for path in PACKAGE.glob("*.py")}
    assert len(names) <= 7, names


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_file_can_be_read_in_a_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_the_picture_shows_every_room():
    page = PACKAGE.parent / "docs" / "contributing.rst"
    if not page.exists():
        pytest.skip("the package is tested without its documentation")
    picture = page.read_text(encoding="utf-8").split(".. code-block:: text")[1]
    picture = picture.split("\n\n\n")[0]
    rooms = FLOOR_OF.keys() - {
        "__main__",
        "_sklearn_compat",
        "_version",
        "distributed",
        "exceptions",
    }
    assert not [room for room in rooms if room not in picture]
