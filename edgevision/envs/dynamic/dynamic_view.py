"""`DYNAMIC_VIEW`: what an agent of ``EdgeVision/Dynamic-v0`` sees and does, pure functions of the slot's problem.

Every camera stays ``active`` in observations: a camera without a request still has a battery and a route, and its
future rewards count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import FloatArray
from edgevision.envs.allocation import Allocation
from edgevision.envs.observation import FEATURE_LIMIT
from edgevision.envs.problem import SlotProblem
from edgevision.envs.view import View

#: Distances ahead on the route whose gain is observed [slots].
NEAR_SLOTS = (2, 4, 8, 16)
#: An action can give one camera up to exp(2 x 3) times the bandwidth of another.
BANDWIDTH_LOGIT_RANGE = 3.0
#: Powers reach from the largest down to this many powers of ten below it.
POWER_DECADES = 4.0
_RAMP_SLOTS = 10

USER_FEATURES = (
    "whether a request waits",
    "signal-to-noise ratio at the largest power over the whole bandwidth [50 dB], minus 1",
    "shadowing [10 dB]",
    "whether the camera sees the base station",
    "gain of the place, without shadowing, plus 115 dB [20 dB]",
    *(f"gain of the place in {slots} slots, relative [20 dB]" for slots in NEAR_SLOTS),
    "gain of the place in 32 slots, relative [20 dB]",
    "gain of the place in 64 slots, relative [20 dB]",
    "best gain on the rest of the route, relative [20 dB]",
    "mean gain on the rest of the route, relative [20 dB]",
    "log10 of the energy left per expected request over a slot at the largest power, halved, plus 1",
    "share of the battery that is left",
    "slots left for the request at the head, over the longest deadline",
    "the same for the request behind it",
    "requests waiting over the length of the queue",
    "moving average of the arrivals",
    "log10 of the payload at the least compressed level over what the whole bandwidth carries in a slot",
    "the same at the most compressed level",
)
CELL_FEATURES = (
    "log10 of the slots left plus 1, halved",
    "slots left, at most 10, over 10",
    "share of the cameras with a request",
    "log10 of the bandwidth [MHz]",
)


def observe(problem: SlotProblem) -> dict[str, NDArray[Any]]:
    """Observe N slots: ``users`` (N, U, F) and ``cell`` (N, G) float32, ``active`` (N, U) float32, all ones.

    Raises:
        SlotProblemError: the problem has no outlook.
    """
    future = problem.future
    largest = (problem.power_budget / problem.users)[:, None]
    snr = problem.gain_scale * largest / (problem.noise_density * problem.bandwidth_budget)[:, None]
    capacity = np.maximum(problem.bandwidth_budget[:, None] * np.log2(1.0 + snr) * problem.deadline, 1e-30)
    place = _decibel(future.route_gain[:, 0])
    horizon = future.route_gain.shape[1]
    near = [_decibel(future.route_gain[:, min(slots, horizon - 1)]) for slots in NEAR_SLOTS]
    far = list(future.far_gain.swapaxes(0, 1))
    full_power = largest * problem.deadline
    held = problem.active
    columns = (
        held,
        _log10(snr) / 5.0 - 1.0,
        (_decibel(problem.gain_scale) - place) / 10.0,
        future.line_of_sight,
        (place + 115.0) / 20.0,
        *((gain - place) / 20.0 for gain in (*near, *far)),
        _log10(future.energy_left / (future.expected_requests * full_power)) / 2.0 + 1.0,
        future.battery / np.maximum(future.full_battery, 1e-30),
        future.slack / horizon,
        future.next_slack / horizon,
        future.waiting / future.queue_length[:, None],
        future.arrival_average,
        *(
            np.where(held, _log10(problem.raw_size * fraction / capacity), 0.0)
            for fraction in problem.columns("size_fraction", [0, -1])
        ),
    )
    content = problem.features * held[..., None]
    users = np.concatenate([np.stack(np.broadcast_arrays(*columns), axis=-1), content], axis=-1)
    cell = np.stack(
        [
            np.log10(future.slots_left + 1.0) / 2.0,
            np.minimum(future.slots_left, _RAMP_SLOTS) / _RAMP_SLOTS,
            held.mean(axis=1),
            _log10(problem.bandwidth_budget * 1e-6),
        ],
        axis=-1,
    )
    return {
        "users": np.clip(users, -FEATURE_LIMIT, FEATURE_LIMIT).astype(np.float32),
        "cell": np.clip(cell, -FEATURE_LIMIT, FEATURE_LIMIT).astype(np.float32),
        "active": np.ones(held.shape, np.float32),
    }


def _decibel(gain: FloatArray) -> FloatArray:
    return 10.0 * _log10(gain)


def _log10(value: FloatArray) -> FloatArray:
    """log10 of values clipped at 1e-30."""
    return np.log10(np.maximum(value, 1e-30))


def decode(action: FloatArray, problem: SlotProblem) -> Allocation:
    """Convert actions (N, U, 4) to an allocation; cameras that do not send get nothing.

    Coordinates: send if above 0; operating point, [-1, 1] cut into K equal cells; bandwidth, a softmax logit of 3 x
    the coordinate among those that send; power, p_max x 10^(2 (a - 1)), at most what the battery can still give.
    """
    send = problem.active & (action[..., 0] > 0)
    points = problem.points
    cell = np.clip(np.floor((action[..., 1] + 1.0) * 0.5 * points).astype(np.int64), 0, points - 1)
    weight = np.where(send, np.exp(BANDWIDTH_LOGIT_RANGE * action[..., 2]), 0.0)
    total = np.where(send.any(axis=1), weight.sum(axis=1), 1.0)
    largest = (problem.power_budget / problem.users)[:, None]
    power = largest * 10.0 ** (0.5 * POWER_DECADES * (action[..., 3] - 1.0))
    if problem.max_power is not None:
        power = np.minimum(power, problem.max_power)
    return Allocation(
        operating_point=np.where(send, cell, 0),
        bandwidth=weight * (problem.bandwidth_budget / total)[:, None],
        power=np.where(send, power, 0.0),
    )


def choices(grid: tuple[int, ...]) -> tuple[int, ...]:
    """Values of each coordinate for discrete learners: send or not, all levels, equal bandwidths, powers of ten."""
    return (2, *grid, 1, 5)


DYNAMIC_VIEW = View(
    name="dynamic",
    user_features=USER_FEATURES,
    cell_features=CELL_FEATURES,
    observe=observe,
    decode=decode,
    choices=choices,
)
