"""The protocol: common random numbers, tuning on validation, finished parts, workers that change nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevision import baselines
from edgevision.baselines import policy_registry
from edgevision.envs import Policy
from edgevision.errors import EvaluationError, PolicyOptionError, ScenarioError, SlotProblemError, UnknownNameError
from edgevision.experiments.evaluation import workers
from edgevision.experiments.evaluation.evaluate import Evaluation, EvaluationConfig, evaluate
from edgevision.experiments.evaluation.policy_spec import resolve
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.experiments.evaluation.summary import headline, summarise
from edgevision.experiments.evaluation.tuning import _climb, tune, tuning_slots
from edgevision.profiles import load_profile
from edgevision.provenance import digest

from .policies import EqualShares

PAPER = "EdgeVision/Paper-v0"
SMALL = {"episode_slots": 3, "users": 2}
#: A policy that decides one slot after the other.
SLOT_BY_SLOT = "co-crra:solver=clarabel"


def run(
    *policies: object, out: Path | None = None, episodes: int = 12, processes: int = 1, **settings: object
) -> Evaluation:
    config = EvaluationConfig(PAPER, policies, episodes, settings={**SMALL, **settings})  # type: ignore[arg-type]
    return evaluate(config, out, processes=processes, show_progress=False)


def scores(evaluation: Evaluation) -> dict[str, list[float]]:
    return {result.spec.label: result.rollout.score.tolist() for result in evaluation.results}


def test_same_policies_score_the_same_and_differ_by_nothing() -> None:
    evaluation = run("co-crra", "co-crra:tolerance=1e-4", "random", "random:seed=0", episodes=6)
    one, again, drawn, drawn_again = (result.rollout.score for result in evaluation.results)
    np.testing.assert_array_equal(one, again)
    np.testing.assert_array_equal(drawn, drawn_again)
    row = next(row for row in summarise(evaluation) if row.policy == "co-crra:tolerance=1e-4")
    assert row.difference is not None
    assert (row.difference.estimate, row.difference.low, row.difference.high) == (0.0, 0.0, 0.0)


def test_evaluations_are_repeatable_and_extend_each_other() -> None:
    short, long = (scores(run("fracr-exact", "fixed:operating_point=20", episodes=n)) for n in (5, 9))
    assert short == scores(run("fracr-exact", "fixed:operating_point=20", episodes=5))
    for policy in short:
        assert long[policy][:5] == short[policy]


def test_workers_change_nothing(tmp_path: Path) -> None:
    policies = (SLOT_BY_SLOT, "fcrra:solver=clarabel,operating_point=30", "fracr")
    serial, parallel = run(*policies), run(*policies, out=tmp_path, processes=2)
    assert scores(serial) == scores(parallel)
    for one, other in zip(serial.results, parallel.results, strict=True):
        np.testing.assert_array_equal(one.rollout.points, other.rollout.points)
        assert len(one.decision_seconds) == len(other.decision_seconds)


def test_policy_objects_take_part() -> None:
    batched, slow = EqualShares("mine"), EqualShares("slow", batched=False)
    evaluation = run(batched, slow, "fixed:operating_point=0")
    mine, also, fixed = scores(evaluation).values()
    assert mine == also == fixed
    assert [result.spec.kind for result in evaluation.results] == ["rule", "rule", "rule"]
    assert set(slow.asked) == {1}
    assert 12 in batched.asked


def count_runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ran: list[str] = []
    original = workers.run_job
    monkeypatch.setattr(workers, "run_job", lambda job: (ran.append(job.label), original(job))[1])
    return ran


def test_finished_parts_are_reused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = count_runs(monkeypatch)
    first = run(SLOT_BY_SLOT, "fixed", out=tmp_path)
    assert sorted(ran) == [
        *(f"{SLOT_BY_SLOT}-{seed}" for seed in (20000, 20005, 20010)),
        "fixed-20000",
        "fixed-20000-timed",
    ]
    ran.clear()
    assert scores(run(SLOT_BY_SLOT, "fixed", out=tmp_path)) == scores(first)
    assert not ran
    run(SLOT_BY_SLOT, "fixed", out=tmp_path, episodes=15)
    assert sorted(ran) == [f"{SLOT_BY_SLOT}-20010", "fixed-20000", "fixed-20000-timed"]


def test_nothing_else_is_taken_for_a_finished_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(SLOT_BY_SLOT, out=tmp_path)
    ran = count_runs(monkeypatch)
    run(SLOT_BY_SLOT, out=tmp_path, power_mw=100.0)
    run(f"{SLOT_BY_SLOT},tolerance=1e-3", out=tmp_path)
    assert len(ran) == 6
    ran.clear()
    cut, changed, *others = sorted((tmp_path / "parts").glob("co-crra*clarabel-20*.npz"))
    cut.write_bytes(cut.read_bytes()[:100])
    whole = bytearray(changed.read_bytes())
    for place in range(len(whole) // 2, len(whole) // 2 + 200):  # more than the header of one array
        whole[place] ^= 1
    changed.write_bytes(bytes(whole))
    run(SLOT_BY_SLOT, f"{SLOT_BY_SLOT},tolerance=1e-3", out=tmp_path)
    run(SLOT_BY_SLOT, out=tmp_path, power_mw=100.0)
    assert len(ran) == 2
    assert others


def test_parts_with_other_values_are_measured_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run("fixed", "fracr", out=tmp_path)
    for path in (tmp_path / "parts").glob("*.npz"):
        with np.load(path) as part:
            arrays = dict(part)
        arrays["score" if "fixed" in path.name else "by_snr"][:1] = np.nan
        np.savez(path, **({**arrays, "points": arrays["points"][:-1]} if "timed" in path.name else arrays))
    (tuned,) = (tmp_path / "parts").glob("tune-*.json")
    part = json.loads(tuned.read_text())
    payload = {**part["payload"], "operating_point": "3"}
    tuned.write_text(json.dumps({**part, "payload": payload, "digest": digest([part["of"], payload])}))
    ran = count_runs(monkeypatch)
    assert scores(run("fixed", "fracr", out=tmp_path)) == scores(first)
    assert len(ran) == 4


def test_parts_say_what_they_are_of(tmp_path: Path) -> None:
    run("fracr", out=tmp_path)
    with np.load(next((tmp_path / "parts").glob("fracr-20000-[0-9a-f]*.npz"))) as part:
        of = json.loads(part["of"].tobytes())
    assert of["scenario"]["users"] == 2
    assert of["versions"]["numpy"] == np.__version__
    assert of["seeds"] == list(range(20_000, 20_012))


def test_fixed_compressions_are_tuned_on_validation_slots() -> None:
    scenario = Scenario(PAPER, SMALL)
    slots = tuning_slots(scenario)
    values = [slots.value(baselines.make("fixed", operating_point=k).act(slots)).mean() for k in range(slots.points)]
    fixed, solver = resolve(["fixed", "fcrra"])
    assert tune(fixed, slots)["operating_point"] == int(np.argmax(values))
    found = tune(solver, slots)
    few = slots[np.linspace(0, slots.slots - 1, int(found["tuned_on"].split()[0])).round().astype(int)]
    score = {k: few.value(baselines.make("fcrra", operating_point=k).act(few)).mean() for k in range(0, 99, 4)}
    reached = few.value(baselines.make("fcrra", operating_point=found["operating_point"]).act(few)).mean()
    assert reached >= max(score.values()) - 0.01


def test_on_a_grid_tuning_walks_along_the_axes() -> None:
    """Where it stops no point along an axis is better, though neighbours by number lie on other axes."""
    slots = tuning_slots(Scenario("EdgeVision/Video-v0", {"episode_slots": 2}))
    value = np.array([slots.value(_fixed(k).act(slots)).mean() for k in range(slots.points)]).reshape(slots.grid)
    for start in (0, 52, slots.points - 1):
        found = np.unravel_index(_climb(_fixed, slots, start), slots.grid)
        assert value[found] >= value.ravel()[start]
        for axis in range(len(slots.grid)):
            line = [slice(place, place + 1) for place in found]
            line[axis] = slice(None)
            assert value[found] == value[tuple(line)].max()


def _fixed(point: int) -> Policy:
    return baselines.make("fixed", operating_point=point)


def test_policies_for_one_kind_of_profile_are_known_by_name() -> None:
    video = EvaluationConfig("EdgeVision/Video-v0", ["stae-budget", "fixed-budget:frames=4"], 2, settings={"users": 2})
    labels = [result.spec.label for result in evaluate(video, show_progress=False).results]
    assert labels == ["stae-budget", "fixed-budget:frames=4"]
    with pytest.raises(UnknownNameError, match="did you mean 'stae-budget'"):
        resolve(["stae-budgt"])
    with pytest.raises(SlotProblemError, match="EdgeVision/Video-v0"):
        run("full-offload")


def test_tuning_never_sees_the_test_episodes() -> None:
    validation = tuning_slots(Scenario(PAPER, SMALL, "test"))
    same = tuning_slots(Scenario(PAPER, SMALL, "validation"))
    np.testing.assert_array_equal(validation.raw_size, same.raw_size)


def test_tuning_never_sees_the_test_contents(measured_profile: Path) -> None:
    profile = load_profile(str(measured_profile))
    allowed = 8 * profile.raw_size[profile.members("validation")]
    for settings in ({}, {"content_split": "test"}, {"content_split": "all"}):
        scenario = Scenario("EdgeVision/Image-v0", {"profile": str(measured_profile), "episode_slots": 3, **settings})
        assert np.isin(tuning_slots(scenario).raw_size, allowed).all()


def test_tuned_options_are_recorded_and_given_ones_kept() -> None:
    tuned, given = (result.spec for result in run("fixed", "msvra:operating_point=3").results)
    assert "operating_point" in dict(tuned.options)
    assert "validation slots" in dict(tuned.origin)["tuned_on"]
    assert dict(given.options) == {"operating_point": 3}
    assert not given.origin


def test_rows_are_sorted_and_hold_what_was_measured() -> None:
    evaluation = run("fixed:operating_point=90", "fracr-exact", "co-crra")
    rows = summarise(evaluation)
    assert [row.score.estimate for row in rows] == sorted((row.score.estimate for row in rows), reverse=True)
    for row in rows:
        assert row.score.low <= row.score.estimate <= row.score.high
        assert 0 < row.latency_p50_ms <= row.latency_p99_ms
        assert (row.difference is None) == (row.policy == "co-crra")
    assert "fracr-exact" in headline(evaluation, rows) or "co-crra" in headline(evaluation, rows)


@pytest.mark.parametrize(
    ("policies", "error", "message"),
    [
        ([], EvaluationError, "at least one"),
        (["fixed", "fixed"], EvaluationError, "twice"),
        (["co-cra"], UnknownNameError, "did you mean 'co-crra'"),
        (["no/such/folder"], UnknownNameError, "no run folder"),
        (["fixed:operating_point"], EvaluationError, "key=value"),
        (["fixed:operating_point=1.5"], EvaluationError, "whole number"),
        (["fixed:colour=red"], UnknownNameError, "unknown setting of policy 'fixed' 'colour' .known: operating_point"),
        (["co-crra:tolerance=small"], PolicyOptionError, "tolerance must be a number"),
    ],
)
def test_policies_that_do_not_exist_are_refused(policies: list[str], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        run(*policies)


def test_settings_are_checked() -> None:
    with pytest.raises(ScenarioError, match="users"):
        run("fixed", users=0)
    with pytest.raises(UnknownNameError, match="bandwith_mhz"):
        run("fixed", bandwith_mhz=3)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"policies": "fracr"}, "policies must be a list of names or policies, got 'fracr'"),
        ({"policies": None}, "policies must be a list"),
        ({"policies": {"fracr"}}, "policies must be a list"),
        ({"episodes": 2.5}, "episodes.* must be a whole number from 1 to 1000, got 2.5"),
        ({"episodes": "3"}, "got '3'"),
        ({"episodes": True}, "got True"),
        ({"settings": None}, "settings must map names to values, got None"),
        ({"settings": "users"}, "settings must map"),
        ({"split": []}, "split must be one of"),
    ],
    ids=str,
)
def test_what_is_no_configuration_is_refused(changed: dict[str, Any], said: str) -> None:
    config = EvaluationConfig(PAPER, **{"policies": ["fracr"], "episodes": 1, "settings": SMALL, **changed})
    with pytest.raises(EvaluationError, match=said):
        evaluate(config, show_progress=False)


def test_out_is_a_path_or_its_text(tmp_path: Path) -> None:
    config = EvaluationConfig(PAPER, ["fracr"], 1, settings=SMALL)
    evaluate(config, str(tmp_path / "out"), show_progress=False)
    assert any((tmp_path / "out" / "parts").glob("fracr-*.npz"))
    with pytest.raises(EvaluationError, match="out must be the path of a folder, got 3"):
        evaluate(config, 3, show_progress=False)  # type: ignore[arg-type]
    with pytest.raises(EvaluationError, match="processes must be a whole number"):
        evaluate(config, processes=1.5, show_progress=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["num_envs", "self", "id", "autoreset_mode", "kwargs", "vectorization_mode"])
def test_names_of_other_arguments_are_no_settings(name: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown scenario setting '{name}'"):
        Scenario(PAPER, {name: 1}).make(1)


def test_policies_registered_from_outside_are_not_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing tells when their code changes."""
    monkeypatch.setitem(policy_registry._POLICIES._entries, "mine", lambda: EqualShares("mine"))
    ran = count_runs(monkeypatch)
    for _ in range(2):
        run("mine", out=tmp_path)
    assert ran == ["mine-20000", "mine-20000-timed"] * 2


@pytest.mark.parametrize("answer", [None, (1, 2, 3), "allocation"])
def test_what_is_no_allocation_is_refused(answer: object) -> None:
    policy = EqualShares("odd")
    policy.act = lambda problem: answer  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(EvaluationError, match="act must return an Allocation"):
        run(policy)


@pytest.mark.parametrize("policy", [5, None, EqualShares])
def test_what_is_no_policy_is_refused(policy: Any) -> None:
    with pytest.raises(EvaluationError, match="a policy is an object with a name"):
        run(policy)
