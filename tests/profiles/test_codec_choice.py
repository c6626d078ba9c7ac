from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from edgevision import baselines
from edgevision.errors import ProfileError
from edgevision.experiments.evaluation.rollout import record_slots
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.profiles import codec_choice, load_profile
from tests.end_to_end.command import run

NAMES = ("image-lite0-uniform", "image-lite0-spat-imco")


@pytest.fixture(scope="module")
def parts() -> list:
    return [load_profile(name) for name in NAMES]


def test_every_point_keeps_what_was_measured_with_its_codec(parts: list) -> None:
    choice = load_profile("image-lite0-choice")
    assert choice.grid == (2, parts[0].points) and choice.axis_names == ("codec", "compression")
    for field in ("size", "correct", "accuracy", "device_time", "edge_time", "parameter"):
        found = getattr(choice, field)
        expected = np.concatenate([getattr(part, field) for part in parts], axis=-1)
        np.testing.assert_array_equal(found, expected)
    assert choice.feature_names == parts[0].feature_names


def test_a_shorter_ladder_repeats_its_most_compressed_level(parts: list) -> None:
    long, short = (
        parts[0],
        replace(
            parts[1],
            **{name: getattr(parts[1], name)[..., :3] for name in ("size", "correct", "accuracy", "parameter")},
            device_time=parts[1].device_time[:3],
            edge_time=parts[1].edge_time[:3],
            grid=(3,),
        ),
    )
    joined = codec_choice("both", [long, short])
    np.testing.assert_array_equal(joined.size.reshape(-1, *joined.grid)[:, 1, 2:], np.tile(short.size[:, 2:], 18))


def test_the_best_allocation_of_a_choice_is_no_worse_than_that_of_each_codec() -> None:
    seeds = range(20)
    means = {}
    for name in (*NAMES, "image-lite0-choice"):
        slots = record_slots(Scenario("EdgeVision/Image-v0", {"profile": name, "accuracy": "mean"}, "test"), seeds)
        means[name] = slots.value(baselines.make("joint").act(slots)).mean()
    assert means["image-lite0-choice"] >= max(means.values()) - 1e-3


@pytest.mark.parametrize("policy", ["co-crra", "joint", "fcrra", "msvra", "fracr-exact"])
def test_policies_decide_on_a_choice(policy: str) -> None:
    env = gymnasium.make_vec("EdgeVision/Image-v0", 2, profile="image-lite0-choice")
    env.reset(seed=1)
    problem = env.unwrapped.simulator.problem
    baselines.make(policy).act(problem).check(problem)


@pytest.mark.parametrize("wrong", ["other contents", "other classifier", "one", "twice", "grid"])
def test_what_does_not_belong_together_is_refused(parts: list, wrong: str) -> None:
    first, second = parts
    given = {
        "other contents": [first, replace(second, content_ids=tuple(reversed(second.content_ids)))],
        "other classifier": [first, load_profile("image-lite1-spat-imco")],
        "one": [first],
        "twice": [first, first],
        "grid": [first, load_profile("image-lite0-choice")],
    }[wrong]
    with pytest.raises(ProfileError):
        codec_choice("both", given)


def test_the_command_writes_a_profile_that_environments_take(tmp_path: Path) -> None:
    assert run("profile", "choice", *NAMES, "--name", "mine", "--out", str(tmp_path)) == 0
    env = gymnasium.make("EdgeVision/Image-v0", profile=str(tmp_path / "mine.npz"))
    assert env.action_space.shape == (8, 4)
