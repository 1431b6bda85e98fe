"""Sphinx configuration: the pages are MyST Markdown."""

from calicometrics import __version__

project = "calicometrics"
author = "The calicometrics developers"
copyright = "The calicometrics developers"  # noqa: A001 - Sphinx' name for it
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
smartquotes = False  # three dashes are what BIRD prints
html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["wide.css"]
html_title = f"calicometrics {__version__}"
myst_heading_anchors = 3
myst_enable_extensions = ["attrs_inline", "deflist"]
autodoc_typehints = "description"
autodoc_member_order = "bysource"
nitpicky = False
