"""Policies that know the accuracy on each content: what they see, what they answer, and what they refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgevision import baselines
from edgevision.baselines import ContentAware, Joint
from edgevision.envs import SlotProblem
from edgevision.errors import AccuracyModelError
from edgevision.experiments.evaluation.evaluate import Evaluation, EvaluationConfig, evaluate
from edgevision.experiments.evaluation.policy_spec import resolve
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.experiments.evaluation.summary import difference
from edgevision.profiles import AccuracyModel, load_profile
from edgevision.profiles.content_models.accuracy_model import load_shipped_model
from tests.baselines.problems import ordinary_problem

IMAGE = "EdgeVision/Image-v0"
PROFILE = load_profile("image-lite0-spat-imco")


def problem(n: int = 12, env_id: str = IMAGE, **settings: object) -> SlotProblem:
    env = Scenario(env_id, settings).make(n)
    env.reset(seed=1)
    return env.problem


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of the shipped model."""
    path = tmp_path / "model.npz"
    load_shipped_model(PROFILE.content_fingerprint).save(path)
    return path


def test_the_inner_policy_sees_the_predicted_accuracies() -> None:
    slots = problem()
    policy = baselines.make("joint-content")
    assert isinstance(policy, ContentAware)
    informed = policy.informed(slots)
    model = load_shipped_model(PROFILE.content_fingerprint)
    np.testing.assert_array_equal(informed.accuracy[3, 2], model.predict(slots.features[3, 2]))
    np.testing.assert_array_equal(policy.act(slots).operating_point, Joint().act(informed).operating_point)
    assert (policy.act(slots).operating_point != Joint().act(slots).operating_point).any()


@pytest.mark.parametrize("name", ["joint-content", "co-crra-content"])
def test_single_slots_are_answered_as_in_a_batch(name: str) -> None:
    slots, policy = problem(5), baselines.make(name)
    together = policy.act(slots)
    together.check(slots)
    for slot in range(5):
        alone = policy.act(slots[np.array([slot])])
        np.testing.assert_array_equal(alone.operating_point[0], together.operating_point[slot])
        # An iterative solver of a whole batch determines shares up to its tolerance.
        np.testing.assert_allclose(alone.bandwidth[0], together.bandwidth[slot], rtol=1e-7)
        np.testing.assert_allclose(alone.power[0], together.power[slot], rtol=1e-7)


def test_any_policy_can_be_wrapped(shipped: Path) -> None:
    slots, model = problem(), AccuracyModel.load(shipped)
    for name in ("fracr-exact", "fixed"):
        policy = ContentAware(baselines.make(name), model)
        assert policy.name == f"{name}-content"
        policy.act(slots).check(slots)


def test_problems_without_a_model_are_refused_in_one_line(shipped: Path) -> None:
    policy, given = baselines.make("joint-content"), baselines.make("joint-content", model=str(shipped))
    elsewhere = problem(profile="image-lite1-spat-imco")
    by_hand = ordinary_problem(0, features=np.zeros((3, 4, 2)))
    refusals = (
        (policy, problem(env_id="EdgeVision/Paper-v0"), "train one with 'edgevision train-content PROFILE"),
        (policy, problem(env_id="EdgeVision/Video-v0"), "train one with 'edgevision train-content PROFILE"),
        (given, elsewhere, "trained on other contents, features or answers"),
        (given, by_hand, "is for 9 features and 20 operating points, the problem has 2 and 20"),
    )
    for refusing, slots, message in refusals:
        with pytest.raises(AccuracyModelError, match=message) as refused:
            refusing.act(slots)
        assert "\n" not in str(refused.value)
    with pytest.raises(AccuracyModelError, match="no such file"):
        baselines.make("joint-content", model="nothing.npz")
    with pytest.raises(AccuracyModelError, match=r"\.npz file of an accuracy model, got 5"):
        baselines.make("joint-content", model=5)


def test_names_offer_them_where_a_model_is_shipped() -> None:
    assert not [name for name in baselines.names() if name.endswith("-content")]
    fitting = baselines.names(PROFILE.axis_names, PROFILE.content_fingerprint)
    assert set(fitting) - set(baselines.names()) == {"joint-content", "co-crra-content"}


def run(*policies: str, out: Path | None = None, split: str = "test", episodes: int = 4) -> Evaluation:
    settings = {"episode_slots": 5, "content_split": split}
    return evaluate(EvaluationConfig(IMAGE, policies, episodes, settings=settings), out, show_progress=False)


def test_stored_results_are_not_used_for_another_model(shipped: Path, tmp_path: Path) -> None:
    label = f"joint-content:model={shipped}"
    first = run(label, out=tmp_path / "run").results[0]
    before = resolve([label])[0].describe()
    model = AccuracyModel.load(shipped)
    AccuracyModel(**{**vars(model), "weight": 0.0}).save(shipped)
    assert resolve([label])[0].describe() != before
    second = run(label, "joint", out=tmp_path / "run")
    assert (second.results[0].scores != first.scores).any()


@pytest.mark.parametrize("split", ["validation", "test"])
def test_knowing_the_contents_pays_on_contents_that_trained_nothing(split: str) -> None:
    informed, plain = run("joint-content", "joint", split=split, episodes=200).results
    assert difference(informed, plain).estimate > 0


@pytest.mark.parametrize("env_id", ["EdgeVision/Dynamic-v0", "EdgeVision/Stream-v0"])
def test_environments_over_time_have_no_shipped_model_and_say_so(env_id: str) -> None:
    env = Scenario(env_id, {"episode_slots": 2}).make(1)
    env.reset(seed=1)
    with pytest.raises(AccuracyModelError, match="decisions change later slots; take 'joint'"):
        baselines.make("joint-content").act(env.problem)
