"""Supervised training of a belief: cross-entropy on the truth that ``info`` holds as ``privileged``.

In each round the policy plays new training episodes with the belief as it is, so that the network learns from what its
own decisions let it see; in some episodes the filter decides. It then learns from these episodes, and twice from those
of recent rounds. States with an event weigh more, as they do in the score. All is determined by the seed.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from edgevision.agents.belief.belief_policy import BeliefDescription, BeliefPolicy
from edgevision.agents.belief.round_checkpoint import (
    RoundCheckpoint,
    Saved,
    generator,
    grouped,
    optimiser_tensors,
    restore,
    restoring,
)
from edgevision.agents.belief.street_network import NETWORKS, SIGNS, BeliefNetwork, signs
from edgevision.arrays import BoolArray
from edgevision.baselines.stream.belief_filter import HORIZONS, THRIFTS, solve
from edgevision.checks import whole_number
from edgevision.envs import Allocation, SlotProblem, StreamConfig, StreamSimulator
from edgevision.envs.simulation.episodes import play
from edgevision.envs.stream.four_states import STATES
from edgevision.errors import DivergedError, TrainingError, unknown_name
from edgevision.protocol import SEEDS

_EPISODES = 48  # per round
_RECENT_ROUNDS, _PASSES = 5, 3
_SAVED_EVERY = 5  # rounds; about ten seconds
_BACKPROPAGATED = 50  # slots
_RATE, _LAST_RATE = 4e-3, 0.05
_FILTERED, _FILTERED_FIRST, _FIRST_ROUNDS = 0.1, 0.5, 10  # share of the episodes that the filter decides
_EVENT_WEIGHT = 0.25  # of that in the score
_VALIDATION_EPISODES = 64
_THRIFT = 0.7  # while it learns


@dataclass(frozen=True)
class BeliefConfig:
    """What to train.

    Attributes:
        rounds: rounds of 48 episodes.
        seed: seed of weights and episodes.
        architecture: name of its network in `edgevision.agents.belief.street_network.NETWORKS`.
        settings: keywords of ``EdgeVision/Stream-v0`` that differ from its preset, ``preset`` included.

    Raises:
        TrainingError: a value is out of range.
        UnknownNameError: no such architecture.
        ScenarioError: settings contradict each other.
    """

    rounds: int = 120
    seed: int = 0
    architecture: str = "street-gru"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        whole_number("rounds", self.rounds, 1, 100_000, TrainingError)
        whole_number("seed", self.seed, 0, 2**63 - 1, TrainingError)
        if self.architecture not in NETWORKS:
            raise unknown_name("architecture", self.architecture, NETWORKS)
        if "content_split" in self.settings:
            raise TrainingError("content_split is chosen by training: 'train', and 'validation' to evaluate")
        self.scenario("train")

    def scenario(self, split: str) -> StreamConfig:
        """The settings on the contents of a split.

        Raises:
            ScenarioError: settings contradict each other.
        """
        settings = {**self.settings, "content_split": split}
        return StreamConfig.from_preset(settings.pop("preset", "street"), "street", **settings)


@dataclass(frozen=True)
class Recording:
    """What the network saw in T slots of N episodes, and the truth: signs (T, N, U, S), states, and a weight each."""

    seen: Tensor
    truth: Tensor
    weight: Tensor


@dataclass(frozen=True)
class BeliefSummary:
    """A trained belief.

    Attributes:
        policy: the policy, with the horizon or the thrift that scored best on validation episodes.
        cross_entropy: mean of each round [nat].
        score: mean reward per slot on the validation episodes.
    """

    policy: BeliefPolicy
    cross_entropy: tuple[float, ...]
    score: float


def train_belief(
    config: BeliefConfig,
    report: Callable[[int, int], None] = lambda done, total: None,
    folder: Path | None = None,
) -> BeliefSummary:
    """Train a belief, and choose its horizon or its thrift on the validation split.

    Args:
        config: what to train.
        report: called with the number of finished rounds and that of all.
        folder: keeps a checkpoint while it trains, from which the same call goes on after a kill.

    Raises:
        ScenarioError: settings contradict each other.
        DivergedError: the loss is no longer finite.
        TrainingError: the folder holds the checkpoint of another run.
    """
    scenario = config.scenario("train")
    checkpoint = RoundCheckpoint(folder, "belief", dataclasses.asdict(config))
    provenance = {"seed": config.seed, "rounds": config.rounds, "settings": dict(config.settings)}
    description = BeliefDescription(config.architecture, config.architecture, 0.0, _THRIFT, provenance=provenance)
    with one_thread():
        torch.manual_seed(config.seed)
        network = NETWORKS[config.architecture]()
        optimiser = torch.optim.Adam(network.parameters(), lr=_RATE)
        random = np.random.default_rng([config.seed, 3])
        recent: deque[Recording] = deque(maxlen=_RECENT_ROUNDS)
        losses: list[float] = []
        if (saved := checkpoint.load()) is not None:
            with restoring():
                restore(network, optimiser, saved)
                random, losses = generator(saved), list(saved.numbers)
                recent.extend(_recordings(saved, scenario))
        for number in range(len(losses), config.rounds):
            filtered = random.random(_EPISODES) < (_FILTERED_FIRST if number < _FIRST_ROUNDS else _FILTERED)
            seeds = [SEEDS["train"][index] for index in random.integers(len(SEEDS["train"]), size=_EPISODES)]
            recent.append(_record(BeliefPolicy(description, network), scenario, seeds, filtered))
            for group in optimiser.param_groups:
                group["lr"] = _RATE * max(1.0 - number / config.rounds, _LAST_RATE)
            older = [recent[int(index)] for index in random.integers(len(recent), size=_PASSES - 1)]
            losses.append(float(np.mean([_learn(network, optimiser, part) for part in (recent[-1], *older)])))
            if not np.isfinite(losses[-1]):
                raise DivergedError(f"the loss is no longer finite after {number + 1} rounds; try another seed")
            if (number + 1) % _SAVED_EVERY == 0:
                tensors = {
                    **grouped("network", network.state_dict()),
                    **grouped("optimiser", optimiser_tensors(optimiser)),
                    **{
                        key: value
                        for i, part in enumerate(recent)
                        for key, value in grouped(f"{i}", vars(part)).items()
                    },
                }
                checkpoint.save(Saved(tensors, random.bit_generator.state, tuple(losses)))
            report(number + 1, config.rounds)
        network.eval().requires_grad_(False)
        policy, score = _best_on_validation(description, network, config)
    return BeliefSummary(policy, tuple(losses), score)


def _recordings(saved: Saved, scenario: StreamConfig) -> list[Recording]:
    """The recordings in a checkpoint.

    Raises:
        TypeError, ValueError: they are none of the scenario.
    """
    shape = (scenario.episode_slots, _EPISODES, scenario.users)
    parts = (saved.group(str(index)) for index in range(_RECENT_ROUNDS))
    found = [Recording(**part) for part in parts if part]
    for part in found:
        shapes = tuple(tuple(value.shape) for value in (part.seen, part.truth, part.weight))
        if shapes != ((*shape, len(SIGNS)), shape, shape) or not ((part.truth >= 0) & (part.truth < len(STATES))).all():
            raise ValueError("it holds recordings of other episodes")
    return found


def _best_on_validation(
    description: BeliefDescription, network: BeliefNetwork, config: BeliefConfig
) -> tuple[BeliefPolicy, float]:
    """The policy with the best thrift, where frames are limited, or horizon; and its score."""
    scenario = config.scenario("train")
    if scenario.battery_frames[0] < scenario.episode_slots:
        described = [dataclasses.replace(description, thrift=one) for one in THRIFTS]
    else:
        described = [dataclasses.replace(description, horizon=one) for one in HORIZONS]
    candidates = [BeliefPolicy(one, network) for one in described]
    scores = [validation_score(candidate, config) for candidate in candidates]
    best = int(np.argmax(scores))
    return candidates[best], scores[best]


def validation_score(policy: BeliefPolicy, config: BeliefConfig) -> float:
    """Mean reward per slot on episodes and contents of the validation split."""
    seeds = SEEDS["validation"][:_VALIDATION_EPISODES]
    simulator = StreamSimulator(config.scenario("validation"), len(seeds))
    slots = [slot.outcome.reward.mean() for slot in play(simulator, lambda problem, _: policy.act(problem), seeds)]
    return float(np.mean(slots))


def _record(policy: BeliefPolicy, scenario: StreamConfig, seeds: list[int], filtered: BoolArray) -> Recording:
    """Play episodes, in which the filter decides where ``filtered`` (N,)."""
    simulator = StreamSimulator(scenario, len(seeds))

    def decide(problem: SlotProblem, _: BoolArray) -> Allocation:
        belief = np.where(filtered[:, None, None], problem.street.belief, policy.belief(problem))
        return solve(problem, belief, thrift=policy.description.thrift)

    seen, truth, weight = [], [], []
    for slot in play(simulator, decide, seeds):
        state = slot.outcome.terms["privileged"]
        heavier = max(_EVENT_WEIGHT * scenario.event_weight, 1.0)
        seen.append(signs(slot.problem.street))
        truth.append(state)
        weight.append(~slot.problem.street.empty * np.where(state % 2 == 1, heavier, 1.0))
    stacked = (np.stack(part) for part in (seen, truth, weight))
    return Recording(*map(torch.from_numpy, stacked))


def _learn(network: BeliefNetwork, optimiser: torch.optim.Optimizer, recording: Recording) -> float:
    """One pass over a recording, with gradients through 50 slots at a time; returns the mean loss [nat]."""
    slots, episodes, users = recording.truth.shape
    state, total = torch.zeros(episodes, users, network.width), 0.0
    for first in range(0, slots, _BACKPROPAGATED):
        part = slice(first, first + _BACKPROPAGATED)
        outputs = []
        for seen in recording.seen[part]:
            output, state = network(seen, state)
            outputs.append(output)
        weight = recording.weight[part].flatten().float()
        losses = nn.functional.cross_entropy(
            torch.stack(outputs).flatten(0, 2), recording.truth[part].flatten(), reduction="none"
        )
        loss = (losses * weight).sum() / weight.count_nonzero().clamp(min=1)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        state, total = state.detach(), total + loss.item() * len(outputs) / slots
    return total


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread of PyTorch: the network is small, and sums then have the same order on every machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
