"""The papers' accuracy curve eta(o) = z1 exp(z2 o) + z3 exp(z4 o), fitted to a measured profile.

Source: section IV-B.1 of the Co-CRRA paper, where z = (0.6, -0.3, 0.8, -0.4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from edgevision.arrays import FloatArray
from edgevision.errors import ProfileError
from edgevision.imports import require
from edgevision.profiles.profile import OperatingPointProfile

_EXPONENTS = np.array([-30.0, -10.0, -3.0, -1.0, -0.4, -0.3, 0.0, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 100.0, 200.0])
_STARTS = 6
_LARGEST = 300.0  # exponent; keeps exp finite over ratios in [0, 1]


@dataclass(frozen=True)
class EtaFit:
    """A fitted curve.

    Attributes:
        zeta: z1 .. z4.
        residual: root mean square of the accuracies' distance to the curve.
    """

    zeta: tuple[float, float, float, float]
    residual: float

    def __call__(self, ratio: ArrayLike) -> FloatArray:
        """eta at compression ratios o, any shape."""
        return eta(ratio, *self.zeta)


def eta(ratio: ArrayLike, z1: float, z2: float, z3: float, z4: float) -> FloatArray:
    """z1 exp(z2 o) + z3 exp(z4 o) at compression ratios o, any shape."""
    o = np.asarray(ratio, np.float64)
    return z1 * np.exp(z2 * o) + z3 * np.exp(z4 * o)


def fit_eta(profile: OperatingPointProfile) -> EtaFit:
    """Least-squares fit of eta to a profile's accuracy over its mean compression ratio o = 1 - bytes / raw bytes.

    The problem has many minima, so descents start from the best pairs of a grid of exponents (the published ones
    among them), each pair with its linear least-squares factors, and the best end counts. A sum of two exponentials
    is ill-conditioned: trust the curve, not each z.

    Args:
        profile: K >= 4 operating points at different ratios.

    Raises:
        MissingExtraError: SciPy (extra ``convex``) is not installed.
        ProfileError: fewer than four different ratios, or the descent does not converge.
    """
    optimise = require("scipy.optimize", "convex")
    ratio = 1 - profile.size_fraction.mean(axis=0)
    if len(np.unique(ratio)) < 4:
        raise ProfileError(f"profile {profile.name!r} has fewer than four different compression ratios to fit")
    # Counted from the largest ratio, where exp(z o) is 1 for every z, factors keep a sane size.
    end = float(ratio.max())
    starts = _best_starts(ratio - end, profile.accuracy)
    descents = [_descend(optimise, ratio - end, profile.accuracy, start) for start in starts]
    converged = [found for found in descents if found is not None]
    if not converged:
        raise ProfileError(f"profile {profile.name!r}: the fit of eta does not converge")
    found = min(converged, key=lambda z: float(np.sum((eta(ratio - end, *z) - profile.accuracy) ** 2)))
    first, second = sorted((found[:2].tolist(), found[2:].tolist()), key=lambda pair: -pair[1])
    zeta = (first[0] * math.exp(-first[1] * end), first[1], second[0] * math.exp(-second[1] * end), second[1])
    residual = float(np.sqrt(np.mean((eta(ratio, *zeta) - profile.accuracy) ** 2)))
    return EtaFit(zeta, residual)


def _best_starts(ratio: FloatArray, accuracy: FloatArray) -> list[tuple[float, ...]]:
    """The pairs of grid exponents, with factors by linear least squares, that fit best: z1 .. z4 each."""
    found = []
    for z2, z4 in combinations(_EXPONENTS.tolist(), 2):
        basis = np.exp(np.outer(ratio, (z2, z4)))
        factors = np.linalg.lstsq(basis, accuracy, rcond=None)[0]
        missed = float(np.sum((basis @ factors - accuracy) ** 2))
        found.append((missed, (float(factors[0]), z2, float(factors[1]), z4)))
    return [start for _, start in sorted(found)[:_STARTS]]


def _descend(optimise: Any, ratio: FloatArray, accuracy: FloatArray, start: tuple[float, ...]) -> FloatArray | None:
    """Where least squares ends from ``start``, or ``None`` if nowhere."""
    limits = ([-np.inf, -_LARGEST] * 2, [np.inf, _LARGEST] * 2)
    try:
        found: FloatArray = optimise.curve_fit(
            eta, ratio, accuracy, start, bounds=limits, x_scale="jac", max_nfev=20_000, ftol=1e-14, xtol=1e-14
        )[0]
    except RuntimeError:
        return None
    return found
