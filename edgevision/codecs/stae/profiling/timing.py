"""How long each part of STAE takes on this machine, clip by clip (the terms of eq. 3)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edgevision.codecs.stae.bitstream import pack, unpack
from edgevision.codecs.stae.codec import StaeCodec
from edgevision.codecs.stae.model import normalise
from edgevision.codecs.video.clips import ByteClip

#: Terms of eq. 3, and the classifier on the device.
PARTS = ("t_fa", "t_sa", "t_ee", "t_ed", "t_fr", "t_vit")
_REPEATS = 3


def time_parts(
    codec: StaeCodec,
    clips: Sequence[ByteClip],
    frames: Sequence[int],
    pixels: Sequence[float],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, NDArray[np.float64]]:
    """Median times over some clips, (A, B) per part [s].

    t_FA is 0 where all frames are kept, t_SA and t_FR where all pixels are, as in tables I and II.

    Args:
        codec: what is timed, with its entropy coder.
        clips: some clips, (F, H, W, 3) uint8.
        frames: the A frame budgets.
        pixels: the B pixel budgets.
        progress: called with budgets done and all of them.
    """
    found = {part: np.zeros((len(frames), len(pixels))) for part in PARTS}
    for a, alpha in enumerate(frames):
        for b, beta in enumerate(pixels):
            progress(a * len(pixels) + b, len(frames) * len(pixels))
            runs = [_time_once(codec, clip, alpha, beta) for clip in clips for _ in range(_REPEATS)]
            for part in PARTS:
                found[part][a, b] = statistics.median(run[part] for run in runs)
    progress(len(frames) * len(pixels), len(frames) * len(pixels))
    return found


@torch.inference_mode()
def _time_once(codec: StaeCodec, clip: ByteClip, alpha: int, beta: float) -> dict[str, float]:
    model = codec.models.model(alpha, beta).eval()
    tensor = normalise(torch.from_numpy(np.ascontiguousarray(clip)))[None]
    selection = codec.select(clip, alpha, beta)
    data = pack(clip, selection, codec.coding)
    kept, _ = model.keep_frames(tensor, alpha)
    mask = model.pixel_mask(kept, beta)
    received = kept * mask
    whole = beta >= 1
    return {
        "t_fa": 0.0 if alpha >= len(clip) else _seconds(lambda: model.keep_frames(tensor, alpha)),
        "t_sa": 0.0 if whole else _seconds(lambda: model.pixel_mask(kept, beta)),
        "t_ee": _seconds(lambda: pack(clip, selection, codec.coding)),
        "t_ed": _seconds(lambda: unpack(data)),
        "t_fr": 0.0 if whole else _seconds(lambda: model.restore(received, mask, recover=True)),
        "t_vit": _seconds(lambda: model.vit(kept)),
    }


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
