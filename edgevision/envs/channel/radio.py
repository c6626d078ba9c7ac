"""The radio link: probability that a payload arrives in time, given bandwidth and power.

Equations of the Co-CRRA paper, section IV-A. User i has rate V = b log2(1 + |h| p / (N0 b)) (eq. 1). With payload
S and airtime t the payload arrives in time iff |h| >= delta x (eq. 2), where

    x = (2^(S / (b t)) - 1) N0 b / (p delta).

2^(S/(bt)) overflows for ordinary inputs, so functions exchange log x. All functions are pure and broadcast; all
quantities are SI (bit, s, Hz, W, W/Hz, linear gain).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from edgevision.arrays import Array, FloatArray, bounded, library
from edgevision.envs.channel.modulation import Modulation, needed_exponent
from edgevision.envs.config import Fading, SuccessModel

# Above exp(7) every success probability below has underflowed to zero; the cap only avoids overflow.
_LOG_THRESHOLD_CAP = 7.0
_THRESHOLD_CAP = math.exp(_LOG_THRESHOLD_CAP)

# Chebyshev coefficients of log(erfc(z) exp(z^2) / t) in u = 2t - 1, t = 2 / (2 + z), for z >= 0; computed with
# 40 digits from their definition. 26 terms reach the rounding error of float64 (tested against math.erfc).
_LOG_ERFC = np.array(
    [
        -0.6513268598908547,
        0.6419697923564902,
        0.019476473204185836,
        -0.009561514786808632,
        -0.0009465953444820369,
        0.00036683949785276145,
        4.252332480690777e-05,
        -2.0278578112534242e-05,
        -1.6242900046470256e-06,
        1.3036558355805232e-06,
        1.5626441722066142e-08,
        -8.523809591492654e-08,
        6.5290544390988515e-09,
        5.059343495551469e-09,
        -9.91364156493033e-10,
        -2.273651222931836e-10,
        9.646791102015527e-11,
        2.3940380830391146e-12,
        -6.886027526497553e-12,
        8.944879273090725e-13,
        3.130921399342958e-13,
        -1.1270822361367252e-13,
        3.810905255189232e-16,
        7.106097613609237e-15,
        -1.5230282014571043e-15,
        -9.457494571291233e-17,
    ]
)
_LOG_ERFC_POWERS: list[float] = np.polynomial.chebyshev.cheb2poly(_LOG_ERFC).tolist()


def log_erfc(z: ArrayLike) -> FloatArray:
    """log(erfc(z)) for z >= 0, accurate where erfc itself underflows."""
    z = np.asarray(z, np.float64)
    t = 2.0 / (2.0 + z)
    return np.asarray(np.log(t) + _log_scaled_erfc(t) - z * z)


def erfc(z: Array) -> Array:
    """The complementary error function for z >= 0: by its library if that has it, as PyTorch does, else to 2e-13."""
    xp = library(z)
    if hasattr(xp, "erfc"):
        return xp.erfc(z)
    t = 2.0 / (2.0 + z)
    return np.minimum(t * np.exp(_log_scaled_erfc(t) - z * z), 1.0)


def _log_scaled_erfc(t: FloatArray) -> FloatArray:
    """log(erfc(z) exp(z^2) / t) at t = 2 / (2 + z), by Horner's rule in place: most of the cost of scoring a slot."""
    u = 2.0 * t - 1.0
    series = np.full_like(u, _LOG_ERFC_POWERS[-1])
    for coefficient in _LOG_ERFC_POWERS[-2::-1]:
        series *= u
        series += coefficient
    return series


def data_rate(bandwidth: ArrayLike, power: ArrayLike, gain: ArrayLike, noise_density: ArrayLike) -> FloatArray:
    """Shannon rate V [bit/s] of eq. 1; zero where bandwidth is zero."""
    bandwidth = np.asarray(bandwidth, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        snr = np.abs(gain) * np.asarray(power) / (np.asarray(noise_density) * bandwidth)
        return np.where(bandwidth > 0, bandwidth * np.log1p(snr) / np.log(2.0), 0.0)


def log_threshold(
    payload: ArrayLike,
    airtime: ArrayLike,
    bandwidth: ArrayLike,
    power: ArrayLike,
    gain_scale: ArrayLike,
    noise_density: ArrayLike,
    modulation: Modulation = "shannon",
) -> FloatArray:
    """log x of eq. 2: the gain, in units of its scale delta, above which the payload arrives in time.

    Args:
        payload: bits to send S [bit]; 0 gives -inf (always in time) if airtime >= 0, else +inf.
        airtime: time left for sending t [s]; with payload > 0, airtime <= 0 gives +inf (never in time).
        bandwidth: b [Hz]; with payload > 0, 0 gives +inf.
        power: p [W]; with payload > 0, 0 gives +inf.
        gain_scale: delta [linear].
        noise_density: N0 [W/Hz].
        modulation: what limits the rate at a given signal-to-noise ratio.

    Returns:
        log x, of the broadcast shape; may be -inf or +inf, never NaN for finite inputs.
    """
    payload, airtime = np.asarray(payload, np.float64), np.asarray(airtime, np.float64)
    bandwidth, power = np.asarray(bandwidth, np.float64), np.asarray(power, np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        exponent = needed_exponent(np.log(2.0) * payload / (bandwidth * airtime), modulation)
        # log(exp(a) - 1) without overflow: a + log(1 - exp(-a)).
        log_required_snr = exponent + np.log(-np.expm1(-exponent))
        log_x = log_required_snr + np.log(np.multiply(noise_density, bandwidth) / np.multiply(power, gain_scale))
    possible = (airtime > 0) & (bandwidth > 0) & (power > 0)
    log_x = np.where(possible, log_x, np.inf)
    return np.asarray(np.where(payload > 0, log_x, np.where(airtime >= 0, -np.inf, np.inf)))


def threshold(
    payload: Array,
    airtime: Array,
    bandwidth: Array,
    power: Array,
    gain_scale: Array,
    noise_density: Array,
    modulation: Modulation = "shannon",
) -> Array:
    """x of eq. 2, as `log_threshold` but without its logarithm, for arrays of any library, and at most exp(7).

    PyTorch can differentiate it by bandwidth and power, also where nothing can arrive.
    """
    given = (payload, airtime, bandwidth, power, gain_scale, noise_density, modulation)
    if library(bandwidth) is not np:
        return _threshold(*given)
    with np.errstate(over="ignore", divide="ignore"):  # what is too large is capped
        return _threshold(*given)


def _threshold(
    payload: Array,
    airtime: Array,
    bandwidth: Array,
    power: Array,
    gain_scale: Array,
    noise_density: Array,
    modulation: Modulation,
) -> Array:
    xp = library(bandwidth)
    possible = (airtime > 0) & (bandwidth > 0) & (power > 0)
    # Where nothing can arrive, a 1 takes the place of what would be divided by zero.
    exponent = math.log(2.0) * payload / xp.where(possible, bandwidth * airtime, 1.0)
    if modulation != "shannon":
        exponent = needed_exponent(exponent, modulation)
    largest = xp.finfo(bandwidth.dtype).max
    most = 0.99 * math.log(largest)
    required_snr = xp.expm1(bounded(exponent, most=most))
    # At most the largest number, so that 0 times it is no NaN.
    per_snr = bounded(noise_density * bandwidth / xp.where(possible, power * gain_scale, 1.0), most=largest)
    x = required_snr * per_snr
    # Not of two numbers, whose type the compiler of PyTorch takes for float64.
    idle = xp.where((payload <= 0) & (airtime >= 0), xp.zeros_like(x), _THRESHOLD_CAP)
    # Signal-to-noise ratios that no number holds are out of reach.
    return xp.where(possible, xp.where(exponent < most, bounded(x, most=_THRESHOLD_CAP), _THRESHOLD_CAP), idle)


def probability_above(x: Array, fading: Fading = "half-normal", model: SuccessModel = "exact") -> Array:
    """Probability that the gain exceeds x times its scale; see `log_success_probability`."""
    xp = library(x)
    if fading == "rayleigh":
        return xp.exp(-x)
    if model == "chernoff":
        return xp.exp(-0.5 * x * x)
    return erfc(math.sqrt(0.5) * x)


def log_success_probability(
    log_x: ArrayLike, fading: Fading = "half-normal", model: SuccessModel = "exact"
) -> FloatArray:
    """log P(t <= t0) from ``log_threshold``.

    ``half-normal``: 2 Q(x) exactly, or the paper's approximation exp(-x^2 / 2) (``chernoff``), which is optimistic:
    0.995 instead of 0.920 at x = 0.1. ``rayleigh``: exp(-x) under both models, which is exact.
    """
    x = np.exp(np.minimum(log_x, _LOG_THRESHOLD_CAP))
    if fading == "rayleigh":
        return -x
    if model == "chernoff":
        return -0.5 * x * x
    return log_erfc(x * np.sqrt(0.5))


def success_probability(log_x: ArrayLike, fading: Fading = "half-normal", model: SuccessModel = "exact") -> FloatArray:
    """P(t <= t0) in [0, 1]; see `log_success_probability`."""
    x = np.exp(np.minimum(log_x, _LOG_THRESHOLD_CAP))
    return np.asarray(probability_above(x, fading, model))
