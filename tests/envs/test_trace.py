from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.envs import EpisodeTrace, ScenarioConfig
from edgevision.envs.simulation.trace import _request_pool, draw_traces
from edgevision.errors import ScenarioError
from edgevision.profiles import load_profile


def draw(config: ScenarioConfig, seed: int, n: int = 1) -> EpisodeTrace:
    profile = load_profile(config.profile)
    generators = [np.random.default_rng(seed + i) for i in range(n)]
    return draw_traces(config, profile, profile.members(config.content_split), generators)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.99))
def test_request_pool_equals_the_queue_simulated_slot_by_slot(seed: int, mean: float) -> None:
    config = ScenarioConfig(users=3, arrivals_per_slot=mean)
    uniform = np.random.default_rng(seed).random((2, 12, 3))
    pool = _request_pool(config, uniform)
    cdf = np.cumsum([np.exp(-mean) * mean**k / np.prod(np.arange(1, k + 1.0)) for k in range(24)])
    waiting = np.zeros((2, 3), int)
    for slot in range(12):
        waiting = waiting + (uniform[:, slot, :, None] >= cdf).sum(axis=-1)
        np.testing.assert_array_equal(pool[:, slot], waiting)
        waiting = np.maximum(waiting - 1, 0)


def test_users_are_busy_as_often_as_requests_arrive() -> None:
    trace = draw(ScenarioConfig(arrivals_per_slot=0.6, episode_slots=2000), seed=0, n=4)
    assert trace.active.mean() == pytest.approx(0.6, abs=0.02)


def test_full_buffer_has_everybody_active() -> None:
    assert draw(ScenarioConfig(traffic="full-buffer"), seed=0).active.all()


def test_draws_lie_in_their_ranges_and_cover_them() -> None:
    trace = draw(ScenarioConfig(episode_slots=500), seed=1, n=4)
    assert 0.05 <= trace.deadline.min() < 0.051 and 0.099 < trace.deadline.max() <= 0.1
    assert 1e7 <= trace.raw_size.min() < 1.01e7 and 1.99e7 < trace.raw_size.max() <= 2e7
    assert (trace.length == 500).all()


def test_lengths_cover_their_range_evenly() -> None:
    trace = draw(ScenarioConfig(episode_slots=(2, 5)), seed=0, n=800)
    counts = np.bincount(trace.length)[2:]
    assert len(counts) == 4 and (np.abs(counts - 200) < 60).all()


def test_one_episode_does_not_depend_on_its_neighbours() -> None:
    config = ScenarioConfig(propagation="umi", episode_slots=(5, 9))
    many, alone = draw(config, seed=10, n=5), draw(config, seed=12)
    for name, value in vars(alone).items():
        np.testing.assert_array_equal(getattr(many, name)[2], value[0])


def test_cell_users_are_uniform_on_the_disc() -> None:
    trace = draw(ScenarioConfig(propagation="umi", users=400, cell_radius_m=100), seed=0, n=10)
    distance = np.hypot(*np.moveaxis(trace.position, -1, 0))
    assert distance.min() >= 10 and distance.max() <= 100
    inside_half_area = (distance < np.sqrt((10**2 + 100**2) / 2)).mean()
    assert inside_half_area == pytest.approx(0.5, abs=0.03)
    near, far = distance < 30, distance > 80
    gain = trace.gain_scale[:, 0]
    assert np.median(gain[near]) > 10 * np.median(gain[far])


@pytest.mark.parametrize("correlation", [0.0, 0.7, 0.95])
def test_shadowing_walks_around_each_users_mean(correlation: float) -> None:
    config = ScenarioConfig(
        propagation="umi", shadowing_walk_db=6.0, shadowing_correlation=correlation, episode_slots=30, users=5
    )
    still = draw(dataclasses.replace(config, shadowing_walk_db=0.0), seed=0, n=2000)
    walking = draw(config, seed=0, n=2000)
    for name in ("pool", "deadline", "position", "fading"):
        np.testing.assert_array_equal(getattr(walking, name), getattr(still, name))
    assert (still.gain_scale == still.gain_scale[:, :1]).all()
    walk = 10 * np.log10(walking.gain_scale / still.gain_scale)
    # Stationary: the same spread in the first slot as in the last; correlation falls geometrically.
    assert walk[:, 0].std() == pytest.approx(6.0, rel=0.05)
    assert walk[:, -1].std() == pytest.approx(6.0, rel=0.05)
    assert walk.mean() == pytest.approx(0.0, abs=0.3)
    for lag in (1, 3):
        measured = (walk[:, lag:] * walk[:, :-lag]).mean() / (walk**2).mean()
        assert measured == pytest.approx(correlation**lag, abs=0.03)


def test_contents_come_from_the_requested_split(measured_profile: Path) -> None:
    config = ScenarioConfig(profile=str(measured_profile), content_split="test", episode_slots=200)
    profile = load_profile(config.profile)
    trace = draw(config, seed=0)
    assert set(np.unique(trace.content)) == set(profile.members("test"))
    np.testing.assert_array_equal(trace.raw_size, 8 * profile.raw_size[trace.content])


def test_save_and_load(tmp_path: Path) -> None:
    trace = draw(ScenarioConfig(), seed=4, n=2)
    trace.save(tmp_path / "trace.npz")
    again = EpisodeTrace.load(tmp_path / "trace.npz")
    for name, value in vars(trace).items():
        np.testing.assert_array_equal(getattr(again, name), value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x93NUMPY"])
def test_unreadable_trace_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(content)
    with pytest.raises(ScenarioError, match="not a readable episode trace"):
        EpisodeTrace.load(path)


@pytest.mark.parametrize("change", [{"content": np.zeros((1, 2, 1))}, {"fading": None}])
def test_traces_that_lack_an_array_or_have_it_of_another_type_are_refused(
    change: dict[str, Any], tmp_path: Path
) -> None:
    arrays = {**vars(draw(ScenarioConfig(), seed=0)), **change}
    np.savez(tmp_path / "other.npz", **{name: value for name, value in arrays.items() if value is not None})
    with pytest.raises(ScenarioError, match="not a readable episode trace") as refused:
        EpisodeTrace.load(tmp_path / "other.npz")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("deadline", lambda value: value * np.nan, "finite"),
        ("gain_scale", lambda value: -value, "finite and >= 0"),
        ("content", lambda value: value[:, :-1], "shape"),
        ("length", lambda value: value + 1, "length"),
    ],
)
def test_inconsistent_traces_are_refused(name: str, change: object, message: str) -> None:
    arrays = dict(vars(draw(ScenarioConfig(), seed=0)))
    arrays[name] = change(arrays[name])  # type: ignore[operator]
    with pytest.raises(ScenarioError, match=message):
        EpisodeTrace(**arrays)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("length", None),
        ("length", [2.5]),
        ("length", "five"),
        ("pool", np.array([[[1j]]])),
        ("raw_size", [[1.0], [1.0, 2.0]]),
        ("deadline", {"a": 1}),
        ("content", np.ones((1, 3, 1))),
        ("fading", np.array([[[object()]]])),
        ("position", b"xy"),
    ],
)
def test_traces_built_by_hand_hold_numbers(field: str, value: Any) -> None:
    trace = draw(ScenarioConfig(users=2, episode_slots=3), seed=0)
    with pytest.raises(ScenarioError, match=f"trace: {field} must be an array of "):
        dataclasses.replace(trace, **{field: value})


def test_traces_may_be_built_of_lists() -> None:
    trace = draw(ScenarioConfig(users=2, episode_slots=3), seed=0)
    lists = EpisodeTrace(**{name: value.tolist() for name, value in vars(trace).items()})
    for name, value in vars(trace).items():
        np.testing.assert_array_equal(getattr(lists, name), value)
