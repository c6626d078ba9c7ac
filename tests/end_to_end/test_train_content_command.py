"""`edgevision train-content`: writes a better model, which policies take, and nothing where there is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs the extra 'content'")

from edgevision.profiles import load_profile, save_profile

from .command import run


@pytest.fixture
def few_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    training = "edgevision.profiles.content_models.train_content"
    for name, values in {"DEPTHS": (2,), "RATES": (0.1,), "LEAST_ROWS": (5,), "TREES": (40,), "REPEATS": 1}.items():
        monkeypatch.setattr(f"{training}.{name}", values)


@pytest.mark.usefixtures("few_settings")
def test_a_model_is_trained_and_evaluated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("train-content", "image-lite0-spat-imco") == 0
    printed = capsys.readouterr().out
    assert "train, cross-validated" in printed
    written = Path("profiles/image-lite0-spat-imco-content.npz")
    assert f"joint-content:model={written}" in printed
    policies = [f"joint-content:model={written}", "joint"]
    assert run("evaluate", "EdgeVision/Image-v0", *policies, "--episodes", "3", "--set", "episode_slots=2") == 0
    assert run("train-content", str(written), "--out", "x.npz") == 2  # a model is no profile
    assert "arrays missing" in capsys.readouterr().err


@pytest.mark.usefixtures("few_settings")
def test_a_model_that_is_not_better_is_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile = load_profile("image-lite0-spat-imco")
    noise = np.random.default_rng(0).normal(size=profile.features.shape)
    path = save_profile(replace(profile, name="noise", features=noise), tmp_path)
    assert run("train-content", str(path), "--out", str(tmp_path / "model.npz")) == 2
    printed = capsys.readouterr()
    assert "validation" in printed.out
    assert "not better than the mean table, so nothing is written" in printed.err
    assert sorted(file.name for file in tmp_path.iterdir()) == ["noise.json", "noise.npz"]


def test_the_profile_itself_is_not_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = save_profile(replace(load_profile("image-lite0-uniform"), name="mine"), tmp_path)
    before = path.read_bytes()
    assert run("train-content", str(path), "--out", str(path)) == 2
    assert "is the profile itself" in capsys.readouterr().err
    assert path.read_bytes() == before
