"""Hyperparameters: one YAML file per algorithm; a section per environment id overrides the section ``default``."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from edgevision.envs import IDS
from edgevision.envs.registration import built_in_id
from edgevision.errors import TrainingError, shown, unknown_name
from edgevision.storage.storage_yaml import read_yaml

Algorithm = Literal["ppo", "sac", "marginal"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Common:
    """Hyperparameters of all algorithms.

    Attributes:
        steps: default number of environment steps to train for, summed over all environments.
        n_envs: number of environments that are stepped together.
        batch_size: slots per gradient step.
        learning_rate: initial learning rate of AdamW; it falls linearly to 0, or to a fiftieth in every round of
            ``marginal``.
        gamma: discount factor.
        width: neurons per layer.
        weight_decay: weight decay of AdamW.
    """

    steps: int
    n_envs: int
    batch_size: int
    learning_rate: float
    gamma: float
    width: int
    weight_decay: float

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = _number(field.name, getattr(self, field.name), whole=field.type == "int")
            object.__setattr__(self, field.name, value)
            self._check_range(field.name, value)

    def _check_range(self, name: str, value: float) -> None:
        if name == "log_std_init":
            return
        least = 1 if name in _AT_LEAST_ONE else 0
        most = 1 if name in ("gamma", "gae_lambda", "tau") else math.inf
        if not least <= value <= most or (name in _POSITIVE and value == 0):
            rule = "> 0" if name in _POSITIVE else f">= {least}"
            raise TrainingError(f"{name} must be {rule}{' and <= 1' if most == 1 else ''}, got {shown(value)}")


@dataclass(frozen=True)
class Exploring(Common):
    """Hyperparameters of the algorithms that try actions out.

    Attributes:
        log_std_init: logarithm of the initial standard deviation of the actions.
        content_noise: standard deviation of the noise on content features in training; see
            `edgevision.agents.content_noise.ContentNoise`.
    """

    log_std_init: float
    content_noise: float


@dataclass(frozen=True)
class PPOHyperparameters(Exploring):
    """Hyperparameters of proximal policy optimisation; other fields as in ``stable_baselines3.PPO``."""

    n_steps: int
    n_epochs: int
    gae_lambda: float
    clip_range: float
    ent_coef: float
    vf_coef: float
    max_grad_norm: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_envs * self.n_steps < max(self.batch_size, 2):
            raise TrainingError(
                f"a rollout of n_envs x n_steps = {self.n_envs} x {self.n_steps} slots must hold a batch "
                f"(batch_size = {self.batch_size}) and at least 2"
            )


@dataclass(frozen=True)
class SACHyperparameters(Exploring):
    """Hyperparameters of soft actor-critic; other fields as in ``stable_baselines3.SAC``."""

    buffer_size: int
    learning_starts: int
    train_freq: int
    gradient_steps: int
    tau: float
    ent_coef: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.buffer_size < self.n_envs:
            raise TrainingError(f"buffer_size = {self.buffer_size} must be at least n_envs = {self.n_envs}")


@dataclass(frozen=True)
class MarginalHyperparameters(Common):
    """Hyperparameters of `edgevision.agents.marginal.marginal_values.MarginalValues`.

    Attributes:
        groups: groups of ``n_envs`` episodes in a round; the continuations of a group part in one slot.
        rounds_kept: rounds whose samples are fitted; the policy has changed little since.
        n_epochs: passes over the samples of a round.
        energy_step: share of the battery by which it is raised or lowered, below 1.
        max_grad_norm: largest norm of a gradient.
    """

    groups: int
    rounds_kept: int
    n_epochs: int
    energy_step: float
    max_grad_norm: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.energy_step < 1:
            raise TrainingError(f"energy_step must be < 1, got {shown(self.energy_step)}")


Hyperparameters = PPOHyperparameters | SACHyperparameters | MarginalHyperparameters

_CLASSES: dict[str, type[Hyperparameters]] = {
    "ppo": PPOHyperparameters,
    "sac": SACHyperparameters,
    "marginal": MarginalHyperparameters,
}
_AT_LEAST_ONE = {
    *("steps", "n_envs", "batch_size", "width", "n_steps", "n_epochs", "buffer_size", "train_freq", "gradient_steps"),
    *("groups", "rounds_kept"),
}
_POSITIVE = {"learning_rate", "clip_range", "max_grad_norm", "tau", "energy_step"}


def load_hyperparameters(
    algorithm: str, env_id: str, overrides: Mapping[str, Any] | None = None, file: Path | None = None
) -> Hyperparameters:
    """Hyperparameters of an algorithm for an environment.

    Args:
        algorithm: ``ppo`` or ``sac``.
        env_id: environment id; an id of your own uses the section of the id that it extends, and an id without a
            section ``default``.
        overrides: values that replace those of the file.
        file: YAML file to read instead of the package's own.

    Raises:
        UnknownNameError: no such algorithm, environment id, section or hyperparameter.
        TrainingError: the file is not valid, or a value is missing or out of range.
    """
    if algorithm not in _CLASSES:
        raise unknown_name("algorithm", algorithm, get_args(Algorithm))
    path = file or _FOLDER / f"{algorithm}.yaml"
    sections = _read(path)
    values = {**sections.get("default", {}), **sections.get(built_in_id(env_id), {}), **(overrides or {})}
    known = {field.name for field in dataclasses.fields(_CLASSES[algorithm])}
    for name in values:
        if name not in known:
            raise unknown_name(f"{algorithm} hyperparameter", str(name), known)
    missing = sorted(known - values.keys())
    if missing:
        raise TrainingError(f"{path}: {algorithm} needs a value for {', '.join(missing)}")
    return _CLASSES[algorithm](**values)


def _read(path: Path) -> dict[str, dict[str, Any]]:
    document = read_yaml(path, TrainingError)
    if not isinstance(document, dict) or not all(isinstance(section, dict) for section in document.values()):
        raise TrainingError(f"{path}: must map environment ids (or 'default') to hyperparameters")
    for section in document:
        if section != "default" and section not in IDS:
            raise unknown_name("section", str(section), ["default", *IDS])
    return document


def _number(name: str, value: Any, *, whole: bool) -> float:
    finite = not isinstance(value, int | float) or abs(value) <= sys.float_info.max  # NaN is not, nor a longer integer
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not finite:
        hint = "; YAML wants a point before the exponent, as in 1.0e-3" if isinstance(value, str) else ""
        raise TrainingError(f"{name} must be a {'whole ' if whole else ''}number, got {shown(value)}{hint}")
    return value if whole else float(value)
