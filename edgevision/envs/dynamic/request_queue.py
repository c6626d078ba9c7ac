"""`RequestQueue`: the requests that wait in the cameras of N environments."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import BoolArray, IntArray

_EMPTY = np.iinfo(np.int64).max


class RequestQueue:
    """Up to Q requests per camera, in no particular order. The head is the one with the fewest slots left.

    Attributes:
        left: slots in which each request may still be sent, this one included, (N, U, Q); 0 is an empty place.
        content: index of each request's content, (N, U, Q).
    """

    def __init__(self, n: int, users: int, length: int) -> None:
        self.left = np.zeros((n, users, length), np.int64)
        self.content = np.zeros((n, users, length), np.int64)

    def clear(self, rows: IntArray) -> None:
        """Empty the queues of the environments ``rows``."""
        self.left[rows] = 0
        self.content[rows] = 0

    def copies(self, rows: IntArray) -> RequestQueue:
        """Copies of the queues of the environments ``rows``."""
        other = RequestQueue(len(rows), *self.left.shape[1:])
        other.left[:], other.content[:] = self.left[rows], self.content[rows]
        return other

    @property
    def waiting(self) -> IntArray:
        """Number of requests in each queue, (N, U)."""
        return np.asarray((self.left > 0).sum(axis=2))

    def heads(self) -> tuple[IntArray, IntArray, IntArray]:
        """Content of each queue's head, its slots left, and those of the request behind it, (N, U) each; 0 if none."""
        ordered = np.where(self.left > 0, self.left, _EMPTY)
        place = ordered.argmin(axis=2)[..., None]
        first = np.take_along_axis(ordered, place, axis=2)[..., 0]
        content = np.take_along_axis(self.content, place, axis=2)[..., 0]
        np.put_along_axis(ordered, place, _EMPTY, axis=2)
        second = ordered.min(axis=2)
        held = first < _EMPTY
        return np.where(held, content, 0), np.where(held, first, 0), np.where(second < _EMPTY, second, 0)

    def take_heads(self, chosen: BoolArray) -> None:
        """Remove the head of each queue that is marked in ``chosen`` (N, U); none of them is empty."""
        row, user = np.nonzero(chosen)
        ordered = np.where(self.left[row, user] > 0, self.left[row, user], _EMPTY)
        self.left[row, user, ordered.argmin(axis=1)] = 0

    def age(self, running: BoolArray) -> IntArray:
        """Let a slot pass in the environments ``running`` (N,); returns the number of requests that expire, (N, U)."""
        expired = ((self.left == 1) & running[:, None, None]).sum(axis=2)
        self.left -= (self.left > 0) & running[:, None, None]
        return np.asarray(expired)

    def add(self, arrives: BoolArray, window: IntArray, content: IntArray) -> BoolArray:
        """Add a request where ``arrives`` (N, U); a full queue drops its head first.

        Returns:
            Whose queue dropped a request, (N, U).
        """
        row, user = np.nonzero(arrives)
        place = self.left[row, user].argmin(axis=1)
        dropped = np.zeros(arrives.shape, bool)
        dropped[row, user] = self.left[row, user, place] > 0
        self.left[row, user, place] = window[row, user]
        self.content[row, user, place] = content[row, user]
        return dropped
