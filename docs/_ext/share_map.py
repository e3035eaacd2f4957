"""Sphinx's ``share-map`` directive: a score for each pair of shares of two sources.

.. code-block:: rst

   .. share-map:: H

Its numbers are means over the seeds of ``docs/benchmarks/mixed_sources.json``, which
``examples/benchmarks/mixed_sources.py`` wrote.
"""

import json
from pathlib import Path

from diagram import text
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

RECORD = Path(__file__).parents[1] / "benchmarks" / "mixed_sources.json"
_LEFT, _TOP, _WIDTH, _HEIGHT = 74, 24, 56, 40


class ShareMap(SphinxDirective):
    """A field of cells, from the record."""

    required_arguments = 1

    def run(self):
        """Put the picture into the page, which is made anew with the record."""
        self.env.note_dependency(str(RECORD))
        record = json.loads(RECORD.read_text(encoding="utf-8"))
        html = f'<div class="picture">{svg(record, self.arguments[0])}</div>'
        return [nodes.raw("", html, format="html")]


def means(record, score):
    """Share of the seen and share of the unseen classes -> mean over seeds."""
    found = {}
    for cell in record["cells"]:
        found.setdefault((cell["seen"], cell["unseen"]), []).append(cell[score])
    return {shares: sum(values) / len(values) for shares, values in found.items()}


def svg(record, score):
    """The picture: seen classes from left to right, unseen ones from below."""
    values, shares = means(record, score), record["shares"]
    least, most = min(values.values()), max(values.values())
    width, height = _WIDTH * len(shares), _HEIGHT * len(shares)
    size = f'viewBox="0 0 {_LEFT + width + 4} {_TOP + height + 42}"'
    label = f'role="img" aria-label="{_told(values, score)}"'
    # "narrow" is for figures.css: it fits a telephone, and needs no scrolling.
    limits = 'class="narrow" style="max-width: 30rem; min-width: 0"'
    parts = [
        f"<svg {size} {limits} {label}>",
        text(_LEFT + width / 2, 14, f"{score}, %", 1),
        text(_LEFT + width / 2, _TOP + height + 37, "seen classes by sentences", 1),
        f'<g transform="rotate(-90 13 {_TOP + height / 2})">',
        text(13, _TOP + height / 2, "unseen classes by sentences", 1) + "</g>",
    ]
    for i, share in enumerate(shares):
        x, y = _LEFT + i * _WIDTH, _TOP + height - (i + 1) * _HEIGHT
        parts.append(text(x + _WIDTH / 2, _TOP + height + 18, f"{share} %", 1))
        parts.append(text(28, y + _HEIGHT / 2 + 4, f"{share} %"))
        for j, of_seen in enumerate(shares):
            value, x = values.get((of_seen, share)), _LEFT + j * _WIDTH
            box = f'x="{x + 1}" y="{y + 1}" width="{_WIDTH - 2}" height="{_HEIGHT - 2}"'
            if value is None:
                parts.append(f'<rect class="share-none" {box}/>')
                continue
            # Never so strong that what is written on it is hard to read.
            strength = 0.06 + 0.4 * (value - least) / ((most - least) or 1)
            parts += [
                f'<rect class="share" {box} fill-opacity="{strength:.2f}"/>',
                text(x + _WIDTH / 2, y + _HEIGHT / 2 + 4, f"{100 * value:.1f}", 1),
            ]
    return "".join([*parts, "</svg>"])


def _told(values, score):
    cells = [
        f"{100 * value:.1f} at {of_seen} % of the seen and {of_unseen} % of the unseen"
        for (of_seen, of_unseen), value in values.items()
    ]
    return f"{score} by shares of classes with sentences: {'; '.join(cells)}"


def setup(app):
    """Sphinx calls this."""
    app.add_directive("share-map", ShareMap)
    return {"parallel_read_safe": True}
