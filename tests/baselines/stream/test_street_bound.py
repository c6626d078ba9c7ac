from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision import baselines
from edgevision.baselines.stream.street_bound import choices, frame_exponents, street_bound, success_of
from edgevision.envs import StreamConfig, StreamSimulator
from edgevision.envs.policy import show_future
from edgevision.envs.simulation.episodes import play, start
from edgevision.errors import PolicyOptionError, SlotProblemError

TINY: dict[str, Any] = {"episode_slots": 4, "levels": (6, 12), "changes_per_slot": 0.3}


def begun(seeds: Any, **changes: Any) -> StreamSimulator:
    simulator = StreamSimulator(StreamConfig.from_preset("street", **changes), len(seeds))
    start(simulator, seeds)
    return simulator


def best_plan(simulator: StreamSimulator, shares: int) -> float:
    """Expected reward of the best policy that knows scenes, answers and channels, over a grid of bandwidths.

    Exact dynamic programming over which answers are right and how many frames are left; each camera sends its cheapest
    right frame.
    """
    trace, config = simulator.trace, simulator.config
    slots, users = config.episode_slots, config.users
    exponent = frame_exponents(simulator).min(axis=1)[trace.content[0, :slots]]
    noise = config.noise_density * config.bandwidth / (config.power * trace.gain_scale[0, :slots])
    weight = np.where(trace.event[0, :slots], config.event_weight, 1.0) / (config.mean_weight * users)
    grid = [split for split in itertools.product(range(shares + 1), repeat=users) if sum(split) <= shares]
    held_states = list(itertools.product((False, True), repeat=users))
    limited = [bool(frames < slots) for frames in trace.battery[0]]
    batteries = [range(int(frames) + 1 if ends else 1) for frames, ends in zip(trace.battery[0], limited, strict=True)]
    states = list(itertools.product(held_states, itertools.product(*batteries)))
    later = dict.fromkeys(states, 0.0)
    for slot in range(slots - 1, -1, -1):
        now = {}
        for state in states:
            changes = trace.scene[0, slot] != trace.scene[0, slot - 1] if slot else np.ones(users, bool)
            held, frames, best = np.array(state[0]) & ~changes, state[1], 0.0
            for split in grid:
                left = tuple(own - (part > 0 and ends) for own, part, ends in zip(frames, split, limited, strict=True))
                if min(left) < 0:
                    continue
                with np.errstate(divide="ignore", over="ignore"):
                    arrive = success_of(exponent[slot], noise[slot], np.array(split) / shares)
                arrive = np.where((np.array(split) > 0) & np.isfinite(exponent[slot]), arrive, 0.0)
                right = np.where(held, 1.0, arrive)
                value = float((weight[slot] * right).sum())
                for after in held_states:
                    value += float(np.prod(np.where(after, right, 1.0 - right))) * later[after, left]
                best = max(best, value)
            now[state] = best
        later = now
    return later[held_states[0], tuple(frames[-1] for frames in batteries)]


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**31), users=st.integers(1, 2), battery=st.sampled_from([(1, 1), (1, 3), (9, 9)]))
def test_no_plan_of_a_tiny_episode_beats_the_bound(seed: int, users: int, battery: tuple[int, int]) -> None:
    simulator = begun([seed], users=users, battery_frames=battery, **TINY)
    bound = street_bound(simulator, 200).value[0]
    assert best_plan(simulator, 12 if users == 2 else 100) <= bound


def test_the_bound_is_near_the_best_plan() -> None:
    """Duality leaves a gap in episodes of few cameras and slots; it is small on average."""
    plans, bounds = [], []
    for seed in range(8):
        simulator = begun([seed], users=2, **TINY)
        plans.append(best_plan(simulator, 40))
        bounds.append(street_bound(simulator, 300).value[0])
    assert np.mean(plans) > 0.85 * np.mean(bounds)


@settings(max_examples=60, deadline=None)
@given(exponent=st.floats(0.01, 60), noise=st.floats(-12, 2), price=st.floats(-4, 1))
def test_no_bandwidth_beats_the_corners(exponent: float, noise: float, price: float) -> None:
    nu, charge = np.array(10.0**noise), 10.0**price
    share, success = choices(np.array(exponent), nu)
    grid = np.geomspace(1e-6, 1.0, 4000)
    best = (success_of(np.array(exponent), nu, grid) - charge * grid).max()
    bound = max((success - charge * share).max(), 0.0)
    assert best - 1e-12 <= bound
    # The corners lie where channels are fair or good. Where the whole band hardly carries a frame, the bound is loose.
    assert bound <= max(best, 0.0) + (0.06 if noise < -1 else 0.25)


@pytest.mark.parametrize("preset", ["street", "street-battery", "independent"])
def test_no_policy_beats_the_bound_in_any_episode_beyond_luck(preset: str) -> None:
    seeds = range(10_000, 10_006)
    simulator = StreamSimulator(StreamConfig.from_preset(preset, content_split="validation"), len(seeds))
    start(simulator, seeds)
    bound = street_bound(simulator)
    correct = simulator.profile.correct
    assert correct is not None
    held: dict[str, Any] = {}
    for name in baselines.names(family="stream"):
        start(simulator, seeds)
        policy = baselines.make(name)
        show_future(policy, simulator)
        total, luck = np.zeros(len(seeds)), np.zeros(len(seeds))

        def decide(problem: Any, _: Any, policy: Any = policy) -> Any:
            held["right"] = simulator.right & ~simulator.changed
            return policy.act(problem)

        for number, slot in enumerate(play(simulator, decide, seeds)):
            total += slot.outcome.reward
            terms, answers = slot.outcome.terms, correct[slot.content, slot.allocation.operating_point]
            luck += bound.luck(number, terms["delivered"], terms["probability"], held["right"], answers)
        assert (total - luck <= bound.value).all(), name
        assert abs(luck.mean()) < 0.1 * max(total.mean(), 10.0), name


def test_the_clairvoyant_nearly_reaches_the_bound() -> None:
    seeds = range(10_000, 10_008)
    simulator = begun(seeds, content_split="validation")
    policy = baselines.Clairvoyant()
    policy.foresee(simulator)
    reward = sum(slot.outcome.reward.mean() for slot in play(simulator, lambda problem, _: policy.act(problem), seeds))
    assert policy.plan is not None
    assert 0.97 * policy.plan.value.mean() < reward < 1.01 * policy.plan.value.mean()


def test_the_clairvoyant_answers_after_the_last_slot_too() -> None:
    simulator = begun([0], **TINY)
    policy = baselines.Clairvoyant()
    policy.foresee(simulator)
    for _ in range(TINY["episode_slots"] + 1):
        allocation = policy.act(simulator.problem)
        allocation.check(simulator.problem)
        if simulator.slot[0] < TINY["episode_slots"]:
            simulator.step(allocation)


def test_a_bound_of_many_episodes_is_that_of_each() -> None:
    together = baselines.episode_bound(begun(range(40), episode_slots=20)).value
    alone = baselines.episode_bound(begun([37], episode_slots=20)).value
    assert together[37] == pytest.approx(alone[0], rel=1e-12)


def test_other_environments_have_no_such_bound() -> None:
    import gymnasium

    env = gymnasium.make("EdgeVision/Image-v0").unwrapped
    env.reset(seed=0)
    for ask in (baselines.episode_bound, baselines.Clairvoyant().foresee, baselines.make("oracle-belief").foresee):
        with pytest.raises(SlotProblemError, match="EdgeVision/Stream-v0"):
            ask(env.simulator)  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(
    "changes",
    [
        {"setback_m": 1e5, "device": "raspberry-pi-like", "levels": (0,)},
        {"power_mw": 1e-9, "bandwidth_mhz": 1e-6},
        {"noise_dbm_per_hz": 100.0, "levels": (0, 19)},
    ],
)
def test_where_nothing_can_arrive_the_bound_is_0_but_for_its_slack(changes: dict[str, Any]) -> None:
    simulator = begun([1, 2], users=3, episode_slots=3, **changes)
    bound = street_bound(simulator)
    assert (bound.value >= 0).all() and (bound.value < 1e-4).all()
    policy = baselines.make("clairvoyant")
    show_future(policy, simulator)
    policy.act(simulator.problem).check(simulator.problem)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_empty_batteries_leave_nothing_to_win() -> None:
    simulator = begun([1], users=3, episode_slots=3)
    trace = simulator.trace
    simulator.install(np.array([0]), dataclasses.replace(trace, battery=np.zeros_like(trace.battery)))
    bound = street_bound(simulator)
    assert 0 <= bound.value[0] < 1e-3


@pytest.mark.parametrize("steps", [-1, 1.5, "3", True])
def test_steps_that_are_no_number_of_steps_are_refused(steps: Any) -> None:
    with pytest.raises(PolicyOptionError, match=r"^steps must be a whole number"):
        baselines.episode_bound(begun([1], users=1, episode_slots=1), steps=steps)


@pytest.mark.parametrize("given_instead", [None, "EdgeVision/Stream-v0"])
def test_what_is_no_simulator_is_told_where_one_is(given_instead: Any) -> None:
    with pytest.raises(SlotProblemError, match=r"takes env\.unwrapped\.simulator"):
        baselines.episode_bound(given_instead)


def test_a_policy_with_a_memory_that_two_environments_share_says_so() -> None:
    policy, (first, second) = baselines.make("tracker"), (begun([seed], users=2) for seed in (1, 2))
    policy.act(first.problem)
    policy.act(second.problem)
    first.step(policy.act(second.problem))
    with pytest.raises(SlotProblemError, match="a policy for each environment"):
        policy.act(first.problem)
