"""Intervals over groups: what belongs together is drawn together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from edgevision.statistics import GroupBootstrap, points, signed_points


@settings(deadline=None, max_examples=50)
@given(arrays.arrays(float, (12, 2, 3), elements=st.floats(-1, 1)), st.integers(1, 12), st.integers(0, 9))
def test_the_mean_lies_within_the_values_and_the_draws_repeat(values: np.ndarray, groups: int, seed: int) -> None:
    member = np.arange(12) % groups
    mean, low, high = GroupBootstrap(member, 200, seed).mean(values)
    np.testing.assert_allclose(mean, values.mean(axis=0))
    assert (low <= high).all()
    assert (low >= values.min(axis=0) - 1e-12).all() and (high <= values.max(axis=0) + 1e-12).all()
    np.testing.assert_array_equal((mean, low, high), GroupBootstrap(member, 200, seed).mean(values))


def test_one_group_has_no_spread_and_neither_has_a_constant_difference() -> None:
    values = np.random.default_rng(0).random((20, 1))
    whole = GroupBootstrap(np.zeros(20, int), 100).mean(values)
    np.testing.assert_allclose(whole, values.mean())
    paired = GroupBootstrap(np.arange(20), 100).mean((values + 0.25) - values)
    np.testing.assert_allclose(paired, 0.25)


@pytest.mark.parametrize("groups", [1, 2, 3, 5, 15])
def test_an_interval_holds_its_mean(groups: int) -> None:
    """Sums over equal groups differ by rounding from the mean over all clips; plots refuse intervals beside it."""
    equal = np.tile(np.arange(60 // groups)[:, None] < np.arange(60), (groups, 1)).astype(float)
    mean, low, high = GroupBootstrap(np.arange(len(equal)) // (60 // groups), 200).mean(equal)
    assert (low <= mean).all() and (mean <= high).all()


def test_groups_of_equal_clips_are_as_uncertain_as_single_clips() -> None:
    """Ten groups of eight equal clips say no more than ten clips; drawn one by one they would seem to."""
    single = np.random.default_rng(1).random(10)
    clips, groups = np.repeat(single, 8), np.repeat(np.arange(10), 8)
    together = GroupBootstrap(groups, 4000).mean(clips[:, None])
    alone = GroupBootstrap(np.arange(10), 4000).mean(single[:, None])
    np.testing.assert_allclose(together, alone)
    apart = GroupBootstrap(np.arange(80), 4000).mean(clips[:, None])
    assert np.ptp(together[1:]) == pytest.approx(np.sqrt(8) * np.ptp(apart[1:]), rel=0.1)


def test_groups_of_several_sizes_weigh_as_many_as_they_are() -> None:
    """Of two groups, one of three clips, a draw has the first twice, both, or the second twice."""
    values = np.array([1.0, 1.0, 1.0, 0.0])[:, None]
    bootstrap = GroupBootstrap(np.array([7, 7, 7, 3]), 1000)
    means = np.unique(bootstrap._weights @ values)
    np.testing.assert_allclose(means, [0.0, 0.75, 1.0])


def test_in_words() -> None:
    assert points(np.array([0.5, 0.25, 0.75])) == "50.0 [25.0, 75.0]"
    assert signed_points(np.array([0.01, -0.02, 0.03])) == "+1.0 [-2.0, +3.0]"
