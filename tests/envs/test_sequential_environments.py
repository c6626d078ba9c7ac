"""What holds for every environment in which a decision changes later slots."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import edgevision  # noqa: F401 - registers the ids
from edgevision.errors import ScenarioError
from tests.envs.test_environment import assert_equal
from tests.envs.test_vector_environment import assert_info_equal

#: Ids with settings that make episodes short and use what is not the default.
SETTINGS: dict[str, dict[str, Any]] = {
    "EdgeVision/Dynamic-v0": {
        "episode_slots": 7,
        "transmission": "sampled",
        "queue_length": 2,
        "accuracy": "replay",
        "harvest_mj_per_slot": (0.1, 0.5),
        "encoding_mj": 0.1,
        "csi_delay_slots": 2,
        "csi_error_db": 3.0,
        "modulation": "cqi",
    },
    "EdgeVision/Stream-v0": {"episode_slots": 7, "users": 5},
}


@pytest.mark.parametrize("env_id", SETTINGS)
@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_native_equals_scalar_bit_for_bit(env_id: str, mode: AutoresetMode) -> None:
    n, options = 12, SETTINGS[env_id]
    native = gymnasium.make_vec(env_id, num_envs=n, autoreset_mode=mode, **options).unwrapped
    sync = SyncVectorEnv([lambda: gymnasium.make(env_id, **options)] * n, autoreset_mode=mode)
    assert_equal(native.reset(seed=3)[0], sync.reset(seed=3)[0])
    native.action_space.seed(0)
    for _ in range(20):
        actions = native.action_space.sample()
        ours, theirs = native.step(actions), sync.step(actions)
        for left, right in zip(ours[:4], theirs[:4], strict=True):
            assert_equal(left, right)
        assert_info_equal(ours[4], theirs[4])
        if mode == AutoresetMode.DISABLED and ours[3].any():
            left, right = (env.reset(options={"reset_mask": ours[3].copy()}) for env in (native, sync))
            assert_equal(left[0], right[0])


@pytest.mark.parametrize("env_id", SETTINGS)
def test_environments_that_restart_at_different_times_equal_scalar_ones(env_id: str) -> None:
    env = gymnasium.make_vec(env_id, num_envs=2, autoreset_mode="Disabled", episode_slots=30).unwrapped
    alone = gymnasium.make(env_id, episode_slots=30).unwrapped
    env.reset(seed=[1, 2])
    for _ in range(5):
        env.step(env.action_space.sample())
    together = env.reset(seed=[1, 9], options={"reset_mask": np.array([False, True])})[0]
    assert_equal({name: value[1] for name, value in together.items()}, alone.reset(seed=9)[0])
    for _ in range(20):
        actions = env.action_space.sample()
        both, one = env.step(actions), alone.step(actions[1])
        assert_equal({name: value[1] for name, value in both[0].items()}, one[0])
        assert both[1][1] == one[1]


@pytest.mark.parametrize("env_id", SETTINGS)
def test_traces_repeat_and_actions_do_not_change_them(env_id: str) -> None:
    first, second = (gymnasium.make(env_id).unwrapped for _ in range(2))
    first.reset(seed=8)
    trace = first.simulator.trace
    second.reset(seed=8)
    for _ in range(10):
        second.step(second.action_space.sample())
    for name, value in vars(second.simulator.trace).items():
        np.testing.assert_array_equal(value, getattr(trace, name))
    assert_equal(second.reset(options={"trace": trace})[0], first.reset(seed=8)[0])
    with pytest.raises(ScenarioError, match="slots"):
        gymnasium.make(env_id, episode_slots=50).reset(options={"trace": trace})
    with pytest.raises(ScenarioError, match=type(trace).__name__):
        first.reset(options={"trace": "yesterday"})
