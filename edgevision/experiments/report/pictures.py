"""Make the plots of a report, with their captions."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import gymnasium
from matplotlib.image import imsave

from edgevision.envs import OffloadingEnv
from edgevision.envs.policy import show_future
from edgevision.experiments.evaluation.evaluate import Evaluation
from edgevision.experiments.evaluation.summary import SummaryRow, reference_of
from edgevision.experiments.report import report_plots as plots
from edgevision.experiments.report.behaviour import plot_behaviour
from edgevision.experiments.report.report_page import Picture

_SHOWN_SLOT = 3  # the slot of the picture of the environment


@dataclass(frozen=True)
class LearningCurve:
    """Validation scores of an agent during its training.

    Attributes:
        label: name of the agent.
        steps: environment steps before each evaluation.
        scores: mean reward per slot on the validation episodes.
        references: scores of other policies on the same episodes, by name.
        note: how the agent was trained, in words.
    """

    label: str
    steps: Sequence[float]
    scores: Sequence[float]
    references: Mapping[str, float]
    note: str


def make_pictures(evaluation: Evaluation, rows: Sequence[SummaryRow], curve: LearningCurve | None) -> list[Picture]:
    """Every picture of the report, in the page's order."""
    profile = gymnasium.make(evaluation.env_id, **evaluation.scenario).unwrapped.simulator.profile  # type: ignore[attr-defined]
    ranked = {result.spec.label: result for result in evaluation.results}
    pictures = [Picture("scores", "Scores", "Further right is better.", plots.plot_scores(rows))]
    if any(row.difference for row in rows):
        caption = (
            "Paired by episode, so that luck that all policies share cancels. Intervals that do not touch the dashed "
            "line are significant differences."
        )
        pictures.append(
            Picture("differences", "Differences", caption, plots.plot_differences(rows, reference_of(evaluation)))
        )
    caption = "Up and to the left is better. No policy beats those on the dashed line in both score and time."
    pictures.append(Picture("latency", "Score against decision time", caption, plots.plot_latency(rows)))
    if curve is not None:
        caption = f"All on the same validation episodes; neither training nor test uses their contents. {curve.note}"
        png = plots.plot_learning_curve(curve.label, curve.steps, curve.scores, curve.references)
        pictures.append(Picture("learning", "Learning curve", caption, png))
    caption = "Operating points, and which users get bandwidth and power. Blank: never chosen, or too few decisions."
    png = plot_behaviour([ranked[row.policy] for row in rows], profile)
    pictures.append(Picture("behaviour", "What the policies do", caption, png))
    caption = f"Slot {_SHOWN_SLOT} of the first episode under {rows[0].policy}."
    pictures.append(Picture("environment", "The environment", caption, _environment_png(evaluation, rows[0].policy)))
    return pictures


def _environment_png(evaluation: Evaluation, policy: str) -> bytes:
    made = gymnasium.make(evaluation.env_id, render_mode="rgb_array", **evaluation.scenario)
    env = made.unwrapped
    assert isinstance(env, OffloadingEnv)  # noqa: S101 - for the type checker
    spec = next(result.spec for result in evaluation.results if result.spec.label == policy)
    actor = spec.build()
    env.reset(seed=evaluation.seeds[0])
    show_future(actor, env.simulator)
    over = False
    for _ in range(_SHOWN_SLOT):
        if not over:
            over = env.allocate(actor.act(env.problem))[3]
    buffer = io.BytesIO()
    imsave(buffer, env.render(), format="png")
    made.close()
    return buffer.getvalue()
