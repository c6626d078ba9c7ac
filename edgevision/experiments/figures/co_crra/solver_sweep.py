"""Measure policies over a sweep of budgets for Figs. 4 and 5, scored by the approximation and exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgevision import baselines
from edgevision.arrays import FloatArray
from edgevision.baselines.joint import Joint
from edgevision.envs import SlotProblem
from edgevision.envs.config import SuccessModel
from edgevision.experiments.evaluation.fingerprints import code_fingerprint, versions
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.part_store import PartStore
from edgevision.progress import progress_bar
from edgevision.protocol import Split, episode_seeds
from edgevision.provenance import digest
from edgevision.statistics import Interval, bootstrap_interval

Scores = dict[str, dict[str, list[float]]]

INSTANCES = 64
TUNING_INSTANCES = 24
#: The two ways to score a slot: the approximation exp(-x^2/2) of the paper, and the exact probability.
SCORES: tuple[SuccessModel, ...] = ("chernoff", "exact")
#: Baselines of the paper. The first two use one fixed compression ratio for all users.
BASELINES = ("msvra", "fcrra", "fracr")
FIXED = BASELINES[:2]
RATIOS = tuple(percent / 100 for percent in range(50, 100, 5))
_SOLVED = ("co-crra", "co-crra-exact", "fracr", "fracr-exact")
_SETTINGS = {"traffic": "full-buffer", "episode_slots": 1}


@dataclass(frozen=True)
class Panel:
    """One half of a figure.

    Attributes:
        title: the fixed budget in words.
        settings: the fixed budget as a setting of the scenario.
        peak: largest mean success probability of Co-CRRA that the text states.
        gain: mean gain over the three baselines that the text states.
        gain_words: wording of that gain in the text.
        gain_range: smallest and largest gain that the text states; ``None`` if it states none.
    """

    title: str
    settings: Mapping[str, float]
    peak: float
    gain: float
    gain_words: str
    gain_range: tuple[float, float] | None = None


@dataclass(frozen=True)
class Sweep:
    """A figure: a setting that is varied, and its panels.

    Attributes:
        figure: name of the figure in the registry.
        setting: name of the varied setting.
        label: label of the varied setting on an axis.
        values: values of the varied setting, (S,).
        panels: the panels, which differ in the fixed budget.
    """

    figure: str
    setting: str
    label: str
    values: tuple[float, ...]
    panels: tuple[Panel, ...]


@dataclass(frozen=True, eq=False)
class Curves:
    """Scores in one panel.

    Attributes:
        panel: the panel.
        values: mean Phi of each instance, (S, N), by score and policy. All settings and policies share the instances.
        tuned: by baseline of ``FIXED``, the ratio of ``RATIOS`` with the best validation mean over the sweep.
    """

    panel: Panel
    values: Mapping[SuccessModel, Mapping[str, FloatArray]]
    tuned: Mapping[str, float]

    def baselines(self, ratio: float | None) -> FloatArray:
        """Approximate scores of ``BASELINES``, (3, S, N), at a compression ratio; ``None`` for the tuned ratios."""
        labels = [fixed_label(name, ratio or self.tuned[name]) for name in FIXED]
        return np.stack([self.values["chernoff"][label] for label in (*labels, *BASELINES[len(FIXED) :])])

    def gains(self, ratio: float | None) -> FloatArray:
        """Mean of Co-CRRA divided by the mean of each baseline, minus 1, as in the paper, (3, S)."""
        ours = self.values["chernoff"]["co-crra"].mean(axis=-1)
        return _ratio(ours, self.baselines(ratio).mean(axis=-1)) - 1

    def mean_gain(self, ratio: float | None, resamples: int) -> Interval:
        """Mean of ``gains`` over baselines and sweep, with interval; paired by instance, infinite if one is 0."""
        ours, theirs = self.values["chernoff"]["co-crra"], self.baselines(ratio)

        def gain(drawn: FloatArray) -> FloatArray:
            chosen = drawn.astype(np.int64)
            ratio = _ratio(ours[:, chosen].mean(axis=-1), theirs[:, :, chosen].mean(axis=-1))
            return np.asarray((ratio - 1).mean(axis=(0, 1)))

        with np.errstate(invalid="ignore"):  # between two infinite resamples a quantile is NaN
            found = bootstrap_interval(np.arange(ours.shape[1]), gain, resamples=resamples)
        return Interval(*(np.inf if np.isnan(end) else end for end in vars(found).values()))


def _ratio(ours: FloatArray, theirs: FloatArray) -> FloatArray:
    """``ours`` divided by ``theirs``; infinite where ``theirs`` is zero."""
    shape = np.broadcast_shapes(ours.shape, theirs.shape)
    return np.divide(ours, theirs, out=np.full(shape, np.inf), where=theirs > 0)


def fixed_label(name: str, ratio: float) -> str:
    """The label of a baseline with a fixed compression ratio."""
    return f"{name}, o = {ratio:.2f}"


def origin(file: str) -> dict[str, Any]:
    """What measured values depend on besides settings: versions, and the code of policies, scores and measurement."""
    sources = [Path(source).read_text(encoding="utf-8") for source in (__file__, file)]
    return {"versions": versions(), "code": code_fingerprint(), "measured_by": digest(sources)}


def draw_slots(
    settings: Mapping[str, Any], split: Split, slots: int, env_id: str = "EdgeVision/Paper-v0"
) -> SlotProblem:
    """Independent slots in which every user has a request. Users and requests do not depend on the budgets."""
    env = Scenario(env_id, {**_SETTINGS, **settings}, split).make(slots)
    env.reset(seed=list(episode_seeds(split, slots)))
    return env.problem


def measure(sweep: Sweep, folder: Path) -> list[Curves]:
    """Run every policy on every instance; uses finished parts in ``folder`` again."""
    store = PartStore(folder)
    points = [{**panel.settings, sweep.setting: value} for panel in sweep.panels for value in sweep.values]
    with progress_bar(f"{sweep.figure} (settings)", len(points)) as advance:
        measured = []
        for settings in points:
            measured.append(_measure_point(sweep.figure, settings, store))
            advance(1)
    S = len(sweep.values)
    return [_curves(panel, measured[i * S : (i + 1) * S]) for i, panel in enumerate(sweep.panels)]


def _measure_point(figure: str, settings: Mapping[str, float], store: PartStore) -> dict[str, Scores]:
    """Scores of all policies on the test instances, and of the fixed ratios on the validation instances."""
    description = {
        "settings": dict(settings),
        "instances": [INSTANCES, TUNING_INSTANCES],
        "ratios": RATIOS,
        "policies": [*FIXED, *_SOLVED, "joint", "upper bound"],
        "origin": origin(__file__),
    }
    label = "-".join([figure, *(f"{name}-{value:g}" for name, value in settings.items())])
    found = store.load(label, description)
    if found is None:
        problem = draw_slots(settings, "test", INSTANCES)
        test = _fixed_scores(problem)
        for model, others in _other_scores(problem).items():
            test[model] |= others
        found = {"test": test, "validation": _fixed_scores(draw_slots(settings, "validation", TUNING_INSTANCES))}
        store.save(label, description, found)
    return found


def _fixed_scores(problem: SlotProblem) -> Scores:
    scores: Scores = {model: {} for model in SCORES}
    for name in FIXED:
        for ratio in RATIOS:
            point = int(np.abs(1 - problem.size_fraction[0, 0] - ratio).argmin())
            allocation = baselines.make(name, operating_point=point).act(problem)
            for model in SCORES:
                scores[model][fixed_label(name, ratio)] = problem.value(allocation, model).tolist()
    return scores


def _other_scores(problem: SlotProblem) -> Scores:
    """Scores of the policies that choose compression. ``joint`` and the bound are computed for each way to score."""
    allocations = {name: baselines.make(name).act(problem) for name in _SOLVED}
    scores: Scores = {}
    for model in SCORES:
        solution = Joint(model).solve(problem)
        scores[model] = {name: problem.value(allocation, model).tolist() for name, allocation in allocations.items()}
        scores[model] |= {"joint": solution.value.tolist(), "upper bound": solution.bound.tolist()}
    return scores


def _curves(panel: Panel, measured: Sequence[Mapping[str, Scores]]) -> Curves:
    labels = {model: measured[0]["test"][model] for model in SCORES}
    values = {
        model: {label: np.array([point["test"][model][label] for point in measured]) for label in labels[model]}
        for model in SCORES
    }

    def validation(name: str, ratio: float) -> float:
        label = fixed_label(name, ratio)
        return float(np.mean([point["validation"]["chernoff"][label] for point in measured]))

    tuned = {name: max(RATIOS, key=lambda ratio: validation(name, ratio)) for name in FIXED}
    return Curves(panel, values, tuned)
