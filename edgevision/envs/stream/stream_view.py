"""`STREAM_VIEW`: what an agent of ``EdgeVision/Stream-v0`` sees and does, pure functions of the slot's problem.

Rows are cameras in the order of the street. A row holds some signs of the two cameras on either side as well, so that a
network that treats cameras alike can still learn that what one saw, the next will see.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import FloatArray
from edgevision.envs.dynamic.dynamic_view import choices, decode
from edgevision.envs.observation import FEATURE_LIMIT
from edgevision.envs.problem import SlotProblem
from edgevision.envs.stream.four_states import STATES
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.envs.view import View

#: Places along the street, relative to a camera, whose signs it sees too.
NEIGHBOURS = (-2, -1, 1, 2)
_OLD, _RAMP_SLOTS, _MANY_FRAMES = 40, 10, 20
_EVENT_FADES = 6.0  # [slots]

_SIGNS = ("change score [2 noise levels]", "probability of a changed scene", "probability of an event")
USER_FEATURES = (
    *(f"change score {slots} slots ago [2 noise levels]" for slots in range(8)),
    *(f"moving average of the change score, weight {weight}" for weight in (0.5, 0.25, 0.08)),
    *(f"log of the probability of {state!r}, over 4" for state in STATES),
    "whether the edge has no answer yet",
    "slots since the last delivery, at most 40 [20 slots]",
    "whether a frame was delivered in the slot before",
    "whether a frame was lost in the slot before",
    "1 if its answer differs from the one before, -1 if not, 0 without a delivery",
    "1 if the newest answer says that an event is in view, else -1",
    "exp(-slots since an answer said so / 6)",
    "confidence of the newest answer, minus 0.5",
    "feature of its frame, halved",
    "its level: 1 is the most compressed, -1 the least",
    "probability that it is right if the scene is the same",
    "log10 of the share of the band that a middle level needs, halved, plus 0.5",
    "the same for the most compressed level",
    "place along the street: -1 is the first camera, 1 the last",
    "frames that the battery still lasts for, at most 20 [10 frames]",
    "the same per slot left, at most 1",
    *(f"{sign}, camera {place:+d}" for place in NEIGHBOURS for sign in _SIGNS),
)
CELL_FEATURES = (
    "share of the episode that is over",
    "mean probability of a changed scene",
    "mean probability of an event",
    "slots left, at most 10, over 10",
)


def observe(problem: SlotProblem) -> dict[str, NDArray[Any]]:
    """Observe N slots: ``users`` (N, U, F) and ``cell`` (N, G) float32, ``active`` (N, U) float32, all ones.

    Raises:
        SlotProblemError: these are no slots of ``EdgeVision/Stream-v0``.
    """
    seen = problem.street
    users = np.zeros((*seen.score.shape, len(USER_FEATURES)), np.float32)
    own = _own(problem, seen)
    for number, column in enumerate(own):
        users[..., number] = column
    signs = np.stack([seen.score / 2.0, *_changed_and_event(seen.belief)], axis=-1)
    for number, place in enumerate(NEIGHBOURS):
        start = len(own) + number * len(_SIGNS)
        here, there = _overlap(place)
        users[:, here, start : start + len(_SIGNS)] = signs[:, there]
    left = seen.slots_left
    cell = np.stack(
        [
            seen.slot / seen.episode_slots,
            *(part.mean(axis=1) for part in _changed_and_event(seen.belief)),
            np.minimum(left, _RAMP_SLOTS) / _RAMP_SLOTS,
        ],
        axis=-1,
    )
    return {
        "users": np.clip(users, -FEATURE_LIMIT, FEATURE_LIMIT, out=users),
        "cell": np.clip(cell, -FEATURE_LIMIT, FEATURE_LIMIT).astype(np.float32),
        "active": np.ones(seen.score.shape, np.float32),
    }


def _own(problem: SlotProblem, seen: StreamOutlook) -> list[FloatArray]:
    """What a camera sees of itself, (N, U) each."""
    points, users = problem.points, problem.users
    told = np.where(seen.delivered, np.where(seen.told_change, 1.0, -1.0), 0.0)
    known = ~seen.empty
    place = np.linspace(-1.0, 1.0, users) if users > 1 else np.zeros(1)
    needed = np.log10(np.maximum(seen.planned_share, 1e-30)) / 2.0 + 0.5
    return [
        *(seen.last_scores / 2.0).swapaxes(0, 1),
        *seen.score_averages.swapaxes(0, 1),
        *(np.log(np.maximum(seen.belief, 1e-6)) / 4.0).transpose(2, 0, 1),
        seen.empty.astype(np.float64),
        np.minimum(seen.age, _OLD) / (0.5 * _OLD),
        seen.delivered.astype(np.float64),
        seen.lost.astype(np.float64),
        told,
        np.where(seen.told_event, 1.0, -1.0),
        np.exp(-seen.event_age / _EVENT_FADES),
        np.where(known, seen.confidence - 0.5, 0.0),
        seen.feature / 2.0,
        2.0 * seen.level / max(points - 1, 1) - 1.0,
        seen.right_again,
        needed[..., points // 2],
        needed[..., -1],
        np.broadcast_to(place, seen.score.shape),
        np.minimum(seen.frames_left, _MANY_FRAMES) / (0.5 * _MANY_FRAMES),
        np.minimum(seen.frames_left / np.maximum(seen.slots_left, 1)[:, None], 1.0),
    ]


def _changed_and_event(belief: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Probabilities of a changed scene and of an event, (N, U) each."""
    return belief[..., 2] + belief[..., 3], belief[..., 1] + belief[..., 3]


def _overlap(place: int) -> tuple[slice, slice]:
    """Cameras that have a neighbour at this relative place, and those neighbours."""
    return (slice(None, -place), slice(place, None)) if place > 0 else (slice(-place, None), slice(None, place))


STREAM_VIEW = View(
    name="stream",
    user_features=USER_FEATURES,
    cell_features=CELL_FEATURES,
    observe=observe,
    decode=decode,
    choices=choices,
)
