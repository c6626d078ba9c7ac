from __future__ import annotations

import subprocess
import sys

import pytest

import edgevision.agents as agents


def run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(("missing", "name"), [("torch", "LearnedPolicy"), ("stable_baselines3", "train")])
def test_a_missing_extra_is_named(missing: str, name: str) -> None:
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "import edgevision.agents, edgevision.errors\n"
        f"try: edgevision.agents.{name}\n"
        "except edgevision.errors.MissingExtraError as error: print(error)\n"
    )
    assert run(program) == f"{missing!r} is not installed; run: pip install 'edgevision-gym[agents]'"


def test_every_public_name_is_there() -> None:
    assert all(getattr(agents, name) is not None for name in agents.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Trainer'"):
        agents.Trainer  # noqa: B018
