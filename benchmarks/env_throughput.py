"""Measure environment steps per second: native vector, scalar, and SyncVectorEnv of CartPole for comparison.

Run on one core:  OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/env_throughput.py
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable

import gymnasium
import numpy as np

import edgevision


def measure(steps_per_call: int, call: Callable[[], object], seconds: float, repeats: int = 5) -> tuple[float, float]:
    """Median and spread (max/min) of steps per second over ``repeats`` runs after a warm-up."""
    call()
    rates = []
    for _ in range(repeats):
        calls, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < seconds / repeats:
            call()
            calls += 1
        rates.append(calls * steps_per_call / elapsed)
    return statistics.median(rates), max(rates) / min(rates)


def native(env_id: str, n: int, users: int) -> Callable[[], object]:
    """A function that steps the native vector environment, with autoreset."""
    env = gymnasium.make_vec(env_id, num_envs=n, users=users)
    env.reset(seed=0)
    actions = env.action_space.sample()
    return lambda: env.step(actions)


def scalar(env_id: str, users: int) -> Callable[[], object]:
    """A function that steps the scalar environment, and resets it at the end of an episode."""
    env = gymnasium.make(env_id, users=users).unwrapped
    env.reset(seed=0)
    action = env.action_space.sample()

    def step() -> None:
        if env.step(action)[3]:
            env.reset()

    return step


def cartpole(n: int) -> Callable[[], object]:
    """A function that steps Gymnasium's SyncVectorEnv of ``n`` CartPole-v1."""
    env = gymnasium.make_vec("CartPole-v1", num_envs=n, vectorization_mode="sync")
    env.reset(seed=0)
    actions = np.zeros(n, np.int64)
    return lambda: env.step(actions)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envs", type=int, default=1024, help="environments in a vector environment")
    parser.add_argument("--users", type=int, default=8, help="users per environment")
    parser.add_argument("--seconds", type=float, default=5.0, help="time per row")
    options = parser.parse_args()
    print(f"edgevision {edgevision.__version__}, numpy {np.__version__}, gymnasium {gymnasium.__version__}, ", end="")
    print(f"Python {platform.python_version()}, {platform.machine()}")
    print(f"{'environment':44s} {'steps/s':>12s} {'spread':>7s} {'x scalar':>9s}")
    for env_id in ("EdgeVision/Paper-v0", "EdgeVision/Image-v0", "EdgeVision/Stream-v0"):
        one, spread_one = measure(1, scalar(env_id, options.users), options.seconds)
        many, spread_many = measure(options.envs, native(env_id, options.envs, options.users), options.seconds)
        print(f"{env_id + ' scalar':44s} {one:12,.0f} {spread_one:7.2f} {1.0:9.1f}")
        print(f"{f'{env_id} native, n = {options.envs}':44s} {many:12,.0f} {spread_many:7.2f} {many / one:9.1f}")
    rate, spread = measure(options.envs, cartpole(options.envs), options.seconds)
    print(f"{f'CartPole-v1 SyncVectorEnv, n = {options.envs}':44s} {rate:12,.0f} {spread:7.2f} {'':>9s}")


if __name__ == "__main__":
    main()
