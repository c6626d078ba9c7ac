"""Try random settings of the environments, valid and invalid: each must work or raise an error of the package.

An environment that works gives finite rewards within their bounds and observations inside its space. Only
``gymnasium.make`` may refuse settings, not ``reset`` or ``step``.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
import traceback
import warnings
from collections import Counter
from typing import Any, get_args

import gymnasium
import numpy as np

import edgevision
from edgevision.envs import IDS, DynamicConfig, OffloadingEnv, ScenarioConfig, StreamConfig
from edgevision.errors import EdgeVisionError
from edgevision.profiles import shipped_profiles

_ODD: tuple[Any, ...] = (
    *(0, -1, 1, 2, 1e-300, 1e300, 1.7e308, 10**400, math.nan, math.inf, -math.inf, True, None, "", "8", b"8", [], {}),
    *((1, 2), (2, 1), (1, 2, 3), np.float16(3.5), np.float32(0.5), np.int64(4), np.uint8(3), np.array(2.0)),
    *(np.array([1.0, 2.0]), np.bool_(True), object(), 1 + 2j, -4000.0, 65504, 2**63),
)


AnyConfig = ScenarioConfig | DynamicConfig | StreamConfig


def config_type(env_id: str) -> type[AnyConfig]:
    """The class of the settings of an environment."""
    made = gymnasium.make(env_id).unwrapped
    assert isinstance(made, OffloadingEnv)
    return type(made.config)


def random_settings(kind: type[AnyConfig], random: np.random.Generator) -> dict[str, Any]:
    """A preset with some fields at plausible values, extreme values or values of a wrong type."""
    settings: dict[str, Any] = {"preset": str(random.choice(list(kind.presets)))}
    fields = dataclasses.fields(kind)
    for index in random.choice(len(fields), size=int(random.integers(1, 6)), replace=False):
        field = fields[index]
        settings[field.name] = _value(kind, field.name, field.default, random)
    if random.random() < 0.03:
        settings["preset"] = _ODD[int(random.integers(len(_ODD)))]
    if random.random() < 0.03:
        settings["bandwith_mhz"] = 3.0
    return settings


def _value(config: type[AnyConfig], name: str, default: Any, random: np.random.Generator) -> Any:
    if random.random() < 0.3:
        return _ODD[int(random.integers(len(_ODD)))]
    if name == "profile":
        return str(random.choice(shipped_profiles()))
    if isinstance(default, str):
        words = [word for choice in config.choices.values() for word in get_args(choice)]
        return str(random.choice([*words, "no such choice"]))
    if name == "users":
        return int(random.integers(1, 40))
    if name == "episode_slots":
        return int(random.integers(1, 30))
    factor = float(10 ** random.normal(0, 3 if random.random() < 0.3 else 0.5))
    kind = random.choice([float, np.float64, np.float32, np.float16])
    with np.errstate(over="ignore", under="ignore"):
        if isinstance(default, tuple):
            whole = all(isinstance(end, int) for end in default)
            return tuple(round(factor * end) if whole else kind(factor * end) for end in default)
        return kind(factor * (default if isinstance(default, float | int) and default else 1.0))


def highest_reward(env: OffloadingEnv) -> float:
    """No reward of a slot is above it."""
    config = env.config
    answers = float(env.simulator.profile.accuracy.max()) if config.accuracy == "mean" else 1.0
    if isinstance(config, DynamicConfig):  # per expected request, of which a camera sends at most one in a slot
        return answers / config.arrival_rate
    return config.event_weight / config.mean_weight if isinstance(config, StreamConfig) else answers


def run(env_id: str, settings: dict[str, Any], random: np.random.Generator) -> str:
    """Play one episode; returns ``worked`` or the name of the error.

    Raises:
        AssertionError: a reward or an observation out of bounds.
    """
    try:
        made = gymnasium.make(env_id, disable_env_checker=True, **settings)
    except EdgeVisionError as error:
        if "\n" in str(error):
            raise AssertionError(f"more than one line: {error}") from error
        return type(error).__name__
    env = made.unwrapped
    assert isinstance(env, OffloadingEnv)
    highest = highest_reward(env)
    observation, _ = env.reset(seed=int(random.integers(2**31)))
    over = False
    while not over:
        assert observation in env.observation_space, "an observation outside its space"
        observation, reward, _, over, info = env.step(random.uniform(-1, 1, env.action_space.shape))
        assert math.isfinite(reward) and 0 <= reward <= highest + 1e-9, f"reward {reward} of at most {highest}"
        assert all(np.isfinite(value).all() for value in info.values()), "info that is not finite"
    return "worked"


def main() -> None:
    """Try random settings and count the results; exits with 1 on any other error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=3000, help="random settings")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("error", RuntimeWarning)
    random, counts = np.random.default_rng(options.seed), Counter[str]()
    kinds = {env_id: config_type(env_id) for env_id in IDS}
    for number in range(options.count):
        env_id = str(random.choice(list(kinds)))
        settings = random_settings(kinds[env_id], random)
        try:
            counts[run(env_id, settings, random)] += 1
        except Exception as error:
            print(f"FAILED, number {number}: {env_id} {settings}: {type(error).__name__}: {error}", file=sys.stderr)
            traceback.print_exc()
            sys.exit(1)
    for name, count in counts.most_common():
        print(f"{count:6}  {name}")
    print(f"{options.count} settings of edgevision {edgevision.__version__}: all worked or were refused in one line")


if __name__ == "__main__":
    main()
