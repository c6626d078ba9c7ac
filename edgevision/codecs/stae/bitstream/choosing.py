"""What the encoder of patches decides: each patch's prediction and levels, at the least distortion plus rate."""

from __future__ import annotations

import numpy as np

from edgevision.codecs.stae.bitstream.coefficients import IntArray, LevelCoder
from edgevision.codecs.stae.bitstream.transform import BANDS, FloatArray

_LAMBDA = 0.14  # squared steps a bit is worth
_TRIED = 4  # predictions, out of those that promise the fewest bits
_OFFSET = 0.40  # of rounding, before rate is weighed


def choose(
    targets: FloatArray, predictions: FloatArray, mode_bits: FloatArray, step: FloatArray, coder: LevelCoder
) -> tuple[IntArray, IntArray]:
    """The prediction (n,) and the levels (n, 3, 64) of n patches.

    Args:
        targets: coefficients, (n, 3, 64).
        predictions: (n, 3, modes, 64), the last two in time.
        mode_bits: of the mode itself, infinite where it is not allowed, (n, modes).
        step: quantisation step, in the coefficients' unit, (n, 1, 1).
        coder: what the levels' bits depend on.
    """
    scaled = (targets[:, :, None] - predictions).transpose(0, 2, 1, 3) / step[:, None]
    guess = np.log2(1 + scaled**2).sum(axis=(2, 3)) + mode_bits
    guess[:, -2:] = np.where(np.isfinite(guess[:, -2:]), -1.0, np.inf)  # always tried where allowed
    tried = np.argsort(guess, axis=1)[:, :_TRIED]
    timed = (tried >= guess.shape[1] - 2).astype(np.int64)
    levels, cost = _choose_levels(np.take_along_axis(scaled, tried[..., None, None], axis=1), timed, coder)
    best = (cost + _LAMBDA * np.take_along_axis(mode_bits, tried, axis=1)).argmin(axis=1)
    rows = np.arange(len(targets))
    return tried[rows, best], levels[rows, best]


def _choose_levels(scaled: FloatArray, timed: IntArray, coder: LevelCoder) -> tuple[IntArray, FloatArray]:
    """Levels for residuals (..., 3, 64) in steps, and what they cost in distortion and rate, (...).

    Each level may fall to zero, and each plane may end early or have none, wherever that saves more than it costs.
    """
    rates = ([rate[kind, timed] for kind in (0, 1, 1)] for rate in coder.rates())
    zero, some, last, coded = (np.stack(rate, axis=timed.ndim) for rate in rates)
    size = np.abs(scaled)
    levels = np.floor(size + _OFFSET)
    size_bits = some + last[..., 0] + 1 + 1.5 * np.log2(np.maximum(levels, 1))
    kept = (size - levels) ** 2 + _LAMBDA * size_bits
    dropped = size**2 + _LAMBDA * zero
    levels = np.where(kept < dropped, levels, 0)
    cost = np.cumsum(np.where(levels > 0, kept, dropped), axis=-1)
    rest = np.cumsum((size**2)[..., ::-1], axis=-1)[..., ::-1] - size**2
    ends = np.where(levels > 0, cost + rest + _LAMBDA * (last[..., 1] - last[..., 0]), np.inf)
    end = ends.argmin(axis=-1, keepdims=True)
    some_cost = np.take_along_axis(ends, end, axis=-1)[..., 0] + _LAMBDA * coded[..., 1]
    none_cost = (size**2).sum(axis=-1) + _LAMBDA * coded[..., 0]
    ended = (np.arange(BANDS) <= end) & (some_cost < none_cost)[..., None]
    levels = np.where(ended, levels, 0) * np.sign(scaled)
    return levels.astype(np.int64), np.minimum(some_cost, none_cost).sum(axis=-1)
