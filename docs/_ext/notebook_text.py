"""Notebooks of the gallery without roles of Sphinx, which Markdown does not know.

sphinx-gallery turns headings and links into Markdown, but leaves ``:doc:`` and the
like as they are; and it has no hook for more, so its files are gone through again.
"""

import json
import re
from pathlib import Path

from sphinx_gallery.downloads import python_zip

# A role, or what sphinx-gallery leaves of :ref:, with or without a title.
_TITLED = re.compile(r"(?::[\w:]+:)?`([^`<]+?)\s+<(?:/|sphx_glr_)[^`>]*>`")
_PAGE = re.compile(r":doc:`/?([^`<]+)`")
_OBJECT = re.compile(r":(?:class|func|meth|mod|attr):`(~?)([^`]+)`")


def plain(markdown):
    """Text of a cell whose links into the documentation are plain words."""
    markdown = _TITLED.sub(r"\1", markdown)
    markdown = _PAGE.sub(r"the page `\1` of the documentation", markdown)

    def name(found):
        return f"`{found[2].rpartition('.')[2] if found[1] else found[2]}`"

    return _OBJECT.sub(name, markdown)


def convert(folder):
    """Convert all notebooks below a folder, and make its archive of them anew."""
    files = sorted(Path(folder).glob("**/*.ipynb"))
    for file in files:
        notebook = json.loads(file.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                cell["source"] = [plain("".join(cell["source"]))]
        text = json.dumps(notebook, indent=2, ensure_ascii=False)
        file.write_text(text + "\n", encoding="utf-8")
    if files:
        python_zip([str(file) for file in files], folder, ".ipynb")


def _after_the_gallery(app):
    convert(Path(app.srcdir) / app.config.sphinx_gallery_conf["gallery_dirs"])


def setup(app):
    """Sphinx calls this."""
    app.connect("builder-inited", _after_the_gallery, priority=900)
    return {"parallel_read_safe": True}
