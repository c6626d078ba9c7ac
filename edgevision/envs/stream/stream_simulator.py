"""`StreamSimulator`: dynamics of ``EdgeVision/Stream-v0``; N environments advance by array operations.

One slot, in this order: scenes change, and each camera has a change score; the controller decides; a frame that arrives
in time is answered, and the edge keeps the answer; each camera scores if the answer kept is right for its scene.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.allocation import Allocation
from edgevision.envs.computing.energy import computing_energy, request_energy
from edgevision.envs.problem import SlotProblem
from edgevision.envs.simulation.episode_simulator import EpisodeSimulator, SlotOutcome
from edgevision.envs.stream import four_states
from edgevision.envs.stream.answer_tables import CONFIDENCE_NOISE, AnswerTables, answer_tables
from edgevision.envs.stream.planned_bandwidth import IMPOSSIBLE, planned_share
from edgevision.envs.stream.stream_config import StreamConfig
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.envs.stream.stream_trace import StreamTrace, draw_stream_traces
from edgevision.errors import ScenarioError
from edgevision.profiles.profile import OperatingPointProfile, load_profile

#: Probability that the edge is wrong when it says whether an answer differs from the one before.
CHANGE_ERROR = 0.03
#: Number of newest scores that a controller sees.
LAST_SCORES = 8
_AVERAGE_WEIGHTS = np.array([0.5, 0.25, 0.08])[:, None]
#: Slots counted since something happened; a camera starts as if it had happened this long ago.
LONGEST_AGE = 1000

_STATE = (
    *("slot", "_episode", "answered_scene", "right", "_delivered", "_lost", "_told_change", "_told_event", "_age"),
    *("_event_age", "_level", "_tercile", "_confidence", "_feature", "_scores", "_averages", "_belief", "_frames_left"),
)

_episodes = itertools.count()


class StreamSimulator(EpisodeSimulator):
    """State and dynamics of N independent environments of one scenario.

    Attributes:
        tables: what the edge reports, and how likely answers are right.
        answered_scene: number of the scene that the edge's answer is for, (N, U); -1 if it has none.
        right: whether that answer is right for that scene, (N, U).
    """

    trace_type = StreamTrace
    family = "stream"
    term_types: ClassVar[Mapping[str, tuple[type, bool]]] = {
        "sent": (int, False),
        "delivered": (bool, True),
        "probability": (float, True),
        "privileged": (int, True),
    }
    state_names = _STATE
    config: StreamConfig

    def __init__(self, config: StreamConfig, n: int, outcomes: object = None) -> None:
        """Prepare N environments.

        Raises:
            ScenarioError: the settings and the profile do not fit, or ``outcomes`` are given.
        """
        if outcomes is not None:
            raise ScenarioError("EdgeVision/Stream-v0 has no accuracy='live'; leave outcomes= away")
        whole = load_profile(config.profile)
        super().__init__(config, n, _thinned(whole, config))
        self.tables: AnswerTables = answer_tables(whole, config.levels)
        self._by_difficulty = self._members[np.argsort(self.tables.difficulty[self._members], kind="stable")]
        self._raw_size = float(whole.raw_size[whole.members("train")].mean())
        self._airtime = config.slot_time - self.compute_time
        self._computing_energy = computing_energy(config, self.profile)
        shape = (n, config.users)
        self._episode = np.zeros(n, np.int64)
        self.answered_scene = np.full(shape, -1)
        self.right, self._delivered, self._lost = np.zeros((3, *shape), bool)
        self._told_change, self._told_event = np.zeros((2, *shape), bool)
        self._age, self._event_age = np.full((2, *shape), LONGEST_AGE)
        self._level, self._tercile = np.zeros((2, *shape), np.int64)
        self._confidence, self._feature = np.zeros((2, *shape))
        self._scores = np.zeros((n, LAST_SCORES, config.users))
        self._averages = np.zeros((n, len(_AVERAGE_WEIGHTS), config.users))
        self._belief = np.zeros((*shape, len(four_states.STATES)))
        self._frames_left = np.zeros(shape, np.int64)

    def _draw(self, generators: Sequence[np.random.Generator]) -> StreamTrace:
        return draw_stream_traces(self.config, self._by_difficulty, generators)

    def install(self, rows: IntArray, trace: StreamTrace) -> None:
        """Start the episodes of ``trace`` in the environments ``rows``.

        Raises:
            ScenarioError: the trace does not match the number of environments, users, slots or contents.
        """
        self._check_length(trace)
        super().install(rows, trace)

    def _begin(self, rows: IntArray, trace: StreamTrace) -> None:
        super()._begin(rows, trace)
        self._episode[rows] = list(itertools.islice(_episodes, len(rows)))
        self.answered_scene[rows] = -1
        self._frames_left[rows] = trace.battery
        for state in (self.right, self._delivered, self._lost, self._told_change, self._told_event, self._level):
            state[rows] = 0
        for number in (self._tercile, self._confidence, self._feature, self._scores, self._averages):
            number[rows] = 0
        self._age[rows] = self._event_age[rows] = LONGEST_AGE
        share = self.config.event_share
        self._belief[rows] = 0.0, 0.0, 1.0 - share, share
        starting = np.zeros(self.n, bool)
        starting[rows] = True
        self._observe(starting)

    def _observe(self, chosen: BoolArray) -> None:
        """Let the cameras of the environments ``chosen`` (N,) score the scene of the current slot."""
        config = self.config
        score = np.where(self.changed, self._now("score"), 0.0) + self._now("noise")
        scores = np.concatenate([score[:, None], self._scores[:, :-1]], axis=1)
        averages = self._averages + _AVERAGE_WEIGHTS * (score[:, None] - self._averages)
        belief = four_states.predict(self._belief, config.event_start, config.event_end, config.changes_per_slot)
        belief = four_states.weigh(belief, score, config.score_mean)
        if not chosen.all():
            mask = chosen[:, None, None]
            scores = np.where(mask, scores, self._scores)
            averages = np.where(mask, averages, self._averages)
            belief = np.where(mask, belief, self._belief)
        self._scores, self._averages, self._belief = scores, averages, belief
        self._problem = None

    @property
    def changed(self) -> BoolArray:
        """Whether each scene is another than that of the last frame delivered, (N, U); hidden from policies."""
        return np.asarray(self._now("scene") != self.answered_scene)

    @property
    def state(self) -> IntArray:
        """The true state of each camera, an index into ``four_states.STATES``, (N, U); hidden from policies."""
        return np.asarray(2 * self.changed + self._now("event"))

    @property
    def weight(self) -> FloatArray:
        """What a right answer of each camera adds to the reward of this slot, (N, U); hidden from policies."""
        config = self.config
        return np.where(self._now("event"), config.event_weight, 1.0) / (config.mean_weight * config.users)

    @property
    def content(self) -> IntArray:
        """Index of the content of each camera's scene, (N, U); hidden from policies."""
        return self._now("content")

    @property
    def arrivals(self) -> tuple[BoolArray, IntArray]:
        """All true, as every camera counts in every slot, and the contents of the scenes, (N, U) each."""
        return np.ones((self.n, self.config.users), bool), self.content

    def _build_problem(self) -> SlotProblem:
        config, profile, tables = self.config, self.profile, self.tables
        shape = (self.n, config.users, profile.points)
        gain_scale = self._now("gain_scale")
        return SlotProblem(
            active=np.ones(shape[:2], bool),
            raw_size=np.full(shape[:2], 8.0 * self._raw_size),
            deadline=np.full(shape[:2], config.slot_time),
            gain_scale=gain_scale,
            size_fraction=np.broadcast_to(tables.mean_size / self._raw_size, shape),
            accuracy=np.broadcast_to(profile.accuracy, shape),
            compute_time=np.broadcast_to(self.compute_time, shape),
            features=np.zeros((*shape[:2], 0)),
            bandwidth_budget=np.full(self.n, config.bandwidth),
            power_budget=np.full(self.n, config.power * config.users),
            min_bandwidth=np.zeros(self.n),
            min_power=np.zeros(self.n),
            noise_density=np.full(self.n, config.noise_density),
            grid=profile.grid,
            fading="rayleigh",
            max_power=np.where(self._frames_left > 0, config.power, 0.0),
            outlook=self._outlook(gain_scale),
        )

    def _outlook(self, gain_scale: FloatArray) -> StreamOutlook:
        config, n = self.config, self.n
        empty = self.answered_scene < 0
        again, at = self.tables.given(self._level, self._confidence, self._tercile)
        known = ~empty
        return StreamOutlook(
            environment=self._rows.copy(),
            episode=self._episode.copy(),
            slot=self.slot.copy(),
            episode_slots=np.full(n, config.episode_slots),
            battery=self._running()["battery"].copy(),
            frames_left=self._frames_left.copy(),
            score=self._scores[:, 0].copy(),
            last_scores=self._scores.copy(),
            score_averages=self._averages.copy(),
            empty=empty,
            age=self._age.copy(),
            delivered=self._delivered.copy(),
            lost=self._lost.copy(),
            told_change=self._told_change.copy(),
            told_event=self._told_event.copy(),
            event_age=self._event_age.copy(),
            level=self._level.copy(),
            confidence=self._confidence.copy(),
            feature=self._feature.copy(),
            right_again=np.where(known, again, 0.0),
            right_at=np.where(known[..., None], at, self.profile.accuracy),
            planned_share=np.where(
                (self._frames_left > 0)[..., None],
                planned_share(
                    8.0 * self.tables.mean_size,
                    self._airtime,
                    gain_scale,
                    config.power,
                    config.noise_density,
                    config.bandwidth,
                ),
                IMPOSSIBLE,
            ),
            belief=self._belief.copy(),
            event_start=np.full(n, config.event_start),
            event_end=np.full(n, config.event_end),
            change_rate=np.full(n, config.changes_per_slot),
            score_mean=np.full(n, config.score_mean),
            event_weight=np.full(n, config.event_weight),
        )

    def success_probability(self, allocation: Allocation) -> FloatArray:
        """Probability that the frames of this slot's scenes arrive in time, (N, U): their own bytes count."""
        payload = 8.0 * self.profile.size[self.content, allocation.operating_point]
        return self.problem.success_probability(allocation, payload=payload)

    def step(self, allocation: Allocation, running: BoolArray | None = None) -> SlotOutcome:
        """Score the current slot and advance the environments in ``running`` (all by default)."""
        config = self.config
        advancing = np.ones(self.n, bool) if running is None else running
        sent = (allocation.bandwidth > 0) & (allocation.power > 0) & (self._frames_left > 0)
        probability = np.where(sent, self.success_probability(allocation), 0.0)
        delivered = self._now("fading") < probability
        state, weight = self.state, self.weight
        self._answer(delivered & advancing[:, None], allocation.operating_point)
        self._delivered = np.where(advancing[:, None], delivered, self._delivered)
        self._frames_left = self._frames_left - (sent & advancing[:, None])
        self._lost = np.where(advancing[:, None], sent & ~delivered, self._lost)
        fresh = ~self.changed
        self._advance(advancing)
        self._observe(advancing)
        return SlotOutcome(
            reward=(weight * (fresh & self.right)).sum(axis=1),
            in_time=fresh.astype(np.float64),
            accuracy=self.right.astype(np.float64),
            energy=np.where(sent, self._energy(allocation), 0.0),
            truncated=self.slot >= config.episode_slots,
            share=weight,
            offered=np.ones(self.n),
            sent=np.ones(sent.shape, bool),
            terms={
                "sent": sent.sum(axis=1),
                "delivered": delivered,
                "probability": probability,
                "privileged": state,
            },
        )

    def _energy(self, allocation: Allocation) -> FloatArray:
        """What each camera would spend on sending its frame, (N, U) [J]."""
        level = allocation.operating_point
        return request_energy(allocation.power, np.maximum(self._airtime, 0.0)[level], self._computing_energy[level])

    def _answer(self, delivered: BoolArray, level: IntArray) -> None:
        """Let the edge answer the frames that were delivered, and report."""
        content, tables = self.content, self.tables
        assert self.profile.correct is not None  # noqa: S101 - the base class requires recorded answers
        right = self.profile.correct[content, level]
        differs = self.changed | (right != self.right)
        told_change = differs != (self._now("change_report") < CHANGE_ERROR)
        told_event = self._now("event") != (self._now("event_report") < four_states.EVENT_ERROR)
        confidence = tables.confidence[content, level] + CONFIDENCE_NOISE * self._now("confidence_noise")
        self.answered_scene = np.where(delivered, self._now("scene"), self.answered_scene)
        self.right = np.where(delivered, right, self.right)
        self._told_change = delivered & told_change
        self._told_event = np.where(delivered, told_event, self._told_event)
        self._age = np.where(delivered, 0, np.minimum(self._age, LONGEST_AGE - 1)) + 1
        self._event_age = np.where(delivered & told_event, 0, np.minimum(self._event_age, LONGEST_AGE - 1)) + 1
        self._level = np.where(delivered, level, self._level)
        self._confidence = np.where(delivered, confidence, self._confidence)
        self._feature = np.where(delivered, tables.feature[content], self._feature)
        self._tercile = np.where(delivered, tables.tercile[content], self._tercile)
        self._belief = four_states.reset_delivered(self._belief, delivered, told_event)


def _thinned(profile: OperatingPointProfile, config: StreamConfig) -> OperatingPointProfile:
    """The profile with the chosen levels, and no features: what a frame shows is known only after it is encoded.

    Raises:
        ScenarioError: the profile is a grid, has relative sizes, or has fewer levels.
    """
    if len(profile.grid) > 1 or profile.relative:
        raise ScenarioError(
            f"EdgeVision/Stream-v0 needs a measured profile with one axis, {profile.name!r} is not; "
            "use that of one image codec"
        )
    if config.levels[-1] >= profile.points:
        raise ScenarioError(f"levels must be below the {profile.points} of profile {profile.name!r}")
    return _part(profile, config.levels)


@functools.lru_cache(maxsize=8)
def _part(profile: OperatingPointProfile, levels: tuple[int, ...]) -> OperatingPointProfile:
    chosen = np.array(levels)
    return dataclasses.replace(
        profile,
        size=profile.size[:, chosen],
        accuracy=profile.accuracy[chosen],
        parameter=profile.parameter[chosen],
        device_time=profile.device_time[chosen],
        edge_time=profile.edge_time[chosen],
        correct=None if profile.correct is None else profile.correct[:, chosen],
        features=profile.features[:, :0],
        feature_names=(),
        grid=(len(levels),),
    )
