"""Check an installation without extras: every environment runs, and the command asks for the extra that it needs.

Run:  PYTHON .ci/check_install.py, with the Python of a fresh virtual environment that holds the wheel or the sdist
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import gymnasium

import edgevision
from edgevision import baselines
from edgevision.envs import IDS


def main() -> None:
    """Check, and print what was found; exit with a message if something is wrong."""
    if find_spec("typer") is not None:
        sys.exit("the extra 'cli' is installed here; use a fresh virtual environment")
    for env_id in IDS:
        print(f"{env_id}: mean reward {episode(env_id):.4f}")
    program = Path(sys.executable).with_name("edgevision")
    answer = subprocess.run([program, "info"], capture_output=True, text=True, check=False)  # noqa: S603
    lines = answer.stderr.splitlines()
    if answer.returncode != 2 or answer.stdout or len(lines) != 1 or "edgevision-gym[cli]" not in lines[0]:
        sys.exit(f"'edgevision info' should name the extra in one line, exit code 2; it gave {answer}")
    print(lines[0])
    print(f"edgevision {edgevision.__version__} in {Path(edgevision.__file__).parent} works without extras")


def episode(env_id: str) -> float:
    """Mean reward of ``fracr-exact`` in the episode with seed 0."""
    env = gymnasium.make(env_id).unwrapped
    env.reset(seed=0)
    policy = baselines.make("fracr-exact")
    rewards, over = [], False
    while not over:
        _, reward, terminated, truncated, _ = env.allocate(policy.act(env.problem))
        rewards.append(reward)
        over = terminated or truncated
    return sum(rewards) / len(rewards)


if __name__ == "__main__":
    main()
