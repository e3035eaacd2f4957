"""Sphinx's ``benchmark-table`` and ``:figure:``, from the records of docs/benchmarks.

.. code-block:: rst

   .. benchmark-table:: methods
      :data: clinc150

   The vote reaches :figure:`clinc150: vote: H`.
"""

import re
from html import escape

import benchmark_records
import benchmark_tables
import which
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective, SphinxRole

from sklearn_gzsl.benchmark._table import rst_table


class BenchmarkTable(SphinxDirective):
    """A table of the sets of ``:data:``, and of one ``:protocol:``."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"data": directives.unchanged, "protocol": directives.unchanged}

    def run(self):
        """Parse the text of the table in place of the directive."""
        records = _records(self.env)
        names = [name.strip() for name in self.options.get("data", "").split(",")]
        protocol = self.options.get("protocol", benchmark_records.INDUCTIVE)
        try:
            head, rows = benchmark_tables.table(
                self.arguments[0], records, names, protocol
            )
        except ValueError as error:
            raise self.error(str(error)) from error
        # A line may end between two figures, but not within one.
        text = re.sub(" (?=[±/] )|(?<=±) ", "\N{NO-BREAK SPACE}", rst_table(head, rows))
        made = self.parse_text_to_nodes(text)
        for node in made:
            node["classes"].append("figures")  # for figures.css
        return made


class WhichTable(SphinxDirective):
    """What to type, with H and seconds on each set: :mod:`which`."""

    def run(self):
        """Parse the text of the table in place of the directive."""
        text = rst_table(*which.table(_records(self.env)))
        # A line may end before the seconds, but not within.
        made = self.parse_text_to_nodes(text.replace(" s)", "\N{NO-BREAK SPACE}s)"))
        for node in made:
            node["classes"] += ["figures", "which"]
            for typed in [*node.findall(nodes.literal)]:
                # In a narrow column, it is broken where brackets open.
                code = re.sub(r"\((?!\))", "(<wbr>", escape(typed.astext()))
                html = f'<code class="literal"><span class="pre">{code}</span></code>'
                typed.replace_self(nodes.raw("", html, format="html"))
        return made


class WhichPicture(SphinxDirective):
    """The cases and what to type as a picture: :mod:`which`."""

    def run(self):
        """The picture is a part of the page, and so has its colours."""
        svg = which.picture(_records(self.env))
        html = f'<div class="picture">{svg}</div>'
        return [nodes.raw("", html, format="html")]


class Figure(SphinxRole):
    """A single figure in running text."""

    def run(self):
        """The figure as text."""
        try:
            text = benchmark_tables.figure(self.text, _records(self.env))
        except ValueError as error:
            message = self.inliner.reporter.error(str(error), line=self.lineno)
            return [], [message]
        return [nodes.Text(text)], []


def _records(env):
    """All records; a page that uses them is made anew when one of them changes."""
    for path in benchmark_records.FOLDER.glob("*.json"):
        env.note_dependency(str(path))
    return benchmark_records.load()


def setup(app):
    """Sphinx calls this."""
    app.add_directive("benchmark-table", BenchmarkTable)
    app.add_directive("which-table", WhichTable)
    app.add_directive("which-picture", WhichPicture)
    app.add_role("figure", Figure())
    return {"parallel_read_safe": True}
