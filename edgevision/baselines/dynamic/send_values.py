"""What sending is worth: the best net value of a request at given bandwidths and a given price of power.

For each operating point the power is the closed form that `edgevision.baselines.joint.power_table` tabulates, limited
by the largest power of the user. Source: ours.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.baselines.joint.inner_bound import Users
from edgevision.envs.channel.modulation import needed_exponent

#: Bandwidths, as shares of the budget, at which values are compared; a user needs about 5 % for the smallest payload.
SHARES = np.geomspace(0.02, 1.0, 14)
_LARGEST_EXPONENT = 60.0
_USERS_AT_A_TIME = 1024


def best_values(users: Users, share: FloatArray, price: FloatArray) -> tuple[FloatArray, IntArray, FloatArray]:
    """The best of max over k, p of eta F - price p, for M users at B bandwidths each.

    Args:
        users: M users, in units of the budgets.
        share: bandwidths, (B,) for all users or (M, B), each > 0.
        price: price of the whole power budget, (M,).

    Returns:
        Net value, operating point and power (share of the budget), (M, B) each.
    """
    share = np.broadcast_to(share, (len(price), share.shape[-1]))
    return _joined(
        _best_values(users, group, thresholds(users, share, group), price[group]) for group in _groups(price)
    )


def thresholds(users: Users, share: FloatArray, group: slice) -> FloatArray:
    """x of eq. 2 times the power, for the users in ``group``, (M, K, B); ``share`` is (M, B)."""
    needed, width = _occupied(users, share, group)
    grown = np.expm1(np.minimum(needed, _LARGEST_EXPONENT))
    return users.noise[group, None, None] * width * grown


def used_share(users: Users, share: FloatArray, point: IntArray) -> FloatArray:
    """The part of each user's bandwidth that it uses at its operating point, (M,) each.

    It is all of it at Shannon's rate. At a step of modulation and coding more bandwidth than the step needs only adds
    noise.
    """
    width = _occupied(users, share[:, None], slice(None))[1][..., 0]
    return np.take_along_axis(np.broadcast_to(width, users.exponent.shape), point[:, None], axis=1)[:, 0]


def _occupied(users: Users, share: FloatArray, group: slice) -> tuple[FloatArray, FloatArray]:
    """ln(1 + SNR) that is needed within ``share`` (M, B), and the bandwidth that is used, (M, K, B) each."""
    width, exponent = share[group, None, :], users.exponent[group, :, None]
    if users.modulation == "shannon":
        return exponent / width, width
    needed = needed_exponent(exponent / width, users.modulation)
    with np.errstate(invalid="ignore"):  # infinity over infinity: nothing can arrive
        least = exponent / needed * (1.0 + 1e-12)  # rounding must not miss the step
    return needed, np.where(least > 0, least, width)


def best_at(users: Users, threshold: FloatArray, price: FloatArray) -> tuple[FloatArray, IntArray, FloatArray]:
    """``best_values`` from the `thresholds` of all users, which do not depend on prices."""
    return _joined(_best_values(users, group, threshold[group], price[group]) for group in _groups(price))


def _groups(price: FloatArray) -> list[slice]:
    return [slice(start, start + _USERS_AT_A_TIME) for start in range(0, max(len(price), 1), _USERS_AT_A_TIME)]


def _joined(parts: Iterable[tuple[FloatArray, IntArray, FloatArray]]) -> tuple[FloatArray, IntArray, FloatArray]:
    value, point, power = (np.concatenate(column) for column in zip(*parts, strict=True))
    return value, point, power


def _best_values(
    users: Users, group: slice, threshold: FloatArray, price: FloatArray
) -> tuple[FloatArray, IntArray, FloatArray]:
    accuracy, nu = np.maximum(users.accuracy[group, :, None], 1e-12), price[:, None, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        per_threshold = users.table.read(np.log(np.maximum(nu / accuracy * threshold, 1e-300)), users.table.power)
        power = np.minimum(per_threshold * threshold, users.most[1][group, None, None])
        value = accuracy * users.table.success(np.where(power > 0, threshold / power, np.inf)) - nu * power
    point = value.argmax(axis=1)[:, None]
    best, spent = (np.take_along_axis(array, point, axis=1)[:, 0] for array in (value, power))
    return best, point[:, 0], spent
