"""DeepISC's profile: whose answers and times are in it, and which files a measurement takes up."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.training.algorithm1 import Plan
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.codecs.stae.training.fit_step import FitConfig
from edgevision.data.actions import GeneratedActions
from edgevision.errors import ProfileError
from edgevision.measure import deepisc_profile as module
from edgevision.measure import video_parts, video_profile
from edgevision.measure.deepisc_profile import (
    measure_deepisc_profile,
    measure_in_folds,
    measure_in_parts,
)
from edgevision.measure.times import clean_timing
from edgevision.measure.times import deepisc_times as timing
from edgevision.measure.times.clean_timing import PartTimes, time_interleaved
from edgevision.measure.times.deepisc_times import DeepIscWork
from edgevision.measure.times.stae_work import PARTS, StaeWork
from edgevision.measure.video_outcomes import Outcomes
from edgevision.measure.video_profile import VideoMeasurement
from edgevision.profiles.profile import load_profile
from edgevision.profiles.video_grid import FRAMES, GRID, MODES, PIXELS
from tests.codecs.deepisc.conftest import CONFIG
from tests.codecs.stae.tiny import action_clips, tiny_models, with_budgets

pytestmark = pytest.mark.usefixtures("short_timing")
BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PLAN = Plan(frames=(1,), pixels=(1.0, 0.4), fr=FitConfig(1, 4), first_fr=FitConfig(1, 4))


def networks(seed: int = 0, frames: tuple[int, ...] = (1,), pixels: tuple[float, ...] = (1.0, 0.4)) -> DeepIscModels:
    """Untrained networks."""
    torch.manual_seed(seed)
    made = DeepIscModels(CONFIG)
    for alpha in frames:
        for beta in pixels:
            made.add(alpha, beta)
    return made.eval()


@pytest.fixture
def small_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure two budgets only."""
    monkeypatch.setattr(module, "FRAMES", (1,))
    monkeypatch.setattr(module, "PIXELS", (1.0, 0.4))


def test_attention_and_classifier_are_timed_once_for_both_codecs() -> None:
    base, clips = with_budgets(tiny_models(), (2,), (0.4,)), list(action_clips(1).clips)
    works = [
        DeepIscWork(base, networks(frames=(2,)), clips, (2,), (0.4,)),
        StaeWork(StaeCodec(base), clips, (2,), (0.4,)),
    ]
    mine, stae = (times.parts for times in time_interleaved(works))
    for part in ("t_fa", "t_vit"):
        assert mine[part].item() == stae[part].item() > 0
    for part in ("t_sa", "t_fr", "t_ee", "t_ed"):
        assert mine[part].item() != stae[part].item()


def test_networks_are_timed_on_tensors_that_are_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the clock runs, no frame is normalised, no pixel is drawn, and nothing but the bitstream is an array."""
    running: list[bool] = []

    def seconds(call: Callable[[], object], clock: Callable[[], float]) -> float:
        running.append(True)
        call()
        running.pop()
        return 1.0

    def outside(place: object, name: str) -> None:
        original = getattr(place, name)

        def called(*given: object, **named: object) -> object:
            assert not running, name
            return original(*given, **named)

        monkeypatch.setattr(place, name, called)

    monkeypatch.setattr(clean_timing, "_cpu_seconds", seconds)
    monkeypatch.setattr(clean_timing, "REFERENCE_SECONDS", 1.0)
    for place, name in ((timing, "normalise"), (timing.codec, "analyse"), (timing.codec, "restore")):
        outside(place, name)
    outside(module.DeepIscSender, "kept")
    outside(timing.DeepIsc, "sent")
    work = DeepIscWork(tiny_models(), networks(frames=(16, 2)), list(action_clips(1).clips), (16, 2), (1.0, 0.4))
    times = time_interleaved([work])[0].parts
    assert set(times) == {*PARTS, "t_deepisc"}
    assert times["t_fa"].tolist() == [[0, 0], [1, 1]]
    assert times["t_deepisc"].tolist() == [[2, 2], [2, 2]]


def test_what_is_timed_is_what_the_codec_does() -> None:
    network = networks(frames=(2,)).network(2, 0.4)
    clip = action_clips(1).clips[0]
    header, parts = timing.codec.analyse(network, clip, np.array([3, 9]), 0.4)
    frames = timing.normalise(torch.from_numpy(clip[[3, 9]]))
    with torch.inference_mode():
        sent = network.sent(frames[None], 0.4, header.seed).split(1)
        residuals = timing._on_the_device(network, frames.split(1), sent)
        restored = timing._at_the_edge(network, [network.analyse(frame) for frame in frames.split(1)], residuals)
    expected = timing.codec.restore(network, header, parts)
    found = ((torch.cat(restored).movedim(1, -1) + 1) * 127.5).round().byte().numpy()
    exact = np.abs(np.concatenate([r.numpy() for r in residuals])).max(1) < 127 / 127.5
    np.testing.assert_array_equal(found[exact], expected[exact])
    assert exact.mean() > 0.9


@pytest.fixture
def base() -> StaeModels:
    """STAE for the whole grid."""
    return with_budgets(tiny_models(), FRAMES, PIXELS[1:])


def random_outcomes(seed: int, clips: int) -> Outcomes:
    """Bytes between 0 and 1000, and answers of which half are right."""
    random = np.random.default_rng(seed)
    sizes, answers = random.uniform(0, 1000, (6, clips, *GRID[:2])), random.random((2, clips, *GRID[:2])) < 0.5
    return Outcomes(*sizes, *answers.astype(np.float64))


def test_the_device_s_own_answers_do_not_depend_on_deepisc(
    base: StaeModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_profile, "measure", lambda sender, clips, *_: random_outcomes(0, len(clips)))
    monkeypatch.setattr(module, "measure", lambda sender, clips, *_: random_outcomes(1, len(clips)))
    times = {part: np.ones(GRID[:2]) for part in (*PARTS, "t_deepisc")}
    monkeypatch.setattr(video_profile, "time_interleaved", lambda *_: [PartTimes(times, times, times, {})])
    run = VideoMeasurement(GeneratedActions(2, 1), base, None, tmp_path, lambda *_: None)
    made = measure_deepisc_profile(run, networks(0, FRAMES, PIXELS), "deepisc", record={"note": "made up"})
    assert made.correct is not None
    correct = made.correct.reshape(-1, *GRID)
    stae, deepisc = (random_outcomes(seed, 2).right for seed in (0, 1))
    np.testing.assert_array_equal(correct[..., MODES.index("plain")], deepisc)
    np.testing.assert_array_equal(correct[..., MODES.index("local")], np.stack([stae[:, :, 0]] * GRID[1], axis=2))
    saved = load_profile(str(tmp_path / "deepisc.npz"))
    assert (saved.metadata["codec"], saved.metadata["note"]) == ("deepisc", "made up")
    assert saved.metadata["data_set_fingerprint"] == run.source.fingerprint()
    assert "t_deepisc" in saved.metadata["parts"]


def test_networks_must_cover_the_grid(base: StaeModels, tmp_path: Path) -> None:
    run = VideoMeasurement(GeneratedActions(1, 1), base, None, tmp_path, lambda *_: None)
    with pytest.raises(ProfileError, match="lack 33 budgets of the grid, such as 16 x 1"):
        measure_deepisc_profile(run, networks(), "x")


@pytest.mark.usefixtures("small_grid")
def test_parts_of_other_networks_are_not_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, data = tiny_models(), action_clips(3)
    monkeypatch.setattr(video_parts, "_PART", 2)

    def measured(seed: int) -> Outcomes:
        return measure_in_parts(base, networks(seed), data, tmp_path, lambda done, total: None)

    first, other = measured(0), measured(1)
    assert not np.array_equal(first.huffman, other.huffman)
    assert len({path.name for path in tmp_path.glob("deepisc-part-*.npz")}) == 4
    monkeypatch.setattr(module, "_measure", None)  # everything is there
    np.testing.assert_array_equal(measured(0).huffman, first.huffman)
    np.testing.assert_array_equal(measured(1).huffman, other.huffman)


@pytest.mark.usefixtures("small_grid")
def test_folds_of_other_networks_or_plans_are_not_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, groups = action_clips(4), np.array([5, 2, 5, 2])
    for group in (2, 5):
        tiny_models(group).save(tmp_path / f"fold-{group}.safetensors", {})
    seen: list[tuple[int, ...]] = []

    def measure(base: StaeModels, trained: DeepIscModels, data: ClipSet, rows: np.ndarray) -> Outcomes:
        seen.append(tuple(rows))
        return Outcomes(*(np.tile(rows[:, None, None].astype(float), (1, 1, 2)) for _ in range(8)))

    monkeypatch.setattr(module, "_measure", measure)
    settings = [(networks(), PLAN), (networks(1), PLAN), (networks(), replace(PLAN, seed=1))]
    for start, plan in settings * 2:
        found = measure_in_folds(start, data, groups, plan, tmp_path, lambda done, total: None)
        assert found.plain[:, 0, 0].tolist() == [0, 1, 2, 3]
    assert seen == [(1, 3), (0, 2)] * 3


def test_profiles_name_the_weights_of_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    script = importlib.import_module("stae_profiles")
    tiny_models().save(tmp_path / "actions" / "stae.safetensors", {})
    networks().save(tmp_path / "actions" / "deepisc.safetensors", {})
    saved: dict[str, dict[str, Any]] = {}
    monkeypatch.setattr(script, "VideoMeasurement", lambda *_: None)
    monkeypatch.setattr(script, "measure_video_profile", lambda *_, **__: None)
    monkeypatch.setattr(script, "measure_deepisc_profile", lambda run, made, name, record: saved.update({name: record}))
    script.profiles(tmp_path, GeneratedActions(2, 1), "x", None)
    for key, file in (("weights_sha256", "stae"), ("deepisc_weights_sha256", "deepisc")):
        path = tmp_path / "actions" / f"{file}.safetensors"
        assert saved["x-deepisc"][key] == hashlib.sha256(path.read_bytes()).hexdigest()
