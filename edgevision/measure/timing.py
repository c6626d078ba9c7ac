"""How long each part of STAE takes on this machine for one clip: the terms of eq. 3."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor

from edgevision.arrays import ByteClip, FloatArray
from edgevision.codecs.stae.bitstream import pack, unpack
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.codecs.stae.stae_network import Stae, normalise
from edgevision.progress import Progress

#: Names of the parts: the terms of eq. 3.
PARTS = ("t_fa", "t_sa", "t_ee", "t_ed", "t_fr", "t_vit")
_REPEATS = 3


def time_parts(
    codec: StaeCodec,
    clips: Sequence[ByteClip],
    frames: Sequence[int],
    pixels: Sequence[float],
    progress: Progress = lambda done, total: None,
) -> dict[str, FloatArray]:
    """Median times over some clips, (A, B) per part [s].

    As in tables I and II, t_FA is 0 where all frames are kept, and t_SA and t_FR are 0 where all pixels are kept.

    Args:
        codec: networks and entropy coder to time.
        clips: some clips, (F, H, W, 3) uint8.
        frames: the A frame budgets.
        pixels: the B pixel budgets.
        progress: called with budgets done and all of them.
    """
    return median_times(lambda clip, a, b: _time_once(codec, clip, a, b), PARTS, clips, frames, pixels, progress)


def median_times(
    time_once: Callable[[ByteClip, int, float], dict[str, float]],
    parts: Sequence[str],
    clips: Sequence[ByteClip],
    frames: Sequence[int],
    pixels: Sequence[float],
    progress: Progress = lambda done, total: None,
) -> dict[str, FloatArray]:
    """Medians over clips and repetitions, (A, B) per part [s]; used for every codec.

    Args:
        time_once: returns the times of a clip's parts under a budget (alpha, beta).
        parts: names of the parts.
        clips: some clips.
        frames: the A frame budgets.
        pixels: the B pixel budgets.
        progress: called with budgets done and all of them.
    """
    budgets = list(product(frames, pixels))
    found = {part: np.zeros(len(budgets)) for part in parts}
    for row, (alpha, beta) in enumerate(budgets):
        progress(row, len(budgets))
        runs = [time_once(clip, alpha, beta) for clip in clips for _ in range(_REPEATS)]
        for part in parts:
            found[part][row] = statistics.median(run[part] for run in runs)
    progress(len(budgets), len(budgets))
    return {part: values.reshape(len(frames), len(pixels)) for part, values in found.items()}


def time_attention(model: Stae, clip: Tensor, frames: int) -> float:
    """t_FA [s] of a normalised clip (1, F, 3, H, W); 0 where all frames are kept."""
    return 0.0 if frames >= clip.shape[1] else seconds(lambda: model.keep_frames(clip, frames))


def time_classifier(model: Stae, kept: Tensor) -> float:
    """t_ViT [s] of normalised frames (1, alpha, 3, H, W)."""
    return seconds(lambda: model.vit(kept))


def seconds(call: Callable[[], Any]) -> float:
    """How long a call takes [s]."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


@torch.inference_mode()
def _time_once(codec: StaeCodec, clip: ByteClip, alpha: int, beta: float) -> dict[str, float]:
    model = codec.models.model(alpha, beta).eval()
    tensor = normalise(torch.from_numpy(np.ascontiguousarray(clip)))[None]
    selection = codec.select(clip, alpha, beta)
    data, most = pack(clip, selection, codec.coding), clip.size // 3
    kept, _ = model.keep_frames(tensor, alpha)
    mask = model.pixel_mask(kept, beta)
    received = kept * mask
    whole = beta >= 1
    return {
        "t_fa": time_attention(model, tensor, alpha),
        "t_sa": 0.0 if whole else seconds(lambda: model.pixel_mask(kept, beta)),
        "t_ee": seconds(lambda: pack(clip, selection, codec.coding)),
        "t_ed": seconds(lambda: unpack(data, max_pixels=most)),
        "t_fr": 0.0 if whole else seconds(lambda: model.restore(received, mask, recover=True)),
        "t_vit": time_classifier(model, kept),
    }
