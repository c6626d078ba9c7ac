from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.envs.observation import ANCHORS, FEATURE_LIMIT, anchor_points, observe
from edgevision.profiles.video_grid import GRID, video_point
from tests.envs.strategies import random_problem


@given(st.integers(1, 300))
def test_anchors_of_a_ladder_are_evenly_spaced(points: int) -> None:
    np.testing.assert_array_equal(anchor_points((points,)), np.linspace(0, points - 1, 4).round())


def test_anchors_of_a_video_grid_are_the_corners_of_its_budgets() -> None:
    budgets = [video_point(int(point)) for point in anchor_points(GRID)]
    assert [(b.frames, b.pixels) for b in budgets] == [(16, 1.0), (16, 0.4), (1, 1.0), (1, 0.4)]
    assert {b.mode for b in budgets} == {"entropy"}


@given(st.lists(st.integers(1, 6), min_size=2, max_size=4))
def test_anchors_of_any_grid_are_its_points(grid: list[int]) -> None:
    points = anchor_points(tuple(grid))
    assert len(points) == ANCHORS
    assert min(points) >= 0 and max(points) < np.prod(grid)


@pytest.mark.parametrize(("late", "load"), [(False, -FEATURE_LIMIT), (True, FEATURE_LIMIT)])
def test_nothing_to_send_is_no_load_unless_computing_is_late(late: bool, load: float) -> None:
    problem = random_problem(
        0,
        active=np.ones((3, 4), bool),
        size_fraction=np.zeros((3, 4, 5)),
        compute_time=np.full((3, 4, 5), 0.2 if late else 0.01),
    )
    assert (observe(problem)["users"][..., 3 : 3 + ANCHORS] == load).all()
