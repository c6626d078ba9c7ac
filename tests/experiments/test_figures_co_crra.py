"""Figs. 4 and 5 and the distance to the bound, on a few instances."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="needs the extra 'report'")
pytest.importorskip("clarabel", reason="needs the extra 'convex'")

from edgevision import baselines
from edgevision.baselines.joint import Joint
from edgevision.errors import MissingExtraError
from edgevision.experiments.figures import Request, reproduce
from edgevision.experiments.figures.co_crra import fig4, fig5, gap, solver_sweep
from edgevision.experiments.figures.co_crra.solver_sweep import BASELINES, SCORES, Curves, Panel, draw_slots

PANEL = Panel("made up", {}, peak=0.9, gain=0.3, gain_words="30 %")


@pytest.fixture(autouse=True)
def _few_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver_sweep, "INSTANCES", 4)
    monkeypatch.setattr(solver_sweep, "TUNING_INSTANCES", 2)
    monkeypatch.setattr(gap, "INSTANCES", 3)
    monkeypatch.setattr(gap, "STARTS", 3)
    monkeypatch.setattr(gap, "SETTINGS", gap.SETTINGS[1:2])
    for figure in (fig4, fig5):
        sweep = figure._SWEEP
        ends = (sweep.values[0], sweep.values[-1])
        monkeypatch.setattr(figure, "_SWEEP", dataclasses.replace(sweep, values=ends))


def make(name: str, out: Path) -> dict[str, Any]:
    list(reproduce([name], Request(out, resamples=100)))
    record: dict[str, Any] = json.loads((out / f"{name}.json").read_text())
    return record


def rows_of(record: dict[str, Any]) -> str:
    return "\n".join(" | ".join(row) for row in record["tables"][0]["rows"])


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("fig4", ["about 87 %", "about 91 %", "| 25.1 %", "| 32.1 %", "converges"]),
        (
            "fig5",
            ["about 88.5 %", "about 92 %", "13.5 to 61.7 %", "16.8 to 57.7 %", "about 32 %", "80 to 90 %", "| power |"],
        ),
    ],
)
def test_a_sweep_stands_beside_the_published_numbers(name: str, published: list[str], tmp_path: Path) -> None:
    record = make(name, tmp_path)
    assert all(number in rows_of(record) for number in published)
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert record["heading"] in (tmp_path / "index.html").read_text()
    for panel in record["numbers"]["measured"]:
        for model in SCORES:
            means = panel["mean_phi"][model]
            bound = np.array(means["upper bound"]["low"])
            for policy in ("co-crra", "co-crra-exact", "fracr", "fracr-exact", "joint"):
                assert (np.array(means[policy]["mean"]) < 1).all()
                assert (np.array(means[policy]["low"]) <= np.array(means[policy]["high"])).all()
                assert (np.array(means[policy]["low"]) <= bound + 1e-9).all()
            assert means["co-crra"]["mean"][1] > means["co-crra"]["mean"][0]  # more of either budget helps


def test_values_are_those_of_the_policies_on_the_test_seeds(tmp_path: Path) -> None:
    measured = make("fig5", tmp_path)["numbers"]["measured"][1]["mean_phi"]
    problem = draw_slots({"power_mw": 10.0, "bandwidth_mhz": 30.0}, "test", 4)
    assert problem.active.all()
    np.testing.assert_allclose(problem.min_power, 0.01 / 12)  # min(10 mW, P_max / 2U)
    allocation = baselines.make("co-crra").act(problem)
    for model in SCORES:
        assert measured[model]["co-crra"]["mean"][1] == pytest.approx(problem.value(allocation, model).mean())
        assert measured[model]["joint"]["mean"][1] == pytest.approx(Joint(model).solve(problem).value.mean())
    fixed = baselines.make("fcrra", operating_point=64).act(problem)  # o = 0.65
    assert measured["exact"]["fcrra, o = 0.65"]["mean"][1] == pytest.approx(problem.value(fixed, "exact").mean())


def test_requests_are_the_same_whatever_the_budgets() -> None:
    first, second = (draw_slots({"power_mw": power}, "test", 3) for power in (2.0, 1000.0))
    np.testing.assert_array_equal(first.raw_size, second.raw_size)
    np.testing.assert_array_equal(first.deadline, second.deadline)
    assert (draw_slots({}, "validation", 3).raw_size != first.raw_size).all()


def curves(**means: float) -> Curves:
    """Constant scores: 2 settings, 5 instances."""
    tables = {label.replace("_", ", o = 0."): np.full((2, 5), value) for label, value in means.items()}
    return Curves(PANEL, {"chernoff": tables, "exact": tables}, {"msvra": 0.5, "fcrra": 0.6})


def test_gains_are_counted_the_papers_way() -> None:
    """Co-CRRA's mean over each baseline's, less 1, averaged over the three baselines."""
    made = curves(**{"co-crra": 0.9, "fracr": 0.9, "msvra_50": 0.6, "fcrra_60": 0.75, "fcrra_50": 0.45})
    np.testing.assert_allclose(made.gains(None), [[0.5] * 2, [0.2] * 2, [0.0] * 2])
    found = made.mean_gain(None, resamples=100)
    np.testing.assert_allclose([found.estimate, found.low, found.high], 0.7 / 3)
    assert made.mean_gain(0.5, resamples=100).estimate == pytest.approx(0.5)
    assert made.baselines(None).shape == (len(BASELINES), 2, 5)


def test_the_interval_of_a_gain_is_paired_by_instance() -> None:
    """A factor between two policies that is the same on hard and easy instances is known exactly."""
    hard = np.linspace(0.1, 1.0, 5) * np.ones((2, 1))
    tables = {"co-crra": hard, "fracr": hard / 2, "msvra, o = 0.50": hard / 2, "fcrra, o = 0.60": hard / 2}
    found = Curves(PANEL, {"chernoff": tables}, {"msvra": 0.5, "fcrra": 0.6}).mean_gain(None, resamples=100)
    np.testing.assert_allclose([found.low, found.high], 1.0)


def test_a_gain_over_nothing_is_infinite() -> None:
    found = curves(**{"co-crra": 0.9, "fracr": 0.9, "msvra_50": 0.0, "fcrra_60": 0.75}).mean_gain(None, resamples=100)
    assert found.estimate == found.low == found.high == np.inf


def test_fixed_compression_is_tuned_on_validation_instances() -> None:
    def point(good: str) -> dict[str, dict[str, dict[str, list[float]]]]:
        labels = [solver_sweep.fixed_label(name, ratio) for name in BASELINES[:2] for ratio in solver_sweep.RATIOS]
        scores = {label: [0.9 if good in label else 0.1] for label in labels}
        test = {model: {label: [0.5] for label in labels} for model in SCORES}
        return {"test": test, "validation": {"chernoff": scores}}

    assert solver_sweep._curves(PANEL, [point("0.75"), point("0.75"), point("0.60")]).tuned == {
        "msvra": 0.75,
        "fcrra": 0.75,
    }


def test_finished_parts_are_used_again_and_others_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make("fig4", tmp_path)

    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("measured again")

    monkeypatch.setattr(baselines, "make", refuse)
    assert make("fig4", tmp_path)["numbers"] == first["numbers"]
    monkeypatch.setattr(solver_sweep, "INSTANCES", 5)
    with pytest.raises(AssertionError, match="measured again"):
        make("fig4", tmp_path)


@pytest.mark.parametrize("model", SCORES)
def test_the_bound_lies_above_what_is_found_and_near_it(model: Any) -> None:
    problem = draw_slots({"power_mw": 1000.0, "bandwidth_mhz": 15.0}, "test", 12)
    solution = Joint(model).solve(problem)
    assert solution.gap.max() < 0.01
    policies = ["co-crra", "fracr", "random"] if model == "chernoff" else ["co-crra-exact", "fracr-exact", "random"]
    for allocation in (solution.allocation, *(baselines.make(name).act(problem) for name in policies)):
        assert (problem.value(allocation, model) <= solution.bound).all()


def test_the_parts_of_the_distance_add_up(tmp_path: Path) -> None:
    record = make("gap", tmp_path)
    (measured,) = record["numbers"]["measured"]
    parts = {name: interval["estimate"] for name, interval in measured["parts"].items()}
    total = parts.pop("sum")
    assert list(parts) == list(gap.PARTS)
    assert sum(parts.values()) == pytest.approx(total)
    assert total == pytest.approx(measured["mean_phi"]["upper bound"] - measured["mean_phi"]["co-crra"])
    assert all(word in record["lead"] for word in ("approximation", "starting point", "alternating"))
    assert (tmp_path / "gap.png").read_bytes().startswith(b"\x89PNG")


def test_stages_rise_towards_the_bound() -> None:
    problem = draw_slots({"power_mw": 2.0, "bandwidth_mhz": 15.0, "users": 3}, "test", 4)
    values = gap.stage_values(problem, starts=3)
    assert (values["its compression chosen exactly"] >= values["co-crra"]).all()
    assert (values["best of starts"] >= values["co-crra-exact"]).all()
    assert (values["best known"] >= np.maximum(values["best of starts"], values["joint"])).all()
    assert (values["upper bound"] >= values["best known"]).all()
    assert (gap.stage_values(problem, starts=1)["best of starts"] == values["co-crra-exact"]).all()


@pytest.mark.parametrize("name", ["fig4", "fig5", "gap"])
def test_a_missing_solver_is_named_before_anything_is_made(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "clarabel", None)
    with pytest.raises(MissingExtraError, match=r"edgevision-gym\[convex\]"):
        make(name, tmp_path / "out")
    assert not (tmp_path / "out").exists()
