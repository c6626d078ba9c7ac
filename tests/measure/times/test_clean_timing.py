"""Clean times: which of many measurements count, and that a slower machine gives the same times."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Mapping, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevision.arrays import FloatArray
from edgevision.measure.times import clean_timing
from edgevision.measure.times.clean_timing import REFERENCE_SECONDS, Operation, PartTimes, Samples, time_interleaved

pytestmark = pytest.mark.usefixtures("short_timing")


class Fake:
    """Two operations; a log of what is called."""

    def __init__(self, name: str, contents: int, log: list[str], shared: bool = False) -> None:
        self.contents, self._name, self._log = contents, name, log
        self._classify = "classify" if shared else (self, "classify")

    def operations(self, content: int) -> Mapping[Hashable, Operation]:
        return {
            (self, "encode"): Operation(lambda: self._log.append(f"{self._name} encode {content}"), varies=True),
            self._classify: Operation(lambda: self._log.append(f"{self._name} classify {content}"), varies=False),
        }

    def parts(self, seconds: Mapping[Hashable, float]) -> dict[str, FloatArray]:
        return {"encode": np.array([seconds[self, "encode"]]), "classify": np.array([seconds[self._classify]])}


def sides(parts: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    return parts["encode"], parts["classify"]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Readings of the clock, to be set by a test."""
    readings: list[float] = []
    monkeypatch.setattr("edgevision.measure.times.clean_timing.time.thread_time", lambda: readings.pop(0))
    yield readings


def test_all_works_are_timed_in_every_round() -> None:
    log: list[str] = []
    time_interleaved([Fake("a", 1, log), Fake("b", 2, log)], rounds=3)
    once = ["a classify 0", "a encode 0", "b classify 0", "b encode 0"]
    first = [log[start : start + 4] for start in (0, 4, 8)]
    assert [sorted(calls) for calls in first] == [once] * 3  # no work runs alone while the others wait
    assert len({tuple(calls) for calls in first}) > 1  # nothing always comes after the same operation
    assert sorted(set(log[12:])) == ["b classify 1", "b encode 1"] and len(log) == 18


def test_what_works_share_is_timed_once() -> None:
    log: list[str] = []
    first, second = time_interleaved([Fake("a", 1, log, shared=True), Fake("b", 1, log, shared=True)], rounds=2)
    assert len([call for call in log if "classify" in call]) == 2
    assert first.parts["classify"] == second.parts["classify"]


def test_the_least_of_a_few_calls_in_a_row_counts(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clean_timing, "_CALLS", 3)
    clock[:] = [0, 1e-3, 10, 10 + 4e-4, 20, 20 + 5e-4]
    assert clean_timing._cpu_seconds(lambda: None, clean_timing.time.thread_time) == pytest.approx(4e-4)
    clock[:] = [0, 1, 9, 9]  # long enough: called once
    assert clean_timing._cpu_seconds(lambda: None, clean_timing.time.thread_time) == 1
    assert clock == [9, 9]


def samples(varying: Sequence[Sequence[float]], steady: Sequence[Sequence[float]], reference: float) -> Samples:
    shape = np.shape(varying)
    return Samples({"v": np.array(varying)}, {"s": np.array(steady)}, np.full(shape, reference))


def test_varying_operations_are_medians_over_contents_and_steady_ones_the_least_of_all() -> None:
    rows = [[5.0, 4.0], [9.0, 8.0], [2.0, 1.0]]
    found = samples(rows, rows, REFERENCE_SECONDS).seconds()
    assert found == {"v": pytest.approx(4.0), "s": pytest.approx(1.0)}
    first = samples(rows, rows, REFERENCE_SECONDS).seconds(slice(0, None, 2))
    assert first == {"v": pytest.approx(5.0), "s": pytest.approx(2.0)}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    times=st.lists(st.lists(st.floats(1e-4, 1), min_size=3, max_size=3), min_size=1, max_size=5),
    slower=st.floats(0.1, 100),
)
def test_times_do_not_depend_on_the_machine_s_speed(times: list[list[float]], slower: float) -> None:
    here = samples(times, times, 0.01).seconds()
    there = samples((slower * np.array(times)).tolist(), (slower * np.array(times)).tolist(), slower * 0.01).seconds()
    for key, value in here.items():
        assert there[key] == pytest.approx(value)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    times=st.lists(st.floats(1e-4, 1), min_size=4, max_size=4),
    delays=st.lists(st.floats(0, 10), min_size=3, max_size=3),
)
def test_disturbed_rounds_change_nothing_if_one_is_undisturbed(times: list[float], delays: list[float]) -> None:
    clean = [[time] * 4 for time in times]
    disturbed = [[time, *(time + delay for delay in delays)] for time in times]
    assert samples(disturbed, disturbed, 0.01).seconds() == samples(clean, clean, 0.01).seconds()


def test_the_record_tells_how_far_times_can_be_trusted() -> None:
    parts, even, odd = ({"encode": np.array([0.0, x]), "classify": np.array([2.0, 2.0])} for x in (1.0, 1.0, 0.8))
    times = PartTimes(parts, even, odd, {"rounds": 4})
    found = times.metadata(sides)
    assert found["times"] == {"rounds": 4, "spread": {"device": pytest.approx(0.2), "edge": 0.0}}
    assert found["parts"] == {"encode": [0.0, 1.0], "classify": [2.0, 2.0]}
    again = PartTimes.from_json(times.as_json())
    assert again.metadata(sides) == found


def test_the_reference_operation_is_timed_beside_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[str] = []
    monkeypatch.setattr(clean_timing, "reference_operation", lambda: log.append("reference"))
    time_interleaved([Fake("a", 2, log)], rounds=2)
    assert [len(list(calls)) for name, calls in itertools.groupby(log, lambda call: call == "reference")] == [1, 2] * 4
    (times,) = time_interleaved([Fake("a", 2, [])])
    about = times.record["reference_operation_s"]
    assert about["reference machine"] == REFERENCE_SECONDS and about["here"] > 0
    assert (times.record["rounds"], times.record["contents"]) == (2, 2)
