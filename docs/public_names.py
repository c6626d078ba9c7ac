"""Sphinx extension: API pages show what a package exports, and link a name to the page that has it."""

from __future__ import annotations

import importlib
import re
import sys
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.typing import ExtensionMetadata

from edgevision.errors import EdgeVisionError

#: Packages whose ``__all__`` is public.
PACKAGES = (
    "edgevision.envs",
    "edgevision.baselines",
    "edgevision.agents",
    "edgevision.codecs",
    "edgevision.data",
    "edgevision.vision",
    "edgevision.measure",
    "edgevision.profiles",
)
_ERRORS_PAGE = "api/errors"


def import_lazy_names(_: Sphinx) -> None:
    """Make names that are imported at their first use ordinary ones, or autodoc does not see them."""
    for package in map(importlib.import_module, PACKAGES):
        for name in package.__all__:
            setattr(package, name, getattr(package, name))


def show_errors_once(app: Sphinx, _what: str, _name: str, member: Any, skip: bool, _options: Any) -> bool | None:
    """Leave errors that a package exports to the page of all errors."""
    error = isinstance(member, type) and issubclass(member, EdgeVisionError)
    return True if error and app.env.docname != _ERRORS_PAGE else None


def tidy_signatures(
    _app: Sphinx, _what: str, _name: str, _object: Any, _options: Any, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Show ``FloatArray`` within ``tuple[..]`` too, and a default that Sphinx can read in place of ``<factory>``."""
    return _tidy(signature), _tidy(returned)


def _tidy(text: str | None) -> str | None:
    return text and re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", text).replace("<factory>", "...")


def cut_markdown(_app: Sphinx, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    """Of the environments' docstrings keep what stands before the first heading; the rest has pages of its own."""
    headings = [number for number, line in enumerate(lines) if line.startswith("## ")]
    del lines[headings[0] if headings else len(lines) :]


def link_short_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.reference | None:
    """Link a bare name, in a docstring of another package, to the page of the package that exports it."""
    name = node.get("reftarget", "")
    homes = [package for package in PACKAGES if name in sys.modules[package].__all__]
    if node.get("refdomain") != "py" or not homes:
        return None
    target, document = f"{homes[0]}.{name}", node["refdoc"]
    return env.domains.python_domain.resolve_xref(env, document, app.builder, "obj", target, node, content)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register with Sphinx."""
    app.connect("builder-inited", import_lazy_names)
    app.connect("autodoc-skip-member", show_errors_once)
    app.connect("autodoc-process-signature", tidy_signatures)
    app.connect("autodoc-process-docstring", cut_markdown)
    app.connect("missing-reference", link_short_name)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
