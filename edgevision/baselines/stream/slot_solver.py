"""Share the band of a slot among cameras, at the largest power: the solver that all beliefs feed. Source: ours.

A frame at level k needs the share c_k of the band to arrive with probability 0.95, and gains g_k. `best_frames`
maximises the sum of the gains subject to the sum of the shares, with at most one frame per camera: bisection on the
price of the band, and then a greedy fill of what is left.
"""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem

_LOWEST_PRICE, _HIGHEST_PRICE = 1e-3, 1e3
_BISECTIONS, _FILLS = 16, 2
_ROUNDING = 1e-12


def best_frames(gain: FloatArray, share: FloatArray) -> tuple[BoolArray, IntArray]:
    """Which cameras send, and at which level, (N, U) each.

    Args:
        gain: what a frame gains, (N, U, K).
        share: the share of the band that it needs, (N, U, K); above 1 if it cannot be sent.
    """
    gain = np.where(share <= 1.0, gain, -np.inf)
    low, high = np.full((2, len(gain)), [[_LOWEST_PRICE], [_HIGHEST_PRICE]])
    for _ in range(_BISECTIONS):
        middle = np.sqrt(low * high)
        over = _demand(gain, share, middle)[2].sum(axis=1) > 1.0
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    send, level, used = _demand(gain, share, high)
    for _ in range(_FILLS):
        _fill(gain, share, send, level, used)
    return send, level


def _demand(gain: FloatArray, share: FloatArray, price: FloatArray) -> tuple[BoolArray, IntArray, FloatArray]:
    """Who sends at a price of the whole band (N,), at which level, and the share that it takes, (N, U) each."""
    net = gain - price[:, None, None] * share
    level = net.argmax(axis=2)
    send = np.take_along_axis(net, level[..., None], axis=2)[..., 0] > 0
    taken = np.take_along_axis(share, level[..., None], axis=2)[..., 0]
    return send, level, np.where(send, taken, 0.0)


def _fill(gain: FloatArray, share: FloatArray, send: BoolArray, level: IntArray, used: FloatArray) -> None:
    """Add to each slot the frame of highest gain per share that still fits; changes ``send``, ``level``, ``used``."""
    left = 1.0 - used.sum(axis=1)
    fits = ~send[..., None] & (share <= left[:, None, None] + _ROUNDING) & (gain > _LOWEST_PRICE * share)
    ratio = np.where(fits, gain / np.maximum(share, 1e-300), -np.inf).reshape(len(gain), -1)
    best = ratio.argmax(axis=1)
    slot = np.flatnonzero(ratio[np.arange(len(best)), best] > 0)
    camera, chosen = np.divmod(best[slot], gain.shape[2])
    send[slot, camera], level[slot, camera] = True, chosen
    used[slot, camera] = share[slot, camera, chosen]


def fill_in_order(share: FloatArray, priority: FloatArray, level: int) -> tuple[BoolArray, IntArray]:
    """Let cameras send in descending order of priority, until the first whose frame does not fit into the band.

    Each sends at ``level``, or at the least compressed one above it that the whole band can carry. A camera that no
    level fits, or with a priority of minus infinity, is passed over.

    Returns:
        Which cameras send, and at which level, (N, U) each.
    """
    possible = share[..., level:] <= 1.0
    chosen = level + possible.argmax(axis=2)
    able = possible.any(axis=2) & (priority > -np.inf)
    needed = np.where(able, np.take_along_axis(share, chosen[..., None], axis=2)[..., 0], 0.0)
    order = np.argsort(-priority, axis=1, kind="stable")
    filled = np.cumsum(np.take_along_axis(needed, order, axis=1), axis=1) <= 1.0 + _ROUNDING
    within = np.empty(able.shape, bool)
    np.put_along_axis(within, order, filled, axis=1)
    return able & within, chosen


def to_allocation(problem: SlotProblem, send: BoolArray, level: IntArray) -> Allocation:
    """The allocation in which these cameras send at the largest power; the band is shared in proportion to their needs.

    What they do not need makes their frames safer.
    """
    share = np.take_along_axis(problem.street.planned_share, level[..., None], axis=2)[..., 0]
    needed = np.where(send, share, 0.0)
    total = needed.sum(axis=1, keepdims=True)
    part = needed / np.where(total > 0, total, 1.0)
    largest = (problem.power_budget / problem.users)[:, None] if problem.max_power is None else problem.max_power
    return Allocation(
        operating_point=np.where(send, level, 0),
        bandwidth=part * problem.bandwidth_budget[:, None],
        power=np.where(send, largest, 0.0),
    )
