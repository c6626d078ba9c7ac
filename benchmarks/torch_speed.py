"""Steps per second of the environments on PyTorch, eager and compiled, against NumPy in float64, in one run.

The rows take turns; times are those of the processor on a CPU, and of the clock on other devices.

Run on one core:  OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/torch_speed.py
On a GPU:         python benchmarks/torch_speed.py --device cuda --envs 65536
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import gymnasium
import torch

import edgevision  # noqa: F401 - registers the ids


def player(env: Any, device: str | None) -> Callable[[], object]:
    """A function that plays one episode, the reset included."""
    env.action_space.seed(0)
    env.reset(seed=0)
    action = env.action_space.sample()
    actions = action if device is None else torch.from_numpy(action).to(device)

    def play() -> None:
        for _ in range(env.config.slots[1] + 1):
            env.step(actions)
        if device == "cuda":
            torch.cuda.synchronize()

    return play


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", help="device of the tensors")
    parser.add_argument("--envs", type=int, default=1024, help="environments")
    parser.add_argument("--turns", type=int, default=5, help="episodes of each row")
    parser.add_argument("--eager", action="store_true", help="leave out what takes minutes to compile")
    options = parser.parse_args()
    clock = time.process_time if options.device == "cpu" else time.perf_counter
    for name in ("Paper", "Image", "Video"):
        rows: dict[str, Callable[[], object]] = {}
        for label, settings in (
            ("NumPy float64", None),
            ("PyTorch float64", {"dtype": "float64"}),
            ("PyTorch float32", {}),
            *(() if options.eager else (("PyTorch float32, compiled", {"compile": True}),)),
        ):
            given = {} if settings is None else {"backend": "torch", "device": options.device, **settings}
            env = gymnasium.make_vec(f"EdgeVision/{name}-v0", num_envs=options.envs, **given).unwrapped
            rows[label] = player(env, None if settings is None else options.device)
            rows[label]()
        times: dict[str, list[float]] = {label: [] for label in rows}
        for _ in range(options.turns):
            for label, play in rows.items():
                start = clock()
                play()
                times[label].append(clock() - start)
        steps = options.envs * (env.config.slots[1] + 1)
        for label, found in times.items():
            ratio = statistics.median(a / b for a, b in zip(times["NumPy float64"], found, strict=True))
            rate = steps / statistics.median(found)
            print(f"{name + ', ' + label:40s} {rate:12,.0f} steps/s {ratio:8.2f} x NumPy", flush=True)


if __name__ == "__main__":
    main()
