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


@functools.cache
def _table() -> tuple[FloatArray, FloatArray]:
    """log r (ascending) and log y."""
    log_y = np.linspace(np.log(1e8), np.log(1e-6), 4096)
    y = np.exp(log_y)
    return np.log(np.log1p(y) / y), log_y


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
    log_r, log_y = _table()
    log_c = np.log(-np.log(RELIABILITY) * power / noise_density) + np.log(gain_scale)
    with np.errstate(divide="ignore"):
        load = np.where(airtime > 0, np.log(bits) + np.log(np.log(2.0)) - np.log(np.maximum(airtime, 1e-300)), np.inf)
    needed = load - log_c[..., None]
    with np.errstate(over="ignore"):
        share = np.exp(log_c[..., None] - np.interp(needed, log_r, log_y) - np.log(bandwidth))
    # What needs less than the least tabulated bandwidth gets that; what cannot arrive has r of 1 or more.
    return np.where((needed < log_r[-1]) & (share <= 1.0), share, IMPOSSIBLE)
