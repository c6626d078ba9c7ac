"""`Memory`: what a policy remembers of the episodes that it follows, by environment."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.errors import SlotProblemError

#: Arrays by name, whose first axis is that of the slots of a batch.
State = dict[str, NDArray[Any]]


class Memory:
    """State of the episodes of all environments that a policy was asked for, whatever the batches.

    It keeps the state before and after the newest slot of each environment. A policy that is asked twice for one slot
    therefore answers alike.
    """

    def __init__(self, start: Callable[[StreamOutlook], State]) -> None:
        """Remember nothing; ``start`` makes the state of episodes before their first slot."""
        self._start = start
        self._episode, self._slot = np.full((2, 0), -1)
        self._before: State = {}
        self._after: State = {}

    def copy(self) -> Memory:
        """A memory of the same episodes that goes its own way from here."""
        other = copy.copy(self)
        other._episode, other._slot = self._episode.copy(), self._slot.copy()
        other._before, other._after = (
            {name: kept.copy() for name, kept in state.items()} for state in (self._before, self._after)
        )
        return other

    def follow(self, outlook: StreamOutlook, advance: Callable[[State, StreamOutlook], State]) -> State:
        """The state of each episode after this slot.

        Args:
            outlook: what is known in this slot.
            advance: makes the state after a slot from the state before it; what it adds is returned, but not kept.

        Raises:
            SlotProblemError: an episode is not in its first slot, and the slot before this one was not followed.
        """
        rows, fresh = outlook.environment, self._start(outlook)
        if any(kept.shape[1:] != fresh[name].shape[1:] for name, kept in self._before.items()):
            self._episode, self._slot, self._before, self._after = *np.full((2, 0), -1), {}, {}  # another street
        self._grow(outlook, int(rows.max(initial=-1)) + 1)
        known = self._episode[rows] == outlook.episode
        again, next_one = (known & (self._slot[rows] == outlook.slot - step) for step in (0, 1))
        first = outlook.slot == 0
        if not (first | again | next_one).all():
            raise SlotProblemError(
                "this policy remembers what it saw: ask it for every slot of an episode, from the first one on, and "
                "make a policy for each environment"
            )
        before = {
            name: _where(first, fresh[name], _where(again, kept[rows], self._after[name][rows]))
            for name, kept in self._before.items()
        }
        after = advance(before, outlook)
        for name in before:
            self._before[name][rows], self._after[name][rows] = before[name], after[name]
        self._episode[rows], self._slot[rows] = outlook.episode, outlook.slot
        return after

    def _grow(self, outlook: StreamOutlook, size: int) -> None:
        more = size - len(self._episode)
        if more <= 0:
            return
        self._episode, self._slot = (np.append(kept, np.full(more, -1)) for kept in (self._episode, self._slot))
        for state in (self._before, self._after):
            for name, value in self._start(outlook[:1]).items():
                new = np.zeros((more, *value.shape[1:]), value.dtype)
                state[name] = np.concatenate([state[name], new]) if name in state else new


def _where(mask: BoolArray, value: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """``value`` in the rows of the mask (N,), else ``other``."""
    return np.where(mask.reshape(-1, *[1] * (value.ndim - 1)), value, other)
