"""Training models of the accuracy on each content: the same numbers as scikit-learn, and honest comparisons."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="needs the extra 'content'")

from edgevision.errors import AccuracyModelError
from edgevision.profiles import OperatingPointProfile, load_profile
from edgevision.profiles.content_models import train_content
from edgevision.profiles.content_models.accuracy_model import load_shipped_model
from edgevision.profiles.content_models.train_content import (
    Boosting,
    Choice,
    _Data,
    _Fitted,
    _folds,
    train_content_model,
)

FEATURES = 3


@pytest.fixture(autouse=True)
def small_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few settings, so that training takes seconds."""
    monkeypatch.setattr(train_content, "DEPTHS", (2,))
    monkeypatch.setattr(train_content, "RATES", (0.1,))
    monkeypatch.setattr(train_content, "LEAST_ROWS", (5,))
    monkeypatch.setattr(train_content, "TREES", (20, 40))
    monkeypatch.setattr(train_content, "REPEATS", 1)


def made_up(informative: bool, contents: int = 250, grid: tuple[int, ...] = (6,)) -> OperatingPointProfile:
    """A profile whose contents differ in how much compression they bear, which the first feature tells or does not."""
    random, points = np.random.default_rng(5), int(np.prod(grid))
    bears, noise = random.normal(size=(2, contents))
    features = random.normal(size=(contents, FEATURES))
    features[:, 0] = bears if informative else noise
    compression = np.linspace(-2, 2, points)
    correct = bears[:, None] + 0.5 * random.normal(size=(contents, points)) > compression
    return OperatingPointProfile(
        name="made-up",
        size=np.tile(np.linspace(1e4, 1e3, points), (contents, 1)),
        raw_size=np.full(contents, 1e5),
        accuracy=correct.mean(axis=0),
        parameter=np.arange(points),
        device_time=np.zeros(points),
        edge_time=np.zeros(points),
        correct=correct,
        features=features,
        feature_names=tuple("abc"),
        split=np.array([0, 0, 0, 1, 2], np.int8)[np.arange(contents) % 5],
        content_ids=tuple(map(str, range(contents))),
        grid=grid,
        axis_names=tuple(f"axis {i}" for i in range(len(grid))),
    )


@pytest.mark.parametrize("grid", [(6,), (3, 4)])
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_predictions_are_those_of_scikit_learn(grid: tuple[int, ...], depth: int) -> None:
    profile = made_up(True, grid=grid)
    data = _Data(profile)
    boosting = Boosting(depth, 0.2, 2)
    fitted = _Fitted(data, data.train, boosting)
    everybody = np.arange(profile.contents)
    for trees, expected in zip(train_content.TREES, fitted.staged(everybody), strict=True):
        model = fitted.model(Choice(boosting, trees, 1.0))
        np.testing.assert_allclose(model.predict(profile.features), expected, atol=1e-9)
        if len(grid) == 1:
            assert (np.diff(model.predict(profile.features), axis=1) <= 0).all()


@pytest.mark.parametrize("name", ["image-lite0-spat-imco", "image-lite1-spat-imco", "image-lite2-spat-imco"])
def test_shipped_models_are_trained_as_they_say(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    profile = load_profile(name)
    shipped = load_shipped_model(profile.content_fingerprint)
    settings = shipped.metadata["settings"]
    choice = Choice(Boosting(**settings["boosting"]), settings["trees"], settings["weight"])
    monkeypatch.setattr(train_content, "TREES", (choice.trees,))
    data = _Data(profile)
    again = _Fitted(data, data.train, choice.boosting).model(choice)
    np.testing.assert_allclose(again.predict(profile.features), shipped.predict(profile.features), atol=1e-6)


def test_features_that_tell_make_a_better_model() -> None:
    done = []
    trained = train_content_model(made_up(True), progress=lambda now, total: done.append((now, total)))
    assert trained.better
    assert trained.validation.difference[0] < -0.1
    assert trained.choice.weight > 0.5
    assert done[-1] == (5, 5)
    assert trained.model.metadata["settings"]["weight"] == trained.choice.weight


def test_features_that_do_not_tell_leave_the_mean_table() -> None:
    profile = made_up(False)
    trained = train_content_model(profile)
    assert not trained.better
    assert trained.choice.weight < 0.5
    constant = train_content_model(replace(profile, features=np.zeros_like(profile.features))).model
    predicted = constant.predict(np.random.default_rng(0).normal(size=(20, FEATURES)))
    np.testing.assert_allclose(predicted, np.broadcast_to(profile.accuracy, predicted.shape), atol=0.05)


def test_only_the_train_split_decides() -> None:
    profile = made_up(True)
    assert profile.correct is not None
    others = profile.split != 0
    changed = replace(profile, correct=np.where(others[:, None], ~profile.correct, profile.correct))
    one, other = train_content_model(profile), train_content_model(changed)
    assert one.choice == other.choice
    np.testing.assert_array_equal(one.model.predict(profile.features), other.model.predict(profile.features))
    assert one.better
    assert not other.better


def test_folds_do_not_divide_groups() -> None:
    groups = np.repeat(np.arange(17), 4)
    folds = _folds(groups, np.random.default_rng(0))
    assert set(folds) == set(range(train_content.FOLDS))
    assert all(len(set(folds[groups == group])) == 1 for group in range(17))


def test_profiles_that_cannot_be_learned_from_are_refused() -> None:
    profile = made_up(True)
    assert profile.correct is not None
    for broken, message in (
        (load_profile("published-eta"), "no recorded answers or no features"),
        (replace(profile, features=np.zeros((250, 0)), feature_names=()), "no recorded answers or no features"),
        (replace(profile, metadata={"groups": [c % 4 for c in range(250)]}), "fewer than 5 groups"),
        (replace(profile, correct=np.ones_like(profile.correct)), "all the same"),
    ):
        with pytest.raises(AccuracyModelError, match=message):
            train_content_model(broken)
