"""From clips to a profile: what points mean, what splits never divide, what a killed run keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from edgevision.arrays import ByteClip, FloatArray
from edgevision.codecs.stae.bitstream import Coding, inspect, unpack
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import normalise
from edgevision.codecs.stae.training.algorithm1 import Plan, stem_features
from edgevision.codecs.stae.training.fit_step import FitConfig
from edgevision.codecs.stae.training.recognition import correct_on_grid
from edgevision.data.actions import GeneratedActions
from edgevision.data.clips import LabelledClip
from edgevision.data.sources import WithTest
from edgevision.errors import ClipError, ProfileError
from edgevision.measure import video_parts
from edgevision.measure import video_profile as module
from edgevision.measure.stae_sender import StaeSender
from edgevision.measure.times.clean_timing import PartTimes, time_interleaved
from edgevision.measure.times.stae_work import PARTS, StaeWork
from edgevision.measure.video_assembly import FEATURES, assemble, clip_features, splits
from edgevision.measure.video_folds import leave_one_group_out, train_without
from edgevision.measure.video_outcomes import Outcomes, Sent, first_order_entropy, measure
from edgevision.measure.video_parts import stored_or_made
from edgevision.measure.video_profile import measure_video_profile
from edgevision.part_store import PartStore
from edgevision.profiles.profile import OperatingPointProfile, load_profile
from edgevision.profiles.video_grid import FRAMES, GRID, MODES, PIXELS, point_index
from tests.codecs.stae.tiny import CLASSES, CONFIG, SIZE, action_clips, noise_clips, tiny_models, with_budgets

pytestmark = pytest.mark.usefixtures("short_timing")
CLIPS = 4
SHORT = FitConfig(1, 8, 1e-3)
FOLD_PLAN = Plan(
    vit=SHORT, second_vit=None, fa=SHORT, sa=SHORT, fr=SHORT, first_fr=SHORT, pixels=(1.0, 0.4), frames=(1, 16)
)


class KilledError(Exception):
    """Stands for a kill in the middle of a run."""


class InGroups:
    """A source whose clips belong together three by three."""

    def __init__(self, clips: int = CLIPS, seed: int = 0) -> None:
        self._source = GeneratedActions(clips, seed)
        self.name, self.classes = "in-groups", self._source.classes
        self.items: Sequence[LabelledClip] = [replace(item, group=item.group // 3) for item in self._source.items]

    def __len__(self) -> int:
        return len(self.items)

    def load(self, item: LabelledClip, *, frames: int = 16, size: int = SIZE) -> ByteClip:
        return self._source.load(self._source.items[self.items.index(item)], frames=frames, size=size)

    def fingerprint(self) -> str:
        return "groups" + self._source.fingerprint()


@pytest.fixture(scope="module")
def models() -> StaeModels:
    return with_budgets(tiny_models(), FRAMES, PIXELS[1:])


class Fake:
    """A sender whose results are a function of clip and budget, at once."""

    def __init__(self, codec: StaeCodec) -> None:
        self.key = float(codec.models.base.vit.head.bias.detach().sum())

    def send(self, clip: ByteClip, class_index: int, frames: int, pixels: float) -> Sent:
        size = int(clip[0, 0].sum()) + frames
        return Sent(size, size // 2, size // 2, 20, 5, self.key, class_index % 2 == 0, False)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("profiles")


@pytest.fixture(scope="module")
def profile(short_timing: None, models: StaeModels, out: Path) -> OperatingPointProfile:
    return measure_video_profile(InGroups(), models, out, "whole", record={"weights": "made up for tests"})


def made_up(clips: int = 6, seed: int = 0) -> tuple[Outcomes, dict[str, FloatArray]]:
    """Outcomes and times whose every entry differs."""
    rng, shape = np.random.default_rng(seed), (clips, len(FRAMES), len(PIXELS))
    values = {field.name: rng.uniform(100, 1000, shape) for field in fields(Outcomes)}
    values |= {name: rng.integers(0, 2, shape).astype(float) for name in ("right", "right_unrecovered")}
    return Outcomes(**values), {part: rng.uniform(0.001, 1, shape[1:]) for part in PARTS}


def assembled(recovered: bool = True) -> tuple[OperatingPointProfile, Outcomes, np.ndarray, dict[str, FloatArray]]:
    outcomes, times = made_up()
    local = np.random.default_rng(1).random((6, len(FRAMES))) < 0.5
    clips, ids = list(noise_clips(6)), [f"clip-{n}" for n in range(6)]
    measured = PartTimes(times, times, times, {"rounds": 1})
    made = assemble(
        "x", outcomes, local, measured, clips, ids, [0, 0, 1, 2, 3, 4], {"source": "test"}, recovered=recovered
    )
    return made, outcomes, local, times


@pytest.mark.parametrize("recovered", [True, False])
def test_points_mean_what_the_grid_says(recovered: bool) -> None:
    made, outcomes, answers, times = assembled(recovered)
    assert made.grid == GRID and made.points == 105 and made.correct is not None
    right = outcomes.right if recovered else outcomes.right_unrecovered
    for a, alpha in enumerate(FRAMES):
        for b, beta in enumerate(PIXELS):
            plain, entropy, local = (point_index(alpha, beta, mode) for mode in MODES)
            at = {part: values[a, b] for part, values in times.items()}
            np.testing.assert_array_equal(made.size[:, plain], outcomes.plain[:, a, b])
            np.testing.assert_array_equal(made.size[:, entropy], outcomes.huffman[:, a, b])
            assert not made.size[:, local].any()
            np.testing.assert_array_equal(made.correct[:, plain], right[:, a, b])
            np.testing.assert_array_equal(made.correct[:, entropy], right[:, a, b])
            np.testing.assert_array_equal(made.correct[:, local], answers[:, a])  # whatever was sent
            device, edge = at["t_fa"] + at["t_sa"], at["t_vit"] + (at["t_fr"] if recovered else 0)
            assert made.device_time[plain] == pytest.approx(device)
            assert made.device_time[entropy] == pytest.approx(device + at["t_ee"])
            assert made.device_time[local] == pytest.approx(times["t_fa"][a, 0] + times["t_vit"][a, 0])
            assert made.edge_time[plain] == pytest.approx(edge)
            assert made.edge_time[entropy] == pytest.approx(edge + at["t_ed"])
            assert made.edge_time[local] == 0
            assert made.parameter[plain] == made.parameter[entropy] == pytest.approx(alpha / 16 * beta)
            assert made.parameter[local] == 0  # nothing is sent


def test_accuracy_and_features_come_from_the_train_split() -> None:
    made, outcomes, _, _ = assembled()
    train = made.split == 0
    assert made.split.tolist() == [0, 0, 0, 0, 1, 2]
    assert made.correct is not None
    np.testing.assert_allclose(made.accuracy, made.correct[train].mean(0))
    np.testing.assert_allclose(made.features[train].mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(made.features[train].std(0), 1)
    assert made.feature_names == FEATURES and made.metadata["groups"] == [0, 0, 1, 2, 3, 4]
    parts = made.metadata["mean_bytes"]
    total = np.array(parts["header"]) + parts["mask"] + parts["values"]
    np.testing.assert_allclose(total, outcomes.range.mean(0))


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_splits_never_divide_a_group(groups: list[int]) -> None:
    found = splits(groups)
    for group in set(groups):
        assert len({int(split) for split, other in zip(found, groups, strict=True) if other == group}) == 1
    shares = np.bincount([int(found[groups.index(group)]) for group in dict.fromkeys(groups)], minlength=3)
    count = len(set(groups))
    assert shares[1] == (count + 1) // 5 and shares[2] == count // 5


def test_features_tell_motion_from_stillness_and_flat_from_detailed() -> None:
    still = np.full((4, 8, 8, 3), 100, np.uint8)
    np.testing.assert_allclose(clip_features(still), 0, atol=1e-6)
    flash = still.copy()
    flash[2] = 151
    np.testing.assert_allclose(clip_features(flash)[:2], [0.2 * 2 / 3, 1.5], atol=1e-6)
    stripes = still.copy()
    stripes[:, :, ::2] = 151
    assert clip_features(stripes)[3] == pytest.approx(0.1, abs=1e-6) and clip_features(stripes)[0] == 0
    assert clip_features(still[:1]).shape == (4,)


def test_entropy_of_known_distributions() -> None:
    assert first_order_entropy(np.zeros(9, np.uint8)) == 0
    assert first_order_entropy(np.arange(256, dtype=np.uint8)) == pytest.approx(8)
    assert first_order_entropy(np.array([1, 1, 2, 3], np.uint8)) == pytest.approx(1.5)
    assert first_order_entropy(np.zeros(0, np.uint8)) == 0


def test_sending_records_real_bytes_and_answers(models: StaeModels) -> None:
    codec, data = StaeCodec(models), action_clips(2)
    for pixels in (1.0, 0.4):
        for label in range(len(CLASSES)):
            sent = StaeSender(codec).send(data.clips[0], label, 4, pixels)
            coded = codec.encode(data.clips[0], frames=4, pixels=pixels)
            sizes = inspect(coded)
            assert sent.range == len(coded) == sent.header + sent.mask + sizes.values
            huffman = codec.encode(data.clips[0], frames=4, pixels=pixels, coding=Coding.huffman)
            assert sent.huffman == len(huffman)
            assert sent.plain == len(codec.encode(data.clips[0], frames=4, pixels=pixels, coding=Coding.plain))
            assert sent.right == (codec.scores(coded).argmax() == label)
            assert sent.right_unrecovered == (codec.scores(coded, recover=False).argmax() == label)
            assert 0 < sent.entropy < 8


def test_outcomes_are_kept_and_joined_in_order(tmp_path: Path) -> None:
    class Counting:
        def send(self, clip: ByteClip, class_index: int, frames: int, pixels: float) -> Sent:
            value = class_index * 1000 + frames * 10 + round(pixels * 10)
            return Sent(value, value, value, 0, 0, 0.0, True, False)

    clips = list(noise_clips(3))
    found = measure(Counting(), clips, [1, 2, 3], (4, 2), (1.0, 0.5))
    assert found.plain.tolist() == [[[c * 1000 + f * 10 + p for p in (10, 5)] for f in (4, 2)] for c in (1, 2, 3)]
    parts = [measure(Counting(), clips[:1], [label], (4, 2), (1.0, 0.5)) for label in (1, 2, 3)]
    joined = Outcomes.join(parts)
    for field in fields(Outcomes):
        np.testing.assert_array_equal(getattr(joined, field.name), getattr(found, field.name))


def test_outcomes_are_kept_under_what_they_are_of(tmp_path: Path) -> None:
    store, made = PartStore(tmp_path), made_up()[0]

    def unwanted() -> Outcomes:
        raise AssertionError("measured again")

    assert stored_or_made(store, "x", {"rows": [1]}, lambda: made) is made
    again = stored_or_made(store, "x", {"rows": [1]}, unwanted)
    for field in fields(Outcomes):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(made, field.name))
    with pytest.raises(AssertionError, match="measured again"):
        stored_or_made(store, "x", {"rows": [2]}, unwanted)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-30])
    assert stored_or_made(store, "x", {"rows": [1]}, lambda: made) is made


def test_large_frames_are_measured_and_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    config = replace(CONFIG, vit=replace(CONFIG.vit, size=48))
    codec, clip = StaeCodec(tiny_models(config=config)), noise_clips(1, size=48)[0]
    for function in (unpack, inspect):
        monkeypatch.setattr(function, "__kwdefaults__", {"max_pixels": clip.size // 3 - 1})
    assert StaeSender(codec).send(clip, 0, 16, 1.0).plain > clip.size
    (times,) = time_interleaved([StaeWork(codec, [clip], (16,), (1.0,))])
    assert (times.parts["t_ed"] > 0).all()


def test_times_are_of_the_parts_that_act(models: StaeModels) -> None:
    work = StaeWork(StaeCodec(models), list(action_clips(1).clips), (16, 2), (1.0, 0.4))
    times = time_interleaved([work])[0].parts
    assert set(times) == set(PARTS)
    assert (times["t_fa"] > 0).tolist() == [[False, False], [True, True]]
    for part in ("t_sa", "t_fr"):
        assert (times[part] > 0).tolist() == [[False, True], [False, True]]
    for part in ("t_ee", "t_ed", "t_vit"):
        assert (times[part] > 0).all()


def test_a_measured_profile_is_what_sending_gives(
    profile: OperatingPointProfile, models: StaeModels, out: Path
) -> None:
    data, codec = action_clips(CLIPS), StaeCodec(models, Coding.huffman)
    assert profile.contents == CLIPS and profile.grid == GRID and profile.correct is not None
    assert (profile.raw_size == 16 * SIZE * SIZE * 3).all()
    for row, alpha, beta in ((0, 1, 0.4), (2, 16, 0.7), (3, 4, 1.0)):
        coded = codec.encode(data.clips[row], frames=alpha, pixels=beta)
        assert profile.size[row, point_index(alpha, beta, "entropy")] == len(coded)
        right = codec.scores(coded).argmax() == data.labels[row]
        assert profile.correct[row, point_index(alpha, beta, "plain")] == right
    with torch.inference_mode():  # the device's own answers are those to the frames that it captured
        for alpha in FRAMES:
            said = models.base(normalise(torch.from_numpy(data.clips)), alpha, variant="ViT_FA").argmax(1).numpy()
            for beta in (1.0, 0.4):
                local = profile.correct[:, point_index(alpha, beta, "local")]
                np.testing.assert_array_equal(local, said == data.labels)
    known = profile.metadata
    uniform = correct_on_grid(models, data, data.rows, (16,), (1.0,), ("ViT_FA",))["ViT_FA"]
    assert known["uniform_accuracy"] == pytest.approx(uniform.mean())
    assert known["groups"] == [0, 0, 0, 1] and known["folds"] is None
    assert (known["codec"], known["coding"], known["weights"]) == ("stae", "huffman", "made up for tests")
    assert known["data_set"] == "in-groups" and known["clips"] == CLIPS
    stored = load_profile(str(out / "whole.npz"))
    np.testing.assert_array_equal(stored.size, profile.size)


def test_the_profile_without_recovery_needs_no_second_measurement(
    profile: OperatingPointProfile, models: StaeModels, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "measure", None)
    monkeypatch.setattr(module, "time_interleaved", None)
    other = measure_video_profile(InGroups(), models, out, "without", recovered=False)
    np.testing.assert_array_equal(other.size, profile.size)
    assert other.metadata["codec"] == "fa-sa"
    sent = np.array([mode == "plain" for _ in range(35) for mode in MODES])
    assert (other.edge_time[sent] <= profile.edge_time[sent]).all()


def test_a_killed_measurement_goes_on(models: StaeModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_parts, "_PART", 3)
    monkeypatch.setattr(module, "StaeSender", Fake)
    whole = measure_video_profile(InGroups(8), models, tmp_path / "whole", "x")
    seen: list[int] = []

    def killed(what: str, done: int, total: int) -> None:
        seen.extend([done] if what == "measure" else [])
        if what == "measure" and done == 4:
            raise KilledError

    with pytest.raises(KilledError):
        measure_video_profile(InGroups(8), models, tmp_path / "killed", "x", progress=killed)
    assert not list((tmp_path / "killed").glob("x.*"))
    parts = list((tmp_path / "killed").glob(".measured-*/part-*.npz"))
    assert len(parts) == 1
    written = parts[0].stat().st_mtime_ns
    resumed = measure_video_profile(InGroups(8), models, tmp_path / "killed", "x")
    assert parts[0].stat().st_mtime_ns == written
    np.testing.assert_array_equal(resumed.size, whole.size)
    np.testing.assert_array_equal(resumed.correct, whole.correct)
    assert len(set(whole.size[:, 0])) == 8


@pytest.mark.parametrize(
    ("config", "classes", "budgets", "said"),
    [
        (CONFIG, CLASSES[::-1], PIXELS[1:], "other classes"),
        (CONFIG, CLASSES, PIXELS[1:-1], "lack 5 budgets of the grid, such as 16 x 0.4"),
        (replace(CONFIG, frames=8), CLASSES, PIXELS[1:], "clips of 16 frames"),
    ],
)
def test_models_that_do_not_fit_are_refused(
    config: object, classes: tuple[str, ...], budgets: tuple[float, ...], said: str, tmp_path: Path
) -> None:
    models = with_budgets(StaeModels(config, classes), FRAMES, budgets)  # type: ignore[arg-type]
    with pytest.raises(ProfileError, match=said):
        measure_video_profile(InGroups(), models, tmp_path, "x")
    with pytest.raises(ProfileError, match="plain file name"):
        measure_video_profile(InGroups(), models, tmp_path, "a/b")
    assert not list(tmp_path.iterdir())


def test_folds_measure_each_group_with_models_that_never_saw_it(tmp_path: Path) -> None:
    data, groups = action_clips(6), np.array([4, 1, 4, 7, 1, 7])
    start = tiny_models()
    stem = stem_features(start.base, data, FOLD_PLAN.views, FOLD_PLAN.seed)
    before = {key: value.clone() for key, value in start.state_dict().items()}
    seen: list[list[int]] = []

    def check(models: StaeModels, rows: np.ndarray) -> Outcomes:
        seen.append(rows.tolist())
        if len(seen) == 1:
            others = np.flatnonzero(groups != groups[rows[0]])
            again = train_without(start, data, others, FOLD_PLAN, lambda: stem).state_dict()
            for key, value in models.state_dict().items():
                if ".backbone.patch_embed.backbone." not in key:  # comes with its own package; random in this test
                    torch.testing.assert_close(value, again[key], atol=1e-3, rtol=1e-3)  # stored in half precision
            assert not torch.equal(models.base.vit.head.weight, start.base.vit.head.weight)
        if len(seen) == 3:
            raise KilledError
        return Outcomes(*(np.tile(rows[:, None, None].astype(float), (1, 2, 2)) for _ in fields(Outcomes)))

    with pytest.raises(KilledError):
        leave_one_group_out(start, data, groups, FOLD_PLAN, check, tmp_path)
    found = leave_one_group_out(start, data, groups, FOLD_PLAN, check, tmp_path)
    assert seen == [[1, 4], [0, 2], [3, 5], [3, 5]]  # the two finished folds were not repeated
    assert found.plain[:, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert all(torch.equal(value, before[key]) for key, value in start.state_dict().items())


def test_test_clips_are_one_fold_and_train_none(tmp_path: Path) -> None:
    data, groups = action_clips(6), np.array([0, -1, 1, 0, -1, 2])
    trained: dict[int, list[int]] = {}

    def note(models: StaeModels, rows: np.ndarray) -> Outcomes:
        name = "test" if groups[rows[0]] < 0 else str(groups[rows[0]])
        about = json.loads((tmp_path / f"fold-{name}.json").read_text())
        trained[int(groups[rows[0]])] = about["provenance"]["rows"]
        return Outcomes(*(np.tile(rows[:, None, None].astype(float), (1, 2, 2)) for _ in fields(Outcomes)))

    found = leave_one_group_out(tiny_models(), data, groups, FOLD_PLAN, note, tmp_path)
    assert trained == {-1: [0, 2, 3, 5], 0: [2, 5], 1: [0, 3, 5], 2: [0, 2, 3]}
    assert found.plain[:, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]


def test_a_test_split_of_its_own(models: StaeModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "StaeSender", Fake)
    source = WithTest(GeneratedActions(8, 0), GeneratedActions(3, 5))
    made = measure_video_profile(source, models, tmp_path, "x")
    assert made.split.tolist() == [0, 0, 0, 1, 0, 0, 0, 1, 2, 2, 2]
    assert all(
        name.startswith("test/") == (split == 2) for name, split in zip(made.content_ids, made.split, strict=True)
    )


@given(st.lists(st.integers(0, 5), min_size=1), st.data())
def test_splits_around_test_clips_keep_groups_together(groups: list[int], data: st.DataObject) -> None:
    tested = np.array(data.draw(st.lists(st.booleans(), min_size=len(groups), max_size=len(groups))))
    found = splits(groups, tested)
    if tested.any():
        np.testing.assert_array_equal(found == 2, tested)
        for group in set(groups):
            others = found[(np.array(groups) == group) & ~tested]
            assert len(set(others.tolist())) <= 1
    else:
        np.testing.assert_array_equal(found, splits(groups))


def test_one_group_cannot_be_left_out(tmp_path: Path) -> None:
    data = action_clips(2)
    with pytest.raises(ClipError, match="all clips are of one group"):
        leave_one_group_out(tiny_models(), data, np.zeros(2, np.int64), FOLD_PLAN, lambda *_: made_up()[0], tmp_path)


def test_a_profile_in_folds_learns_other_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "StaeSender", Fake)
    start = StaeModels(replace(CONFIG, classes=2), ("wave", "kick"))
    plan = replace(FOLD_PLAN, frames=(1, 16), pixels=(1.0, 0.4))
    done: list[tuple[str, int, int]] = []
    made = measure_video_profile(
        InGroups(4), start, tmp_path, "x", fold_plan=plan, progress=lambda *now: done.append(now)
    )
    entropy = np.array(made.metadata["entropy_bits_per_value"])
    assert made.metadata["folds"] == 2 and made.contents == 4 and entropy.shape == (5, 7)
    assert ("folds", 2, 2) in done
    assert start.classes == ("wave", "kick") and not start.recovery
