"""The pixels of a frame whose residual is sent under the pixel budget.

STAE sends 3 round(beta H W) values per frame, and DeepISC may send no more. Each value of the latent and of the
segmentation map counts as one value; the rest is used for the residual's pixels, three values each. With the default
networks, latent and segmentation take 6.25 % of a frame's values, so the residual of 93.75 % of the pixels is sent at
beta = 100 %, and of 33.75 % at 40 %. "The pixels are randomly selected based on the spatial budget" (section IV-B);
device and edge draw them from the same seed, so that no mask is sent.
"""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray
from edgevision.codecs.stae.selection import kept_pixels
from edgevision.errors import CodecInputError

LATENT_STRIDE = 8
SEGMENT_STRIDE = 4
MAX_SEED = 2**32 - 1
_GOLDEN, _FIRST, _SECOND = (np.uint64(x) for x in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def grid(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Sides of a map that has one value per ``stride`` x ``stride`` pixels, rounded up."""
    return -(-size[0] // stride), -(-size[1] // stride)


def base_values(height: int, width: int, latent_channels: int) -> int:
    """Number of values of a frame's latent and segmentation together."""
    latent, segments = grid((height, width), LATENT_STRIDE), grid((height, width), SEGMENT_STRIDE)
    return latent_channels * latent[0] * latent[1] + segments[0] * segments[1]


def residual_pixels(pixels: float, height: int, width: int, latent_channels: int) -> int:
    """Number of pixels of a frame whose residual is sent under the budget beta.

    Raises:
        CodecInputError: the budget is too small for latent and segmentation, or not in (0, 1].
    """
    left = 3 * kept_pixels(pixels, height, width) - base_values(height, width, latent_channels)
    if left < 0:
        raise CodecInputError(
            f"pixels = {pixels!r} does not pay for latent and segmentation of a {height} x {width} frame"
        )
    return left // 3


def sent_pixels(seed: int, frames: int, height: int, width: int, count: int) -> BoolArray:
    """Mark ``count`` random pixels of each frame, the same ones on all machines and with all versions of libraries.

    Each pixel has a number; pixels are ranked by SplitMix64's output function of it (Steele, Lea and Flood, 2014, "Fast
    splittable pseudorandom number generators"). The function is injective, so there are no ties.

    Args:
        seed: in 0 .. 2^32 - 1.
        frames: a.
        height: H.
        width: W.
        count: in 0 .. H W.

    Returns:
        (a, H, W) bool, exactly ``count`` true in each frame.

    Raises:
        CodecInputError: the seed is out of range.
    """
    if not 0 <= seed <= MAX_SEED:
        raise CodecInputError(f"seed must be in 0..{MAX_SEED}, got {seed!r}")
    if not count:
        return np.zeros((frames, height, width), np.bool_)
    rank = np.arange(frames * height * width, dtype=np.uint64) + (np.uint64(seed) << np.uint64(32))
    rank = (rank + np.uint64(1)) * _GOLDEN
    rank = (rank ^ (rank >> np.uint64(30))) * _FIRST
    rank = (rank ^ (rank >> np.uint64(27))) * _SECOND
    rank = (rank ^ (rank >> np.uint64(31))).reshape(frames, height * width)
    last = np.partition(rank, count - 1, axis=1)[:, count - 1 : count]
    return (rank <= last).reshape(frames, height, width)
