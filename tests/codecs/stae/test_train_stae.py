"""Whole training runs: what each step gains, what is shared, and going on after a kill."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

pytest.importorskip("tensorboard", reason="needs the extra 'agents'")

from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training import train_stae as run
from edgevision.codecs.stae.training.algorithm1 import Plan, StepByStep
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.codecs.stae.training.end_to_end import EndToEndPlan, end_to_end_loss, train_end_to_end
from edgevision.codecs.stae.training.fit_step import FitConfig
from edgevision.codecs.stae.training.recognition import correct_on_grid
from edgevision.codecs.stae.training.train_stae import adopt, train_stae
from edgevision.data.actions import GeneratedActions
from tests.codecs.stae.tiny import CLASSES, CONFIG, EXTENDED, action_clips, tiny_models, with_budgets

SHORT = FitConfig(2, 8, 1e-3)
PLAN = Plan((1, 4), (1.0, 0.7, 0.4), vit=SHORT, second_vit=SHORT, fa=SHORT, sa=SHORT, fr=SHORT, first_fr=SHORT)
# A run as a process of its own: it is killed and started again.
PROGRAM = """
import sys
from pathlib import Path
from edgevision.codecs.stae.training.train_stae import train_stae
from edgevision.data.actions import GeneratedActions
from tests.codecs.stae.test_train_stae import PLAN
from tests.codecs.stae.tiny import CONFIG
report = lambda *done: print(*done, flush=True)
train_stae(GeneratedActions(16), CONFIG, PLAN, Path(sys.argv[1]), progress=report)
"""


@pytest.fixture(scope="module")
def data() -> ClipSet:
    return action_clips(16)


def same(first: StaeModels, second: StaeModels) -> bool:
    ours, theirs = first.state_dict(), second.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_steps_come_in_the_algorithms_order_and_share_what_they_can(data: ClipSet) -> None:
    seen: list[str] = []
    models = StepByStep(tiny_models(), data, PLAN, progress=lambda step, *_: seen.append(step)).run()
    order = ["vit", "fa", "second-vit", "second-fa", "sa-1", "fr-1-70", "fr-1-40", "sa-4", "fr-4-70", "fr-4-40"]
    assert list(dict.fromkeys(seen)) == order
    assert list(models.spatial) == ["1", "4"]
    assert list(models.recovery) == ["1@70", "1@40", "4@70", "4@40"]
    assert not models.training


def test_whole_frames_alone_need_neither_sa_nor_fr(data: ClipSet) -> None:
    models = StepByStep(tiny_models(), data, replace(PLAN, pixels=(1.0,), second_vit=None)).run()
    assert not models.spatial and not models.recovery


def test_a_run_is_a_function_of_its_seed(data: ClipSet) -> None:
    plan = replace(PLAN, frames=(2,), pixels=(0.4,))
    first, second = (StepByStep(tiny_models(), data, plan).run() for _ in range(2))
    other = StepByStep(tiny_models(), data, replace(plan, seed=1)).run()
    assert same(first, second) and not same(first, other)


def test_a_killed_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    command, whole, killed = [sys.executable, "-c", PROGRAM], tmp_path / "whole", tmp_path / "killed"
    subprocess.run([*command, str(whole)], check=True, capture_output=True)
    process = subprocess.Popen([*command, str(killed)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.split() == ["fr-1-40", "1", "2"]:  # in the middle of a step
            process.send_signal(signal.SIGKILL)
            break
    assert process.wait() == -signal.SIGKILL
    assert not (killed / "stae.safetensors").exists()
    parts = {path: path.stat().st_mtime_ns for path in killed.glob("steps-*/*.safetensors")}
    assert {path.stem for path in parts} >= {"vit", "fa", "second-vit", "second-fa", "sa-1", "fr-1-70", "fr-1-40"}
    done = subprocess.run([*command, str(killed)], check=True, capture_output=True, text=True).stdout.splitlines()
    assert "fr-1-40 0 2" not in done and "fr-1-40 1 2" in done
    finished = [path for path in parts if path.stem != "fr-1-40"]
    assert all(path.stat().st_mtime_ns == parts[path] for path in finished)
    assert (killed / "stae.safetensors").read_bytes() == (whole / "stae.safetensors").read_bytes()
    assert list((killed / "tensorboard").iterdir())


def test_the_description_says_how_the_weights_were_made(tmp_path: Path) -> None:
    source = GeneratedActions(8, 5)
    plan = EndToEndPlan(2, 0.4, SHORT, seed=3)
    trained = train_stae(source, CONFIG, plan, tmp_path, provenance={"command": "by hand"})
    record = json.loads((tmp_path / "stae.json").read_text())["provenance"]
    assert record["command"] == "by hand"
    assert record["data_set_fingerprint"] == source.fingerprint() and record["clips"] == 8
    assert record["plan"]["frames"] == 2 and record["plan"]["seed"] == 3
    assert "torch" in record["versions"]
    assert StaeModels.load(tmp_path / "stae.safetensors").trained(2, 0.4)
    assert record["start"] is None
    other = train_stae(source, CONFIG, replace(plan, seed=4), tmp_path)  # not gone on with
    assert not same(trained, other)


def test_the_description_says_what_training_started_from(tmp_path: Path) -> None:
    source, path = GeneratedActions(8, 5), tmp_path / "stae.safetensors"
    plan = EndToEndPlan(2, 0.4, FitConfig(1, 8, 1e-3), seed=3)
    train_stae(source, CONFIG, plan, tmp_path)
    start = StaeModels.load(path)
    train_stae(source, CONFIG, replace(plan, seed=4), tmp_path, start=start)
    digest = json.loads((tmp_path / "stae.json").read_text())
    assert digest["provenance"]["start"] == start.origin
    assert start.origin["seed"] == 3 and start.origin["data_set"] == source.name and start.origin["sha256"]
    assert StaeModels.load(path).origin["start"] == start.origin


def test_checkpoints_are_those_of_the_same_start_versions_and_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    source, plan, start = GeneratedActions(2), EndToEndPlan(2, 0.4, SHORT), tiny_models()
    names = [run._digest(source, CONFIG, plan, None), run._digest(source, CONFIG, plan, start)]
    assert run._digest(source, CONFIG, plan, tiny_models()) == names[1]
    start.classes = start.classes[::-1]
    names.append(run._digest(source, CONFIG, plan, start))
    monkeypatch.setattr(run, "STEPS_VERSION", run.STEPS_VERSION + 1)
    names.append(run._digest(source, CONFIG, plan, start))
    monkeypatch.setattr(run, "versions", lambda libraries: {"torch": "0"})
    names.append(run._digest(source, CONFIG, plan, start))
    assert len(set(names)) == 5


def test_going_on_from_weights_keeps_classes_by_name() -> None:
    start = StepByStep(tiny_models(1), action_clips(8), replace(PLAN, frames=(1,), pixels=(0.4,))).run()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        models = StaeModels(replace(CONFIG, classes=3), ("wave", "unknown", "kick"))
    before = models.base.vit.head.weight.clone()
    adopt(models, start)
    after, theirs = models.base.vit.head.weight, start.base.vit.head.weight
    assert torch.equal(after[0], theirs[CLASSES.index("wave")]) and torch.equal(after[2], theirs[CLASSES.index("kick")])
    assert torch.equal(after[1], before[1])
    assert models.trained(1, 0.4)
    ours, given = models.base.fa.state_dict(), start.base.fa.state_dict()
    assert all(torch.equal(ours[key], given[key]) for key in ours)
    with pytest.raises(ValueError, match="other shapes"):
        adopt(tiny_models(config=replace(CONFIG, recovery_width=5)), start)
    with pytest.raises(ValueError, match="other shapes"):
        adopt(tiny_models(config=replace(CONFIG, vit=replace(CONFIG.vit, embed_dim=32))), start)


@pytest.mark.parametrize(("frames", "pixels"), [(2, 0.4), (2, 1.0), (16, 0.4)])
def test_end_to_end_the_gradient_reaches_every_network_that_acts(frames: int, pixels: float, data: ClipSet) -> None:
    models = tiny_models()
    model = models.model(frames, pixels)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    train_end_to_end(models, data, EndToEndPlan(frames, pixels, FitConfig(1, 16, 1e-2)))
    changed = {key.split(".")[0] for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert changed == {"vit"} | ({"fa"} if frames < 16 else set()) | ({"sa", "fr"} if pixels < 1 else set())
    stem = "vit.backbone.patch_embed.backbone."
    assert all(torch.equal(model.state_dict()[key], before[key]) for key in before if key.startswith(stem))


def test_end_to_end_sees_what_inference_sees(data: ClipSet) -> None:
    model = tiny_models().model(2, 0.4).eval()
    rows, seen = torch.tensor([1, 3]), []
    model.vit.register_forward_pre_hook(lambda _, frames: seen.append(frames[0].detach()))
    with torch.random.fork_rng(devices=[]):
        generator = torch.Generator().manual_seed(0)
        end_to_end_loss(model, data, 2, 0.4)(rows, generator)
    mirrored = torch.rand(2, generator=torch.Generator().manual_seed(0)) < 0.5
    clips = data.frames(rows)
    clips = torch.stack([clip.flip(-1) if flip else clip for clip, flip in zip(clips, mirrored, strict=True)])
    with torch.inference_mode():
        kept, mask = model.encode(clips, 2, 0.4)
        torch.testing.assert_close(seen[0].float(), model.restore(kept, mask, recover=True), atol=0.05, rtol=0.05)


def test_accuracies_on_a_grid_are_those_of_single_clips(data: ClipSet) -> None:
    models = StepByStep(tiny_models(), data, PLAN).run()
    rows, done = torch.tensor([3, 0, 7]), []
    grid = correct_on_grid(models, data, rows, (4, 1), (1.0, 0.4), progress=lambda *now: done.append(now))
    assert done[-1] == (4, 4)
    for name, found in grid.items():
        assert found.shape == (3, 2, 2)
        for place, row in enumerate(rows.tolist()):
            for a, alpha in enumerate((4, 1)):
                for b, beta in enumerate((1.0, 0.4)):
                    with torch.inference_mode():
                        scores = models.model(alpha, beta)(data.frames(torch.tensor([row])), alpha, beta, name)[0]
                    best = scores.sort(descending=True).values
                    if best[0] - best[1] > 0.02:  # else reduced precision may decide otherwise
                        assert found[place, a, b] == (int(scores.argmax()) == data.labels[row])
    assert list(models.recovery) == ["1@70", "1@40", "4@70", "4@40"]


def test_pixels_are_selected_in_full_precision(data: ClipSet) -> None:
    models, reduced = with_budgets(tiny_models(config=EXTENDED), (2,), (0.4,)), []
    for network in (models.base.fa, models.spatial_attention(2)):
        network.register_forward_pre_hook(lambda *_: reduced.append(torch.is_autocast_enabled("cpu")))
    correct_on_grid(models, data, data.rows[:2], (2,), (0.4,), ("ViT_STAE",))
    assert len(reduced) == 4 and not any(reduced)  # two networks, clip by clip


def test_a_grid_is_of_trained_budgets_only(data: ClipSet) -> None:
    models = tiny_models()
    models.spatial_attention(1)
    before = list(models.state_dict())
    for budget, variant in (((1, 0.4), "ViT_STAE"), ((2, 0.4), "ViT_FA+SA")):
        with pytest.raises(ValueError, match=f"no {re.escape(variant)} was trained for frames={budget[0]}, pixels=0.4"):
            correct_on_grid(models, data, data.rows, budget[:1], budget[1:], (variant,))  # type: ignore[arg-type]
    assert correct_on_grid(models, data, data.rows[:2], (1,), (1.0, 0.4), ("ViT_FA", "ViT_FA+SA")).keys()
    assert correct_on_grid(models, data, data.rows[:2], (2,), (1.0,)).keys()
    assert list(models.state_dict()) == before
