"""What the table of assumptions rests on: who waited, equal power, equal mean gain, and shares under a capped rate."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from edgevision import baselines
from edgevision.envs import Allocation, SlotProblem
from edgevision.envs.channel import radio
from edgevision.experiments.evaluation.rollout import run_episodes
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.protocol import episode_seeds
from edgevision.statistics import crosswise_samples

IMAGE = "EdgeVision/Image-v0"


@pytest.fixture
def assumptions(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark, which finds the module beside it as a script does."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    import assumptions as module

    return module


class Recorded:
    """``joint``, which keeps what it was asked and what it answered."""

    def __init__(self) -> None:
        self.joint = baselines.make("joint")
        self.name = self.joint.name
        self.seen: list[tuple[SlotProblem, Allocation]] = []

    def act(self, problem: SlotProblem) -> Allocation:
        """Answer as ``joint`` does."""
        answer = self.joint.act(problem)
        self.seen.append((problem, answer))
        return answer


def test_fresh_requests_are_those_that_a_queue_serves_in_the_slot_of_their_arrival(assumptions: ModuleType) -> None:
    episodes = 3
    slots = assumptions.play_slots("EdgeVision/Paper-v0", episodes)
    env = Scenario("EdgeVision/Paper-v0").make(episodes)
    env.reset(seed=list(episode_seeds("test", episodes)))
    pool = env.simulator.trace.pool
    for episode, user in np.ndindex(episodes, pool.shape[2]):
        queue: deque[int] = deque()
        for number, slot in enumerate(slots):
            queue.extend([number] * (pool[episode, number, user] - len(queue)))
            assert slot.problem.active[episode, user] == bool(queue)
            if queue:
                assert slot.fresh[episode, user] == (queue.popleft() == number)


def test_with_a_cap_per_user_every_active_user_sends_at_it(assumptions: ModuleType) -> None:
    policy = Recorded()
    for slot in assumptions.play_slots(IMAGE, 4)[:5]:
        assumptions.terminal_power(slot, policy, None)
        problem, answer = policy.seen[-1]
        answer.check(problem)
        assert answer.power[problem.active] == pytest.approx(assumptions.TERMINAL_POWER)


@pytest.mark.parametrize("env_id", [IMAGE, "EdgeVision/Video-v0"])
def test_the_other_fading_has_the_same_mean_gain(assumptions: ModuleType, env_id: str) -> None:
    problem = assumptions.play_slots(env_id, 1)[0].problem
    other = assumptions.other_fading(problem)
    gain = np.linspace(0, 60, 60_001)
    means = [
        np.trapezoid(radio.success_probability(np.log(np.maximum(gain, 1e-30)), each.fading), gain) * each.gain_scale
        for each in (problem, other)
    ]
    assert problem.fading != other.fading
    np.testing.assert_allclose(means[0], means[1], rtol=1e-4)


def test_no_rate_above_the_cap_counts_and_an_unreachable_cap_changes_nothing(assumptions: ModuleType) -> None:
    policy = baselines.make("fracr-exact")
    for slot in assumptions.play_slots(IMAGE, 4)[:3]:
        usual = policy.act(slot.problem)
        assert not assumptions.capped(slot, policy, usual, cap=1e-9).any()
        np.testing.assert_array_equal(assumptions.capped_unawares(slot, policy, usual, cap=1e9), slot.success(usual))
        np.testing.assert_array_equal(assumptions.capped(slot, policy, usual, cap=1e9), slot.success(usual))


def test_scores_as_modelled_are_those_of_the_evaluation(assumptions: ModuleType) -> None:
    policy = baselines.make("fracr-exact")
    slots = assumptions.play_slots(IMAGE, 5)
    found = assumptions.score(slots, [slot.success(policy.act(slot.problem)) for slot in slots])
    rollout = run_episodes(policy, Scenario(IMAGE), episode_seeds("test", 5))
    assert found.value == pytest.approx(rollout.score.mean())
    samples = crosswise_samples(rollout.content_score, rollout.content_weight)
    np.testing.assert_allclose(found.samples, samples, rtol=1e-9)
