"""Models of the accuracy on each content: what they predict, whatever their boxes, and their files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.errors import AccuracyModelError
from edgevision.profiles import AccuracyModel, load_profile, shipped_profiles
from edgevision.profiles.content_models.accuracy_model import load_shipped_model, shipped_models

SHIPPED = [name for name in shipped_profiles() if load_profile(name).content_fingerprint in shipped_models()]
seeds = st.integers(0, 2**32 - 1)


def made_up(seed: int, boxes: int = 30, features: int = 3, points: int = 5, **changes: Any) -> AccuracyModel:
    """A model of random boxes, some of them without end."""
    random = np.random.default_rng(seed)
    corners = np.sort(random.normal(size=(2, boxes, features)), axis=0)
    lower, upper = np.where(random.random(corners.shape) < 0.3, [[[-np.inf]], [[np.inf]]], corners)
    arrays: dict[str, Any] = {
        "lower": lower,
        "upper": upper,
        "value": random.normal(scale=3.0, size=(boxes, points)),
        "mean": random.random(points),
        "weight": random.random(),
        "content_fingerprint": "made up",
        "feature_names": tuple("abcdefgh"[:features]),
    }
    return AccuracyModel(**{**arrays, **changes})


@settings(deadline=None, max_examples=50)
@given(seed=seeds, contents=st.integers(1, 40))
def test_predictions_are_probabilities_and_do_not_depend_on_the_batch(seed: int, contents: int) -> None:
    model = made_up(seed)
    features = np.random.default_rng(seed).normal(scale=10.0 ** (seed % 4 - 1), size=(contents, 3))
    predicted = model.predict(features)
    assert predicted.shape == (contents, 5)
    assert ((predicted >= 0) & (predicted <= 1)).all()
    np.testing.assert_array_equal(predicted, [model.predict(row) for row in features])
    np.testing.assert_array_equal(predicted[::-1], model.predict(features[::-1]))


@settings(deadline=None, max_examples=25)
@given(seed=seeds)
def test_a_prediction_mixes_the_sigmoid_of_the_boxes_around_a_content_with_the_mean(seed: int) -> None:
    model, content = made_up(seed), np.random.default_rng(seed).normal(size=3)
    around = [
        value
        for lower, upper, value in zip(model.lower, model.upper, model.value, strict=True)
        if all(lower < content) and all(content <= upper)
    ]
    odds = np.sum(around, axis=0) if around else np.zeros(5)
    expected = model.weight / (1 + np.exp(-odds)) + (1 - model.weight) * model.mean
    np.testing.assert_allclose(model.predict(content), expected, rtol=1e-12)


def test_without_weight_a_model_is_the_mean_table() -> None:
    model = made_up(0, weight=0.0)
    np.testing.assert_array_equal(model.predict(np.zeros((2, 4, 3))), np.broadcast_to(model.mean, (2, 4, 5)))


def test_many_contents_are_predicted_in_parts() -> None:
    model, features = made_up(1), np.random.default_rng(1).normal(size=(20_000, 3))
    np.testing.assert_array_equal(model.predict(features)[-50:], model.predict(features[-50:]))
    assert model.predict(np.zeros((0, 3))).shape == (0, 5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lower": np.zeros((30, 2))}, "lower must have shape"),
        ({"lower": np.zeros(())}, "lower must have shape"),
        ({"value": np.zeros((29, 5))}, "value must have shape"),
        ({"value": np.full((30, 5), np.nan)}, "NaN, or add up"),
        ({"value": np.full((30, 5), 1e3)}, "add up to more"),
        ({"upper": np.full((30, 3), np.nan)}, "NaN"),
        ({"mean": np.full(5, 1.5)}, r"lie in \[0, 1\]"),
        ({"weight": float("nan")}, r"lie in \[0, 1\]"),
    ],
)
def test_inconsistent_numbers_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(AccuracyModelError, match=message):
        made_up(0, **change)


def test_round_trip(tmp_path: Path) -> None:
    model = made_up(3, metadata={"profile": "toy"})
    model.save(tmp_path / "toy.npz")
    again = AccuracyModel.load(tmp_path / "toy.npz")
    features = np.random.default_rng(3).normal(size=(50, 3))
    np.testing.assert_array_equal(again.predict(features), model.predict(features))
    assert (again.digest, again.feature_names, again.metadata) == (model.digest, model.feature_names, model.metadata)
    assert made_up(4).digest != model.digest


@pytest.mark.parametrize("entry", ["content_fingerprint", "feature_names", "weight", "metadata"])
def test_malformed_descriptions_are_refused(entry: str, tmp_path: Path) -> None:
    made_up(0).save(tmp_path / "toy.npz")
    description = json.loads((tmp_path / "toy.json").read_text())
    for value in (None, True, [1, 2]):
        (tmp_path / "toy.json").write_text(json.dumps({**description, entry: value}))
        with pytest.raises(AccuracyModelError, match=r"feature_names must hold texts|malformed entry") as refused:
            AccuracyModel.load(tmp_path / "toy.npz")
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_models_fit_their_profiles(name: str) -> None:
    profile = load_profile(name)
    model = load_shipped_model(profile.content_fingerprint)
    assert model.feature_names == profile.feature_names
    assert model.metadata["profile"] == name
    predicted = model.predict(profile.features)
    assert (np.diff(predicted, axis=1) <= 0).all()
    assert profile.correct is not None
    for split in ("train", "validation", "test"):
        held = profile.members(split)
        right = np.where(profile.correct[held], predicted[held], 1 - predicted[held])
        table = np.where(profile.correct[held], profile.accuracy, 1 - profile.accuracy)
        assert np.log(right).mean() > np.log(np.maximum(table, 1e-3)).mean() + 0.05


def test_every_shipped_model_belongs_to_a_shipped_profile() -> None:
    assert len(SHIPPED) == len(shipped_models()) > 0
    with pytest.raises(AccuracyModelError, match="edgevision train-content PROFILE"):
        load_shipped_model(load_profile("video-ut-stae").content_fingerprint)


def test_the_fingerprint_of_contents_leaves_out_sizes_and_times() -> None:
    profile = load_profile(SHIPPED[0])
    times = replace(profile, device_time=2 * profile.device_time, edge_time=2 * profile.edge_time)
    assert times.content_fingerprint == profile.content_fingerprint
    assert replace(profile, features=profile.features + 1e-9).content_fingerprint != profile.content_fingerprint
    assert profile.correct is not None
    assert replace(profile, correct=~profile.correct).content_fingerprint != profile.content_fingerprint
    assert load_profile("published-eta").content_fingerprint == ""
