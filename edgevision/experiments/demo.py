"""The demonstrations: train an agent, compare it with every classical policy on unseen contents, and write a report.

A stopped run continues: it uses finished parts again, and training resumes from its last checkpoint.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from edgevision import agents
from edgevision.agents import TrainConfig, TrainingSummary, load_hyperparameters
from edgevision.agents.hyperparameters import Algorithm
from edgevision.baselines import episode_bound
from edgevision.envs import DynamicSimulator
from edgevision.envs.simulation.episodes import start
from edgevision.errors import EvaluationError, unknown_name
from edgevision.experiments.evaluation import fingerprints as provenance
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, evaluate
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.experiments.report.files import write_report
from edgevision.experiments.report.pictures import LearningCurve
from edgevision.experiments.report.table import print_table
from edgevision.imports import require
from edgevision.protocol import episode_seeds
from edgevision.provenance import digest

#: Episodes of each evaluation during training.
VALIDATION_EPISODES = 64


@dataclass(frozen=True)
class Demonstration:
    """What a demonstration shows.

    Attributes:
        env_id: the environment.
        references: classical policies that are drawn beside the learning curve of the agent.
        algorithm: how the agent is trained.
        steps: environment steps that keep it short; ``None`` takes the number in the hyperparameter file.
    """

    env_id: str
    references: tuple[str, ...]
    algorithm: Algorithm = "ppo"
    steps: int | None = None


DEMONSTRATIONS = {
    "image": Demonstration("EdgeVision/Image-v0", ("joint-content", "joint", "co-crra-exact")),
    "video": Demonstration("EdgeVision/Video-v0", ("joint", "fracr-exact", "stae-budget-joint")),
    "dynamic": Demonstration("EdgeVision/Dynamic-Price-v0", ("mpc", "look-ahead", "lyapunov"), "marginal", 1_500_000),
}


@dataclass(frozen=True)
class DemoConfig:
    """Settings of a demonstration.

    Attributes:
        out: folder to write to.
        steps: environment steps to train for; ``None`` takes those of the demonstration.
        episodes: number of test episodes.
        seed: seed of the training.
        processes: worker processes for policies that solve an optimisation in every slot.
        settings: keywords of the environment that differ from its preset, for training and test.
        what: one of ``DEMONSTRATIONS``.

    Raises:
        UnknownNameError: ``what`` is not in ``DEMONSTRATIONS``.
    """

    out: Path
    steps: int | None = None
    episodes: int = 100
    seed: int = 0
    processes: int = 2
    settings: dict[str, Any] = field(default_factory=dict)
    what: str = "image"

    def __post_init__(self) -> None:
        if self.what not in DEMONSTRATIONS:
            raise unknown_name("demonstration", self.what, DEMONSTRATIONS)

    @property
    def env_id(self) -> str:
        """Id of the environment."""
        return DEMONSTRATIONS[self.what].env_id

    @property
    def algorithm(self) -> Algorithm:
        """How the agent is trained."""
        return DEMONSTRATIONS[self.what].algorithm


def run_demo(config: DemoConfig) -> Path:
    """Train, evaluate, print the table and write the report.

    Returns:
        The path of the page.

    Raises:
        EvaluationError: more episodes than the test split has seeds.
        TrainingError: the number of steps or the seed is out of range.
        MissingExtraError: an extra that the demonstration needs is not installed.
    """
    # Find errors of the later steps before the training, which takes minutes.
    for module in ("cvxpy", "clarabel"):
        require(module, "convex")
    if config.processes < 1:
        raise EvaluationError(f"processes must be >= 1, got {config.processes}")
    episode_seeds("test", config.episodes)
    _training(config, config.out)
    Scenario(config.env_id, config.settings).resolve()
    started = time.perf_counter()
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"1/3 training {config.algorithm} on {config.env_id}, contents of the train split")
    summary = _trained(config)
    console.print(f"2/3 comparing policies on {config.episodes} test episodes, contents of the test split")
    curve = _learning_curve(config, summary)
    policies = (str(summary.folder), *Scenario(config.env_id, config.settings).classical_policies())
    asked = EvaluationConfig(config.env_id, policies, config.episodes, settings=config.settings)
    evaluation = evaluate(asked, config.out, processes=config.processes)
    console.print("3/3 drawing")
    page = write_report(evaluation, config.out, curve)
    print_table(evaluation, console)
    _print_bound(config, console)
    console.print(f"report:      {page}")
    console.print(f"TensorBoard: tensorboard --logdir {summary.folder / 'tensorboard'}")
    console.print(f"took {time.perf_counter() - started:.0f} s")
    return page


def _learning_curve(config: DemoConfig, summary: TrainingSummary) -> LearningCurve:
    """The validation scores of the agent, with those of a few classical policies on the same episodes."""
    fitting = Scenario(config.env_id, config.settings).classical_policies()
    references = [name for name in DEMONSTRATIONS[config.what].references if name in fitting]
    asked = EvaluationConfig(config.env_id, references, _validation_episodes(config), "validation", config.settings)
    evaluation = evaluate(asked, config.out, processes=config.processes)
    return LearningCurve(
        label=config.algorithm,
        steps=[point.steps for point in summary.curve],
        scores=[point.score for point in summary.curve],
        references={result.spec.label: float(result.scores.mean()) for result in evaluation.results},
        note=f"One training seed; {summary.steps} environment steps in {summary.seconds:.0f} s of wall-clock time.",
    )


def _print_bound(config: DemoConfig, console: Console) -> None:
    """In a sequential environment, print what no policy exceeds in the test episodes, whatever it knows."""
    seeds = episode_seeds("test", config.episodes)
    simulator = Scenario(config.env_id, config.settings, "test").make(len(seeds)).simulator
    if isinstance(simulator, DynamicSimulator):
        start(simulator, seeds)
        console.print(f"bound:       {episode_bound(simulator).score.mean():.4f}, which no policy exceeds")


def _validation_episodes(config: DemoConfig) -> int:
    return min(VALIDATION_EPISODES, config.episodes)


def _trained(config: DemoConfig) -> TrainingSummary:
    """The training run with these settings, finished: continued from its folder, or started now."""
    folder = config.out / f"{config.algorithm}-{_training_digest(config)[:8]}"
    if (folder / "config.json").is_file():
        return agents.resume(folder)
    return agents.train(_training(config, folder))


def _training(config: DemoConfig, folder: Path) -> TrainConfig:
    return TrainConfig(
        config.env_id,
        folder,
        config.algorithm,
        DEMONSTRATIONS[config.what].steps if config.steps is None else config.steps,
        config.seed,
        config.settings,
        evaluation_episodes=_validation_episodes(config),
    )


def _training_digest(config: DemoConfig) -> str:
    """A digest of everything that training depends on, except the versions, which its folder records."""
    scenario, profile = Scenario(config.env_id, config.settings).resolve()
    training = vars(_training(config, Path()))
    hyperparameters = dataclasses.asdict(load_hyperparameters(config.algorithm, config.env_id))
    return digest([training, dataclasses.asdict(scenario), hyperparameters, provenance.profile_fingerprint(profile)])
