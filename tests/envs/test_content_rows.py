"""Rows that are gathered when they are read are those that would have been gathered at once."""

from __future__ import annotations

import dataclasses
import pickle
from typing import cast

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import edgevision  # noqa: F401 - registers the environments
from edgevision.arrays import FloatArray
from edgevision.envs.content_rows import ContentRows
from edgevision.envs.problem import SlotProblem


@given(seed=st.integers(0, 2**32 - 1), contents=st.integers(1, 5), points=st.integers(1, 6))
def test_parts_are_parts_of_the_whole(seed: int, contents: int, points: int) -> None:
    rng = np.random.default_rng(seed)
    rows = ContentRows(rng.random((contents, points)), rng.integers(contents, size=(4, 3)))
    whole = rows.whole()
    assert whole.shape == (4, 3, points)
    assert not whole.flags.writeable
    point = rng.integers(points, size=(4, 3))
    np.testing.assert_array_equal(rows.at(point), np.take_along_axis(whole, point[..., None], axis=2)[..., 0])
    columns = rng.integers(points, size=2)
    np.testing.assert_array_equal(
        np.broadcast_to(rows.columns(columns.tolist()), (2, 4, 3)), whole[..., columns].transpose(2, 0, 1)
    )
    active = rng.random((4, 3)) < 0.5
    known = rows.known(active, 2, 0.5)
    assert not known[..., :2].any()
    np.testing.assert_array_equal(known[..., 2:], np.where(active[..., None], np.minimum(whole, 0.5), 0).astype("f4"))
    np.testing.assert_array_equal(rows[1:3].whole(), whole[1:3])


def problem() -> SlotProblem:
    env = gymnasium.make_vec("EdgeVision/Image-v0", num_envs=5)
    env.reset(seed=3)
    found: SlotProblem = env.unwrapped.problem  # type: ignore[attr-defined]
    return found


def test_a_problem_is_the_same_before_and_after_its_sizes_are_read() -> None:
    unread, read = problem(), problem()
    sizes = read.size_fraction
    point = np.arange(5)[:, None] % unread.points * np.ones((1, unread.users), np.int64)
    for one in (unread, read):
        chosen = one.chosen("size_fraction", point)
        np.testing.assert_array_equal(chosen, sizes[np.arange(5)[:, None], np.arange(8), point])
        np.testing.assert_array_equal(one.columns("size_fraction", [0, -1]), sizes.transpose(2, 0, 1)[[0, -1]])
    np.testing.assert_array_equal(unread[np.array([1, 4])].size_fraction, sizes[[1, 4]])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(problem())).size_fraction, sizes)  # noqa: S301 - our own
    moved = dataclasses.replace(problem(), deadline=sizes[..., 0])
    np.testing.assert_array_equal(moved.size_fraction, sizes)


def test_batches_are_joined_with_the_sizes_of_each() -> None:
    one, two = problem(), problem()
    joined = SlotProblem.joined([one[np.array([0, 2])], two])
    assert joined.slots == 7
    np.testing.assert_array_equal(joined.size_fraction, np.concatenate([one.size_fraction[[0, 2]], two.size_fraction]))
    np.testing.assert_array_equal(joined.deadline, np.concatenate([one.deadline[[0, 2]], two.deadline]))


def test_sizes_cannot_be_changed_or_replaced() -> None:
    found = problem()
    with pytest.raises(ValueError, match="read-only"):
        found.size_fraction[0, 0, 0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.size_fraction = cast(FloatArray, None)  # type: ignore[misc]
