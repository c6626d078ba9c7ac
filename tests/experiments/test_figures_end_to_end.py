"""Figs. 10 and 11 on a few slots, beside numbers that are computed by hand."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="needs the extra 'report'")
pytest.importorskip("torch", reason="needs the extra 'codecs'")
pytest.importorskip("clarabel", reason="needs the extra 'convex'")

from edgevision import baselines
from edgevision.arrays import BoolArray, FloatArray
from edgevision.envs import Allocation, SlotProblem, equal_shares
from edgevision.errors import ReproductionError
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.experiments.figures import Request, reproduce
from edgevision.experiments.figures.co_crra.solver_sweep import SCORES, draw_slots
from edgevision.experiments.figures.end_to_end import fig10, fig11, utility_sweep
from edgevision.experiments.figures.end_to_end.utility_energy import energy_table
from edgevision.experiments.figures.end_to_end.utility_gains import mean_ratio, utility_gain
from edgevision.experiments.figures.end_to_end.utility_lines import BASELINE, OURS
from edgevision.experiments.figures.end_to_end.utility_sweep import PAPERS_COUNT, USERS, Decided, needed_time, relative
from edgevision.experiments.figures.spat_imco.profile_pairs import Pair, find_pairs
from edgevision.profiles import OperatingPointProfile, load_profile, save_profile
from edgevision.profiles import profile as profiles
from edgevision.protocol import episode_seeds

EPISODES = 3
CODECS = ("image-lite1-uniform", "image-lite1-spat-imco")


@pytest.fixture(scope="module", autouse=True)
def _few_slots() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utility_sweep, "EPISODES", EPISODES)
        patch.setattr(fig10, "SWEEPS", tuple(dataclasses.replace(s, values=s.values[:1]) for s in fig10.SWEEPS))
        patch.setattr(fig10, "VARIANTS", dict([*fig10.VARIANTS.items()][::4]))
        yield


def make(name: str, out: Path, **settings: Any) -> dict[str, Any]:
    list(reproduce([name], Request(out, **({"resamples": 100} | settings))))
    record: dict[str, Any] = json.loads((out / f"{name}.json").read_text())
    return record


def rows_of(table: dict[str, Any]) -> str:
    return "\n".join(" | ".join(row) for row in table["rows"])


@pytest.fixture(scope="module")
def lite1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the profiles of Lite1, and one of a codec of its own."""
    folder = tmp_path_factory.mktemp("profiles")
    for name in CODECS:
        for suffix in (".npz", ".json"):
            shutil.copy(profiles._SHIPPED / f"{name}{suffix}", folder)
    found = load_profile(CODECS[0])
    half = dataclasses.replace(found, name="half", size=found.size / 2, metadata={"model": found.metadata["model"]})
    save_profile(half, folder)
    return folder


@pytest.fixture(scope="module")
def out(lite1: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the figure was made."""
    folder = tmp_path_factory.mktemp("out")
    make("fig10", folder, profiles=lite1, policies=("random",))
    return folder


def test_fig10_stands_beside_the_published_numbers(out: Path) -> None:
    record = json.loads((out / "fig10.json").read_text())
    claims, gains, parts, variants, energy, *_ = record["tables"]
    assert all(number in rows_of(claims) for number in ("+7.1 %", "+14.7 %"))
    assert "0.887" in rows_of(energy)
    assert record["heading"] in (out / "index.html").read_text()
    assert (out / "fig10.png").read_bytes().startswith(b"\x89PNG")
    labels = {row[0] for row in parts["rows"]}
    assert {OURS, BASELINE, "SpaT-IMCO + joint-content", "SpaT-IMCO + random", "half + joint"} <= labels
    assert {row[0] for row in gains["rows"]} == labels - {BASELINE}
    assert variants["rows"][-1][-1].startswith("0.000")  # the map alone takes longer than any deadline
    for panel in record["numbers"]["utility"]:
        for model in SCORES:
            for mean, low, high in (ends for table in panel["mean_low_high"][model].values() for ends in table):
                assert 0 <= low <= mean <= high <= 1


def test_utilities_are_those_of_the_policies_on_the_test_seeds(out: Path, tmp_path: Path) -> None:
    record = json.loads((out / "fig10.json").read_text())
    copy, path = relative(load_profile(CODECS[1]), tmp_path)
    settings = {"users": USERS, "traffic": "full-buffer", "accuracy": "replay", "episode_slots": 1}
    budgets = {"power_mw": 1000.0, "bandwidth_mhz": 15.0}
    scenario = Scenario("EdgeVision/Paper-v0", {**settings, **PAPERS_COUNT, **budgets, "profile": str(path)})
    env = scenario.make(EPISODES)
    env.reset(seed=list(episode_seeds("test", EPISODES)))
    problem, content = env.problem, env.simulator.content
    assert (problem.raw_size >= 80e6).all()
    assert (problem.raw_size <= 160e6).all()
    allocation = baselines.make("co-crra").act(problem)
    assert copy.correct is not None
    right = copy.correct[content, allocation.operating_point]
    for model in SCORES:
        utility = right * (0.5 * problem.success_probability(allocation, model) + 0.5)
        (measured,) = record["numbers"]["utility"][0]["mean_low_high"][model][OURS]
        assert measured[0] == pytest.approx(utility.mean())


def decided(success: float, energy: float = 1.0, seeds: int = 1) -> Decided:
    """Four episodes of two users with the contents 0 to 3."""
    content = np.array([[0, 1], [2, 3], [1, 0], [3, 3]])
    shape = (seeds, *content.shape)
    return Decided(
        content=content,
        success=dict.fromkeys(SCORES, np.full(shape, success)),
        correct=np.ones(shape),
        computing=np.full(shape, energy),
        radiated=np.full(shape, energy),
        radiated_while_needed=np.full(shape, energy),
    )


@pytest.mark.parametrize("seeds", [1, 3])
def test_utility_weighs_success_and_accuracy_alike(seeds: int) -> None:
    found = decided(0.5, seeds=seeds)
    np.testing.assert_allclose(found.utility("exact").sum(axis=2), 0.75)
    np.testing.assert_allclose(found.utility("exact", alpha=1.0).sum(axis=2), 0.5)
    by_content = found.by_content(found.utility("exact"), 5)
    np.testing.assert_allclose(by_content.sum(axis=2), 0.75)
    np.testing.assert_allclose(by_content[:, 3], [[0, 0, 0, 0.75, 0]] * seeds)
    np.testing.assert_allclose(found.weight(5)[0], [0.5, 0.5, 0, 0, 0])


def test_gains_are_paired_and_averaged_over_the_settings() -> None:
    settings = [{"a": decided(1.0), "b": decided(0.5)}, {"a": decided(0.5), "b": decided(0.5)}]
    gain = utility_gain(settings, ("a", "b"), "exact", contents=4, resamples=50)
    np.testing.assert_allclose([gain.estimate, gain.low, gain.high], (1 / 0.75 - 1) / 2)


def test_energy_is_compared_with_what_the_conclusion_says() -> None:
    settings = [{"a": decided(1.0, energy=3.0), "b": decided(1.0, energy=2.0)}]
    table = energy_table(["panel"], [settings], ("a", "b"), contents=4, resamples=50)
    for row in table.rows:
        assert row[-1] == "1.500 [1.500, 1.500]"
    both = [row for row in table.rows if row[2]]
    assert {row[2:5] for row in both} == {("0.887", "6000", "4000")}
    ratio = mean_ratio(settings, ("b", "b"), lambda found: found.computing, 4, 50)
    assert ratio.low == ratio.high == 1


def full(problem: SlotProblem) -> Allocation:
    return Allocation(np.full(problem.active.shape, problem.points - 1), *equal_shares(problem))


def test_the_time_until_a_payload_has_arrived_follows_the_fading() -> None:
    problem = draw_slots({"power_mw": 2.0, "bandwidth_mhz": 15.0}, "test", 4)
    allocation = full(problem)
    airtime = problem.at(allocation, problem.airtime)
    needed = needed_time(problem, allocation)
    assert (needed > 0).all()
    assert (needed < airtime).all()
    gain = np.abs(np.random.default_rng(0).standard_normal(20_000)) * problem.gain_scale[0, 0]
    b, p = allocation.bandwidth[0, 0], allocation.power[0, 0]
    rate = b * np.log2(1 + gain * p / (b * problem.noise_density[0]))
    drawn = np.minimum(problem.at(allocation, problem.payload)[0, 0] / rate, airtime[0, 0]).mean()
    assert needed[0, 0] == pytest.approx(drawn, rel=0.02)
    larger = dataclasses.replace(problem, raw_size=1e6 * problem.raw_size)
    np.testing.assert_allclose(needed_time(larger, allocation), airtime)


def test_agents_are_lines_too_and_finished_settings_are_used_again(
    out: Path, lite1: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("stable_baselines3", reason="needs the extra 'agents'")
    from edgevision.agents import TrainConfig, train

    settings = {"users": 2, "episode_slots": 2, "profile": CODECS[1]}
    small = {"n_envs": 8, "n_steps": 4, "batch_size": 16, "n_epochs": 1, "width": 8}
    run = tmp_path / "run"
    train(TrainConfig("EdgeVision/Image-v0", run, "ppo", 64, settings=settings, hyperparameters=small))
    before = json.loads((out / "fig10.json").read_text())["numbers"]["utility"][0]["mean_low_high"]["exact"]
    measure, measured = utility_sweep._measure, []

    def watched(line: utility_sweep.Line, settings: dict[str, Any]) -> Any:
        measured.append(line.label)
        return measure(line, settings)

    monkeypatch.setattr(utility_sweep, "_measure", watched)
    shutil.copytree(out, tmp_path / "out")
    record = make("fig10", tmp_path / "out", profiles=lite1, policies=("random", str(run)))
    after = record["numbers"]["utility"][0]["mean_low_high"]["exact"]
    assert set(measured) == {f"SpaT-IMCO + {run}"}
    assert {label: after[label] for label in before} == before
    assert set(after) - set(before) == set(measured)


def test_another_classifier_is_refused(tmp_path: Path) -> None:
    for name in ("image-lite0-uniform", "image-lite0-spat-imco"):
        for suffix in (".npz", ".json"):
            shutil.copy(profiles._SHIPPED / f"{name}{suffix}", tmp_path)
    with pytest.raises(ReproductionError, match=r"Fig\. 10 needs profiles of EfficientNet-B1"):
        make("fig10", tmp_path / "out", profiles=tmp_path)


def test_fig11_stands_beside_what_the_text_says(tmp_path: Path) -> None:
    record = make("fig11", tmp_path)
    claims = rows_of(record["tables"][0])
    assert all(words in claims for words in ("almost comparable", "68 to 73 ms", "a little higher"))
    assert (tmp_path / "fig11.png").read_bytes().startswith(b"\x89PNG")
    assert len(record["numbers"]["measured"]) == 3


def test_delays_are_times_of_the_device_bytes_over_the_rate_and_times_of_the_edge() -> None:
    pair = next(pair for pair in find_pairs(None) if pair.model == "tf_efficientnet_lite1")
    found = fig11.delays(pair, resamples=100)
    assert found.mu.min() == 1
    assert found.mu.max() == 10
    for codec, profile in (("SpaT-IMCO", pair.spatial), ("Unified-IMCO", pair.uniform)):
        at = [profile.parameter.tolist().index(mu) for mu in found.mu]
        parts = found.parts[codec]
        np.testing.assert_allclose(parts["local"], 6e3 * profile.device_time[at])
        np.testing.assert_allclose(parts["transmission"], profile.size[:, at].mean(axis=0) * 8 / 15e3)
        np.testing.assert_allclose(parts["edge"], 1e3 * profile.edge_time[at])
        np.testing.assert_allclose(found.total(codec), sum(parts.values()))
        mean, low, high = found.ends[codec]
        assert (low <= mean).all()
        assert (mean <= high).all()


def test_the_break_even_rate_is_bits_saved_over_the_time_that_they_cost() -> None:
    """A codec with half the bytes, right on the same pictures, that takes a second more on the device."""
    uniform = load_profile(CODECS[0])
    half = dataclasses.replace(
        uniform, name="half", size=uniform.size / 2, device_time=uniform.device_time + 1, metadata={}
    )
    found = fig11.delays(Pair("made-up", uniform, half), resamples=100)
    saved = 4 * uniform.size.mean(axis=0)[[uniform.parameter.tolist().index(mu) for mu in found.mu]]  # bits
    efficient = _efficient(uniform, found.mu)
    assert efficient.sum() > 5
    np.testing.assert_allclose(found.break_even[0, efficient], saved[efficient] * 1e-6 / 6)
    slower = dataclasses.replace(half, size=2 * uniform.size)
    assert (fig11.delays(Pair("made-up", uniform, slower), 100).break_even[:, efficient] == 0).all()


def test_a_codec_that_is_smaller_and_faster_breaks_even_at_any_rate() -> None:
    uniform = load_profile(CODECS[0])
    better = dataclasses.replace(
        uniform, name="better", size=uniform.size / 2, device_time=uniform.device_time / 2, metadata={}
    )
    found = fig11.delays(Pair("made-up", uniform, better), resamples=100)
    assert (found.break_even[:, _efficient(uniform, found.mu)] == np.inf).all()
    larger = dataclasses.replace(better, size=2 * uniform.size)
    assert np.isnan(fig11.delays(Pair("made-up", uniform, larger), 100).break_even).all()


def test_an_accuracy_that_a_codec_never_reaches_has_no_break_even_rate() -> None:
    uniform = load_profile(CODECS[0])
    wrong = dataclasses.replace(uniform, name="wrong", correct=np.zeros_like(uniform.correct), metadata={})
    assert np.isnan(fig11.delays(Pair("made-up", uniform, wrong), 100).break_even).all()


def _efficient(profile: OperatingPointProfile, mu: FloatArray) -> BoolArray:
    """Which levels no other one beats in bytes at their accuracy."""
    assert profile.correct is not None
    size, accuracy = profile.size.mean(axis=0), profile.correct.mean(axis=0)
    at = [profile.parameter.tolist().index(level) for level in mu]
    return np.array([accuracy[k] > accuracy[size < size[k]].max(initial=-1.0) for k in at])
