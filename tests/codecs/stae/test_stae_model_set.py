"""The set of models: what is shared, and weights on disk, whole and damaged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from edgevision.codecs.stae.stae_model_set import SHIPPED, StaeModels
from edgevision.codecs.stae.training.algorithm1 import Plan
from edgevision.codecs.stae.training.train_stae import adopt
from edgevision.errors import WeightsError
from tests.codecs.stae.tiny import CLASSES, EXTENDED, tiny_models, with_budgets

BUDGETS = (1, 4), (0.7, 0.4)


@pytest.fixture(scope="module")
def models() -> StaeModels:
    made = with_budgets(tiny_models(), *BUDGETS)
    with torch.no_grad():
        for number, parameter in enumerate(made.parameters()):
            parameter.add_(0.01 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(number)))
    return made


@pytest.fixture
def saved(models: StaeModels, tmp_path: Path) -> Path:
    models.save(tmp_path / "stae.safetensors", {"source": "a test"})
    return tmp_path / "stae.safetensors"


def test_one_classifier_and_fa_for_all_an_sa_per_alpha_an_fr_per_budget(models: StaeModels) -> None:
    first, second, other = models.model(1, 0.7), models.model(1, 0.4), models.model(4, 0.4)
    assert first.vit is second.vit is other.vit is models.base.vit
    assert first.fa is other.fa is models.base.fa
    assert first.sa is second.sa and first.sa is not other.sa
    assert len({id(model.fr) for model in (first, second, other)}) == 3
    assert models.model(1, 0.7).fr is first.fr
    assert models.model(1, 1.0).fr is models.base.fr


def test_new_budgets_start_from_the_one_made_last() -> None:
    models = with_budgets(tiny_models(), (1,), (0.9,))
    marked = {name: torch.full_like(value, 0.5) for name, value in models.spatial_attention(1).state_dict().items()}
    models.spatial_attention(1).load_state_dict(marked)
    assert (weights(models.spatial_attention(4)) == 0.5).all()
    first = weights(models.feature_recovery(1, 0.9))
    assert torch.equal(weights(models.feature_recovery(4, 0.9)), first)
    with torch.no_grad():
        for parameter in models.feature_recovery(4, 0.9).parameters():
            parameter.fill_(0.75)
    assert (weights(models.feature_recovery(4, 0.8)) == 0.75).all()
    assert torch.equal(weights(models.feature_recovery(1, 0.8)), first)


def weights(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


def test_attention_beyond_the_paper_survives_saving(tmp_path: Path) -> None:
    made = with_budgets(tiny_models(config=EXTENDED), (2,), (0.4,))
    made.save(tmp_path / "stae.safetensors", {})
    loaded = StaeModels.load(tmp_path / "stae.safetensors")
    assert loaded.config == EXTENDED
    assert loaded.spatial_attention(2).contrast and loaded.base.fa.motion_mlp is not None
    with pytest.raises(ValueError, match="other shapes"):
        adopt(tiny_models(), made)


def test_shipped_weights_are_those_of_the_plan_that_their_command_uses() -> None:
    plan = json.loads(SHIPPED.with_suffix(".json").read_text())["provenance"]["plan"]
    assert plan == json.loads(json.dumps(asdict(Plan())))


def test_which_budgets_are_trained(models: StaeModels) -> None:
    assert models.pixel_budgets == (0.7, 0.4)
    assert models.trained(4, 0.7) and models.trained(4, 1.0) and models.trained(16, 1.0)
    assert not models.trained(2, 0.7) and not models.trained(4, 0.5)
    assert models.trained(4, 0.5, "ViT_FA+SA") and not models.trained(2, 0.7, "ViT_FA+SA")
    assert models.trained(2, 0.7, "ViT_FA")


def test_weights_survive_saving_in_half_precision(models: StaeModels, saved: Path) -> None:
    loaded = StaeModels.load(saved)
    assert loaded.config == models.config and loaded.classes == models.classes == CLASSES
    assert not loaded.training
    assert loaded.pixel_budgets == models.pixel_budgets
    before, after = models.state_dict(), loaded.state_dict()
    assert before.keys() == after.keys()
    for key, value in after.items():
        assert value.dtype == before[key].dtype
        if ".backbone.patch_embed.backbone." not in key:  # comes with its own package; random in this test
            torch.testing.assert_close(value, before[key], atol=1e-4, rtol=1e-3)
    description = json.loads(saved.with_suffix(".json").read_text())
    assert description["provenance"] == {"source": "a test"}
    assert not any(".backbone.patch_embed.backbone." in key for key in safetensors.torch.load_file(saved))


def test_loaded_weights_know_their_origin(models: StaeModels, tmp_path: Path) -> None:
    path, first = tmp_path / "stae.safetensors", {"sha256": "0", "data_set": "films"}
    models.save(path, {"data_set": "a test", "plan": {"seed": 3}, "start": first})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    origin = {"sha256": digest, "data_set": "a test", "seed": 3, "start": first}
    assert StaeModels.load(path).origin == origin
    for provenance in ({}, {"plan": 3}):
        models.save(path, provenance)
        assert StaeModels.load(path).origin == {**dict.fromkeys(origin), "sha256": digest}
    assert models.origin == {}


def test_saving_loaded_weights_changes_nothing(saved: Path, tmp_path: Path) -> None:
    StaeModels.load(saved).save(tmp_path / "again.safetensors", {"source": "a test"})
    assert (tmp_path / "again.safetensors").read_bytes() == saved.read_bytes()
    assert (tmp_path / "again.json").read_text() == saved.with_suffix(".json").read_text()


def refusal(path: Path) -> str:
    with pytest.raises(WeightsError) as refused:
        StaeModels.load(path)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def rewrite(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    description = json.loads(path.with_suffix(".json").read_text())
    change(description)
    path.with_suffix(".json").write_text(json.dumps(description))


def test_missing_and_damaged_files_are_refused(saved: Path, tmp_path: Path) -> None:
    assert "nothing.safetensors" in refusal(tmp_path / "nothing.safetensors")
    payload = saved.read_bytes()
    for damaged in (payload[:-1], payload[:50], b"", payload[:1000] + b"\xff" + payload[1001:]):
        saved.write_bytes(damaged)
        assert "checksum" in refusal(saved)
    for damaged in (b"", b"\xff" * 100, payload[:200]):
        saved.write_bytes(damaged)
        description = json.loads(saved.with_suffix(".json").read_text())
        description["sha256"] = hashlib.sha256(damaged).hexdigest()
        saved.with_suffix(".json").write_text(json.dumps(description))
        assert "damaged" in refusal(saved)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '"x"', "{}", '{"format": 1}', "\ud800", "[" * 100_000])
def test_a_description_that_is_none_is_refused(text: str, saved: Path) -> None:
    saved.with_suffix(".json").write_bytes(text.encode("utf-8", "surrogatepass"))
    refusal(saved)


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda known: known.update(format=99),
    "no config": lambda known: known.pop("config"),
    "config that is a list": lambda known: known.update(config=[1]),
    "unknown setting": lambda known: known["config"].update(depth=3),
    "other width": lambda known: known["config"].update(recovery_width=5),
    "width below zero": lambda known: known["config"].update(recovery_width=-1),
    "huge width": lambda known: known["config"].update(recovery_width=10**9),
    "huge transformer": lambda known: known["config"]["vit"].update(embed_dim=2**40),
    "huge frame": lambda known: known["config"]["vit"].update(size=2**30),
    "a million blocks": lambda known: known["config"]["vit"].update(depth=10**9),
    "huge hidden layer": lambda known: known["config"].update(attention_hidden=10**12),
    "unknown transformer": lambda known: known["config"]["vit"].update(name="vit_of_no_one", pretrained=False),
    "weights from elsewhere": lambda known: known["config"]["vit"].update(name="hf_hub:some/one"),
    "kernel of words": lambda known: known["config"].update(attention_kernel=["a", "b", "c"]),
    "kernel of no height": lambda known: known["config"].update(attention_kernel=[1, 0, 3]),
    "even kernel": lambda known: known["config"].update(attention_kernel=[2, 3, 3]),
    "kernel of truth": lambda known: known["config"].update(attention_kernel=[True, 3, 3]),
    "heads that do not divide": lambda known: known["config"]["vit"].update(heads=3),
    "pooling that is a number": lambda known: known["config"]["vit"].update(pooling=7),
    "pooling of no one": lambda known: known["config"]["vit"].update(pooling="median"),
    "kernel of two": lambda known: known["config"].update(attention_kernel=[3, 3]),
    "no classes": lambda known: known.update(classes=[]),
    "classes that are a number": lambda known: known.update(classes=3),
    "more classes than rows": lambda known: known["config"].update(classes=99),
    "spatial that is no number": lambda known: known.update(spatial=["x"]),
    "budgets without alpha": lambda known: known.update(recovery=["40"]),
    "a budget that is not stored": lambda known: known["recovery"].append("8@40"),
    "a million budgets": lambda known: known.update(recovery=[f"{n}@40" for n in range(1_000_000)]),
    "budgets that are null": lambda known: known.update(recovery=None),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_description_of_other_networks_is_refused(change: Callable[[dict[str, Any]], object], saved: Path) -> None:
    rewrite(saved, change)
    refusal(saved)
