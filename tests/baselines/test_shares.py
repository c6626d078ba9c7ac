from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edgevision.baselines.shares import fill_budget

BUDGET, LEAST = 10.0, 1.0


@given(st.lists(st.floats(0, 20), min_size=1, max_size=10), st.integers(0, 2**10 - 1))
def test_budgets_are_spent_and_minima_kept(shares: list[float], mask: int) -> None:
    active = np.array([[bool(mask >> i & 1) for i in range(len(shares))]])
    filled = fill_budget(np.array([shares]), active, np.array([BUDGET]), np.array([LEAST]))
    np.testing.assert_allclose(filled.sum(), BUDGET * active.any(), rtol=1e-12)
    assert (filled[active] >= LEAST).all()
    assert (filled[~active] == 0).all()


def test_shares_that_fill_the_budget_are_left_alone() -> None:
    shares = np.array([[2.0, 5.0, 3.0]])
    filled = fill_budget(shares, np.ones((1, 3), bool), np.array([BUDGET]), np.array([LEAST]))
    np.testing.assert_allclose(filled, shares, rtol=1e-12)


def test_what_is_left_over_goes_to_those_above_the_minimum_in_proportion() -> None:
    filled = fill_budget(np.array([[0.0, 2.0, 3.0]]), np.ones((1, 3), bool), np.array([BUDGET]), np.array([LEAST]))
    np.testing.assert_allclose(filled, [[1.0, 1.0 + 7 / 3, 1.0 + 14 / 3]], rtol=1e-12)


def test_equal_shares_where_nobody_asks_for_more() -> None:
    filled = fill_budget(np.zeros((1, 4)), np.array([[True, True, False, True]]), np.array([9.0]), np.array([1.0]))
    np.testing.assert_allclose(filled, [[3.0, 3.0, 0.0, 3.0]], rtol=1e-12)
