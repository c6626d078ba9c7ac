"""Stored answers go stale when code that they depend on changes."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

import edgevision
from edgevision.experiments.evaluation.fingerprints import code_fingerprint, scoring_code

PACKAGE = Path(edgevision.__file__).parent
#: Where a score comes from: the runner, the protocol, every environment, classical and learned policies.
ENTRIES = (
    *("experiments/evaluation/evaluate.py", "baselines/__init__.py", "agents/learned_policy.py"),
    *("envs/paper.py", "envs/image.py", "envs/video.py", "envs/vector_environment.py"),
)


def imported(file: Path) -> set[Path]:
    """Files of the package that a file imports, at its top or inside functions, and their packages."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if name.split(".")[0] == "edgevision":
                place = PACKAGE.joinpath(*name.split(".")[1:])
                parents = [
                    folder / "__init__.py" for folder in (place, *place.parents) if PACKAGE.parent in folder.parents
                ]
                found |= {path for path in (place.with_suffix(".py"), *parents) if path.is_file()}
    return found


def reached(entries: list[Path]) -> set[Path]:
    """Files that the entries reach through imports."""
    seen: set[Path] = set()
    waiting = set(entries)
    while waiting:
        file = waiting.pop()
        seen.add(file)
        waiting |= imported(file) - seen
    return seen


def test_every_file_that_a_score_depends_on_counts() -> None:
    needed = reached([PACKAGE / entry for entry in ENTRIES])
    assert len(needed) > 60
    assert {PACKAGE / "baselines" / "joint" / "newton.py", PACKAGE / "profiles" / "profile.py"} <= needed
    assert not needed - set(scoring_code(PACKAGE))


def test_a_change_of_any_of_them_makes_a_stored_answer_stale(tmp_path: Path) -> None:
    copy = tmp_path / "edgevision"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.npz", "*.safetensors", "__pycache__"))
    before = code_fingerprint(copy)
    assert before == code_fingerprint(PACKAGE)
    for file in reached([PACKAGE / entry for entry in ENTRIES]):
        target = copy / file.relative_to(PACKAGE)
        text = target.read_text(encoding="utf-8")
        target.write_text(text + "\n", encoding="utf-8")
        code_fingerprint.cache_clear()
        assert code_fingerprint(copy) != before, file
        target.write_text(text, encoding="utf-8")
    code_fingerprint.cache_clear()


def test_a_change_of_what_only_shows_scores_keeps_them(tmp_path: Path) -> None:
    copy = tmp_path / "edgevision"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.npz", "*.safetensors", "__pycache__"))
    before = code_fingerprint(copy)
    (copy / "experiments" / "report" / "report_page.py").write_text("", encoding="utf-8")
    code_fingerprint.cache_clear()
    assert code_fingerprint(copy) == before
    code_fingerprint.cache_clear()
