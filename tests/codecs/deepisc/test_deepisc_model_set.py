from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.deepisc.deepisc_network import DeepIsc, DeepIscConfig
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import normalise
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.errors import WeightsError

from .conftest import CONFIG


def shuffled(models: DeepIscModels, frames: int, pixels: float, seed: int) -> None:
    torch.manual_seed(seed)
    for parameter in models.add(frames, pixels).parameters():
        torch.nn.init.normal_(parameter, std=0.1)


@pytest.fixture
def models() -> DeepIscModels:
    made = DeepIscModels(CONFIG).eval()
    for number, budget in enumerate([(1, 0.4), (1, 1.0), (2, 0.4)]):
        shuffled(made, *budget, seed=number)
    return made


def test_a_new_network_starts_from_the_nearest_budget_s(models: DeepIscModels) -> None:
    for frames, like in ((1, (1, 1.0)), (2, (2, 0.4)), (8, (8, 0.7))):
        made = models.add(frames, 0.7)
        near = models.network(*like)
        assert torch.equal(made.paint.weight, near.paint.weight)
    assert models.add(1, 0.7) is models.network(1, 0.7)
    assert not torch.equal(models.network(1, 0.7).paint.weight, models.network(1, 0.4).paint.weight)


def test_an_unknown_budget_is_refused(models: DeepIscModels) -> None:
    with pytest.raises(ValueError, match="'4@70'"):
        models.network(4, 0.7)


def test_classify_is_frame_attention_then_deepisc_then_vit(
    models: DeepIscModels, stae: StaeModels, clips: ClipSet
) -> None:
    clip = normalise(torch.from_numpy(clips.clips[:2]))
    with torch.no_grad():
        scores = models.classify(stae.base, clip, 2, 0.4, seed=3)
        kept, _ = stae.base.keep_frames(clip, 2)
        assert torch.equal(scores, stae.base.vit(models.network(2, 0.4)(kept, 0.4, 3)))
    assert scores.shape == (2, len(stae.classes))


def test_saved_models_come_back(models: DeepIscModels, tmp_path: Path) -> None:
    path = tmp_path / "deepisc.safetensors"
    models.save(path, {"data": "none"})
    loaded = DeepIscModels.load(path)
    assert not loaded.training
    assert loaded.config == CONFIG
    assert list(loaded.networks) == list(models.networks)
    for key, value in models.state_dict().items():
        expected = value.half().float() if value.ndim >= 2 else value
        assert torch.equal(loaded.state_dict()[key], expected), key
    assert json.loads(path.with_suffix(".json").read_text())["provenance"] == {"data": "none"}


@pytest.mark.parametrize(
    "change",
    [
        {"format": 9},
        {"sha256": "0" * 64},
        {"config": {"width": 10**9}},
        {"config": {"colour": 3}},
        {"config": []},
        {"config": {**CONFIG.as_json(), "width": 5}},
        {"budgets": ["1"]},
        {"budgets": [7]},
        {"budgets": ["1@40"]},
        {"budgets": None},
        {"budgets": ["1@" + "9" * 400]},
        {"budgets": ["1@0", "1@101"]},
        {"budgets": ["1@40", "1@100", "2@40"] * 100},
        {"budgets": {"1@40": 0, "1@100": 0, "2@40": 0}},
    ],
)
def test_files_that_do_not_fit_are_refused(models: DeepIscModels, tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "deepisc.safetensors"
    models.save(path, {})
    about = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(about | change))
    with pytest.raises(WeightsError) as refused:
        DeepIscModels.load(path)
    assert "\n" not in str(refused.value)


def test_networks_take_no_memory_before_their_shapes_are_compared(
    models: DeepIscModels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    class Watched(DeepIsc):
        def __init__(self, config: DeepIscConfig | None = None) -> None:
            super().__init__(config)
            made.extend(parameter.device.type for parameter in self.parameters())

    path = tmp_path / "deepisc.safetensors"
    models.save(path, {})
    monkeypatch.setattr("edgevision.codecs.deepisc.deepisc_model_set.DeepIsc", Watched)
    loaded = DeepIscModels.load(path)
    assert all(value.device.type == "cpu" and value.requires_grad for value in loaded.parameters())
    about = json.loads(path.with_suffix(".json").read_text())
    about |= {"config": {**CONFIG.as_json(), "width": 256}, "budgets": [f"{n}@40" for n in range(1, 99)]}
    path.with_suffix(".json").write_text(json.dumps(about))
    with pytest.raises(WeightsError):
        DeepIscModels.load(path)
    assert set(made) == {"meta"}


@pytest.mark.parametrize("text", ["", "[]", "3", "{", "[" * 100_000])
def test_descriptions_that_are_none_are_refused(models: DeepIscModels, tmp_path: Path, text: str) -> None:
    path = tmp_path / "deepisc.safetensors"
    models.save(path, {})
    path.with_suffix(".json").write_text(text)
    with pytest.raises(WeightsError):
        DeepIscModels.load(path)


def test_damaged_or_missing_weights_are_refused(models: DeepIscModels, tmp_path: Path) -> None:
    path = tmp_path / "deepisc.safetensors"
    with pytest.raises(WeightsError, match="cannot be read"):
        DeepIscModels.load(path)
    models.save(path, {})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="checksum"):
        DeepIscModels.load(path)
