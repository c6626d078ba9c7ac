"""RLlib trains by id, through flat spaces, on a cluster on this machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="needs the extra 'ray'; run: make test-ray")
pytest.importorskip("ray.rllib.algorithms.ppo", reason="needs the extra 'ray'; run: make test-ray")

import ray
from ray.rllib.algorithms.ppo import PPOConfig

import edgevision  # noqa: F401 - registers the ids
from tests.pages import ROOT


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.mark.parametrize(("env_id", "spaces"), [("EdgeVision/Image-v0", "discrete"), ("EdgeVision/Stream-v0", "flat")])
def test_ppo_trains_by_id(env_id: str, spaces: str, cluster: None) -> None:
    config = (
        PPOConfig()
        .environment(env_id, env_config={"spaces": spaces, "users": 2, "content_split": "train"})
        .env_runners(num_env_runners=0)
        .training(train_batch_size=200, minibatch_size=100, num_epochs=1)
    )
    algorithm = config.build_algo()
    result = algorithm.train()
    algorithm.stop()
    assert result["num_env_steps_sampled_lifetime"] >= 200


def test_the_block_of_the_page_runs(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")
    (block,) = (
        text
        for text in re.findall(r"^```python\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)
        if "import ray" in text
    )
    done = subprocess.run(
        [sys.executable, "-c", block],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert float(done.stdout.splitlines()[-1]) > 0
