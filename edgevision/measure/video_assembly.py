"""Assembling an operating-point profile on the grid of ``EdgeVision/Video-v0`` from outcomes and times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, ByteClip, FloatArray
from edgevision.measure.feature_scaling import standardised
from edgevision.measure.times.clean_timing import PartTimes, Sides
from edgevision.measure.video_outcomes import Outcomes
from edgevision.profiles.profile import OperatingPointProfile
from edgevision.profiles.video_grid import AXES, CRFS, FRAMES, GRID, PIXELS, VideoCoder
from edgevision.protocol import CONTENT_SPLITS, content_split

EntropyCoding = Literal["huffman", "range"]
#: What the mode between ``plain`` and ``local`` sends: the kept values exactly, or the kept frames as a video.
ClipCoding = EntropyCoding | VideoCoder
FEATURES = ("motion", "motion_peak", "contrast", "detail")


def clip_features(clip: ByteClip) -> FloatArray:
    """Features of a clip that a device knows before it decides, (4,), named by ``FEATURES``.

    With the brightness being the mean of red, green and blue: the mean absolute difference of neighbouring frames; the
    largest such difference divided by the mean one; the standard deviation of the brightness; the mean absolute
    difference of neighbouring pixels.
    """
    brightness = clip.astype(np.float32).mean(3) / 255
    steps = np.abs(np.diff(brightness, axis=0)).mean((1, 2)) if len(brightness) > 1 else np.zeros(1)
    detail = 0.5 * (np.abs(np.diff(brightness, axis=1)).mean() + np.abs(np.diff(brightness, axis=2)).mean())
    return np.array([steps.mean(), steps.max() / max(float(steps.mean()), 1e-6), brightness.std(), detail], np.float64)


def splits(groups: Sequence[int], tested: BoolArray | None = None) -> NDArray[np.int8]:
    """Split of each clip, (n,); all clips of a group are in the same split.

    Args:
        groups: group of each clip, (n,).
        tested: the clips of the test split, (n,); the others are for training and validation only, 3 : 1. ``None`` to
            choose the test split from the groups.
    """
    if tested is None or not tested.any():
        order = {group: index for index, group in enumerate(dict.fromkeys(groups))}
        return content_split(np.array([order[group] for group in groups]))
    others = dict.fromkeys(group for group, test in zip(groups, tested, strict=True) if not test)
    order = {group: index + index // 4 for index, group in enumerate(others)}  # leaves out the places that test
    split = content_split(np.array([order.get(group, 0) for group in groups]))
    return np.where(tested, np.int8(CONTENT_SPLITS.index("test")), split)


def assemble(
    name: str,
    outcomes: Outcomes,
    local: BoolArray,
    times: PartTimes,
    clips: Sequence[ByteClip],
    content_ids: Sequence[str],
    groups: Sequence[int],
    metadata: Mapping[str, Any],
    *,
    tested: BoolArray | None = None,
    recovered: bool = True,
    coding: ClipCoding = "huffman",
) -> OperatingPointProfile:
    """Build a profile.

    Args:
        name: of the profile.
        outcomes: of n clips on the grid's frame and pixel budgets, or qualities, in its order.
        local: whether a device that classifies its own kept frames is right, (n, A). It reads all pixels as captured,
            so this depends neither on the pixel budget nor on the codec.
        times: of the parts of eq. 3, (A, B) each.
        clips: the n clips, for their features and raw sizes.
        content_ids: names of the clips.
        groups: group of each clip; a split never divides a group.
        metadata: provenance.
        tested: the clips of the test split, see ``splits``.
        recovered: whether answers are those with feature recovery.
        coding: what the mode ``entropy`` stands for: the Huffman code as published; the range coder, which is slower
            and makes smaller files; or a video codec, whose outcomes' ``range`` are its bytes. ``times`` must have been
            measured with the same coding.
    """
    video = coding in get_args(VideoCoder)
    right = (outcomes.right if recovered else outcomes.right_unrecovered) > 0.5
    split = splits(groups, tested)
    train = split == 0
    features, about_features = standardised(np.stack([clip_features(clip) for clip in clips]), FEATURES, train)
    exact = np.broadcast_to(local[:, :, None], right.shape)  # the answer to whole frames as captured
    correct = _by_mode(exact if video else right, right, exact)
    sides = video_sides(recovered=recovered)
    device, edge = sides(times.parts)
    shares = np.outer(FRAMES, np.ones_like(CRFS) if video else PIXELS) / FRAMES[0]  # of the clip's pixels
    coded = outcomes.range if video else getattr(outcomes, coding)
    others = {} if video else {"huffman": outcomes.huffman.mean(0).tolist()}
    return OperatingPointProfile(
        name=name,
        size=_by_mode(outcomes.plain, coded, np.zeros_like(outcomes.plain)),
        raw_size=np.array([clip.size for clip in clips], np.float64),
        accuracy=correct[train].mean(0),
        parameter=_by_mode(shares, shares, np.zeros_like(shares)),
        device_time=device,
        edge_time=edge,
        correct=correct,
        features=features,
        feature_names=FEATURES,
        split=split,
        content_ids=tuple(content_ids),
        grid=GRID,
        axis_names=AXES,
        metadata={
            **metadata,
            "coding": coding,
            "clips": len(clips),
            "groups": list(map(int, groups)),
            **times.metadata(sides),
            "mean_bytes": {
                "header": outcomes.header.mean(0).tolist(),
                "mask": outcomes.mask.mean(0).tolist(),
                "values": (outcomes.range - outcomes.header - outcomes.mask).mean(0).tolist(),
                "plain": outcomes.plain.mean(0).tolist(),
                **others,
            },
            **({"crf": CRFS} if video else {}),
            "entropy_bits_per_value": outcomes.entropy.mean(0).tolist(),
            **about_features,
        },
    )


def video_sides(*, recovered: bool) -> Sides:
    """Times on the device and at the edge at all points of the grid, with or without feature recovery."""

    def sides(times: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
        attention = times["t_fa"] + times["t_sa"]
        vit = times["t_vit"]
        restored = vit + times["t_fr"] if recovered else vit
        local = np.broadcast_to(times["t_fa"][:, :1] + vit[:, :1], vit.shape)
        device = _by_mode(attention, attention + times["t_ee"], local)
        return device, _by_mode(restored, restored + times["t_ed"], np.zeros_like(vit))

    return sides


def _by_mode(plain: NDArray[Any], entropy: NDArray[Any], local: NDArray[Any]) -> NDArray[Any]:
    """Join (.., A, B) arrays of the three modes in the grid's row-major order, (.., K)."""
    stacked = np.stack([plain, entropy, local], axis=-1)
    return stacked.reshape(*stacked.shape[:-3], -1)
