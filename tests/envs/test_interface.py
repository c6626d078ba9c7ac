from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from edgevision.envs import IDS
from edgevision.errors import InvalidActionError, ScenarioError

KINDS = ("sets", "flat", "discrete")


@pytest.mark.parametrize("env_id", IDS)
@pytest.mark.parametrize("kind", KINDS)
def test_gymnasium_accepts_every_form(env_id: str, kind: str) -> None:
    env = gymnasium.make(env_id, spaces=kind, users=3)
    check_env(env.unwrapped, skip_render_check=True)
    assert env.spec is not None and env.spec.max_episode_steps == env.unwrapped.config.slots[1]


@pytest.mark.parametrize("env_id", IDS)
def test_flat_is_the_same_environment_in_one_row(env_id: str) -> None:
    sets, flat = (gymnasium.make(env_id, spaces=kind, users=3) for kind in ("sets", "flat"))
    seen, also = sets.reset(seed=3)[0], flat.reset(seed=3)[0]
    rng = np.random.default_rng(0)
    for _ in range(4):
        np.testing.assert_array_equal(np.concatenate([part.ravel() for part in seen.values()]), also)
        action = rng.uniform(-1, 1, sets.action_space.shape).astype(np.float32)
        (seen, reward, *_), (also, same, *_) = sets.step(action), flat.step(action.ravel())
        assert reward == same


@pytest.mark.parametrize("env_id", IDS)
def test_choices_are_spread_over_each_coordinate(env_id: str) -> None:
    sets, discrete = (gymnasium.make(env_id, spaces=kind, users=2) for kind in ("sets", "discrete"))
    sets.reset(seed=3)
    discrete.reset(seed=3)
    numbers = discrete.action_space.nvec
    choice = numbers - 1
    coordinates = np.where(numbers > 1, 1.0, 0.0).reshape(sets.action_space.shape)
    assert discrete.step(choice)[1] == sets.step(coordinates)[1]


def test_a_discrete_choice_reaches_every_operating_point() -> None:
    env = gymnasium.make("EdgeVision/Image-v0", spaces="discrete", users=2, traffic="full-buffer")
    env.reset(seed=0)
    points = env.unwrapped.simulator.profile.points
    for point in range(points):
        _, _, _, over, info = env.step(np.array([point, 0, 0] * 2))
        assert (info["operating_point"] == point).all()
        if over:
            env.reset(seed=point)


@pytest.mark.parametrize("env_id", IDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_vector_environments_have_the_same_forms(env_id: str, kind: str, mode: str) -> None:
    env = gymnasium.make_vec(
        env_id, 3, spaces=kind, users=2, episode_slots=3, autoreset_mode=gymnasium.vector.AutoresetMode(mode)
    )
    single = gymnasium.make(env_id, spaces=kind, users=2, episode_slots=3)
    seen, info = env.reset(seed=5)
    alone, told = single.reset(seed=5)
    env.action_space.seed(1)
    for _ in range(3):
        assert env.observation_space.contains(seen)
        for value, other in zip(
            seen.values() if kind == "sets" else [seen], alone.values() if kind == "sets" else [alone], strict=True
        ):
            np.testing.assert_array_equal(value[0], other)
        assert {key for key in info if not key.startswith("_")} == told.keys()
        action = env.action_space.sample()
        seen, reward, _, truncated, info = env.step(action)
        alone, same, _, over, told = single.step(action[0])
        assert reward[0] == same
        if truncated.any():
            break
    assert truncated.all() and over


@pytest.mark.parametrize("env_id", IDS)
def test_info_has_the_same_entries_at_a_reset_as_after_a_step(env_id: str) -> None:
    env = gymnasium.make(env_id, users=2)
    _, first = env.reset(seed=0)
    _, _, _, _, later = env.step(np.zeros(env.action_space.shape, np.float32))
    assert first.keys() == later.keys()
    for key in first:
        before, after = np.asarray(first[key]), np.asarray(later[key])
        assert (before.shape, before.dtype) == (after.shape, after.dtype) and not before.any(), key


@pytest.mark.parametrize("action", [[0, 0, 20] * 2, [0, 0], [0.5, 0, 0] * 2, [-1, 0, 0] * 2, "up", None])
def test_wrong_choices_are_refused(action: object) -> None:
    env = gymnasium.make("EdgeVision/Image-v0", spaces="discrete", users=2).unwrapped
    env.reset(seed=0)
    with pytest.raises(InvalidActionError):
        env.step(action)


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ScenarioError, match="spaces must be one of"):
        gymnasium.make("EdgeVision/Image-v0", spaces="graph")
