"""Fitting the weights of predictions to a clip, by least squares with a ridge penalty towards the usual weights."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import IntArray
from edgevision.codecs.stae.bitstream import learned_tables as models
from edgevision.codecs.stae.bitstream import residuals
from edgevision.codecs.stae.bitstream.neighbours import INPUTS, KINDS, PLANES, USED, WEST
from edgevision.codecs.stae.bitstream.volume import Volume

_SAMPLES = 1 << 15  # values used for the fit, evenly spread
_RIDGE = 30.0  # weight of the penalty [squared grey level]


def fit(volume: Volume) -> IntArray:
    """Weights of the differences for each set, (KINDS * PLANES * SETS, I), in units of 1 / ``residuals.UNIT``."""
    count = len(volume.kept.places)
    picked = np.arange(0, count, max(1, count // _SAMPLES))
    places, group = volume.kept.places[picked], volume.group[picked]
    around = volume.around(places)
    sets = residuals.weight_set(group, residuals.expected_class(around, group), volume.broken[picked])
    inputs, target = INPUTS @ around, volume.values[places] - around[WEST]
    weights = np.array(models.USUAL_WEIGHTS, np.float64) / residuals.UNIT
    for number in np.unique(sets):
        used = USED.reshape(KINDS * PLANES, -1)[number // residuals.SETS]
        mine = sets == number
        known = inputs[np.ix_(used, mine)]
        error = target[mine] - weights[number, used].astype(np.float32) @ known
        squares = known @ known.T + _RIDGE * np.eye(len(known))
        weights[number, used] += np.linalg.solve(squares.astype(np.float64), (known @ error).astype(np.float64))
    return np.round(weights * residuals.UNIT).astype(np.int64)
