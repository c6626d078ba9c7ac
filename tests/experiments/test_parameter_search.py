from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevision.errors import EvaluationError
from edgevision.experiments.evaluation import parameter_search
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, evaluate
from edgevision.experiments.evaluation.parameter_search import _ascend, open_parameters
from edgevision.experiments.evaluation.policy_spec import resolve
from edgevision.experiments.evaluation.rollout import run_episodes
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.experiments.evaluation.summary import headline, reference_of, summarise

ID = "EdgeVision/Dynamic-v0"
SMALL = {"users": 2, "episode_slots": 20}


@given(best=st.tuples(st.integers(0, 6), st.integers(0, 3)), start=st.tuples(st.integers(0, 6), st.integers(0, 3)))
def test_the_search_climbs_a_hill_from_anywhere(best: tuple[int, int], start: tuple[int, int]) -> None:
    found = _ascend(lambda place: -float(np.abs(np.subtract(place, best)).sum()), start, (7, 4))
    assert found == best


def test_only_parameters_that_are_not_given_are_open() -> None:
    lyapunov, given_all, fixed = resolve(["lyapunov:wait=0", "pace:wait=0,fraction=1", "random"])
    assert set(open_parameters(lyapunov)) == {"weight", "start"}
    assert open_parameters(given_all) == open_parameters(fixed) == {}


def test_evaluations_tune_on_validation_and_score_per_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parameter_search, "SEARCH_EPISODES", 4)
    asked = EvaluationConfig(
        ID, ("pace:wait=0.3", "look-ahead:price=14,trust=1,bandwidth_price=0.2,upside=0"), 6, settings=SMALL
    )
    evaluation = evaluate(asked, tmp_path, show_progress=False)
    pace = evaluation.results[0]
    assert dict(pace.spec.options).keys() == {"wait", "fraction"}
    assert "4 validation episodes" in dict(pace.spec.origin)["tuned_on"]
    rollout = pace.rollout
    np.testing.assert_allclose(pace.content_scores[0].sum(axis=1), rollout.score)
    np.testing.assert_allclose(pace.content_weight.sum(axis=1), 1.0)
    assert ((rollout.score > 0) & (rollout.score < rollout.in_time)).all()
    assert reference_of(evaluation).startswith("look-ahead:")
    again = evaluate(asked, tmp_path, show_progress=False)
    np.testing.assert_array_equal(again.results[0].rollout.score, rollout.score)
    assert len(summarise(evaluation)) == 2


def test_without_a_usual_reference_the_first_policy_is_the_reference() -> None:
    asked = EvaluationConfig(ID, ("pace:wait=0.3,fraction=1", "random"), 3, settings=SMALL)
    evaluation = evaluate(asked, show_progress=False)
    first = evaluation.results[0].spec.label
    assert reference_of(evaluation) == first
    assert [row.difference is None for row in summarise(evaluation)].count(True) == 1


def test_a_clairvoyant_is_shown_the_episodes_that_it_plays() -> None:
    scenario, seeds = Scenario(ID, SMALL), (20_000, 20_001, 20_002)
    together = run_episodes(resolve(["clairvoyant"])[0].build(), scenario, seeds)
    alone = run_episodes(resolve(["clairvoyant"])[0].build(), scenario, seeds, one_by_one=True)
    np.testing.assert_allclose(together.score, alone.score)
    assert together.score.mean() > run_episodes(resolve(["adaptive"])[0].build(), scenario, seeds).score.mean()
    assert len(alone.seconds) > 0


def test_the_headline_leaves_out_who_knows_the_future() -> None:
    evaluation = evaluate(EvaluationConfig(ID, ("clairvoyant", "random"), 2, settings=SMALL), show_progress=False)
    rows = summarise(evaluation)
    assert rows[0].policy == "clairvoyant"
    assert headline(evaluation, rows).startswith("Best score: random")


def test_the_caller_chooses_the_reference() -> None:
    policies = ("pace:wait=0.3,fraction=1", "look-ahead:price=14,trust=1,bandwidth_price=0.2,upside=0")
    asked = EvaluationConfig(ID, policies, 2, settings=SMALL, reference=policies[0])
    evaluation = evaluate(asked, show_progress=False)
    assert reference_of(evaluation) == evaluation.results[0].spec.label
    compared = {row.policy: row.difference for row in summarise(evaluation)}
    assert [compared[result.spec.label] is None for result in evaluation.results] == [True, False]
    with pytest.raises(EvaluationError, match="reference 'random' is not one of the policies"):
        evaluate(dataclasses.replace(asked, reference="random"), show_progress=False)
