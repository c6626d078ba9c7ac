from __future__ import annotations

import re
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import edgevision  # noqa: F401 - registers the ids
from edgevision import baselines
from tests.envs.test_docstrings import page, rows, section
from tests.envs.test_environment import assert_equal
from tests.envs.test_vector_environment import assert_info_equal

ID = "EdgeVision/Dynamic-Price-v0"


def make(**settings: Any) -> Any:
    return gymnasium.make(ID, **settings).unwrapped


def test_action_zero_is_the_policy_mpc() -> None:
    env, policy = make(), baselines.make("mpc")
    env.reset(seed=4)
    for _ in range(30):
        expected = policy.act(env.problem)
        _, _, _, _, info = env.step(np.zeros((6, 2)))
        np.testing.assert_array_equal(info["bandwidth"], expected.bandwidth[0])
        np.testing.assert_array_equal(info["power"], expected.power[0])


def test_a_higher_price_spends_less_and_patience_sends_less() -> None:
    def episode(price: float, patience: float) -> tuple[float, int]:
        env = make()
        env.reset(seed=4)
        steps = [env.step(np.broadcast_to([price, patience], (6, 2)))[4] for _ in range(10)]
        return sum(info["energy"].sum() for info in steps), sum(info["sent"] for info in steps)

    assert episode(1.0, 0.0)[0] < 0.7 * episode(-1.0, 0.0)[0]
    assert episode(0.0, 1.0)[1] < episode(0.0, -1.0)[1]


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_native_equals_scalar(mode: AutoresetMode) -> None:
    """Decisions of a solver depend on the batch by rounding only, and discrete choices not at all here."""
    n, options = 5, {"episode_slots": 6}
    native = gymnasium.make_vec(ID, num_envs=n, autoreset_mode=mode, **options).unwrapped
    sync = SyncVectorEnv([lambda: gymnasium.make(ID, **options)] * n, autoreset_mode=mode)
    assert_equal(native.reset(seed=3)[0], sync.reset(seed=3)[0])
    native.action_space.seed(0)
    for _ in range(15):
        actions = native.action_space.sample()
        ours, theirs = native.step(actions), sync.step(actions)
        for left, right in zip(ours[:4], theirs[:4], strict=True):
            assert_equal(left, right)
        assert_info_equal(ours[4], theirs[4])


def test_episodes_are_those_of_the_native_actions() -> None:
    mine, other = make(), gymnasium.make("EdgeVision/Dynamic-v0").unwrapped
    mine.reset(seed=5)
    other.reset(seed=5)
    for name, value in vars(other.simulator.trace).items():
        np.testing.assert_array_equal(value, getattr(mine.simulator.trace, name))


def test_the_page_agrees_with_the_spaces() -> None:
    env = make()
    own = env.observation_space["users"].shape[1]
    observations = section(page(ID), "Observation Space")
    assert rows(section(page(ID), "Action Space")) == env.action_space.shape[1]
    assert f"(U, {own} + F))" in observations and re.search(rf"\| {own - 1} \|", observations)
