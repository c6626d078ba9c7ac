"""`MarginalValues`: learns prices of energy and values of waiting by regression on paired rollouts. Source: ours.

Each round samples the marginal values of the current policy (`paired_rollouts`) and fits the actor to them. A price
is fitted as price x energy against the right answers that the energy brought, a value of waiting directly; the squared
error makes both the mean over what cannot be known. As in policy iteration, the fitted prices are the next policy.
There is no exploration: what an action would have cost is measured, not tried out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium.spaces import Box, Dict
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.policies import BasePolicy
from torch import Tensor

from edgevision.agents.hyperparameters import MarginalHyperparameters
from edgevision.agents.marginal.paired_rollouts import paired_rollouts
from edgevision.agents.marginal.sample_store import SampleStore
from edgevision.agents.networks import SetActor
from edgevision.agents.ppo_policy import network_inputs, observation_widths
from edgevision.agents.sb3_vec_env import SB3VecEnv
from edgevision.arrays import FloatArray
from edgevision.baselines.dynamic.price_view import PRICE_RANGE, PRICE_VIEW, WAITING_RANGE
from edgevision.envs.dynamic.dynamic_simulator import DynamicSimulator
from edgevision.envs.problem import SlotProblem
from edgevision.envs.simulation.episodes import start
from edgevision.protocol import SEEDS


class PricePolicy(BasePolicy):
    """`SetActor` as a policy of Stable-Baselines3; deterministic."""

    observation_space: Dict
    action_space: Box

    def __init__(self, observation_space: Dict, action_space: Box, lr_schedule: Any, width: int) -> None:
        super().__init__(observation_space, action_space)
        self.set_actor = SetActor(*observation_widths(observation_space), action_space.shape[1], width)

    def _predict(self, observation: Any, deterministic: bool = False) -> Tensor:
        action: Tensor = self.set_actor(*network_inputs(observation))
        return action


class MarginalValues(BaseAlgorithm):
    """The algorithm ``marginal``, in the interface of Stable-Baselines3.

    Attributes:
        samples: the samples of the last rounds.
    """

    policy: PricePolicy

    def __init__(self, env: SB3VecEnv, hyperparameters: MarginalHyperparameters, seed: int) -> None:
        """Build an untrained model; the actions of the environment must be prices."""
        self._hyperparameters, self._config = hyperparameters, env.env.config
        super().__init__(
            PricePolicy,
            env,
            hyperparameters.learning_rate,
            {"width": hyperparameters.width},
            device="cpu",
            support_multi_env=True,
            seed=seed,
        )
        self._setup_model()

    def _setup_model(self) -> None:
        self._setup_lr_schedule()
        self.set_random_seed(self.seed)
        assert isinstance(self.observation_space, Dict) and isinstance(self.action_space, Box)  # noqa: S101 - of the view
        self.policy = PricePolicy(self.observation_space, self.action_space, self.lr_schedule, **self.policy_kwargs)
        chosen, (users, features) = self._hyperparameters, self.observation_space["users"].shape  # type: ignore[misc]
        per_round = chosen.groups * chosen.n_envs * users
        _, cell_features = observation_widths(self.observation_space)
        self.samples = SampleStore(chosen.rounds_kept, per_round, (users, features), cell_features)

    def _get_torch_save_params(self) -> tuple[list[str], list[str]]:
        return ["policy", "samples"], []

    def learn(
        self,
        total_timesteps: int,
        callback: Any = None,
        log_interval: int = 1,
        tb_log_name: str = "marginal",
        reset_num_timesteps: bool = True,
        progress_bar: bool = False,
    ) -> MarginalValues:
        """Sample and fit in rounds until ``total_timesteps`` environment steps are taken."""
        total, callback = self._setup_learn(total_timesteps, callback, reset_num_timesteps, tb_log_name, progress_bar)
        callback.on_training_start(locals(), globals())
        while self.num_timesteps < total:
            callback.on_rollout_start()
            # Seeded by the steps so far, so that a resumed run draws what it would have drawn.
            rng = np.random.default_rng([self.seed or 0, self.num_timesteps])
            self._sample(rng)
            self._fit(rng)
        callback.on_training_end()
        return self

    def _sample(self, rng: np.random.Generator) -> None:
        chosen, config = self._hyperparameters, self._config
        # Slots in equal strata: one group in each.
        strata = (np.arange(chosen.groups) + rng.random(chosen.groups)) / chosen.groups
        parts = []
        for slot in np.floor(strata * config.episode_slots).astype(np.int64).tolist():
            simulator = DynamicSimulator(config, chosen.n_envs)
            start(simulator, rng.choice(SEEDS["train"], chosen.n_envs).tolist())
            part, steps = paired_rollouts(simulator, self._act, slot, chosen.energy_step, chosen.gamma, rng)
            parts.append(part)
            self.num_timesteps += steps
        self.samples.add(parts)

    def _act(self, problem: SlotProblem) -> FloatArray:
        observation = PRICE_VIEW.observe(problem)
        with torch.inference_mode():
            inputs = (torch.from_numpy(observation[key].astype(np.float32)) for key in ("users", "cell", "active"))
            return np.asarray(self.policy.set_actor(*inputs).numpy(), np.float64)

    def _fit(self, rng: np.random.Generator) -> None:
        chosen, actor = self._hyperparameters, self.policy.set_actor
        optimizer = torch.optim.AdamW(actor.parameters(), chosen.learning_rate, weight_decay=chosen.weight_decay)
        batches = max(1, len(self.samples) // chosen.batch_size)
        schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, chosen.n_epochs * batches)
        for _ in range(chosen.n_epochs):
            for index in torch.from_numpy(rng.permutation(len(self.samples))).chunk(batches):
                optimizer.zero_grad()
                marginal_loss(actor, self.samples.at(index)).backward()
                torch.nn.utils.clip_grad_norm_(actor.parameters(), chosen.max_grad_norm)
                optimizer.step()
                schedule.step()


def marginal_loss(actor: SetActor, samples: dict[str, Tensor]) -> Tensor:
    """Mean squared errors of the prices and of the values of waiting of an actor, on M samples."""
    users = samples["users"]
    action = actor(users, samples["cell"], torch.ones(users.shape[:2]))
    mine = action[torch.arange(len(users)), samples["camera"]]
    price = samples["reference"][:, 0] * torch.exp(PRICE_RANGE * mine[:, 0])
    waiting = samples["reference"][:, 1] + WAITING_RANGE * mine[:, 1]
    waits = samples["waits"]
    energy_error = (price * samples["energy"] - samples["energy_value"]) ** 2
    waiting_error = waits * (waiting - samples["waiting_value"]) ** 2
    return energy_error.mean() + waiting_error.sum() / waits.sum().clamp(min=1.0)
