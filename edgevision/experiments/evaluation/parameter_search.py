"""Tune the parameters of policies for sequential environments, by whole episodes of the validation seeds.

A policy with a class attribute ``search`` names its parameters and the values to try, in order. The search is
coordinate ascent: it moves one parameter to a neighbouring value as long as the score rises, and ends when no move
improves it. It starts from the policy's defaults, and is the same in every run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgevision import baselines
from edgevision.envs.policy import show_future
from edgevision.envs.simulation.episodes import play, start
from edgevision.experiments.evaluation.policy_spec import PolicySpec
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.protocol import SEEDS

#: Number of validation episodes that a setting is scored on.
SEARCH_EPISODES = 64


def open_parameters(spec: PolicySpec) -> dict[str, Sequence[float]]:
    """The values to try of each parameter that the options of the policy do not give; empty if there is none."""
    if not isinstance(spec.source, str):
        return {}
    search: Mapping[str, Sequence[float]] = getattr(spec.build(), "search", {})
    return {name: values for name, values in search.items() if name not in dict(spec.options)}


def search_parameters(spec: PolicySpec, scenario: Scenario) -> dict[str, Any]:
    """The best parameters of a policy on the validation episodes, and how they were found (``tuned_on``)."""
    values = open_parameters(spec)
    fixed, policy = dict(spec.options), spec.build()
    # Never tune on contents of the test split, even if ``content_split`` is set for the evaluation.
    settings = {name: value for name, value in scenario.settings.items() if name != "content_split"}
    seeds = SEEDS["validation"][:SEARCH_EPISODES]
    simulator = Scenario(scenario.env_id, settings, "validation").make(len(seeds)).simulator
    scores: dict[tuple[int, ...], float] = {}

    def score(place: tuple[int, ...]) -> float:
        if place not in scores:
            chosen = {name: values[name][i] for name, i in zip(values, place, strict=True)}
            candidate = baselines.make(str(spec.source), **fixed, **chosen)
            start(simulator, seeds)
            show_future(candidate, simulator)
            reward = offered = 0.0
            for slot in play(simulator, lambda problem, _: candidate.act(problem), seeds):
                reward += float(slot.outcome.reward.sum())
                offered += float(slot.outcome.offered.sum())
            scores[place] = reward / max(offered, 1e-12)
        return scores[place]

    begin = (int(np.argmin(np.abs(np.subtract(tried, getattr(policy, name))))) for name, tried in values.items())
    best = _ascend(score, tuple(begin), [len(tried) for tried in values.values()])
    found = {name: values[name][i] for name, i in zip(values, best, strict=True)}
    return {**found, "tuned_on": f"{len(seeds)} validation episodes, {len(scores)} settings"}


def _ascend(score: Any, place: tuple[int, ...], sizes: Sequence[int]) -> tuple[int, ...]:
    """Move along one axis at a time to the better neighbour, until no neighbour is better."""
    while True:
        before = place
        for axis in range(len(sizes)):
            for step in (1, -1):
                while 0 <= place[axis] + step < sizes[axis]:
                    moved = (*place[:axis], place[axis] + step, *place[axis + 1 :])
                    if score(moved) <= score(place):
                        break
                    place = moved
        if place == before:
            return place
