"""The bandwidth with which a frame arrives in time with a given probability, at the largest power.

With Rayleigh fading, mean gain g and power p, the gain exceeds q g with probability P for q = -ln P. The needed
bandwidth b solves S = b t log2(1 + q g p / (N0 b)). With c = q g p / N0 and y = c / b it is

    ln(1 + y) / y = S ln 2 / (t c) = r,

which has a solution iff r < 1. The left side falls in y, so that y(r) is tabulated once.
"""

from __future__ import annotations

import functools

import numpy as np

from edgevision.arrays import FloatArray

#: Probability with which a planned frame arrives, if it has the mean number of bytes.
RELIABILITY = 0.95
#: Stands for the share of a level that cannot arrive with this probability.
IMPOSSIBLE = 9.0


#: Range and number of the values of log(-log r) for which log y is tabulated.
_FIRST, _LAST, _POINTS = -14.0, 4.0, 8192


@functools.cache
def _table() -> FloatArray:
    """log y at evenly spaced values of log(-log r), in which it is smooth: y is about -2 log r for small y."""
    log_y = np.linspace(np.log(1e-7), 60.0, 200_000)
    y = np.exp(log_y)
    # log(ln(1 + y) / y) loses all digits for small y; its series is -y / 2 + 5 y^2 / 24.
    minus_log_r = np.where(y < 1e-3, y / 2.0 - 5.0 * y**2 / 24.0, log_y - np.log(np.log1p(y)))
    return np.interp(np.linspace(_FIRST, _LAST, _POINTS), np.log(minus_log_r), log_y)


def planned_share(
    bits: FloatArray, airtime: FloatArray, gain_scale: FloatArray, power: float, noise_density: float, bandwidth: float
) -> FloatArray:
    """Share of the band that each level needs, (N, U, K); `IMPOSSIBLE` where the whole band is not enough.

    Args:
        bits: bits of a frame at each level, (K,).
        airtime: time for sending at each level, (K,) [s].
        gain_scale: mean gain of the channel, (N, U) [linear].
        power: transmit power [W].
        noise_density: N0 [W/Hz].
        bandwidth: the whole band [Hz].
    """
    log_c = np.log(-np.log(RELIABILITY) * power / noise_density) + np.log(gain_scale)
    with np.errstate(divide="ignore"):
        load = np.where(airtime > 0, np.log(bits) + np.log(np.log(2.0)) - np.log(np.maximum(airtime, 1e-300)), np.inf)
    spare = log_c[..., None] - load  # -log r
    step = (_LAST - _FIRST) / (_POINTS - 1)
    place = (np.log(np.maximum(spare, 1e-300)) - _FIRST) / step
    # What needs less than the least tabulated bandwidth gets that.
    place = np.clip(place, 0.0, _POINTS - 1.001)
    before = place.astype(np.int64)
    table = _table()
    log_y = table[before] + (place - before) * (table[before + 1] - table[before])
    log_share = log_c[..., None] - log_y - np.log(bandwidth)
    return np.where((spare > 0) & (log_share <= 0), np.exp(np.minimum(log_share, 0.0)), IMPOSSIBLE)
