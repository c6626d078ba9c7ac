from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision import baselines
from edgevision.envs import DynamicConfig, DynamicSimulator
from edgevision.envs.policy import show_future
from edgevision.envs.simulation.episodes import play, start

pytest.importorskip("scipy")


def begun(seeds: Any, **changes: Any) -> DynamicSimulator:
    simulator = DynamicSimulator(DynamicConfig.from_preset("patrol", **changes), len(seeds))
    start(simulator, seeds)
    return simulator


def single_values(simulator: DynamicSimulator, power: float, share: float = 1.0) -> np.ndarray:
    """Best eta P over the operating points of each request's content in each slot, (T, requests), for one camera."""
    trace, config, profile = simulator.trace, simulator.config, simulator.profile
    slots = config.episode_slots
    born = np.flatnonzero(trace.arrives[0, :slots, 0])
    values = np.zeros((slots, len(born)))
    bandwidth = share * config.bandwidth
    for column, arrival in enumerate(born):
        size = 8 * profile.size[trace.content[0, arrival, 0]]
        need = np.expm1(np.log(2) * size / (bandwidth * (config.slot_time - simulator.compute_time)))
        for slot in range(arrival, min(arrival + trace.window[0, arrival, 0], slots)):
            x = need * config.noise_density * bandwidth / (power * trace.gain_scale[0, slot, 0])
            values[slot, column] = (profile.accuracy * np.exp(-x)).max()
    return values


def best_matching(values: np.ndarray) -> float:
    """Brute force: every way to give each request one slot or none."""
    slots, requests = values.shape
    best = 0.0
    for choice in itertools.product(range(-1, slots), repeat=requests):
        taken = [slot for slot in choice if slot >= 0]
        if len(set(taken)) == len(taken):
            best = max(best, sum(values[slot, column] for column, slot in enumerate(choice) if slot >= 0))
    return best


#: Options of the environment, as shares of its usual numbers and of larger ones.
OPTIONS = {
    "harvest_mj_per_slot": st.tuples(st.floats(0.0, 0.1), st.floats(0.1, 3.0)),
    "encoding_mj": st.floats(0.0, 2.0),
    "csi_delay_slots": st.integers(0, 5),
    "csi_error_db": st.floats(0.0, 6.0),
    "modulation": st.just("cqi"),
}
TINY = {"users": 1, "episode_slots": 5, "deadline_slots": (1, 3), "arrivals_per_slot": (0.6, 0.6), "levels": 4}


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_without_scarcity_the_bound_is_the_best_matching(seed: int) -> None:
    """One camera with all the band and all the energy that its amplifier can spend."""
    simulator = begun([seed], battery_mj=(1e6, 1e6), **TINY)
    bound = baselines.episode_bound(simulator, 60).value[0]
    best = best_matching(single_values(simulator, simulator.config.power))
    assert best <= bound <= best + 0.1 * max(best, 0.1)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    battery=st.floats(0.01, 30.0),
    encoding=st.sampled_from([0.0, 0.02, 0.2]),
    harvest=st.sampled_from([0.0, 0.1]),
)
def test_no_plan_of_brute_force_beats_the_bound(seed: int, battery: float, encoding: float, harvest: float) -> None:
    """One camera: every matching, and every split of its energy into twelfths over the slots that it uses.

    All that is harvested may be spent in any slot here, and each slot with a part pays for the encoding of a request.
    """
    options = {"encoding_mj": encoding, "harvest_mj_per_slot": (harvest, harvest)}
    simulator = begun([seed], battery_mj=(battery, battery), **{**TINY, **options, "episode_slots": 4, "levels": 2})
    bound = baselines.episode_bound(simulator).value[0]
    energy = battery + 3 * harvest
    parts, config = 12, simulator.config
    tables = [
        single_values(
            simulator, min(config.power, max(1e-3 * (part * energy / parts - encoding), 1e-12) / config.slot_time)
        )
        * (part * energy / parts > encoding)
        for part in range(parts + 1)
    ]
    slots, best = config.episode_slots, 0.0
    for split in itertools.product(range(parts + 1), repeat=slots):
        if sum(split) == parts:
            best = max(best, best_matching(np.stack([tables[part][slot] for slot, part in enumerate(split)])))
    assert best <= bound


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    battery=st.floats(0.01, 300.0),
    users=st.integers(1, 4),
    accuracy=st.sampled_from(["mean", "replay"]),
    options=st.fixed_dictionaries({}, optional=OPTIONS),
)
def test_no_policy_beats_the_bound(
    seed: int, battery: float, users: int, accuracy: str, options: dict[str, Any]
) -> None:
    changes = {"battery_mj": (battery, 4 * battery), "users": users, "accuracy": accuracy, "episode_slots": 25}
    changes |= options
    seeds = [seed, seed + 1]
    simulator = begun(seeds, **changes)
    bound = baselines.episode_bound(simulator).value
    for name in baselines.names(family="dynamic"):
        policy = baselines.make(name)
        start(simulator, seeds)
        show_future(policy, simulator)
        right = np.zeros(2)
        for slot in play(simulator, lambda problem, _, policy=policy: policy.act(problem), seeds):
            right += (slot.outcome.in_time * slot.outcome.accuracy).sum(axis=1)
        assert (right <= bound).all(), name


def test_the_bound_is_close_to_a_feasible_policy_and_does_not_depend_on_the_batch() -> None:
    seeds = range(10_000, 10_008)
    simulator = begun(seeds)
    found = baselines.episode_bound(simulator)
    alone = baselines.episode_bound(begun([10_003]))
    assert found.value[3] == pytest.approx(alone.value[0], rel=1e-12)
    policy = baselines.make("clairvoyant")
    policy.foresee(simulator)
    right = 0.0
    for slot in play(simulator, lambda problem, _: policy.act(problem), seeds):
        right += (slot.outcome.in_time * slot.outcome.accuracy).sum()
    assert 0.95 * found.value.sum() < right < found.value.sum()
    assert found.score.max() < 1.0
    assert (found.planned.any(axis=(1, 2))).all()
    assert (found.planned.sum(axis=(1, 2)) <= found.requests).all()


def test_an_episode_without_requests_is_bounded_by_nothing_to_gain() -> None:
    simulator = begun([3], users=1, episode_slots=1, arrivals_per_slot=(0.0, 1e-9))
    found = baselines.episode_bound(simulator, 200)
    assert found.requests[0] == 0
    assert 0 <= found.value[0] < 0.05


def test_the_bound_rises_with_harvest_and_falls_with_the_energy_of_encoding() -> None:
    """By about as much as the energy is worth, so that it stays close to the policies."""
    plain, rich, dear = (
        baselines.episode_bound(begun(range(8), **changes)).value.sum()
        for changes in ({}, {"harvest_mj_per_slot": (0.2, 0.2)}, {"encoding_mj": 0.5})
    )
    assert rich > 1.02 * plain and dear < 0.95 * plain
