"""`DynamicSimulator`: dynamics of ``EdgeVision/Dynamic-v0``; N environments advance by array operations.

One slot, in this order: new requests join the queues; the controller decides; requests that are sent leave their queue,
heard or not, and cost power x slot and the energy of encoding; every other request is a slot older, and those whose
time is over are lost; the batteries gain what is harvested.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self, cast

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.allocation import Allocation
from edgevision.envs.computing.energy import request_energy
from edgevision.envs.content_rows import ContentRows
from edgevision.envs.dynamic.dynamic_config import DynamicConfig
from edgevision.envs.dynamic.dynamic_trace import DynamicTrace, draw_dynamic_traces, shadowing_db
from edgevision.envs.dynamic.request_queue import RequestQueue
from edgevision.envs.outlook import Outlook
from edgevision.envs.problem import SlotProblem
from edgevision.envs.simulation.episode_simulator import EpisodeSimulator, SlotOutcome
from edgevision.errors import ScenarioError
from edgevision.profiles.profile import OperatingPointProfile, load_profile

#: Weight of the newest slot in the moving average of the arrivals.
_AVERAGE_WEIGHT = 0.15
#: Distances ahead on the route whose gain is observed [slots].
FAR_SLOTS = (32, 64)
#: Arrays (N, ..) that change from slot to slot, or belong to the episode, beside queue and trace.
_STATE = ("slot", "battery", "_average", "_arrived", "_dropped", "_content", "_slack", "_next_slack", "_ahead", "_far")


class DynamicSimulator(EpisodeSimulator):
    """State and dynamics of N independent environments of one scenario.

    Attributes:
        queue: the requests that wait.
        battery: energy left, (N, U) [J].
    """

    trace_type = DynamicTrace
    family = "dynamic"
    term_types: ClassVar[Mapping[str, tuple[type, bool]]] = {
        **dict.fromkeys(("arrivals", "sent", "dropped", "expired"), (int, False)),
        "harvested": (float, True),
    }
    state_names = _STATE
    config: DynamicConfig

    def __init__(self, config: DynamicConfig, n: int, outcomes: object = None) -> None:
        """Prepare N environments.

        Raises:
            ScenarioError: the settings and the profile do not fit, or ``outcomes`` are given.
        """
        if outcomes is not None:
            raise ScenarioError("EdgeVision/Dynamic-v0 has no accuracy='live'; leave outcomes= away")
        super().__init__(config, n, _thinned(load_profile(config.profile), config))
        shape = (n, config.users)
        self.queue = RequestQueue(n, config.users, config.queue_length)
        self.battery = np.zeros(shape)
        self._average = np.zeros(shape)
        self._arrived, self._dropped = np.zeros((2, *shape), bool)
        self._horizon = config.deadline_slots[1]

    def _draw(self, generators: Sequence[np.random.Generator]) -> DynamicTrace:
        return draw_dynamic_traces(self.config, self._members, generators)

    def install(self, rows: IntArray, trace: DynamicTrace) -> None:
        """Start the episodes of ``trace`` in the environments ``rows``.

        Raises:
            ScenarioError: the trace does not match the number of environments, users, slots or contents.
        """
        self._check_length(trace)
        if (trace.window > self._horizon).any():
            raise ScenarioError(f"trace: window must be at most deadline_slots[1] = {self._horizon}")
        super().install(rows, trace)

    def _begin(self, rows: IntArray, trace: DynamicTrace) -> None:
        super()._begin(rows, trace)
        self._install_routes(rows, trace)
        self.queue.clear(rows)
        self.battery[rows] = trace.battery
        self._average[rows] = self.config.arrival_rate
        starting = np.zeros(self.n, bool)
        starting[rows] = True
        self._admit(starting)

    def _install_routes(self, rows: IntArray, trace: DynamicTrace) -> None:
        """Tables of the routes ahead of every slot: padded gains (N, T + H, U), and ``far_gain`` (N, T + 1, 4, U)."""
        last = trace.route_gain.shape[1] - 2  # the last slot in which a request can be sent
        gain = trace.route_gain[:, : last + 1]
        padded = np.concatenate([gain, np.repeat(gain[:, -1:], self._horizon, axis=1)], axis=1)
        decibel = 10.0 * np.log10(gain)
        slots = np.arange(last + 2)
        ahead = [decibel[:, np.minimum(slots + far, last)] for far in FAR_SLOTS]
        backwards = decibel[:, ::-1]
        best = np.maximum.accumulate(backwards, axis=1)[:, ::-1]
        mean = (np.cumsum(backwards, axis=1) / np.arange(1, last + 2)[:, None])[:, ::-1]
        rest = [np.concatenate([part, part[:, -1:]], axis=1) for part in (best, mean)]
        far = np.stack([*ahead, *rest], axis=2)
        if len(rows) == self.n:
            self._ahead, self._far = padded, far
        else:
            self._ahead[rows], self._far[rows] = padded, far

    def _admit(self, chosen: BoolArray) -> None:
        """Let the new requests of the current slot join, in the environments ``chosen`` (N,)."""
        arrives = self._now("arrives") & chosen[:, None]
        dropped = self.queue.add(arrives, self._now("window"), self._now("content"))
        self._arrived = np.where(chosen[:, None], arrives, self._arrived)
        self._dropped = np.where(chosen[:, None], dropped, self._dropped)
        average = (1.0 - _AVERAGE_WEIGHT) * self._average + _AVERAGE_WEIGHT * arrives
        self._average = np.where(chosen[:, None], average, self._average)
        self._content, self._slack, self._next_slack = self.queue.heads()
        self._problem = None

    def copies(self, rows: IntArray) -> Self:
        """A simulator whose environment i is a copy of environment ``rows[i]``, in the middle of its episode."""
        other = super().copies(rows)
        other.queue = self.queue.copies(rows)
        return other

    def intervene(self, dropped: BoolArray, battery: FloatArray) -> None:
        """Answer a what-if: take the heads in ``dropped`` (N, U) out of their queues, and set batteries (N, U) [J]."""
        self.queue.take_heads(dropped & (self._slack > 0))
        self.battery = battery
        self._content, self._slack, self._next_slack = self.queue.heads()
        self._problem = None

    @property
    def content(self) -> IntArray:
        """Index of the content at the head of each queue, (N, U); hidden from policies."""
        return self._content

    @property
    def arrivals(self) -> tuple[BoolArray, IntArray]:
        """Who got a new request in this slot, and its content, (N, U) each."""
        return self._arrived, self._now("content")

    def _build_problem(self) -> SlotProblem:
        config, profile, content = self.config, self.profile, self._content
        shape = (self.n, config.users)
        after_encoding = np.maximum(self.battery - config.encoding_energy, 0.0)
        most = np.minimum(config.power, after_encoding / config.slot_time)
        return SlotProblem(
            active=self._slack > 0,
            raw_size=8.0 * profile.raw_size[content],
            deadline=np.full(shape, config.slot_time),
            gain_scale=self._known_gain(),
            size_fraction=cast(FloatArray, ContentRows(profile.size_fraction, content)),
            accuracy=cast(FloatArray, ContentRows(profile.accuracy[None], content)),
            compute_time=cast(FloatArray, ContentRows(self.compute_time[None], content)),
            features=cast(FloatArray, ContentRows(profile.features, content)),
            bandwidth_budget=np.full(self.n, config.bandwidth),
            power_budget=np.full(self.n, config.power * config.users),
            min_bandwidth=np.zeros(self.n),
            min_power=np.zeros(self.n),
            noise_density=np.full(self.n, config.noise_density),
            grid=profile.grid,
            fading="rayleigh",
            modulation=config.modulation,
            max_power=most,
            encoding_energy=np.full(shape, config.encoding_energy),
            outlook=self._outlook(),
        )

    def _known_gain(self) -> FloatArray:
        """The gain that controllers see, (N, U): that of some slots ago, times the error of its measurement."""
        measured = np.maximum(self.slot - self.config.csi_delay_slots, 0)
        episodes = self._running()
        return np.asarray(episodes["gain_scale"][self._rows, measured] * episodes["gain_error"][self._rows, measured])

    def _outlook(self) -> Outlook:
        config = self.config
        left = config.episode_slots - self.slot
        ahead = self.slot[:, None] + np.arange(self._horizon)
        return Outlook(
            environment=self._rows.copy(),
            slots_left=left,
            episode_slots=np.full(self.n, config.episode_slots),
            slack=np.minimum(self._slack, left[:, None]),
            next_slack=np.minimum(self._next_slack, left[:, None]),
            waiting=self.queue.waiting,
            battery=self.battery.copy(),
            full_battery=self._running()["battery"].copy(),
            harvest=self._running()["harvest"].copy(),
            arrival_average=self._average.copy(),
            arrival_rate=np.full(self.n, config.arrival_rate),
            route_gain=self._ahead[self._rows[:, None], ahead],
            far_gain=self._far[self._rows, self.slot],
            line_of_sight=self._now("line_of_sight"),
            shadowing_db=shadowing_db(config, self._now("line_of_sight")),
            correlation=self._running()["correlation"].copy(),
            queue_length=np.full(self.n, config.queue_length),
        )

    def step(self, allocation: Allocation, running: BoolArray | None = None) -> SlotOutcome:
        """Score the current slot and advance the environments in ``running`` (all by default)."""
        problem, config = self.problem, self.config
        advancing = np.ones(self.n, bool) if running is None else running
        sent = problem.active & (allocation.bandwidth > 0) & (allocation.power > 0)
        true = problem.changed(gain_scale=self._now("gain_scale"))
        in_time = np.where(sent, true.success_probability(allocation), 0.0)
        if config.transmission == "sampled":
            in_time = (self._now("fading") < in_time).astype(np.float64)
        accuracy = np.where(sent, self._accuracy(allocation, problem), 0.0)
        arrived, dropped = self._arrived, self._dropped
        leaves = sent & advancing[:, None]
        self.queue.take_heads(leaves)
        expired = self.queue.age(advancing)
        energy = np.where(sent, request_energy(allocation.power, config.slot_time, config.encoding_energy), 0.0)
        harvested = self._discharge(energy, advancing)
        self._advance(advancing)
        self._admit(advancing)
        per_request = 1.0 / (config.users * config.arrival_rate)
        right = in_time * accuracy
        return SlotOutcome(
            reward=right.sum(axis=1) * per_request,
            in_time=in_time,
            accuracy=accuracy,
            energy=energy,
            truncated=self.slot >= config.episode_slots,
            share=np.full(sent.shape, per_request),
            offered=arrived.sum(axis=1) * per_request,
            sent=sent,
            terms={
                "in_time": _mean_over(in_time, sent),
                "accuracy": _mean_over(accuracy, sent),
                "arrivals": arrived.sum(axis=1),
                "sent": sent.sum(axis=1),
                "dropped": dropped.sum(axis=1),
                "expired": expired.sum(axis=1),
                "harvested": harvested,
            },
        )

    def _discharge(self, energy: FloatArray, advancing: BoolArray) -> FloatArray:
        """Take ``energy`` (N, U) [J] out of the batteries in the environments ``advancing`` (N,), and charge them.

        Returns:
            What the batteries gained, (N, U) [J]; one that is full gains nothing.
        """
        left = np.maximum(self.battery - energy, 0.0)
        harvested = np.minimum(self._running()["harvest"], np.maximum(self._running()["battery"] - left, 0.0))
        self.battery = np.where(advancing[:, None], left + harvested, self.battery)
        return harvested

    def _accuracy(self, allocation: Allocation, problem: SlotProblem) -> FloatArray:
        """Accuracy term of the head's request at the allocated operating point, (N, U)."""
        if self.config.accuracy == "replay" and self.profile.correct is not None:
            return self.profile.correct[self._content, allocation.operating_point].astype(np.float64)
        return np.asarray(problem.chosen("accuracy", allocation.operating_point))


def _mean_over(values: FloatArray, mask: BoolArray) -> FloatArray:
    """Mean of (N, U) over the users in the mask, (N,); 0 if there is none."""
    return np.asarray(np.where(mask, values, 0.0).sum(axis=1) / np.maximum(mask.sum(axis=1), 1))


def _thinned(profile: OperatingPointProfile, config: DynamicConfig) -> OperatingPointProfile:
    """The profile with ``levels`` of its operating points, evenly spaced; features only if single answers count.

    Raises:
        ScenarioError: the profile is a grid, or has relative sizes.
    """
    if len(profile.grid) > 1 or profile.relative:
        raise ScenarioError(
            f"EdgeVision/Dynamic-v0 needs a measured profile with one axis, {profile.name!r} is not; "
            "use that of one image codec"
        )
    return _part(profile, min(config.levels, profile.points), config.accuracy == "replay")


@functools.lru_cache(maxsize=8)
def _part(profile: OperatingPointProfile, levels: int, features: bool) -> OperatingPointProfile:
    chosen = np.linspace(0, profile.points - 1, levels).round().astype(np.int64)
    return dataclasses.replace(
        profile,
        size=profile.size[:, chosen],
        accuracy=profile.accuracy[chosen],
        parameter=profile.parameter[chosen],
        device_time=profile.device_time[chosen],
        edge_time=profile.edge_time[chosen],
        correct=None if profile.correct is None else profile.correct[:, chosen],
        features=profile.features if features else profile.features[:, :0],
        feature_names=profile.feature_names if features else (),
        grid=(levels,),
    )
