"""`SlotRules`: what decides the problem and the score of a slot in which no decision changes a later one.

Pure functions of arrays of any library of the array-API standard, so that the environments on NumPy and on PyTorch
share them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgevision.arrays import Array, bounded, entries, library, sum_of_users
from edgevision.envs.allocation import Allocation
from edgevision.envs.computing.compute_time import compute_time
from edgevision.envs.computing.energy import computing_energy, request_energy
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.content_rows import ContentRows
from edgevision.envs.problem import SlotProblem
from edgevision.profiles.profile import OperatingPointProfile

#: Arrays of an episode that a slot needs, (N, U) each.
SLOT_FIELDS = ("pool", "raw_size", "deadline", "gain_scale", "content", "fading")


@dataclass(frozen=True, eq=False)
class SlotScore:
    """What a slot brought, (N, U) each, and zero for inactive users.

    Attributes:
        in_time: success probability, or whether the payload arrived in time (``sampled``).
        accuracy: population accuracy, or whether the answer was right.
        energy: what each camera spent on its request [J].
        computing_energy: the part of it that was spent on computing [J].
        reward: mean of ``in_time`` x ``accuracy`` over the active users, (N,).
    """

    in_time: Array
    accuracy: Array
    energy: Array
    computing_energy: Array
    reward: Array


@dataclass(frozen=True, eq=False)
class SlotRules:
    """The tables of a scenario, for J contents, K operating points and F features.

    Attributes:
        config: the scenario.
        grid: sizes of the axes of the operating points.
        content_fingerprint: of the profile.
        size_fraction: share of the raw size that is sent, (J, K).
        accuracy: what an answer is scored by: its population accuracy, (1, K), or whether it was right, (J, K).
        mean_accuracy: the population accuracy, (1, K).
        compute_time: device plus edge time, (1, K) [s].
        features: features of the contents, (J, F).
        computing_energy: energy of the device's computing, (K,) [J].
        sends: whether any content sends something, (K,); where the device answers itself, its camera does not radiate.

    Where settings vary between episodes, ``compute_time`` and ``computing_energy`` are (N, 1, K).
    """

    config: ScenarioConfig
    grid: tuple[int, ...]
    content_fingerprint: str
    size_fraction: Array
    accuracy: Array
    mean_accuracy: Array
    compute_time: Array
    features: Array
    computing_energy: Array
    sends: Array

    @staticmethod
    def of(config: ScenarioConfig, profile: OperatingPointProfile) -> SlotRules:
        """The rules of a scenario, as NumPy arrays."""
        times = compute_time(config, profile)
        replayed = config.accuracy == "replay" and profile.correct is not None
        return SlotRules(
            config=config,
            grid=profile.grid,
            content_fingerprint=profile.content_fingerprint,
            size_fraction=profile.size_fraction,
            accuracy=np.asarray(profile.correct, np.float64) if replayed else profile.accuracy[None],
            mean_accuracy=profile.accuracy[None],
            compute_time=times[None] if times.ndim == 1 else times,
            features=profile.features,
            computing_energy=computing_energy(config, profile),
            sends=np.asarray(profile.size.any(axis=0), np.float64),
        )

    def converted(self, convert: Callable[[Array], Array]) -> SlotRules:
        """The rules with arrays of another library."""
        return SlotRules(**{k: convert(v) if isinstance(v, np.ndarray) else v for k, v in vars(self).items()})

    def problem(self, now: Mapping[str, Array]) -> SlotProblem:
        """The problem of the slot whose ``SLOT_FIELDS`` are ``now``."""
        config, content, gain_scale = self.config, now["content"], now["gain_scale"]
        xp = library(gain_scale)
        # On the device of ``gain_scale``, whatever the library.
        cell = xp.zeros_like(gain_scale[:, 0])
        rows: dict[str, Any] = {
            name: ContentRows(table, content)
            for name, table in (
                ("size_fraction", self.size_fraction),
                ("accuracy", self.mean_accuracy),
                ("features", self.features),
            )
        }
        times, active = self.compute_time, now["pool"] > 0
        shape = (*content.shape, times.shape[-1])
        rows["compute_time"] = ContentRows(times, content) if times.ndim == 2 else xp.broadcast_to(times, shape)
        power, least_power = cell + _flat(config.power), cell + _flat(config.min_power)
        if config.power_limit != "shared":
            # Success rises with power, so that each user sends with all it may if that is no concern of the others. A
            # minimum that uses up the budget says so to every policy.
            least_power = cell + _flat(config.power / config.users)
            count = sum_of_users(xp.astype(active, gain_scale.dtype))
            power = bounded(count, 1.0) * least_power
        return SlotProblem(
            active=active,
            raw_size=now["raw_size"],
            deadline=now["deadline"],
            gain_scale=gain_scale,
            **rows,
            bandwidth_budget=cell + _flat(config.bandwidth),
            power_budget=power,
            min_bandwidth=cell + _flat(config.min_bandwidth),
            min_power=least_power,
            noise_density=cell + _flat(config.noise_density),
            grid=self.grid,
            fading=config.fading,
            success_model=config.success_model,
            content_fingerprint=self.content_fingerprint,
        )

    def score(
        self,
        problem: SlotProblem,
        allocation: Allocation,
        content: Array,
        fading: Array,
        payload: Array | None = None,
        answer: Array | None = None,
    ) -> SlotScore:
        """Score an allocation.

        Args:
            problem: N slots.
            allocation: what was decided.
            content: index of the content of each request, (N, U).
            fading: uniform in [0, 1); the payload arrives in time iff it is below the success probability, (N, U).
            payload: measured size of what is sent, (N, U) [bit]; ``None`` takes that of the profile.
            answer: what each answer is scored by, (N, U); ``None`` takes that of the profile.
        """
        xp, point = library(problem.gain_scale), allocation.operating_point
        accuracy = ContentRows(self.accuracy, content).at(point) if answer is None else answer
        in_time = problem.success_probability(allocation, payload=payload)
        if self.config.transmission == "sampled":
            in_time = xp.astype(fading < in_time, in_time.dtype)
        accuracy = xp.where(problem.active, accuracy, 0.0)
        table = self.computing_energy
        spent = entries(table, point) if table.ndim == 1 else _chosen(table, point)
        computing = xp.where(problem.active, spent, 0.0)
        airtime = bounded(problem.deadline - problem.chosen("compute_time", point), 0.0) * entries(self.sends, point)
        return SlotScore(
            in_time=in_time,
            accuracy=accuracy,
            energy=request_energy(xp.where(problem.active, allocation.power, 0.0), airtime, computing),
            computing_energy=computing,
            reward=sum_of_users(in_time * accuracy) / bounded(problem.count, 1.0),
        )


def _flat(setting: Any) -> Any:
    """A setting that may vary between episodes: a number, or (N,)."""
    return np.ravel(setting) if isinstance(setting, np.ndarray) else setting


def _chosen(table: Array, point: Array) -> Array:
    """Entries of (N, 1, K) for one operating point per user, (N, U)."""
    return np.take_along_axis(np.broadcast_to(table, (*point.shape, table.shape[-1])), point[..., None], axis=2)[..., 0]
