"""Sphinx configuration; the build works offline."""

import sys
from pathlib import Path

import sklearn_gzsl

sys.path.insert(0, str(Path(__file__).with_name("_ext")))  # of our own extensions

import gallery_order

project = "sklearn_gzsl"
author = "the sklearn_gzsl developers"
copyright = author
version = release = sklearn_gzsl.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "benchmark_directives",
    "changelog",
    "diagram",
    "mathml",
    "notebook_text",
    "share_map",
]
templates_path = ["_templates"]
exclude_patterns = ["_build"]
# The checkout may lie in a directory with a space in its name; our files have none.
suppress_warnings = ["sphinx_gallery.space_in_filename"]
default_role = "literal"
html_math_renderer = "mathml"

# -- API reference ---------------------------------------------------------------
autosummary_generate = True
# Numpydoc states the types; repeated in the signature they would hide the defaults.
autodoc_typehints = "none"
autodoc_default_options = {"member-order": "bysource"}
# The bar of contents is narrow, and its page is that of the class.
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False

# No intersphinx: it would fetch inventories over the network. What other projects
# document is named, not linked; what is ours has to resolve.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", rf"{name}\..*")
    for name in ("joblib", "numpy", "pandas", "skops", "sklearn", "skorch", "torch")
]


def skip_what_others_document(_app, _what, name, obj, skip, _options) -> bool:
    """Leave out methods that every estimator of scikit-learn or callback has."""
    module = getattr(obj, "__module__", None) or ""
    generated = name.startswith("set_") and name.endswith("_request")
    return True if generated or module.startswith(("sklearn.", "skorch.")) else skip


def setup(app) -> None:
    """Connect the filter; sphinx calls this."""
    app.connect("autodoc-skip-member", skip_what_others_document)


# -- Gallery ---------------------------------------------------------------------
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"demo\.py|/benchmarks/",
    "abort_on_example_error": True,
    "backreferences_dir": "generated/backreferences",
    "doc_module": ("sklearn_gzsl",),
    "remove_config_comments": True,
    "show_memory": False,
    "write_computation_times": False,  # that page fetches scripts from the network
    "parallel": True,  # as many examples at once as sphinx has jobs
    "subsection_order": gallery_order.FOLDERS,
    "within_subsection_order": "gallery_order.position",
}
# -- HTML ------------------------------------------------------------------------
html_theme = "pydata_sphinx_theme"
html_title = f"sklearn_gzsl {release}"
html_show_sourcelink = False
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["figures.css"]
html_js_files = ["copy.js"]
# Pages without others below them have nothing to show beside them.
html_sidebars = {
    page: []
    for page in (
        "index",
        "which",
        "speed",
        "persistence",
        "command_line",
        "contributing",
        "new_generator",
        "changes",
    )
}
html_theme_options = {
    "logo": {
        "text": html_title,
        "image_light": "_static/logo.svg",
        "image_dark": "_static/logo.svg",
    },
    "header_links_before_dropdown": 4,
    "navbar_align": "left",
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,  # methods, also before one has scrolled down to the class
    "show_prev_next": False,
}
