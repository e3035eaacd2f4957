"""Sections of the gallery and their examples, in the order in which they are read."""

from pathlib import Path

SECTIONS = {
    "first_steps": ["quickstart", "own_table", "intents"],
    "your_data": ["image_features", "sensors", "sources", "groups"],
    "choosing": [
        *("all_methods", "seen_penalty", "synthetic_size", "grid_search", "vote"),
        "paper_row",
    ],
    "new_classes": ["few_shots", "unlabelled", "reject", "density"],
    "inside": ["inspection", "training", "own_generator"],
    "at_scale": ["20000_classes", "save", "distributed_training"],
}
FOLDERS = [f"../examples/{section}" for section in SECTIONS]


def position(filename) -> int:
    """Where an example stands; sphinx-gallery sorts by it, within each section."""
    name = Path(filename).stem.removeprefix("plot_")
    return [name for names in SECTIONS.values() for name in names].index(name)
