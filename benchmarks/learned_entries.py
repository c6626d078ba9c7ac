"""Train plain agents of Stable-Baselines3 for the benchmark: PPO, SAC and TQC on flat spaces, five seeds each.

    OMP_NUM_THREADS=1 python benchmarks/learned_entries.py ppo EdgeVision/Image-v0 --out runs/flat/image-ppo

The agents are as a newcomer would train them: the library's `MlpPolicy` and its default hyperparameters; only the
discount factor is 0 where slots are separate problems, and PPO collects from 64 environments. Contents are those of
the train split, seeds 0 to 9 999. Each seed's folder holds `policy.json` and `policy.safetensors`; a folder that is
finished is not trained again. Then `edgevision benchmark run` takes OUT, the folder of all seeds, as one entry:

    edgevision benchmark run runs/flat/image-ppo --ids image

The package's own agents are trained by `edgevision train`, `train-belief` and `train-sending`, once per seed into
folders of one parent folder.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from stable_baselines3 import PPO, SAC
from stable_baselines3.common.base_class import BaseAlgorithm

from edgevision.agents import SB3VecEnv, flat_policy_of
from edgevision.experiments.evaluation.scenario import parse_settings

_MEASURED = ("EdgeVision/Image-v0", "EdgeVision/Video-v0", "EdgeVision/Dynamic-v0", "EdgeVision/Stream-v0")
_BANDITS = ("EdgeVision/Paper-v0", "EdgeVision/Image-v0", "EdgeVision/Video-v0")
_ENVIRONMENTS = {"ppo": 64, "sac": 8, "tqc": 8}


def main() -> None:
    """Train the seeds that are missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("algorithm", choices=_ENVIRONMENTS)
    parser.add_argument("env_id")
    parser.add_argument("--steps", type=int, default=500_000, help="environment steps of each seed")
    parser.add_argument("--seeds", type=int, nargs="*", default=range(5))
    parser.add_argument("--set", action="append", default=[], help="scenario setting key=value, such as preset=street")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    for seed in given.seeds:
        folder = given.out / f"seed{seed}"
        if not (folder / "policy.json").exists():
            train(given.algorithm, given.env_id, parse_settings(given.set), given.steps, seed, folder)
            print(f"{folder}: {given.algorithm}, {given.steps} steps", flush=True)


def train(algorithm: str, env_id: str, settings: dict[str, Any], steps: int, seed: int, folder: Path) -> None:
    """Train one seed and save its deterministic policy."""
    split = {"content_split": "train"} if env_id in _MEASURED else {}
    count = _ENVIRONMENTS[algorithm]
    env = SB3VecEnv.make(env_id, count, spaces="flat", **{**split, **settings})
    env.seed_episodes([seed * count + number for number in range(count)])
    started = time.perf_counter()
    model = build(algorithm, env, seed, 0.0 if env_id in _BANDITS else 0.99).learn(steps)
    provenance = {
        "env_id": env_id,
        "algorithm": f"{algorithm}, flat",
        "steps": int(model.num_timesteps),
        "seed": seed,
        "settings": settings,
        "seconds": round(time.perf_counter() - started, 1),
    }
    flat_policy_of(model, env, f"{algorithm}-flat", provenance).save(folder)


def build(algorithm: str, env: SB3VecEnv, seed: int, gamma: float) -> BaseAlgorithm:
    """A model with the library's defaults."""
    options: dict[str, Any] = {"gamma": gamma, "seed": seed, "device": "cpu"}
    if algorithm == "ppo":
        return PPO("MlpPolicy", env, n_steps=32, **options)
    if algorithm == "sac":
        return SAC("MlpPolicy", env, **options)
    from sb3_contrib import TQC

    return TQC("MlpPolicy", env, **options)


if __name__ == "__main__":
    main()
