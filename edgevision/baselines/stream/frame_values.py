"""What a frame of the battery is worth: a dynamic program for one camera alone. Source: ours.

State of a camera: background or event in view, answer held right or wrong, f frames and t slots left. With w the weight
of the slot, rho the probability that a frame arrives with a right answer, and V the value before a decision,

    A_t(f, e, h) = w_e h + E V_{t - 1}(f, e', h'),     V_t(f, e, right) = A_t(f, e, right),
    V_t(f, e, wrong) = max[A_t(f, e, wrong), rho A_t(f - 1, e, right) + (1 - rho) A_t(f - 1, e, wrong)],

where a new scene makes the answer wrong. A frame is worth A_t(f, e, h) - A_t(f - 1, e, h) if it is kept, and a right
answer D = A_t(f - 1, e, right) - A_t(f - 1, e, wrong). The program sees the state; with a belief in its place, the
values are means over the belief (QMDP, Littman, Cassandra and Kaelbling, 1995). That is too optimistic about how well
later frames will be used, so that policies pay only a part of the price, ``thrift``.
"""

from __future__ import annotations

import functools

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.baselines.stream.expected_gains import expected_gains
from edgevision.envs.problem import SlotProblem
from edgevision.envs.stream.planned_bandwidth import IMPOSSIBLE, RELIABILITY
from edgevision.envs.stream.stream_outlook import StreamOutlook

#: Slots and frames left that are tabulated. Of more slots, as many are taken, with a proportional share of the frames.
_SLOTS, _FRAMES = 1000, 128


def net_gains(problem: SlotProblem, belief: FloatArray, thrift: float) -> tuple[FloatArray, FloatArray]:
    """Expected weight of right answers that a frame adds, now and later, less what it is worth in the battery.

    Args:
        problem: the slots.
        belief: probabilities of the states of `edgevision.envs.stream.four_states`, (N, U, 4).
        thrift: factor on the value of a frame that is kept.

    Returns:
        Net gains, (N, U, K), and the values that are subtracted in them, (N, U).
    """
    street = problem.street
    kept, spent = (_values(problem, frames) for frames in (street.frames_left, np.maximum(street.frames_left - 1, 0)))
    worth = (spent[..., 1] - spent[..., 0]) / np.stack([np.ones(len(spent)), street.event_weight], axis=1)[:, None]
    event = belief[..., :2] + belief[..., 2:]
    right = belief[..., :2] * street.right_again[..., None]
    value = kept - spent
    price = thrift * (value[..., 0] * (event - right) + value[..., 1] * right).sum(axis=2)
    gain = expected_gains(problem, belief, np.concatenate([worth, worth], axis=2))
    return gain - price[..., None], price


def expected_later(problem: SlotProblem, event: BoolArray, right: BoolArray, thrift: float) -> FloatArray:
    """Expected weight of right answers in the rest of the episode from a known state, without a frame now, (N, U).

    Args:
        problem: the slots.
        event: whether an event is in view, (N, U).
        right: whether the answer held is right, (N, U).
        thrift: factor on what the frames that are left add.
    """
    left = problem.street.frames_left
    state = (*np.indices(event.shape), event.astype(np.int64), right.astype(np.int64))
    with_them, without = (_values(problem, frames)[state] for frames in (left, np.zeros_like(left)))
    return np.asarray(without + thrift * (with_them - without))


def _values(problem: SlotProblem, frames: IntArray) -> FloatArray:
    """A_t(f, e, h) of the slots if ``frames`` (N, U) are left, (N, U, 2, 2)."""
    street = problem.street
    slots = np.minimum(street.slots_left, _SLOTS)[:, None]
    frames = np.ceil(frames * (slots / np.maximum(street.slots_left, 1)[:, None])).astype(np.int64)
    frames = np.minimum(frames, np.minimum(slots, _FRAMES))
    success = RELIABILITY * float(np.median(problem.accuracy[0, 0]))
    longest = int(min(street.episode_slots.max(), _SLOTS))
    values = np.empty((*frames.shape, 2, 2))
    constants = np.stack([street.event_start, street.event_end, street.change_rate, street.event_weight], axis=1)
    kinds, kind = np.unique(constants, axis=0, return_inverse=True)
    for number, row in enumerate(kinds.tolist()):
        mine = kind.ravel() == number
        values[mine] = value_table(*row, success, longest)[slots[mine], frames[mine]]
    return values


@functools.lru_cache(maxsize=8)
def value_table(
    event_start: float, event_end: float, change_rate: float, event_weight: float, success: float, slots: int
) -> FloatArray:
    """A_t(f, e, h), (T + 1, F + 1, 2, 2), read-only; t = 0 is unused.

    Args:
        event_start: probability that an event begins in a slot.
        event_end: probability that it ends in a slot.
        change_rate: probability that a scene changes by itself in a slot.
        event_weight: weight of slots with an event; others have weight 1.
        success: probability that a frame arrives with a right answer.
        slots: T.
    """
    switch, weight = np.array([event_start, event_end]), np.array([1.0, event_weight])
    same, renewed = (1.0 - switch) * (1.0 - change_rate), (1.0 - switch) * change_rate
    table = np.zeros((slots + 1, min(slots, _FRAMES) + 1, 2, 2))
    value = np.zeros(table.shape[1:])
    for left in range(1, slots + 1):
        new_scene = renewed * value[..., 0] + switch * value[:, ::-1, 0]
        after = same[:, None] * value + new_scene[..., None]
        after[..., 1] += weight
        value = after.copy()
        sent = success * after[:-1, :, 1] + (1.0 - success) * after[:-1, :, 0]
        value[1:, :, 0] = np.maximum(after[1:, :, 0], sent)
        table[left] = after
    table.setflags(write=False)
    return table


def paced_share(street: StreamOutlook) -> FloatArray:
    """Share of the band that each level needs; `IMPOSSIBLE` where a battery has spent more than its even share.

    Policies that do not weigh frames against each other spend their batteries evenly.
    """
    due = np.ceil(street.battery * ((street.slot + 1) / street.episode_slots)[:, None])
    on_pace = street.battery - street.frames_left < due
    return np.where(on_pace[..., None], street.planned_share, IMPOSSIBLE)
