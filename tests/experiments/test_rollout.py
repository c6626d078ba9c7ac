"""Rollouts: common random numbers, exact scores, and the same result however slots are batched."""

from __future__ import annotations

from pathlib import Path

import gymnasium
import numpy as np
import pytest

from edgevision import baselines
from edgevision.envs import OffloadingEnv
from edgevision.errors import AllocationError
from edgevision.experiments.evaluation.rollout import Rollout, record_slots, run_episodes
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.profiles import load_profile

from .policies import EqualShares, Greedy

PAPER = Scenario("EdgeVision/Paper-v0", {"episode_slots": 6})
UNEQUAL = Scenario("EdgeVision/Paper-v0", {"episode_slots": (2, 9), "users": 3})
SEEDS = range(20_000, 20_008)


def assert_same(one: Rollout, other: Rollout) -> None:
    for name, value in vars(one).items():
        if name != "seconds":
            np.testing.assert_array_equal(value, getattr(other, name), err_msg=name)


@pytest.mark.parametrize("scenario", [PAPER, UNEQUAL], ids=["equal lengths", "unequal lengths"])
@pytest.mark.parametrize("name", ["fracr-exact", "msvra"])
def test_batches_and_single_slots_agree(scenario: Scenario, name: str) -> None:
    policy = baselines.make(name)
    assert_same(run_episodes(policy, scenario, SEEDS), run_episodes(policy, scenario, SEEDS, one_by_one=True))


def test_scores_are_those_of_the_scalar_environment() -> None:
    policy = baselines.make("fracr-exact")
    rollout = run_episodes(policy, UNEQUAL, SEEDS)
    env = gymnasium.make("EdgeVision/Paper-v0", **UNEQUAL.settings).unwrapped
    assert isinstance(env, OffloadingEnv)
    for i, seed in enumerate(SEEDS):
        env.reset(seed=seed)
        rewards, energies, requests, over = [], [], 0, False
        while not over:
            _, reward, _, over, info = env.allocate(policy.act(env.problem))
            rewards.append(reward)
            energies.append(info["energy"].sum())
            requests += info["active_users"]
        assert rollout.score[i] == pytest.approx(np.mean(rewards), rel=1e-12)
        assert rollout.slots[i] == len(rewards)
        assert rollout.energy[i] == pytest.approx(sum(energies) / requests, rel=1e-12)


def test_an_episode_does_not_depend_on_its_companions() -> None:
    policy = baselines.make("fracr-exact")
    whole = run_episodes(policy, UNEQUAL, SEEDS)
    parts = [run_episodes(policy, UNEQUAL, SEEDS[:3]), run_episodes(policy, UNEQUAL, SEEDS[3:])]
    joined = Rollout.joined(parts)
    np.testing.assert_array_equal(whole.score, joined.score)
    np.testing.assert_array_equal(whole.points, joined.points)
    np.testing.assert_allclose(whole.by_load, joined.by_load, rtol=1e-12)


def test_policies_meet_the_same_requests() -> None:
    one, other = (run_episodes(EqualShares(point=point), PAPER, SEEDS) for point in (0, 40))
    np.testing.assert_array_equal(one.requests, other.requests)
    assert (one.score != other.score).all()


def test_single_slots_are_timed_and_batches_are_not() -> None:
    policy = EqualShares()
    assert not len(run_episodes(policy, PAPER, SEEDS).seconds)
    assert set(policy.asked) == {len(SEEDS)}
    policy = EqualShares()
    timed = run_episodes(policy, PAPER, SEEDS[:2], one_by_one=True)
    assert set(policy.asked) == {1}
    assert 0 < len(timed.seconds) <= 12
    assert (timed.seconds > 0).all()


def test_what_was_decided_is_tallied() -> None:
    rollout = run_episodes(EqualShares(point=7), PAPER, SEEDS)
    assert rollout.points[7] == rollout.points.sum() == rollout.requests.sum()
    assert rollout.by_snr[0].sum() == rollout.by_load[0].sum() == rollout.requests.sum()
    np.testing.assert_allclose(rollout.by_load[2], rollout.by_load[0])  # an equal share is 1 relative to itself
    np.testing.assert_allclose(rollout.by_load[1], 0.92 * rollout.by_load[0])  # point 7 sends 1 - 0.08


def test_an_infeasible_policy_is_refused() -> None:
    with pytest.raises(AllocationError, match="C1"):
        run_episodes(Greedy(), PAPER, SEEDS)


def test_scores_are_the_sums_of_what_contents_added(measured_profile: Path) -> None:
    for scenario in (PAPER, Scenario("EdgeVision/Image-v0", {"profile": str(measured_profile), "accuracy": "replay"})):
        rollout = run_episodes(EqualShares(), scenario, SEEDS)
        np.testing.assert_allclose(rollout.content_score.sum(axis=1), rollout.score)
        assert (rollout.content_score <= rollout.content_weight + 1e-12).all()
        assert (rollout.content_weight.sum(axis=1) <= 1 + 1e-12).all()
    never = np.flatnonzero(rollout.content_weight.sum(axis=0) == 0)
    assert set(load_profile(str(measured_profile)).members("test")) >= set(range(40)) - set(never.tolist())


def test_measured_profiles_are_evaluated_on_the_contents_of_their_split(measured_profile: Path) -> None:
    settings = {"profile": str(measured_profile), "accuracy": "replay"}
    for split in ("validation", "test"):
        config, profile = Scenario("EdgeVision/Image-v0", settings, split).resolve()
        assert config.content_split == split
        assert len(profile.members(split)) < profile.contents
    config, _ = Scenario("EdgeVision/Image-v0", {**settings, "content_split": "train"}, "test").resolve()
    assert config.content_split == "train"


def test_recorded_slots_have_requests_and_do_not_depend_on_batching() -> None:
    whole = record_slots(UNEQUAL, SEEDS)
    assert whole.active.any(axis=1).all()
    alone = [record_slots(UNEQUAL, [seed]) for seed in SEEDS]
    assert whole.slots == sum(slots.slots for slots in alone)
    assert (
        np.sort(whole.raw_size.ravel()).tolist()
        == np.sort(np.concatenate([slots.raw_size.ravel() for slots in alone])).tolist()
    )
