from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from edgevision.data.actions import ActionTruth, GeneratedActions
from edgevision.data.actions.painting import Cloth, paint
from edgevision.data.actions.poses import ACTIONS, BEHIND, IN_FRONT, PARTS, STANDING, body
from edgevision.data.actions.timeline import draw_moment, draw_pair
from edgevision.data.clips import ClipSource, LabelledClip
from edgevision.errors import ClipError, CodecInputError, UnreadableClipError

SIZE = 48  # small frames keep the tests fast; the scenes are the same at every size


@pytest.fixture(scope="module")
def source() -> GeneratedActions:
    return GeneratedActions(64, seed=3)


@pytest.fixture(scope="module")
def drawn(source: GeneratedActions) -> list[tuple[np.ndarray, ActionTruth]]:
    return [(source.load(item, size=SIZE), source.truth(item, size=SIZE)) for item in source.items[:40]]


def test_is_a_clip_source(source: GeneratedActions) -> None:
    assert isinstance(source, ClipSource)
    assert len(source) == len(source.items) == 64
    assert source.classes[:6] == ("handshake", "hug", "kick", "point", "punch", "push")
    assert len({item.content_id for item in source.items}) == 64
    assert [item.group for item in source.items] == list(range(64))


@pytest.mark.parametrize(("frames", "size"), [(16, 112), (1, 16), (5, 33)])
def test_clips_have_the_asked_shape(source: GeneratedActions, frames: int, size: int) -> None:
    clip = source.load(source.items[0], frames=frames, size=size)
    truth = source.truth(source.items[0], frames=frames, size=size)
    assert clip.shape == (frames, size, size, 3)
    assert clip.dtype == np.uint8
    assert truth.figures.shape == (frames, size, size)
    assert truth.figures.dtype == np.bool_
    assert truth.frames.min() >= 0
    assert truth.frames.max() < frames


def test_a_clip_is_the_same_whenever_and_in_whichever_order_it_is_drawn(source: GeneratedActions) -> None:
    again = GeneratedActions(64, seed=3)
    last = again.load(again.items[9], size=SIZE)
    first = again.load(again.items[2], size=SIZE)
    np.testing.assert_array_equal(first, source.load(source.items[2], size=SIZE))
    np.testing.assert_array_equal(last, source.load(source.items[9], size=SIZE))
    assert not np.array_equal(first, last)


@pytest.mark.parametrize("clips", [1, 7, 8, 11])
def test_sources_of_different_length_share_their_first_clips(source: GeneratedActions, clips: int) -> None:
    shorter = GeneratedActions(clips, seed=3)
    assert list(shorter.items) == list(source.items[:clips])
    item = shorter.items[-1]
    np.testing.assert_array_equal(shorter.load(item, size=SIZE), source.load(item, size=SIZE))


def test_seeds_give_different_clips_and_fingerprints(source: GeneratedActions) -> None:
    other = GeneratedActions(64, seed=4)
    pictures = [each.load(each.items[0], size=SIZE) for each in (source, other)]
    assert not np.array_equal(*pictures)
    assert [item.class_index for item in source.items] != [item.class_index for item in other.items]
    fingerprints = {GeneratedActions(clips, seed).fingerprint() for clips, seed in ((64, 3), (64, 4), (63, 3), (64, 3))}
    assert len(fingerprints) == 3


def test_fingerprint_follows_the_version(monkeypatch: pytest.MonkeyPatch, source: GeneratedActions) -> None:
    before = source.fingerprint()
    monkeypatch.setattr(GeneratedActions, "version", "another")
    assert source.fingerprint() != before


def test_classes_are_balanced_but_not_in_a_fixed_order(source: GeneratedActions) -> None:
    labels = [item.class_index for item in source.items]
    runs = [tuple(labels[start : start + 8]) for start in range(0, 64, 8)]
    assert all(sorted(run) == list(range(8)) for run in runs)
    assert len(set(runs)) > 1
    counts = Counter(item.class_index for item in GeneratedActions(61).items)
    assert max(counts.values()) - min(counts.values()) <= 1


def test_the_scene_of_a_clip_is_the_same_at_every_size(source: GeneratedActions) -> None:
    item = source.items[5]
    small, large = (source.truth(item, size=size) for size in (SIZE, 2 * SIZE))
    np.testing.assert_array_equal(small.frames, large.frames)
    shrunk = large.figures.reshape(16, SIZE, 2, SIZE, 2).mean(axis=(2, 4)) > 0.5
    assert (shrunk & small.figures).sum() > 0.9 * (shrunk | small.figures).sum()


def test_moments_are_short_contiguous_and_anywhere() -> None:
    rng = np.random.default_rng(0)
    moments = [draw_moment(rng, 16) for _ in range(2000)]
    assert {len(moment.frames) for moment in moments} == {2, 3, 4, 5}
    assert all((np.diff(moment.frames) == 1).all() for moment in moments)
    assert all((np.flatnonzero(moment.envelope == 1) == moment.frames).all() for moment in moments)
    share = np.bincount(np.concatenate([moment.frames for moment in moments]), minlength=16) / len(moments)
    assert share.min() > 0.1
    assert share.max() < 0.32
    assert share[7:9].max() <= share.max()
    assert draw_moment(rng, 1).frames.tolist() == [0]


def test_outside_the_moment_all_classes_move_alike() -> None:
    moment = draw_moment(np.random.default_rng(1), 16)
    tracks = [draw_pair(np.random.default_rng(2), name, moment) for name in ACTIONS]
    ends = np.array([[figure.ends for figure in pair] for pair in tracks])  # (class, figure, part, frame, 2, 2)
    spread = np.ptp(ends, axis=0).max(axis=(0, 1, 3, 4))
    assert spread[moment.envelope == 0].max() == 0
    assert spread[moment.frames].min() > 0.1


def test_figures_are_of_a_decent_size(drawn: list[tuple[np.ndarray, ActionTruth]]) -> None:
    shares = np.array([truth.figures.mean() for _, truth in drawn])
    assert shares.min() > 0.05
    assert shares.max() < 0.3
    assert 0.1 < shares.mean() < 0.2
    idle = [np.delete(truth.figures, truth.frames, axis=0) for _, truth in drawn]
    heights = np.array([figures.any(axis=2).sum(axis=1).mean() / SIZE for figures in idle])
    assert heights.min() > 0.45
    assert heights.max() < 0.85


def test_the_truth_masks_what_moves_when_only_the_figures_change(monkeypatch: pytest.MonkeyPatch) -> None:
    source = GeneratedActions(1)
    item = source.items[0]
    clip, truth = source.load(item, size=SIZE), source.truth(item, size=SIZE)
    monkeypatch.setattr("edgevision.data.actions.generated_actions.dress", lambda *_: np.zeros((16, SIZE, SIZE)))
    monkeypatch.setattr("edgevision.data.actions.generated_actions._BYSTANDERS", 0.0)
    empty = source.load(item, size=SIZE)
    changed = (np.abs(clip.astype(int) - empty) > 8).any(axis=3)
    assert changed[truth.figures].mean() > 0.9


def test_decisive_frames_are_brighter_on_average_but_not_always(drawn: list[tuple[np.ndarray, ActionTruth]]) -> None:
    hits, chance = [], []
    for clip, truth in drawn:
        mean, most = clip.mean(axis=(1, 2, 3)), clip.max(axis=(1, 2, 3)).astype(float)
        hits.append(int(np.argmax(mean / mean.std() + most / max(most.std(), 1))) in truth.frames)
        chance.append(len(truth.frames) / 16)
    assert np.mean(chance) + 0.15 < np.mean(hits) < 0.95


def test_figures_differ_from_the_scene_in_colour(drawn: list[tuple[np.ndarray, ActionTruth]]) -> None:
    kept = []
    for clip, truth in drawn:
        most = clip[8].max(axis=2).astype(float)
        colourful = most + 2 * (most - clip[8].mean(axis=2))
        kept.append((colourful > np.quantile(colourful, 0.6))[truth.figures[8]].mean())
    assert 0.55 < np.mean(kept) < 0.98  # of the figures' pixels among the 40 % most colourful


def _silhouettes(drawn: list[tuple[np.ndarray, ActionTruth]], decisive: bool) -> np.ndarray:
    frames = [truth.frames[0] if decisive else (truth.frames[0] + 8) % 16 for _, truth in drawn]
    blurred = [
        truth.figures[frame].reshape(12, 4, 12, 4).mean(axis=(1, 3)).ravel()
        for (_, truth), frame in zip(drawn, frames, strict=True)
    ]
    both = np.array(blurred)
    mirrored = both.reshape(-1, 12, 12)[:, :, ::-1].reshape(len(both), -1)
    return np.stack([both, mirrored])


def _nearest_neighbour_accuracy(shapes: np.ndarray, labels: np.ndarray) -> float:
    """Leave one out, by outlines, either way round."""
    distance = np.min([((shapes[0][:, None] - side[None]) ** 2).sum(axis=2) for side in shapes], axis=0)
    np.fill_diagonal(distance, np.inf)
    return float((labels[distance.argmin(axis=1)] == labels).mean())


def test_the_class_shows_in_decisive_frames_only() -> None:
    source = GeneratedActions(96, seed=11)
    labels = np.array([item.class_index for item in source.items])
    drawn = [(np.empty(0), source.truth(item, size=SIZE)) for item in source.items]
    assert _nearest_neighbour_accuracy(_silhouettes(drawn, decisive=True), labels) > 0.6
    assert _nearest_neighbour_accuracy(_silhouettes(drawn, decisive=False), labels) < 0.25


def test_bodies_stand_on_the_ground_and_face_their_way() -> None:
    place, height = np.array([[0.5, 0.9]]), np.array([0.6])
    right, left = (body(STANDING[None], place, height, facing) for facing in (1, -1))
    np.testing.assert_allclose(right[..., 0] - 0.5, 0.5 - left[..., 0])
    np.testing.assert_allclose(right[..., 1], left[..., 1])
    assert right[..., 1].max() == pytest.approx(0.9 - 0.025 * 0.6)
    assert 0.9 - right[..., 1].min() == pytest.approx(0.6, rel=0.12)
    assert (*BEHIND, *IN_FRONT) == PARTS
    for name in ("handshake", "kick", "point", "punch", "push", "bow"):
        reaching = body(ACTIONS[name].actor[None], place, height, 1)
        assert reaching[..., 0].max() > right[..., 0].max() + 0.05


@pytest.mark.parametrize("centre", [(10.0, 12.0), (0.0, 0.0), (31.5, 8.0), (-40.0, 5.0)])
def test_a_capsule_covers_what_brute_force_covers(centre: tuple[float, float]) -> None:
    canvas = np.zeros((1, 32, 32, 3), dtype=np.float32)
    ends = np.array([[centre, (centre[0] + 7, centre[1] + 4)]])
    white = np.ones(3)
    paint(canvas, ends, (3.0, 3.0), Cloth(white, white))
    samples = (np.arange(32 * 8) + 0.5) / 8
    x, y = np.meshgrid(samples, samples)
    axis = ends[0, 1] - ends[0, 0]
    along = np.clip(((x - centre[0]) * axis[0] + (y - centre[1]) * axis[1]) / (axis @ axis), 0, 1)
    inside = np.hypot(x - centre[0] - along * axis[0], y - centre[1] - along * axis[1]) < 3
    share = inside.reshape(32, 8, 32, 8).mean(axis=(1, 3))
    painted = canvas[0, :, :, 0]
    assert (painted[share == 0] < 0.1).all()
    assert (painted[share == 1] > 0.6).all()
    if share.any():
        assert (painted > 0.35).sum() == pytest.approx((share > 0.5).sum(), rel=0.1)


@pytest.mark.parametrize(
    ("clips", "seed", "message"),
    [
        (0, 0, "clips must be a whole number from 1"),
        (10**12, 0, "clips must be a whole number from 1"),
        (4, -1, "seed must be a whole number from 0"),
    ],
)
def test_bad_sources_are_refused(clips: int, seed: int, message: str) -> None:
    with pytest.raises(ClipError, match=message):
        GeneratedActions(clips, seed)


@pytest.mark.parametrize(("frames", "size"), [(0, 112), (16, 15), (16, 1025), (2**20, 112)])
def test_bad_shapes_are_refused(source: GeneratedActions, frames: int, size: int) -> None:
    with pytest.raises(CodecInputError, match="give at least 1 frame"):
        source.load(source.items[0], frames=frames, size=size)


@pytest.mark.parametrize("group", [-1, 0, 64])
def test_clips_of_another_source_are_refused(source: GeneratedActions, group: int) -> None:
    with pytest.raises(UnreadableClipError, match="elsewhere: not a clip of this source"):
        source.load(LabelledClip("elsewhere", 0, group))
