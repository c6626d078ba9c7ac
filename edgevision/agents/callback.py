"""`EvaluateAndCheckpoint`: the training callback that evaluates, writes checkpoints and reseeds at fixed intervals."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Figure

from edgevision.agents import tensorboard_figures as figures
from edgevision.agents.checkpoint import save_checkpoint
from edgevision.agents.learned_policy import LearnedPolicy
from edgevision.agents.run_folder import CurvePoint, RunFolder
from edgevision.agents.sb3_vec_env import SB3VecEnv
from edgevision.agents.validation import Validation, validate
from edgevision.checks import real_number
from edgevision.envs import EpisodeSimulator
from edgevision.errors import TrainingError
from edgevision.protocol import SEEDS

#: Figures are drawn at every fifth evaluation and at the last, because drawing takes longer than evaluating.
FIGURE_EVERY = 5

_NOT_IN_TABLES = ("stdout", "log", "json", "csv")


@dataclass
class RunProgress:
    """Progress of a run, as stored in its checkpoints.

    Attributes:
        curve: the evaluations so far.
        seconds: wall-clock time of training up to the last evaluation [s].
    """

    curve: list[CurvePoint] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def best(self) -> CurvePoint:
        """The evaluation with the highest score."""
        return max(self.curve, key=lambda point: point.score)

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON values."""
        return {"seconds": self.seconds, "curve": [asdict(point) for point in self.curve]}

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> RunProgress:
        """Read what `to_json` returned.

        Raises:
            TrainingError: an entry is missing or not a number.
        """
        try:
            curve = [CurvePoint(**point) for point in state["curve"]]
            if not curve:
                raise ValueError("it has no point")
            for point in curve:
                for name, value in vars(point).items():
                    real_number(name, value, 0, sys.float_info.max, TrainingError)
            return cls(curve, real_number("seconds", state["seconds"], 0, sys.float_info.max, TrainingError))
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingError(f"the checkpoint's learning curve is damaged ({error})") from None


class EvaluateAndCheckpoint(BaseCallback):
    """Evaluates on the validation seeds and writes a checkpoint every ``interval`` environment steps.

    After each checkpoint, all random generators are seeded from (seed, steps so far) and new episodes start. A run that
    continues from a checkpoint is therefore exactly the same as an uninterrupted one.
    """

    def __init__(
        self,
        run: RunFolder,
        policy: LearnedPolicy,
        env: SB3VecEnv,
        simulator: EpisodeSimulator,
        validation_seeds: Sequence[int],
        *,
        seed: int,
        interval: int,
        progress: RunProgress,
        advance: Callable[[int, str], None],
        evaluated: Callable[[CurvePoint], object] | None = None,
    ) -> None:
        """Prepare the callback.

        Args:
            run: folder for evaluations and checkpoints.
            policy: policy around the actor that is trained.
            env: the training environment, without wrappers.
            simulator: simulator of the evaluations, with an environment per validation seed.
            validation_seeds: one seed per episode of an evaluation.
            seed: seed of the run.
            interval: environment steps from one evaluation to the next.
            progress: progress of the run so far; updated in place.
            advance: called with the steps since its last call and a note, for a progress bar.
            evaluated: called after each evaluation and its checkpoint; what it raises ends the training.
        """
        super().__init__()
        self._run, self._policy, self._env = run, policy, env
        self._simulator, self._validation_seeds = simulator, validation_seeds
        self._seed, self._interval, self._advance = seed, interval, advance
        self._progress, self._evaluated = progress, evaluated or (lambda point: None)
        self._earlier = progress.seconds
        self._next = self._shown = 0

    def _on_training_start(self) -> None:
        self._begun = time.perf_counter()
        if not self._progress.curve:
            self._evaluate()
            self._evaluated(self._progress.curve[-1])
        self._begin_interval()

    def _on_rollout_start(self) -> None:
        if self.model.num_timesteps >= self._next:
            self._end_interval()
            self._begin_interval()
        rewards = [episode["r"] / episode["l"] for episode in self.model.ep_info_buffer or ()]
        note = f"reward {np.mean(rewards):.4f}, " if rewards else ""
        self._show(f"{note}best on validation {self._progress.best.score:.4f}")

    def _show(self, note: str) -> None:
        self._advance(self.model.num_timesteps - self._shown, note)
        self._shown = self.model.num_timesteps

    def _on_step(self) -> bool:
        return True

    def _on_training_end(self) -> None:
        if self._progress.curve[-1].steps < self.model.num_timesteps:
            self._end_interval(last=True)
        self._show(f"best on validation {self._progress.best.score:.4f}")

    def _begin_interval(self) -> None:
        steps, model = self.model.num_timesteps, self.model
        self._next = (steps // self._interval + 1) * self._interval
        sequence = np.random.SeedSequence([self._seed, steps])
        model.set_random_seed(int(sequence.generate_state(1)[0]))
        n = self._env.num_envs
        seeds = SEEDS["train"]
        drawn = np.random.default_rng(sequence).choice(len(seeds), n, replace=n > len(seeds))
        self._env.seed_episodes([seeds[i] for i in drawn])
        assert model.env is not None  # noqa: S101 - a model is always built with its environment
        model._last_obs = model.env.reset()  # type: ignore[assignment]
        model._last_episode_starts = np.ones(n, bool)

    def _end_interval(self, last: bool = False) -> None:
        self._evaluate(last)
        save_checkpoint(self.model, self._progress.to_json(), self._run.checkpoints)
        self._evaluated(self._progress.curve[-1])

    def _evaluate(self, last: bool = False) -> None:
        curve = self._progress.curve
        best = self._progress.best.score if curve else -np.inf
        result = validate(self._policy, self._simulator, self._validation_seeds)
        self._progress.seconds = self._earlier + time.perf_counter() - self._begun
        curve.append(_point(self.model.num_timesteps, self._progress.seconds, result))
        if curve[-1].score > best:
            self._policy.save(self._run.path)
        self._run.write_curve(curve)
        self._log(result, with_figures=last or len(curve) % FIGURE_EVERY == 1)

    def _log(self, result: Validation, with_figures: bool) -> None:
        point = self._progress.curve[-1]
        for name in ("score", "in_time", "accuracy"):
            self.logger.record(f"validation/{name}", getattr(point, name))
        if with_figures:
            points = int(np.prod(self._policy.description.grid))
            drawn = {
                "learning_curve": figures.learning_curve(self._progress.curve),
                "operating_points": figures.operating_points(result.decisions, points),
                "shares": figures.shares(result.decisions),
            }
            for name, figure in drawn.items():
                self.logger.record(f"validation/{name}", Figure(figure, close=False), exclude=_NOT_IN_TABLES)
        self.logger.dump(self.model.num_timesteps)


def _point(steps: int, seconds: float, result: Validation) -> CurvePoint:
    in_time, accuracy = result.decisions.in_time, result.decisions.accuracy
    means = (float(values.mean()) if len(values) else 0.0 for values in (result.score, in_time, accuracy))
    return CurvePoint(steps, seconds, *means)
