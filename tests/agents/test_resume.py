"""Going on after a kill: a resumed run ends exactly like one that was never interrupted."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edgevision.agents import LearnedPolicy, TrainingError, TrainingSummary, resume, train
from edgevision.agents.checkpoint import checkpoints
from tests.agents.conftest import tiny

ROOT = Path(__file__).parents[2]
STEPS = 4096
VICTIM = f"""
import sys
from pathlib import Path
from edgevision.agents import train
from tests.agents.conftest import tiny
train(tiny(Path(sys.argv[1]), steps={STEPS}))
"""


def scores(folder: Path) -> list[tuple[int, float]]:
    return [(point["steps"], point["score"]) for point in json.loads((folder / "curve.json").read_text())]


def contents(checkpoint: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in checkpoint.iterdir() if path.suffix != ".json"}


def assert_same_end(resumed: Path, whole: Path) -> None:
    assert scores(resumed) == scores(whole)
    last, expected = checkpoints(resumed / "checkpoints")[-1], checkpoints(whole / "checkpoints")[-1]
    assert last.name == expected.name
    assert contents(last) == contents(expected)
    digests = [json.loads((folder / "policy.json").read_text())["sha256"] for folder in (resumed, whole)]
    assert digests[0] == digests[1]


def test_after_kill_9(tmp_path: Path) -> None:
    whole, folder = train(tiny(tmp_path / "whole", steps=STEPS)), tmp_path / "run"
    victim = subprocess.Popen([sys.executable, "-c", VICTIM, str(folder)], cwd=ROOT)
    deadline = time.monotonic() + 60
    while not checkpoints(folder / "checkpoints"):
        assert victim.poll() is None and time.monotonic() < deadline, "the run never came to its first checkpoint"
        time.sleep(0.005)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert len(scores(folder)) < len(whole.curve)
    LearnedPolicy.load(folder)  # what lies there is always whole
    assert resume(folder).steps == whole.steps
    assert_same_end(folder, whole.folder)
    assert len((folder / "command.txt").read_text().splitlines()) == 2


@pytest.mark.parametrize("algorithm", ["ppo", "sac"])
def test_from_an_earlier_checkpoint(algorithm: str, tmp_path: Path) -> None:
    whole = train(tiny(tmp_path / "whole", algorithm)).folder
    shutil.copytree(whole, tmp_path / "cut")
    shutil.rmtree(checkpoints(tmp_path / "cut" / "checkpoints")[-1])
    resume(tmp_path / "cut")
    assert_same_end(tmp_path / "cut", whole)


def test_before_the_first_checkpoint(tmp_path: Path, finished_run: TrainingSummary) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(finished_run.folder / "config.json", folder)
    resume(folder)
    assert_same_end(folder, finished_run.folder)


def test_a_finished_run_stays_as_it_is(tmp_path: Path, finished_run: TrainingSummary) -> None:
    shutil.copytree(finished_run.folder, tmp_path / "run")
    summary = resume(tmp_path / "run")
    assert summary.curve == finished_run.curve
    assert (summary.taken, finished_run.taken) == (0, finished_run.steps)
    assert_same_end(tmp_path / "run", finished_run.folder)


@pytest.mark.parametrize("file", ["state.json", "tensors.safetensors", "replay.npz"])
@pytest.mark.parametrize("damage", ["missing", "half", "foreign"])
def test_a_damaged_checkpoint_is_named(file: str, damage: str, sac_run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(sac_run, folder)
    path = checkpoints(folder / "checkpoints")[-1] / file
    if damage == "missing":
        path.unlink()
    elif damage == "half":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    else:
        path.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(TrainingError, match="remove this folder to go on") as caught:
        resume(folder)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def sac_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tiny(tmp_path_factory.mktemp("runs") / "sac", "sac", steps=128)).folder


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda document: document["training"].update(hyper=1), "missing or unknown entry"),
        (lambda document: document.pop("training"), "missing or unknown entry"),
        (lambda document: document["scenario"].update(power_mw=1.0), "defaults have changed"),
        (lambda document: document["training"]["hyperparameters"].update(width=17), "not a checkpoint of this run"),
    ],
)
def test_a_changed_configuration_is_refused(
    change: object, message: str, tmp_path: Path, finished_run: TrainingSummary
) -> None:
    shutil.copytree(finished_run.folder, tmp_path / "run")
    path = tmp_path / "run" / "config.json"
    document = json.loads(path.read_text())
    change(document)  # type: ignore[operator]
    path.write_text(json.dumps(document))
    with pytest.raises(TrainingError, match=message):
        resume(tmp_path / "run")
