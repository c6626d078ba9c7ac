"""Learns what sending is worth, from paired rollouts under the policy as it is; then that policy is the next one.

It is policy iteration: each round measures the advantage of sending over waiting under the present policy
(`paired_sending`), and a network learns by regression how far the dynamic program is off. The seed determines all.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from edgevision.agents.belief.belief_policy import BeliefPolicy
from edgevision.agents.belief.belief_training import BeliefConfig, one_thread, validation_score
from edgevision.agents.belief.paired_sending import Samples, paired_sending
from edgevision.agents.belief.round_checkpoint import RoundCheckpoint, Saved, generator, grouped, restore, restoring
from edgevision.agents.belief.sending_network import SENDING_SIGNS, SendingNetwork
from edgevision.checks import whole_number
from edgevision.envs import StreamSimulator
from edgevision.envs.simulation.episodes import start
from edgevision.errors import DivergedError, TrainingError
from edgevision.protocol import SEEDS
from edgevision.provenance import digest

_GROUPS, _EPISODES, _TESTS = 4, 96, 8  # per round; tested slots per episode
_RECENT_ROUNDS, _PASSES, _BATCH = 8, 12, 512
_RATE, _LAST_RATE, _DECAY = 2e-3, 0.02, 0.01


@dataclass(frozen=True)
class SendingConfig:
    """What to train.

    Attributes:
        rounds: rounds of 384 episodes.
        seed: seed of weights and episodes.
        settings: keywords of ``EdgeVision/Stream-v0`` that differ from those that the belief was trained with.

    Raises:
        TrainingError: a value is out of range.
    """

    rounds: int = 12
    seed: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        whole_number("rounds", self.rounds, 1, 100_000, TrainingError)
        whole_number("seed", self.seed, 0, 2**63 - 1, TrainingError)

    def scenario(self, belief: BeliefPolicy) -> BeliefConfig:
        """The settings that the belief was trained with, and these over them.

        Raises:
            ScenarioError: settings contradict each other.
            TrainingError: settings name the split of contents.
        """
        own = belief.description.provenance.get("settings", {})
        return BeliefConfig(settings={**(own if isinstance(own, Mapping) else {}), **self.settings})


@dataclass(frozen=True)
class SendingSummary:
    """A policy that has learned what sending is worth.

    Attributes:
        policy: the policy of the round that scored best on validation episodes, or that without the network.
        scores: mean reward per slot on the validation episodes, without the network and after each round.
    """

    policy: BeliefPolicy
    scores: tuple[float, ...]


def train_sending(
    belief: BeliefPolicy,
    config: SendingConfig,
    report: Callable[[int, int], None] = lambda done, total: None,
    folder: Path | None = None,
) -> SendingSummary:
    """Learn what sending is worth with a trained belief.

    Args:
        belief: the policy to start from; its own network of what sending is worth is left away.
        config: what to train.
        report: called with the number of finished rounds and that of all.
        folder: keeps a checkpoint while it trains, from which the same call goes on after a kill.

    Raises:
        ScenarioError: settings contradict each other.
        TrainingError: settings name the split of contents, or the folder holds the checkpoint of another run.
        DivergedError: the loss is no longer finite.
    """
    scenario = config.scenario(belief)
    described = dataclasses.replace(belief.description, corrected=False)
    plain = BeliefPolicy(described, belief.network)
    checkpoint = RoundCheckpoint(
        folder,
        "sending",
        dataclasses.asdict(config),
        dataclasses.asdict(scenario),
        digest(dataclasses.asdict(described), [belief.network]),
    )
    name = f"{described.name}-sending"
    provenance = {**described.provenance, "settings": dict(scenario.settings), "sending": dataclasses.asdict(config)}
    described = dataclasses.replace(described, name=name, corrected=True, provenance=provenance)
    recent: deque[Samples] = deque(maxlen=_RECENT_ROUNDS)
    with one_thread():
        torch.manual_seed(config.seed)
        random = np.random.default_rng([config.seed, 5])
        networks: list[SendingNetwork] = []
        scores: list[float] = []
        if (saved := checkpoint.load()) is not None:
            with restoring():
                random, scores = generator(saved), list(saved.numbers)
                networks = [_restored(belief, saved, number) for number in range(len(scores) - 1)]
                torch.set_rng_state(saved.group("torch")["random"])  # after the networks, which draw random weights
                recent.extend(_samples(saved, belief))
        scores = scores or [validation_score(plain, scenario)]
        for number in range(len(networks), config.rounds):
            latest = BeliefPolicy(described, belief.network, networks[-1]) if networks else plain
            recent.append(_measure(latest, scenario, random))
            network = SendingNetwork(belief.network.width)
            if not np.isfinite(_fit(network, Samples.joined(list(recent)), random)):
                raise DivergedError(f"the loss is no longer finite after {number + 1} rounds; try another seed")
            networks.append(network.eval().requires_grad_(False))
            scores.append(validation_score(BeliefPolicy(described, belief.network, network), scenario))
            checkpoint.save(Saved(_tensors(networks, recent), random.bit_generator.state, tuple(scores)))
            report(number + 1, config.rounds)
    best = int(np.argmax(scores))
    policy = BeliefPolicy(described, belief.network, networks[best - 1]) if best else plain
    return SendingSummary(policy, tuple(scores))


def _tensors(networks: Sequence[SendingNetwork], recent: Iterable[Samples]) -> dict[str, Tensor]:
    """What a checkpoint holds."""
    found = {"torch/random": torch.get_rng_state()}
    for number, network in enumerate(networks):
        found |= grouped(f"network{number}", network.state_dict())
    for number, samples in enumerate(recent):
        found |= grouped(f"samples{number}", {name: torch.from_numpy(value) for name, value in vars(samples).items()})
    return found


def _restored(belief: BeliefPolicy, saved: Saved, number: int) -> SendingNetwork:
    network = SendingNetwork(belief.network.width)
    restore(network, None, saved, f"network{number}")
    return network.eval().requires_grad_(False)


def _samples(saved: Saved, belief: BeliefPolicy) -> list[Samples]:
    """The samples in a checkpoint.

    Raises:
        TypeError, ValueError: they are not for this belief.
    """
    parts = (saved.group(f"samples{number}") for number in range(_RECENT_ROUNDS))
    found = [Samples(**{name: value.numpy() for name, value in part.items()}) for part in parts if part]
    for part in found:
        count, signs = part.gain.size, len(SENDING_SIGNS) + belief.network.width
        if (part.seen.shape, part.gain.shape, part.measured.shape) != ((count, signs), (count,), (count,)):
            raise ValueError("it holds samples of another belief")
    return found


def _measure(policy: BeliefPolicy, scenario: BeliefConfig, random: np.random.Generator) -> Samples:
    """Samples of a round: groups of training episodes, with tests in equal strata of the slots."""
    config = scenario.scenario("train")
    parts = []
    for _ in range(_GROUPS):
        simulator = StreamSimulator(config, _EPISODES)
        start(simulator, random.choice(SEEDS["train"], _EPISODES).tolist())
        strata = (np.arange(_TESTS) + random.random(_TESTS)) / _TESTS
        slots = np.floor(strata * config.episode_slots).astype(np.int64).tolist()
        parts.append(paired_sending(simulator, policy.copy(), slots, random))
    return Samples.joined(parts)


def _fit(network: SendingNetwork, samples: Samples, random: np.random.Generator) -> float:
    """Fit the network to what the dynamic program misses; returns the mean squared error of the last pass."""
    if not len(samples.gain):  # so few cameras and slots that none could be tested
        return 0.0
    seen = torch.from_numpy(samples.seen)
    missed = torch.from_numpy((samples.measured - samples.gain).astype(np.float32))
    optimiser = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=_DECAY)
    batches = -(-len(seen) // _BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, _LAST_RATE, max(_PASSES * batches, 1))
    error = 0.0
    for _ in range(_PASSES):
        error = 0.0
        for index in torch.from_numpy(random.permutation(len(seen))).split(_BATCH):
            loss = nn.functional.mse_loss(network(seen[index]), missed[index])
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            error += loss.item() * len(index) / len(seen)
    return error
