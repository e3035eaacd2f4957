"""Formulas as MathML, which browsers draw by themselves: no script, font or network.

docutils translates from TeX when pages are made, so that a formula that it does not
know stops the build, instead of showing a reader its source.
"""

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.errors import SphinxError
from sphinx.util.math import get_node_equation_number


def _translated(node, *, as_block):
    try:
        return tex2mathml(node.astext(), as_block=as_block)
    except MathError as error:
        where = f"{node.source}, line {node.line}" if node.line else node.source
        raise SphinxError(f"{where}: {error} In: {node.astext()}") from error


def visit_inline(translator, node):
    """A formula in running text."""
    translator.body.append(_translated(node, as_block=False))
    raise nodes.SkipNode


def visit_block(translator, node):
    """A formula of its own, with its number if it has a label."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    if node["number"]:
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})</span>')
    # An empty line starts another formula.
    for part in filter(str.strip, node.astext().split("\n\n")):
        formula = nodes.math_block(part, part)
        formula.source, formula.line = node.source, node.line
        translator.body.append(_translated(formula, as_block=True))
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    """Sphinx calls this."""
    app.add_html_math_renderer(
        "mathml",
        inline_renderers=(visit_inline, None),
        block_renderers=(visit_block, None),
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
