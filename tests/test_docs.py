"""What the pages name exists: files, modules, names, links and anchors."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tests.pages import PAGES, ROOT, prose

NAME = re.compile(r"`(edgevision(?:\.\w+)+)[^`]*`")
FILE = re.compile(r"\b(?:edgevision|benchmarks|docs|tests)/[\w./-]*\.\w+|\bedgevision/(?:\w+/)+")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or an attribute of one."""
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            if not hasattr(found, part) and part not in getattr(found, "__dataclass_fields__", ()):
                return False
            found = getattr(found, part, None)
        return True
    return False


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def test_names_that_do_not_exist_are_told_from_those_that_do() -> None:
    assert exists("edgevision.envs.SlotProblem.active")
    assert exists("edgevision.codecs.StaeCodec.select")
    assert not exists("edgevision.envs.SlotProblems")
    assert not exists("edgevision.nothing.at_all")
    assert not exists("edgevision.envs.SlotProblem.inactive")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_names_exist(page: Path) -> None:
    assert [name for name in NAME.findall(page.read_text(encoding="utf-8")) if not exists(name)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_exist(page: Path) -> None:
    assert [name for name in FILE.findall(page.read_text(encoding="utf-8")) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_within_the_repository_lead_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(prose(page)):
        target, _, anchor = link.partition("#")
        if "://" in target:
            continue
        file = page.parent / target if target else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(link)
    assert broken == []


def test_every_page_is_reached_from_the_index() -> None:
    trees = re.compile(r"```{toctree}\n(.*?)```", re.DOTALL)
    listed = {
        (index.parent / f"{entry}.md").resolve()
        for index in PAGES
        for tree in trees.findall(index.read_text(encoding="utf-8"))
        for entry in tree.split()
        if not entry.startswith(":")
    }
    assert {page for page in PAGES if (ROOT / "docs") in page.parents} - listed == {ROOT / "docs" / "index.md"}
