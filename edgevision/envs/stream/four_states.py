"""The filter of one camera alone: is the scene new to the edge, and is an event in view?

The states are (same, changed) x (background, event), in the order of `STATES`. "Same" means that the scene is that of
the last frame that the edge received. Events begin and end, and backgrounds change, with constant probabilities; the
change score is normal with unit variance and mean ``score_mean`` if the scene has changed, else 0. The filter is exact
for this model but for one step, `reset_delivered`. All functions are pure, and broadcast over (N, U).
"""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray, FloatArray

STATES = ("same background", "same event", "changed background", "changed event")
#: Probability that the edge, asked whether an event is in view, is wrong.
EVENT_ERROR = 0.05
_LARGEST_EXPONENT = 30.0


def predict(
    belief: FloatArray, start: FloatArray | float, end: FloatArray | float, change: FloatArray | float
) -> FloatArray:
    """The belief one slot later, (N, U, 4).

    Args:
        belief: belief at the end of a slot, (N, U, 4).
        start: probability that an event begins, a number or (N, U).
        end: probability that an event ends, likewise.
        change: probability that a scene changes by itself, likewise.
    """
    same, same_event, changed, changed_event = np.moveaxis(belief, -1, 0)
    stays = 1.0 - change
    after = np.empty(belief.shape)
    after[..., 0] = same * (1.0 - start) * stays
    after[..., 1] = same_event * (1.0 - end) * stays
    after[..., 2] = (changed + same * change) * (1.0 - start) + (changed_event + same_event) * end
    after[..., 3] = (changed_event + same_event * change) * (1.0 - end) + (changed + same) * start
    return after


def weigh(belief: FloatArray, score: FloatArray, score_mean: FloatArray | float, trust: float = 1.0) -> FloatArray:
    """The belief after a change score (N, U), (N, U, 4); ``trust`` is the exponent of its likelihood."""
    exponent = trust * score_mean * (score - 0.5 * score_mean)
    likelihood = np.exp(np.clip(exponent, -_LARGEST_EXPONENT, _LARGEST_EXPONENT))
    weighed = belief.copy()
    weighed[..., 2:] *= likelihood[..., None]
    weighed /= np.einsum("...s->...", weighed)[..., None]
    return weighed


def reset_delivered(belief: FloatArray, delivered: BoolArray, event: BoolArray) -> FloatArray:
    """The belief after some frames were delivered, (N, U, 4); ``event`` is whether the edge saw one, (N, U).

    An event is then as likely as the edge is right, whatever was believed before: that belief has no weight.
    """
    after = np.where(delivered[..., None], 0.0, belief)
    probability = np.where(event, 1.0 - EVENT_ERROR, EVENT_ERROR)
    after[..., 0] = np.where(delivered, 1.0 - probability, belief[..., 0])
    after[..., 1] = np.where(delivered, probability, belief[..., 1])
    return after
