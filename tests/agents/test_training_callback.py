"""``train(..., callback)`` sees every evaluation, and what it raises ends a run that can be resumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgevision.agents import TrainingSummary, resume, train
from edgevision.agents.run_folder import CurvePoint
from tests.agents.conftest import tiny


class PrunedError(Exception):
    """Stands for that of a tool."""


def test_a_run_that_the_callback_ended_is_resumed_to_the_same_curve(
    finished_run: TrainingSummary, tmp_path: Path
) -> None:
    seen: list[CurvePoint] = []

    def prune(point: CurvePoint) -> None:
        seen.append(point)
        if len(seen) == 2:
            raise PrunedError

    with pytest.raises(PrunedError):
        train(tiny(tmp_path / "run"), prune)
    summary = resume(tmp_path / "run", seen.append)
    assert [(p.steps, p.score) for p in seen] == [(p.steps, p.score) for p in summary.curve]
    assert [(p.steps, p.score) for p in summary.curve] == [(p.steps, p.score) for p in finished_run.curve]
