"""Settings of the documentation site; build it with ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from edgevision import __version__, arrays

project = "edgevision"
author = "The edgevision authors"
copyright = author  # noqa: A001
version = release = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "environment_pages",
    "public_names",
]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"edgevision {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]

myst_heading_anchors = 3
nb_execution_raise_on_error = True
nb_execution_timeout = 300  # [s] for one cell, on a busy machine
copybutton_exclude = ".linenos, .gp, .go"

default_role = "py:obj"
add_module_names = False
autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_type_aliases = {name: name for name in vars(arrays) if name.endswith(("Array", "Image", "Clip"))}
autodoc_typehints_format = "short"
maximum_signature_line_length = 88
napoleon_attr_annotations = False
napoleon_use_ivar = True
python_use_unqualified_type_names = True

nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(abc|collections|gymnasium|np|numpy|pathlib|stable_baselines3|torch|typing)\..*"),
    # What has no page: modules and types that their package does not export, and names of types.
    ("py:(class|obj)", r"edgevision\.\w+\..*"),
    ("py:class", "|".join([*autodoc_type_aliases, "Number", "Observation", "StepResult"])),
    # How autodoc marks an alias of an array type that stands beside ``None``.
    ("py:class", "TypeAliasForwardRef"),
    # What is left of a long type that Sphinx cuts at a comma.
    ("py:class", r"\w+\[\w+"),
]
