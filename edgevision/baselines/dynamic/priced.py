"""`Priced`: who sends in a slot, how compressed, and with what bandwidth and power, at given prices. Source: ours.

It maximises sum [eta_k P(b, p, k) - energy price x (p x slot + encoding energy) - waiting value] over the users that
send, their k, b and p, with sum b <= B. A price of bandwidth, found by bisection, decides who sends and with which of
some bandwidths. At the price just above the clearing one the users ask for less than the band and share out the rest;
at the one just below they ask for more and are all squeezed; the better of the two is taken. Operating points and
powers are then chosen anew at the final bandwidths. Where rates have steps, a user leaves what its step does not need.
"""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.baselines.dynamic.send_values import SHARES, best_values, used_share
from edgevision.baselines.dynamic.waiting import encoding_cost
from edgevision.baselines.joint.upper_bound import active_users
from edgevision.baselines.policy_registry import register
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.errors import SlotProblemError

_LOWEST_PRICE, _HIGHEST_PRICE, _BISECTIONS = 1e-3, 20.0, 11
_NOTHING = -1.0


@register
class Priced:
    """The slot solver of all policies for sequential environments; at prices of 0 it is myopic.

    ``problem.priced(energy_price, waiting_value)`` sets the prices. Source: ours.
    """

    name = "myopic"
    kind = "solver"
    families = ("dynamic",)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch.

        Raises:
            SlotProblemError: see ``SlotProblem.check``; or users share a power budget instead of having batteries.
        """
        return self.clear(problem)[0]

    def clear(self, problem: SlotProblem) -> tuple[Allocation, FloatArray]:
        """Allocation, and the price of the whole band that clears each slot, (N,); 0 where the band is not scarce.

        Raises:
            SlotProblemError: as for ``act``.
        """
        problem.check()
        if problem.max_power is None:
            raise SlotProblemError("this policy needs a largest power for each user, as in EdgeVision/Dynamic-v0")
        slot, users = active_users(problem)
        user = np.nonzero(problem.active)[1]
        nothing = np.zeros(problem.active.shape)
        energy_price = _at(problem.energy_price, nothing)
        price = energy_price[slot, user] * problem.deadline[slot, user]
        price = price * problem.power_budget[slot]
        # Sending must be worth more than this.
        least = (_at(problem.waiting_value, nothing) + encoding_cost(problem, energy_price))[slot, user]
        net = np.full((*nothing.shape, len(SHARES)), _NOTHING)
        net[slot, user] = best_values(users, SHARES, price)[0] - least[:, None]
        share, band_price = share_bandwidth(net)
        mine = share[slot, user]
        final = np.maximum(mine, 1e-9)
        values, chosen, power = best_values(users, final[:, None], price)
        point, sends = chosen[:, 0], (mine > 0) & (values[:, 0] > least)
        points, bandwidth, powers = np.zeros(nothing.shape, np.int64), nothing, nothing.copy()
        points[slot, user] = np.where(sends, point, 0)
        bandwidth[slot, user] = np.where(sends, used_share(users, final, point), 0.0) * problem.bandwidth_budget[slot]
        powers[slot, user] = np.where(sends, power[:, 0], 0.0) * problem.power_budget[slot]
        return Allocation(points, bandwidth, powers), band_price


def _at(price: FloatArray | None, nothing: FloatArray) -> FloatArray:
    return nothing if price is None else price


def share_bandwidth(net: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share the band out.

    Args:
        net: net values at ``SHARES``, (N, U, B).

    Returns:
        Shares (N, U), whose sums are 1, or 0 if nobody gains; and the price of the band, (N,), 0 if it is not scarce.
    """
    low, high = np.full((2, len(net)), [[_LOWEST_PRICE], [_HIGHEST_PRICE]])
    for _ in range(_BISECTIONS):
        middle = np.sqrt(low * high)
        over = _demand(net, middle)[0].sum(axis=1) > 1.0
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    wanted, value = _demand(net, low)
    fitting = _whole_band(_admit(_demand(net, high)[0], wanted, value))
    squeezed = _whole_band(wanted)
    better = _value_at(net, squeezed) > _value_at(net, fitting)
    return np.where(better[:, None], squeezed, fitting), np.where(low > _LOWEST_PRICE, high, 0.0)


def _whole_band(share: FloatArray) -> FloatArray:
    total = share.sum(axis=1, keepdims=True)
    return share / np.where(total > 0, total, 1.0)


def _value_at(net: FloatArray, share: FloatArray) -> FloatArray:
    """Net value of each slot at shares (N, U) between those of ``SHARES``, (N,)."""
    place = np.log(np.maximum(share, 1e-9) / SHARES[0]) / np.log(SHARES[1] / SHARES[0])
    left = np.clip(place.astype(np.int64), 0, len(SHARES) - 2)
    below, above = (np.take_along_axis(net, (left + step)[..., None], axis=2)[..., 0] for step in (0, 1))
    value = below + (place - left) * (above - below)
    return np.where(share >= SHARES[0], np.maximum(value, 0.0), 0.0).sum(axis=1)


def _demand(net: FloatArray, price: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Share that each user asks for at a price of the whole band (N,), and its value after payment, (N, U) each."""
    left = net - price[:, None, None] * SHARES
    best: IntArray = left.argmax(axis=2)
    value = np.take_along_axis(left, best[..., None], axis=2)[..., 0]
    return np.where(value > 0, SHARES[best], 0.0), value


def _admit(share: FloatArray, wanted: FloatArray, value: FloatArray) -> FloatArray:
    """Give users what they want at a lower price, the most valuable first, as long as it fits into the band."""
    rows = np.arange(len(share))
    waiting: BoolArray = (value > 0) & (wanted > share)
    for _ in range(share.shape[1]):
        if not waiting.any():
            break
        user = np.where(waiting, value, -np.inf).argmax(axis=1)
        more = wanted[rows, user] - share[rows, user]
        fits = waiting[rows, user] & (share.sum(axis=1) + more <= 1.0 + 1e-12)
        share[rows[fits], user[fits]] = wanted[rows[fits], user[fits]]
        waiting[rows, user] = False
    return share
