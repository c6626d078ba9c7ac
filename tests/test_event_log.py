"""Logs for TensorBoard: what its reader finds, and what a full disk does to them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytest.importorskip("tensorboard", reason="needs the extra 'agents'")

from matplotlib.figure import Figure
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from edgevision.event_log import EventLog


def test_tensorboard_reads_numbers_and_figures(tmp_path: Path) -> None:
    with EventLog(tmp_path / "logs") as log:
        log.add_scalar("loss", 0.5, 1)
        log.add_scalar("loss", 0.25, 2)
        log.add_figure("plot", Figure(figsize=(2, 1), dpi=100), 3)
        found = EventAccumulator(str(tmp_path / "logs"))
        found.Reload()  # before the log is closed: every record is on disk at once
    assert [(event.step, event.value) for event in found.Scalars("loss")] == [(1, 0.5), (2, 0.25)]
    (image,) = found.Images("plot")
    assert (image.step, image.width, image.height) == (3, 200, 100)
    assert image.encoded_image_string.startswith(b"\x89PNG")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_an_error_of_the_caller_that_names_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with EventLog(tmp_path) as log:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, log._stream.fileno())
        with pytest.raises(OSError, match="No space left") as caught:
            log.add_scalar("loss", 0.5, 1)
    assert caught.value.filename == str(log.path)
    assert capfd.readouterr().err == ""
