from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision import baselines
from edgevision.baselines.stream.frame_values import value_table
from edgevision.envs import StreamConfig, StreamSimulator
from edgevision.envs.simulation.episodes import play, start
from tests.baselines.stream.test_stream_policies import score

rate = st.floats(0.0, 1.0)


@settings(max_examples=40, deadline=None)
@given(start=rate, end=rate, change=rate, weight=st.floats(1, 20), success=rate)
def test_values_are_those_of_the_best_plan(
    start: float, end: float, change: float, weight: float, success: float
) -> None:
    """Against a recursion over both decisions and all next states."""
    switch, weights = (start, end), (1.0, weight)

    @functools.cache
    def before(left: int, frames: int, event: int, right: int) -> float:
        if left == 0:
            return 0.0
        best = after(left, frames, event, right)
        if frames and not right:
            sent = success * after(left, frames - 1, event, 1) + (1 - success) * after(left, frames - 1, event, 0)
            best = max(best, sent)
        return best

    @functools.cache
    def after(left: int, frames: int, event: int, right: int) -> float:
        value = weights[event] * right
        for switches in (0, 1):
            for renewed in (0, 1):
                chance = (switch[event] if switches else 1 - switch[event]) * (change if renewed else 1 - change)
                kept = right and not switches and not renewed
                value += chance * before(left - 1, frames, event ^ switches, int(kept))
        return value

    table = value_table(start, end, change, weight, success, 6)
    for left, frames, event, right in np.ndindex(6, 7, 2, 2):
        assert table[left + 1, frames, event, right] == pytest.approx(after(left + 1, frames, event, right), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(start=rate, end=rate, change=rate, success=rate)
def test_each_further_frame_is_worth_less(start: float, end: float, change: float, success: float) -> None:
    more = np.diff(value_table(start, end, change, 10.0, success, 20), axis=1)
    assert (more >= -1e-9).all() and (np.diff(more, axis=1) <= 1e-9).all()


def test_weighing_frames_pays_where_batteries_are_small_and_changes_nothing_elsewhere() -> None:
    small = {"preset": "street-battery", "content_split": "validation"}
    assert score("tracker", **small) > score("tracker", options={"thrift": 0.0}, **small) + 0.1
    assert score("tracker") == score("tracker", options={"thrift": 0.0})


@pytest.mark.parametrize("name", ["round-robin", "max-age", "cusum"])
def test_policies_without_a_value_of_frames_spend_evenly(name: str) -> None:
    simulator = StreamSimulator(StreamConfig.from_preset("street-battery"), 6)
    policy, spent = baselines.make(name), np.zeros((6, 12), int)
    start(simulator, range(6))
    for number, slot in enumerate(play(simulator, lambda problem, _: policy.act(problem), range(6))):
        spent += slot.allocation.bandwidth > 0
        assert (spent <= np.ceil(simulator.trace.battery * (number + 1) / 150)).all()
    assert (spent.sum(axis=1) > 0.7 * simulator.trace.battery.sum(axis=1)).all()
