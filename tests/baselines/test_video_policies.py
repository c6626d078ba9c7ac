"""The policies for clips: what they choose, that they keep the constraints, and what they cannot be used for."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision import baselines
from edgevision.baselines.video_policies import best_budgets, mean_rate
from edgevision.envs import SlotProblem
from edgevision.errors import AllocationError, SlotProblemError
from edgevision.profiles import load_profile
from edgevision.profiles.video_grid import AXES, GRID, MODES, point_index
from tests.baselines.problems import nasty_problem, ordinary_problem
from tests.baselines.test_feasibility import check
from tests.baselines.test_upper_bound import simulated

VIDEO = ["fixed-budget", "full-offload", "local", "stae-budget", "stae-budget-joint"]
PROFILE = load_profile("stae-hmdb51-published")


def clip_problem(seed: int, slots: int = 3, users: int = 4, **changes: object) -> SlotProblem:
    """Slots of the published profile with deadlines from hopeless to generous."""
    random = np.random.default_rng(seed)
    shape = slots, users, PROFILE.points
    arrays = {
        "raw_size": np.full(shape[:2], 8 * PROFILE.raw_size[0]),
        "deadline": random.choice([0.02, 0.1, 0.7, 4.0], shape[:2]),
        "gain_scale": 1e-11 * 10.0 ** random.uniform(-4, 4, shape[:2]),
        "size_fraction": np.broadcast_to(PROFILE.size_fraction[0], shape),
        "accuracy": np.broadcast_to(PROFILE.accuracy, shape),
        "compute_time": np.broadcast_to(PROFILE.device_time + PROFILE.edge_time, shape),
        "active": random.random(shape[:2]) < 0.8,
        "fading": str(random.choice(["half-normal", "rayleigh"])),
        "grid": GRID,
    }
    return ordinary_problem(seed, slots, users, PROFILE.points, **{**arrays, **changes})


def at_rate(mbps: float, deadline: float) -> SlotProblem:
    """One user whose rate at the mean gain and with all resources is given."""
    problem = clip_problem(0, 1, 1, deadline=np.full((1, 1), deadline), active=np.ones((1, 1), bool), fading="rayleigh")
    bandwidth = problem.bandwidth_budget[0]
    gain = problem.noise_density[0] * bandwidth / problem.power_budget[0] * (2 ** (mbps * 1e6 / bandwidth) - 1)
    return dataclasses.replace(problem, gain_scale=np.full((1, 1), gain))


def chosen(name: str, problem: SlotProblem) -> int:
    return int(baselines.make(name).act(problem).operating_point[0, 0])


def test_they_are_listed_for_video_profiles_only() -> None:
    assert set(baselines.names(AXES)) - set(baselines.names()) == set(VIDEO)
    modelled = {"joint-content", "co-crra-content"}
    sequential = {name for family in ("dynamic", "stream") for name in baselines.names(family=family)}
    assert set(baselines.known()) - modelled == set(baselines.names(AXES)) | sequential
    assert "joint" in baselines.names(AXES)


@pytest.mark.parametrize("name", baselines.names(AXES))
def test_every_listed_policy_keeps_the_constraints(name: str) -> None:
    for seed in range(6):
        check(name, clip_problem(seed))
    check(name, clip_problem(7, users=1))
    check(name, clip_problem(8)[:0])
    check(name, clip_problem(9, active=np.zeros((3, 4), bool)))
    check(name, clip_problem(10, deadline=np.full((3, 4), -0.1)))
    check(name, clip_problem(11, gain_scale=np.full((3, 4), 1e-300)))
    check(name, simulated("stae-video", 3, users=9))


@pytest.mark.parametrize("name", [name for name in baselines.names(AXES) if name != "random"])
def test_a_slot_is_answered_alike_in_every_batch(name: str) -> None:
    problem = clip_problem(3, slots=5)
    whole = baselines.make(name).act(problem)
    for slot in range(problem.slots):
        alone = baselines.make(name).act(problem[slot : slot + 1])
        for array in ("operating_point", "bandwidth", "power"):
            np.testing.assert_array_equal(getattr(alone, array), getattr(whole[slot : slot + 1], array))


@pytest.mark.parametrize(("rate", "frames", "pixels"), [(100, 4, 0.4), (200, 4, 1.0)])
def test_the_budget_rule_chooses_what_the_paper_does(rate: float, frames: int, pixels: float) -> None:
    """Section IV-B.2, Fig. 5(b): a deadline of 100 ms."""
    assert chosen("stae-budget", at_rate(rate, 0.1)) == point_index(frames, pixels, "entropy")


def test_entropy_coding_is_used_only_where_it_saves_time() -> None:
    """All frames and pixels in 4 s: plain if the rate is high, entropy-coded where decoding is quicker than sending."""
    assert chosen("stae-budget", at_rate(500, 4.0)) == point_index(16, 1.0, "entropy")
    assert chosen("stae-budget", at_rate(5000, 4.0)) == point_index(16, 1.0, "plain")


def test_local_computing_is_chosen_below_the_stated_rate() -> None:
    for rate, mode in ((1.1, "local"), (1.3, "entropy")):
        problem = at_rate(rate, 0.7)
        fast = dataclasses.replace(problem, accuracy=np.ones_like(problem.accuracy))  # only time decides
        assert chosen("stae-budget", fast) % len(MODES) == MODES.index(mode)


@given(st.integers(0, 2**32 - 1))
def test_the_budget_rule_is_objective_5_user_by_user(seed: int) -> None:
    problem = clip_problem(seed)
    allocation = baselines.make("stae-budget").act(problem)
    rate = mean_rate(problem, allocation.bandwidth, allocation.power)
    for slot, user in np.argwhere(problem.active):
        time = problem.compute_time[slot, user].copy()
        for point in range(problem.points):
            if problem.payload[slot, user, point] > 0:
                time[point] += problem.payload[slot, user, point] / rate[slot, user]
        feasible = [k for k in range(problem.points) if time[k] <= problem.deadline[slot, user]]
        point = allocation.operating_point[slot, user]
        if feasible:
            best = max(problem.accuracy[slot, user, k] for k in feasible)
            equals = [k for k in feasible if problem.accuracy[slot, user, k] == best]
            assert point in equals and time[point] == min(time[k] for k in equals)
        else:
            assert time[point] == time.min()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_shares_of_its_own_never_hurt_the_budget_rule(seed: int, users: int) -> None:
    problem = clip_problem(seed, users=users)
    equal, own = (baselines.make(name).act(problem) for name in ("stae-budget", "stae-budget-joint"))
    np.testing.assert_array_equal(own.operating_point, equal.operating_point)
    assert (problem.value(own) >= problem.value(equal) - 1e-9).all()


def test_shares_of_its_own_help_where_users_differ() -> None:
    problem = simulated("stae-video", 40)
    equal, own = (problem.value(baselines.make(name).act(problem)) for name in ("stae-budget", "stae-budget-joint"))
    assert own.mean() > equal.mean() + 0.03


def test_fixed_rules_choose_what_they_say() -> None:
    problem = clip_problem(0, active=np.ones((3, 4), bool))
    for policy, point in (
        (baselines.make("full-offload"), point_index(16, 1.0, "plain")),
        (baselines.make("fixed-budget"), point_index(1, 0.4, "entropy")),
        (baselines.make("fixed-budget", frames=4, pixels=0.8, mode="plain"), point_index(4, 0.8, "plain")),
    ):
        assert (policy.act(problem).operating_point == point).all()
    with pytest.raises(AllocationError, match=r"pixels must be one of 1.0, 0.9, .*, got 0.45"):
        baselines.make("fixed-budget", pixels=0.45)


def test_local_classifies_as_many_frames_as_there_is_time_for() -> None:
    seconds = PROFILE.device_time.reshape(GRID)[:, 0, MODES.index("local")]
    deadlines = np.append(seconds + 1e-6, 0.1)  # the last is too short for even one frame
    problem = clip_problem(0, 1, 6, deadline=deadlines[None], active=np.ones((1, 6), bool))
    points = baselines.make("local").act(problem).operating_point[0]
    assert points.tolist() == [point_index(frames, 1.0, "local") for frames in (16, 8, 4, 2, 1, 1)]


def test_budgets_can_be_restricted() -> None:
    problem = clip_problem(2)
    shares = np.full((3, 4), 5e6), np.full((3, 4), 0.02)
    allowed = np.arange(problem.points) >= 100
    points = best_budgets(problem, *shares, allowed=allowed)
    assert (points[problem.active] >= 100).all() and (points[~problem.active] == 0).all()


@pytest.mark.parametrize("name", ["fixed-budget", "full-offload", "local"])
def test_ladders_are_refused_in_one_line(name: str) -> None:
    with pytest.raises(
        SlotProblemError, match=r"needs operating points frames x pixels x mode \(5, 7, 3\), got \(6,\)"
    ):
        baselines.make(name).act(nasty_problem(0))
