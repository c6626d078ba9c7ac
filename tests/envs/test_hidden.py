"""What a controller must not know moves no observation: each hidden part of an episode is changed in turn."""

from __future__ import annotations

import dataclasses
from typing import Any

import gymnasium
import numpy as np
import pytest

import edgevision  # noqa: F401 - registers the ids
from edgevision.envs import IDS
from tests.envs.test_environment import assert_equal

SLOTS, USERS, NOW = 8, 4, 3
REPLAYED = ("EdgeVision/Image-v0", "EdgeVision/Video-v0", "EdgeVision/Dynamic-v0", "EdgeVision/Dynamic-Price-v0")
#: Arrays of a trace of which a controller may know the part up to now, by kind of environment; others are hidden.
KNOWN_UP_TO_NOW = {
    "bandit": ("pool", "raw_size", "deadline", "gain_scale", "content"),
    "dynamic": ("arrives", "window", "content", "gain_scale", "gain_error"),
    "stream": (
        *("scene", "event", "content", "score", "noise", "gain_scale"),
        *("fading", "confidence_noise", "change_report", "event_report"),
    ),
}
#: Arrays that a controller knows whole: routes and batteries.
KNOWN = {
    "bandit": ("settings", "length"),
    "dynamic": ("route_gain", "line_of_sight", "correlation", "battery", "harvest"),
    "stream": ("battery",),
}


def made(env_id: str, **settings: Any) -> Any:
    replay = {"accuracy": "replay"} if env_id in REPLAYED else {}
    return gymnasium.make(env_id, episode_slots=SLOTS, users=USERS, **replay, **settings).unwrapped


def reached(env: Any, trace: Any) -> list[Any]:
    """The observations and problems of the slots up to ``NOW`` in an episode, under the same actions."""
    random = np.random.default_rng(3)
    found = [env.reset(options={"trace": trace})[0]]
    found += [env.step(random.uniform(-1, 1, env.action_space.shape))[0] for _ in range(NOW)]
    return [*found, *_arrays(env.problem)]


def _arrays(problem: Any) -> list[np.ndarray]:
    """All that policies see; without the number that tells episodes of a process apart."""
    parts = [problem] if problem.outlook is None else [problem, problem.outlook]
    named = [(f.name, getattr(part, f.name)) for part in parts for f in dataclasses.fields(part)]
    return [value for name, value in named if isinstance(value, np.ndarray) and name != "episode"]


def assert_same(left: list[Any], right: list[Any]) -> None:
    assert len(left) == len(right)
    for ours, theirs in zip(left, right, strict=True):
        assert_equal(ours, theirs)


def other_values(name: str, value: np.ndarray, contents: int) -> np.ndarray:
    """Other valid values of an array of a trace."""
    if value.dtype == bool:
        return ~value
    if name == "content":
        return (value + 1) % contents
    if name in ("fading", "change_report", "event_report"):
        return 1.0 - 0.999 * value
    return value + 1 if value.dtype == np.int64 else 1.7 * value + 0.1


@pytest.mark.parametrize("env_id", IDS)
def test_neither_the_future_nor_hidden_draws_move_an_observation(env_id: str) -> None:
    env = made(env_id)
    env.reset(seed=5)
    trace, family = env.simulator.trace, env.simulator.family
    seen = reached(env, trace)
    for name, value in vars(trace).items():
        if name in KNOWN[family] or (name == "content" and env.simulator.profile.contents == 1):
            continue
        changed = other_values(name, value, env.simulator.profile.contents)
        if name in KNOWN_UP_TO_NOW[family]:
            changed[:, : NOW + 1] = value[:, : NOW + 1]
        if name == "window":
            changed = np.minimum(changed, env.config.deadline_slots[1])
        assert (changed != value).any(), name
        assert_same(seen, reached(env, dataclasses.replace(trace, **{name: changed})))


@pytest.mark.parametrize("env_id", REPLAYED)
def test_whether_answers_are_right_moves_no_observation(env_id: str) -> None:
    env = made(env_id)
    env.reset(seed=5)
    trace = env.simulator.trace
    seen = reached(env, trace)
    profile = env.simulator.profile
    env.simulator.profile = dataclasses.replace(profile, correct=~profile.correct)
    assert_same(seen, reached(env, trace))
    assert (env.simulator.profile.correct != profile.correct).all()


def _with_other_scenes(trace: Any) -> Any:
    """Other scenes and events of all cameras from now on."""
    scene, event = trace.scene.copy(), trace.event.copy()
    scene[:, NOW:] += 1
    event[:, NOW:] = ~event[:, NOW:]
    return dataclasses.replace(trace, scene=scene, event=event)


@pytest.mark.parametrize("hidden", ["event", "content", "scene"])
def test_what_stream_cameras_see_now_shows_in_nothing_but_the_change_score(hidden: str) -> None:
    """Scene, event and content change in an episode in which no frame is sent."""
    env = made("EdgeVision/Stream-v0")
    env.reset(seed=5)
    trace = env.simulator.trace
    nothing = np.full(env.action_space.shape, -1.0)

    def played(trace: Any) -> list[Any]:
        found = [env.reset(options={"trace": trace})[0]]
        return [*found, *(env.step(nothing)[0] for _ in range(NOW)), *_arrays(env.problem)]

    value = getattr(trace, hidden)
    changed = other_values(hidden, value, env.simulator.profile.contents)
    assert_same(played(trace), played(dataclasses.replace(trace, **{hidden: changed})))


def test_after_a_delivery_other_cameras_scenes_show_in_their_scores_alone() -> None:
    """With the score of a changed scene at 0, a controller cannot tell whether scenes have changed since."""
    env = made("EdgeVision/Stream-v0", changes_per_slot=0.0, convoys_per_slot=0.0)
    env.reset(seed=5)
    trace = env.simulator.trace
    silent = dataclasses.replace(trace, score=np.zeros_like(trace.score), fading=np.zeros_like(trace.fading))
    other = _with_other_scenes(silent)
    send = np.tile(np.array([1.0, 1.0, 0.0, 1.0]), (USERS, 1))

    def played(trace: Any) -> list[Any]:
        env.reset(options={"trace": trace})
        found = [env.step(send if slot == 0 else -send)[0] for slot in range(NOW + 2)]
        return [*found, *_arrays(env.problem)]

    assert_same(played(silent), played(other))
    env.reset(options={"trace": other})
    for slot in range(NOW + 2):
        info = env.step(send if slot == 0 else -send)[4]
    assert (info["privileged"] == 3).any()  # the truth did change
