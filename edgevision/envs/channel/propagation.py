"""Large-scale propagation: 3GPP TR 38.901 V17, urban micro (UMi) street canyon.

Path loss: table 7.4.1-1; line-of-sight probability: table 7.4.2-1; shadow fading: table 7.4.1-1, here only its standard
deviations; ``envs.simulation.trace`` draws it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgevision.arrays import FloatArray
from edgevision.envs.config import Fading

MIN_DISTANCE_M = 10.0
SHADOWING_LOS_DB = 4.0
SHADOWING_NLOS_DB = 7.82
_LIGHT_SPEED = 3.0e8
_ENVIRONMENT_HEIGHT_M = 1.0


def line_of_sight_probability(distance_2d: ArrayLike) -> FloatArray:
    """Probability of line of sight at a horizontal distance [m] (table 7.4.2-1)."""
    d = np.maximum(distance_2d, 18.0)
    return 18.0 / d + np.exp(-d / 36.0) * (1.0 - 18.0 / d)


def path_loss_db(
    distance_2d: ArrayLike,
    line_of_sight: ArrayLike,
    carrier_ghz: ArrayLike,
    base_station_height: ArrayLike,
    user_height: ArrayLike,
) -> FloatArray:
    """UMi street canyon path loss [dB] at a horizontal distance [m] (table 7.4.1-1), shadowing not included."""
    d2 = np.asarray(distance_2d, np.float64)
    carrier_ghz, user_height = np.asarray(carrier_ghz, np.float64), np.asarray(user_height, np.float64)
    base_station_height = np.asarray(base_station_height, np.float64)
    d3 = np.hypot(d2, base_station_height - user_height)
    effective = (base_station_height - _ENVIRONMENT_HEIGHT_M) * (user_height - _ENVIRONMENT_HEIGHT_M)
    breakpoint_m = 4.0 * np.maximum(effective, 0.0) * carrier_ghz * 1e9 / _LIGHT_SPEED
    carrier_term = 20.0 * np.log10(carrier_ghz)
    near = 32.4 + 21.0 * np.log10(d3) + carrier_term
    correction = 9.5 * np.log10(breakpoint_m**2 + (base_station_height - user_height) ** 2)
    far = 32.4 + 40.0 * np.log10(d3) + carrier_term - correction
    los = np.where(d2 <= breakpoint_m, near, far)
    nlos = 35.3 * np.log10(d3) + 22.4 + 21.3 * np.log10(carrier_ghz) - 0.3 * (user_height - 1.5)
    return np.where(line_of_sight, los, np.maximum(los, nlos))


def gain_scale_from_loss(loss_db: ArrayLike, fading: Fading) -> FloatArray:
    """The gain scale delta [linear] at which the mean gain E|h| equals a path loss [dB].

    E|h| is delta sqrt(2 / pi) for half-normal fading and delta for Rayleigh fading.
    """
    mean_gain = 10.0 ** (-np.asarray(loss_db, np.float64) / 10.0)
    return mean_gain * np.sqrt(np.pi / 2.0) if fading == "half-normal" else mean_gain
