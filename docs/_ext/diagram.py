"""Sphinx's ``diagram`` directive: what follows from what, as rows of boxes.

.. code-block:: rst

   .. diagram::

      training | a row x | flow f | latent z
      drawing  | description a | encoder | latent z | flow backwards | a row

The first word of a line names it. Pictures have the colours of the page, as they are a
part of it.
"""

from html import escape

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

_WIDTH, _GAP, _LEFT, _HEIGHT = 108, 20, 62, 66


class Diagram(SphinxDirective):
    """A line of boxes with arrows for each line of the content."""

    has_content = True

    def run(self):
        """Put the picture into the page."""
        rows = [[cell.strip() for cell in line.split("|")] for line in self.content]
        html = f'<div class="picture">{svg([row for row in rows if row[0]])}</div>'
        return [nodes.raw("", html, format="html")]


def svg(rows):
    """The picture of rows, each a name and the texts of its boxes."""
    width = _LEFT + max(len(row) - 1 for row in rows) * (_WIDTH + _GAP) - _GAP + 4
    label = escape("; ".join(f"{row[0]}: {', '.join(row[1:])}" for row in rows))
    size = f'viewBox="0 0 {width} {len(rows) * _HEIGHT}"'
    limits = f'style="max-width: {width}px; min-width: 34rem"'
    parts = [f'<svg {size} {limits} role="img" aria-label="{label}">']
    for i, (name, *boxes) in enumerate(rows):
        middle = i * _HEIGHT + _HEIGHT // 2
        parts.append(text(0, middle + 4, name))
        for j, box in enumerate(boxes):
            x = _LEFT + j * (_WIDTH + _GAP)
            parts.append(
                f'<rect class="which-leaf" x="{x}" y="{middle - 24}" '
                f'width="{_WIDTH}" height="48" rx="6"/>'
            )
            lines = halves(box, 15)
            parts += [
                text(
                    x + _WIDTH / 2, middle + 4 - 8 * (len(lines) - 1) + 16 * k, line, 1
                )
                for k, line in enumerate(lines)
            ]
            if j:
                parts.append(
                    f'<path class="which-line" d="M{x - _GAP + 2} {middle}'
                    f'h{_GAP - 5}m-7 -5l7 5l-7 5"/>'
                )
    return "".join([*parts, "</svg>"])


def halves(words, most):
    """Broken at the blank that is nearest to the middle, if it is longer than that."""
    blanks = [i for i, char in enumerate(words) if char == " "]
    if len(words) <= most or not blanks:
        return [words]
    middle = min(blanks, key=lambda i: abs(i - len(words) / 2))
    return [words[:middle], words[middle + 1 :]]


def text(x, y, words, centred=0, kind="which-text"):
    """A line of text in a picture."""
    anchor = ' text-anchor="middle"' if centred else ""
    return f'<text class="{kind}" x="{x}" y="{y}"{anchor}>{escape(words)}</text>'


def setup(app):
    """Sphinx calls this."""
    app.add_directive("diagram", Diagram)
    return {"parallel_read_safe": True}
