"""Training of agents: one folder per run, which can be resumed after a kill at any time.

A resumed run ends with the same weights, bit for bit, as an uninterrupted one (same machine, versions and number of
threads); see `edgevision.agents.callback.EvaluateAndCheckpoint`. Wall-clock times and moving averages of training
rewards differ, and TensorBoard shows the steps between the last checkpoint and the kill twice.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import torch
from stable_baselines3.common.logger import Logger

from edgevision.agents.algorithms import build_model, log_interval, set_actor
from edgevision.agents.callback import EvaluateAndCheckpoint, RunProgress
from edgevision.agents.checkpoint import checkpoints, load_checkpoint, tidy
from edgevision.agents.hyperparameters import Algorithm, Hyperparameters, load_hyperparameters
from edgevision.agents.learned_policy import LearnedPolicy, PolicyDescription
from edgevision.agents.run_folder import CurvePoint, RunFolder
from edgevision.agents.sb3_vec_env import SB3VecEnv
from edgevision.agents.tensorboard_figures import TensorBoardOutput
from edgevision.checks import whole_number
from edgevision.envs import EpisodeSimulator
from edgevision.envs.registration import built_in_id
from edgevision.errors import TrainingError, unknown_name
from edgevision.event_log import EventLog
from edgevision.locking import only_writer
from edgevision.progress import progress_bar
from edgevision.protocol import SEEDS

#: The environment in which ``marginal`` learns.
PRICE_ID = "EdgeVision/Dynamic-Price-v0"
#: Number of evaluations (and checkpoints) of a run without a given interval.
EVALUATIONS = 20

_RANGES = {
    "steps": (1, 10**12),
    "seed": (0, 2**32 - 1),  # range that Stable-Baselines3 accepts
    "evaluation_interval": (1, 10**12),
    "evaluation_episodes": (1, len(SEEDS["validation"])),
    "threads": (1, 64),
}


@dataclass(frozen=True)
class TrainConfig:
    """The settings of a training run.

    Attributes:
        env_id: environment id, of this package or one whose classes extend it.
        folder: folder of the run; new or empty.
        algorithm: ``ppo``, ``sac`` or ``marginal``, which learns in ``PRICE_ID`` only.
        steps: environment steps, summed over all environments; ``None`` takes the number from the hyperparameters.
        seed: seed of networks, exploration and training episodes, 0 to 2^32 - 1.
        settings: keywords of the environment, including ``preset``. ``content_split`` is not allowed: training uses the
            ``train`` contents of a measured profile, and evaluations its ``validation`` contents.
        hyperparameters: values that replace those of the hyperparameter file.
        evaluation_interval: environment steps between evaluations, each with a checkpoint; ``None`` is a twentieth
            of ``steps``.
        evaluation_episodes: number of episodes per evaluation, on the first validation seeds.
        threads: threads of PyTorch; one is fastest for networks this small.

    Raises:
        UnknownNameError: no such environment id or algorithm.
        TrainingError: a value is out of range.
    """

    env_id: str
    folder: Path
    algorithm: Algorithm = "ppo"
    steps: int | None = None
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    evaluation_interval: int | None = None
    evaluation_episodes: int = 64
    threads: int = 1

    def __post_init__(self) -> None:
        built_in = built_in_id(self.env_id)
        if self.algorithm not in get_args(Algorithm):
            raise unknown_name("algorithm", self.algorithm, get_args(Algorithm))
        if self.algorithm == "marginal" and built_in != PRICE_ID:
            raise TrainingError(f"marginal learns prices; train it on {PRICE_ID}")
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if not (value is None and name in ("steps", "evaluation_interval")):
                object.__setattr__(self, name, whole_number(name, value, low, high, TrainingError))
        try:
            json.dumps([{**self.settings}, {**self.hyperparameters}], allow_nan=False)
        except (TypeError, ValueError) as error:
            raise TrainingError(f"settings and hyperparameters must be plain values ({error})") from None
        if "content_split" in self.settings:
            raise TrainingError("content_split is chosen by training: 'train', and 'validation' to evaluate")
        if self.settings.get("spaces", "sets") != "sets":
            raise TrainingError("the networks of this package read sets of cameras; leave spaces= away")


@dataclass(frozen=True)
class TrainingSummary:
    """Result of a training run.

    Attributes:
        folder: the run's folder; ``LearnedPolicy.load(folder)`` is its best policy.
        steps: environment steps taken.
        taken: environment steps taken now, without those before a resumed run was stopped; 0 if it was finished.
        seconds: wall-clock time, including evaluations [s].
        best: evaluation of the stored policy, the one with the highest score.
        curve: all evaluations on the validation seeds, the first before any learning.
    """

    folder: Path
    steps: int
    taken: int
    seconds: float
    best: CurvePoint
    curve: tuple[CurvePoint, ...]


#: A function that is called with each evaluation, see ``train``.
Evaluated = Callable[[CurvePoint], object]


def train(config: TrainConfig, callback: Evaluated | None = None) -> TrainingSummary:
    """Train a new agent.

    ``callback`` is called with each evaluation on the validation seeds, after its checkpoint is written. What it raises
    ends the training, and ``resume`` goes on from that checkpoint.

    Raises:
        TrainingError: the folder is not empty, or settings or hyperparameters are wrong.
        UnknownNameError: no such setting, preset, profile or hyperparameter.
        ScenarioError: the settings contradict each other.
        FolderInUseError: another process has just begun a run in the folder.
    """
    config, hyperparameters = _complete(config)
    env, scenario = _environments(config, hyperparameters.n_envs)
    RunFolder(config.folder).check_new()  # before anything is written to it
    with only_writer(config.folder):
        run = RunFolder.create(config.folder, _document(config, env.env.config))
        return _learn(config, hyperparameters, run, env, scenario, callback)


def resume(folder: Path, callback: Evaluated | None = None) -> TrainingSummary:
    """Continue the run in ``folder`` from its last checkpoint; a finished run only returns its summary.

    See ``train`` for ``callback``.

    Raises:
        TrainingError: there is no run, its files are damaged, or defaults of the package have changed since.
        FolderInUseError: another process is working on the run.
    """
    run = RunFolder(Path(folder))
    config, hyperparameters, env, simulator = read_run(run)
    with only_writer(run.path):
        run.note_start()
        return _learn(config, hyperparameters, run, env, simulator, callback)


def read_run(run: RunFolder) -> tuple[TrainConfig, Hyperparameters, SB3VecEnv, EpisodeSimulator]:
    """What a run was started with: its settings, its hyperparameters, and the environments to train and evaluate on.

    Raises:
        TrainingError: see ``resume``.
        UnknownNameError, ScenarioError, ProfileError: the environment cannot be made any more.
    """
    document = run.read_config()
    try:
        config = TrainConfig(**document["training"], folder=run.path)
        stored = document["scenario"]
    except (KeyError, TypeError) as error:
        raise TrainingError(f"{run.path / 'config.json'}: missing or unknown entry ({error})") from None
    config, hyperparameters = _complete(config)
    env, simulator = _environments(config, hyperparameters.n_envs)
    if _document(config, env.env.config)["scenario"] != stored:
        raise TrainingError(f"{run.path}: the scenario's defaults have changed since this run began; train anew")
    return config, hyperparameters, env, simulator


def _complete(config: TrainConfig) -> tuple[TrainConfig, Hyperparameters]:
    """Replace every ``None`` and all hyperparameters by their values, so that ``config.json`` is complete."""
    hyperparameters = load_hyperparameters(config.algorithm, config.env_id, config.hyperparameters)
    steps = config.steps or hyperparameters.steps
    hyperparameters = dataclasses.replace(hyperparameters, steps=steps)
    interval = config.evaluation_interval or max(1, steps // EVALUATIONS)
    values = dataclasses.asdict(hyperparameters)
    return dataclasses.replace(
        config, steps=steps, evaluation_interval=interval, hyperparameters=values
    ), hyperparameters


def _environments(config: TrainConfig, n_envs: int) -> tuple[SB3VecEnv, EpisodeSimulator]:
    """The training environment, and the simulator of the evaluations."""
    env = SB3VecEnv.make(config.env_id, n_envs, **config.settings)
    evaluated = env.env.config
    if env.env.simulator.profile.correct is not None:
        env = SB3VecEnv.make(config.env_id, n_envs, **config.settings, content_split="train")
        evaluated = dataclasses.replace(env.env.config, content_split="validation")
    return env, env.env.simulator_type(evaluated, config.evaluation_episodes)


def _document(config: TrainConfig, scenario: Any) -> dict[str, Any]:
    """Content of ``config.json``."""
    training = {key: value for key, value in vars(config).items() if key != "folder"}
    document = {"training": training, "scenario": dataclasses.asdict(scenario)}
    plain: dict[str, Any] = json.loads(json.dumps(document, default=dict))
    return plain


def _learn(
    config: TrainConfig,
    hyperparameters: Hyperparameters,
    run: RunFolder,
    env: SB3VecEnv,
    simulator: EpisodeSimulator,
    evaluated: Evaluated | None,
) -> TrainingSummary:
    total, interval = hyperparameters.steps, config.evaluation_interval or hyperparameters.steps
    with (
        _torch_threads(config.threads),
        EventLog(run.tensorboard) as events,
        progress_bar("training", total) as advance,
    ):
        tidy(run.checkpoints)
        model = build_model(hyperparameters, env, config.seed)
        saved = checkpoints(run.checkpoints)
        progress = RunProgress.from_json(load_checkpoint(model, saved[-1])) if saved else RunProgress()
        model.set_logger(Logger(None, [TensorBoardOutput(events)]))
        callback = EvaluateAndCheckpoint(
            run,
            LearnedPolicy(_description(config, env), set_actor(model)),
            env,
            simulator,
            SEEDS["validation"][: config.evaluation_episodes],
            seed=config.seed,
            interval=interval,
            progress=progress,
            advance=advance,
            evaluated=evaluated,
        )
        before = model.num_timesteps
        remaining = max(0, total - before)
        model.learn(remaining, callback, log_interval(hyperparameters), reset_num_timesteps=False)
    taken = model.num_timesteps - before
    return TrainingSummary(run.path, before + taken, taken, progress.seconds, progress.best, tuple(progress.curve))


def _description(config: TrainConfig, env: SB3VecEnv) -> PolicyDescription:
    profile, view = env.env.simulator.profile, env.env.view
    provenance = {"env_id": config.env_id, "algorithm": config.algorithm, "steps": config.steps, "seed": config.seed}
    return PolicyDescription(
        name=config.algorithm,
        width=config.hyperparameters["width"],
        grid=profile.grid,
        content_features=profile.feature_names,
        user_features=view.user_features,
        cell_features=view.cell_features,
        view=view.name,
        provenance={**provenance, "settings": dict(config.settings)},
    )


@contextmanager
def _torch_threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
