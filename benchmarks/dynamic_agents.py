"""Train other learners on ``EdgeVision/Dynamic-v0``, beside the algorithms of ``edgevision train``.

Run ``python benchmarks/dynamic_agents.py tqc``, ``recurrent-ppo`` or ``imitation``. All of them set prices
(``EdgeVision/Dynamic-Price-v0``), start from the policy ``mpc``, and learn on contents of the train split:

- ``tqc``: truncated quantile critics of sb3-contrib, on observations without set structure;
- ``recurrent-ppo``: PPO with an LSTM of sb3-contrib, likewise;
- ``imitation``: a set network imitates the prices of the clairvoyant policy. In the first round that policy plays, in
  later ones the network itself does (DAgger), so that it learns in the states that it reaches.

It prints the score on test episodes over all training seeds, and the difference from tuned ``mpc``, each with a 95 %
interval over episodes, contents and training seeds.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from sb3_contrib import TQC, RecurrentPPO
from torch import Tensor

from edgevision import baselines
from edgevision.agents.networks import SetActor
from edgevision.agents.sb3_vec_env import SB3VecEnv
from edgevision.arrays import FloatArray
from edgevision.baselines.dynamic.episode_bound import EpisodeBound
from edgevision.baselines.dynamic.price_view import PRICE_RANGE, PRICE_VIEW, WAITING_RANGE, reference_prices
from edgevision.baselines.dynamic.send_values import SHARES, best_values
from edgevision.baselines.joint.upper_bound import active_users
from edgevision.envs import DynamicSimulator
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.envs.simulation.episodes import start
from edgevision.experiments.evaluation.evaluate import EvaluationConfig, PolicyResult, evaluate
from edgevision.experiments.evaluation.rollout import Rollout
from edgevision.experiments.evaluation.summary import difference, signed, with_interval
from edgevision.progress import progress_bar
from edgevision.protocol import SEEDS
from edgevision.statistics import crosswise_interval

ENV_ID = "EdgeVision/Dynamic-v0"
PRICE_ID = "EdgeVision/Dynamic-Price-v0"
STEPS = {"tqc": 300_000, "recurrent-ppo": 1_000_000, "imitation": 100_000}
#: Of imitation: environments, rounds, passes over the slots, and neurons per layer.
EPISODES, ROUNDS, EPOCHS, WIDTH = 64, 4, 8, 64

#: Price of energy and value of waiting of every camera, (N, U) each.
Prices = tuple[FloatArray, FloatArray]


class Contrib:
    """A trained model of sb3-contrib as a policy; an LSTM begins anew with every episode."""

    kind = "learned"

    def __init__(self, name: str, model: Any) -> None:
        self.name, self._model = name, model
        self._memory: Any = None

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        first = problem.future.slots_left == problem.future.episode_slots
        if first.all():
            self._memory = None  # that of another number of episodes would run through these ones in turn
        observation = PRICE_VIEW.observe(problem)
        action, self._memory = self._model.predict(
            observation, state=self._memory, episode_start=first, deterministic=True
        )
        return PRICE_VIEW.decode(action.astype(np.float64), problem)


def contrib(algorithm: str, settings: dict[str, Any], steps: int, seed: int) -> Contrib:
    """Train an algorithm of sb3-contrib."""
    env = SB3VecEnv.make(PRICE_ID, 64, **settings)
    common: dict[str, Any] = {"gamma": 0.98, "seed": seed, "device": "cpu"}
    if algorithm == "tqc":
        model: Any = TQC(
            "MultiInputPolicy",
            env,
            learning_rate=lambda left: 1e-3 * left,
            buffer_size=100_000,
            learning_starts=6400,
            gradient_steps=8,
            ent_coef=1e-3,
            top_quantiles_to_drop_per_net=2,
            policy_kwargs={"net_arch": [128, 128], "log_std_init": -2.0},
            **common,
        )
    else:
        model = RecurrentPPO(
            "MultiInputLstmPolicy",
            env,
            learning_rate=lambda left: 1e-3 * left,
            n_steps=50,
            batch_size=800,
            n_epochs=4,
            gae_lambda=0.95,
            policy_kwargs={"net_arch": [128], "lstm_hidden_size": 64, "log_std_init": -1.0},
            **common,
        )
    with torch.no_grad():  # the untrained policy is that of mpc
        last = model.actor.mu if algorithm == "tqc" else model.policy.action_net
        last.weight.mul_(0.01)
        last.bias.zero_()
    with progress_bar(f"{algorithm}, seed {seed}", steps) as advance:
        taken = [0]

        def report(inner: dict[str, Any], _: dict[str, Any]) -> bool:
            advance(inner["self"].num_timesteps - taken[0])
            taken[0] = inner["self"].num_timesteps
            return True

        model.learn(steps, callback=report)
    return Contrib(algorithm, model)


class Imitator:
    """A set network that sets prices."""

    name = "imitation"
    kind = "learned"

    def __init__(self, actor: SetActor) -> None:
        self.actor = actor

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch."""
        observation = PRICE_VIEW.observe(problem)
        with torch.inference_mode():
            action = self.actor(*(torch.from_numpy(observation[key]).float() for key in ("users", "cell", "active")))
        return PRICE_VIEW.decode(action.numpy().astype(np.float64), problem)


def clairvoyant_prices(teacher: baselines.Clairvoyant, gain: FloatArray, problem: SlotProblem) -> Prices:
    """Price of energy of the bound's plan, and what waiting brings at its prices and the true gains, (N, U) each.

    Args:
        teacher: the policy that has seen the episodes.
        gain: true gains of the slots, (N, T + 1, U).
        problem: the slots.
    """
    plan, future = teacher.plan, problem.future
    assert isinstance(plan, EpisodeBound)  # the plan of this environment
    energy, band = plan.energy_price[future.environment], plan.bandwidth_price[future.environment]
    now, last = future.episode_slots - future.slots_left, band.shape[1] - 1
    best = np.zeros(problem.active.shape)
    for ahead in range(1, int(future.slack.max(initial=0))):
        still = problem.active & (future.slack > ahead) & ((now + ahead <= last)[:, None])
        if not still.any():
            continue
        there = np.minimum(now + ahead, last)
        slot, users = active_users(replace(problem, active=still, gain_scale=gain[future.environment, there]))
        user = np.nonzero(still)[1]
        per_budget = energy[slot, user] * problem.deadline[slot, user] * problem.power_budget[slot]
        net = best_values(users, SHARES, per_budget)[0] - band[slot, there[slot], None] * SHARES
        best[slot, user] = np.maximum(best[slot, user], net.max(axis=1))
    return energy, best


def imitation(settings: dict[str, Any], steps: int, seed: int) -> Imitator:
    """Learn the clairvoyant policy's prices by regression, in rounds."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    simulator = SB3VecEnv.make(ENV_ID, EPISODES, **settings).env.simulator
    assert isinstance(simulator, DynamicSimulator)
    slots = simulator.config.episode_slots
    batches = max(1, steps // (ROUNDS * EPISODES * slots))
    students: list[Imitator] = []
    stored: list[tuple[Tensor, ...]] = []
    with progress_bar(f"imitation, seed {seed}", ROUNDS * batches * slots) as advance:
        for _ in range(ROUNDS):
            for _ in range(batches):
                start(simulator, rng.choice(SEEDS["train"], EPISODES).tolist())
                teacher = baselines.Clairvoyant()
                teacher.foresee(simulator)
                for _ in range(slots):
                    problem = simulator.problem
                    stored.append(_labelled(problem, clairvoyant_prices(teacher, simulator.trace.gain_scale, problem)))
                    simulator.step((students[-1] if students else teacher).act(problem))
                    advance(1)
            students.append(Imitator(_fitted(stored, rng)))
    return students[-1]


def _labelled(problem: SlotProblem, prices: Prices) -> tuple[Tensor, ...]:
    """What is observed, the actions that set the prices, and where each coordinate matters; a row per slot."""
    observation, (energy, waiting) = PRICE_VIEW.observe(problem), reference_prices(problem)
    action = np.stack(
        [
            np.log(np.maximum(prices[0], 1e-12) / np.maximum(energy, 1e-12)) / PRICE_RANGE,
            (prices[1] - waiting) / WAITING_RANGE,
        ],
        axis=-1,
    )
    matters = np.stack([np.ones(waiting.shape), problem.active & (problem.future.slack > 1)], axis=-1)
    arrays = (observation["users"], observation["cell"], np.clip(action, -1.0, 1.0), matters)
    return tuple(torch.from_numpy(array).float() for array in arrays)


def _fitted(stored: Sequence[tuple[Tensor, ...]], rng: np.random.Generator) -> SetActor:
    """A new network, fitted to all slots so far."""
    users, cell, wanted, matters = (torch.cat(column) for column in zip(*stored, strict=True))
    actor = SetActor(users.shape[-1], cell.shape[-1], wanted.shape[-1], WIDTH)
    optimizer = torch.optim.AdamW(actor.parameters(), 2e-3, weight_decay=1e-3)
    batches = max(1, len(users) // 256)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, EPOCHS * batches)
    for _ in range(EPOCHS):
        for index in torch.from_numpy(rng.permutation(len(users))).chunk(batches):
            optimizer.zero_grad()
            error = (actor(users[index], cell[index], torch.ones(users[index].shape[:2])) - wanted[index]) ** 2
            (error * matters[index]).sum().div(matters[index].sum()).backward()
            optimizer.step()
            schedule.step()
    return actor


def joined(results: Sequence[PolicyResult]) -> PolicyResult:
    """The results of the training seeds of one algorithm as those of one agent."""
    spec = replace(results[0].spec, members=tuple(result.spec for result in results))
    return PolicyResult(spec, Rollout.joined([result.rollout for result in results]), ())


def main() -> None:
    """Train and evaluate one algorithm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("algorithm", choices=list(STEPS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4], help="training seeds")
    parser.add_argument("--steps", type=int, help="environment steps to learn from")
    parser.add_argument("--preset", default="patrol")
    parser.add_argument("--slots", type=int, default=100, help="slots of an episode")
    parser.add_argument("--episodes", type=int, default=100, help="test episodes")
    options = parser.parse_args()
    torch.set_num_threads(1)
    settings = {"preset": options.preset, "episode_slots": options.slots}
    steps = options.steps or STEPS[options.algorithm]
    learn = imitation if options.algorithm == "imitation" else functools.partial(contrib, options.algorithm)
    agents = [learn({**settings, "content_split": "train"}, steps, seed) for seed in options.seeds]
    mpc = evaluate(EvaluationConfig(ENV_ID, ("mpc",), options.episodes, settings=settings)).results[0]
    played = [
        evaluate(EvaluationConfig(ENV_ID, (agent,), options.episodes, settings=settings), show_progress=False).results[
            0
        ]
        for agent in agents
    ]
    for result in (joined(played), mpc):
        score = crosswise_interval(result.content_scores, result.content_weight)
        against = "" if result is mpc else f"  minus mpc {signed(difference(result, mpc))}"
        print(f"{result.spec.label:14} {with_interval(score)}{against}")


if __name__ == "__main__":
    main()
