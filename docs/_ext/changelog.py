"""Sphinx's ``changelog`` directive: a Markdown file of Keep a Changelog as a page.

Of Markdown that file needs headings, links and lists, which take three substitutions.
"""

import re
from pathlib import Path

from sphinx.util.docutils import SphinxDirective

_LINK = re.compile(r"\[([^]]+)\]\((\S+?)\)")
_HEADING = re.compile(r"^(#{2,3}) \[?([^]\n]+)\]?(.*)$", re.MULTILINE)


class Changelog(SphinxDirective):
    """The file of the argument, relative to the page, without its title."""

    required_arguments = 1

    def run(self):
        """Parse the file in place of the directive."""
        _, path = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(path)
        text = rst(Path(path).read_text(encoding="utf-8"))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def rst(markdown):
    """The same as reStructuredText; the title is the page's own matter."""
    text = markdown.partition("\n")[2]
    text = _LINK.sub(r"`\1 <\2>`__", text)

    def heading(found):
        title = found[2] + found[3]
        return f"{title}\n{'=-'[len(found[1]) - 2] * len(title)}"

    return _HEADING.sub(heading, text)


def setup(app):
    """Sphinx calls this."""
    app.add_directive("changelog", Changelog)
    return {"parallel_read_safe": True}
