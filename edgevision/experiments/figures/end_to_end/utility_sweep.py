"""Decide the slots of Fig. 10: lines (a codec's profile and a policy) on the same requests, at several budgets.

Pictures are as large as the paper's data, 10 to 20 MB, and are compressed by the ratios that the profile measured on
small ones: a profile's ``relative`` copy.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import erfinv

from edgevision.arrays import FloatArray, IntArray
from edgevision.envs import Allocation, SlotProblem
from edgevision.envs.channel.radio import data_rate
from edgevision.envs.computing.device_models import DeviceName
from edgevision.envs.computing.energy import computing_energy, request_energy
from edgevision.envs.config import ScenarioConfig, SuccessModel
from edgevision.errors import DeadlineWarning
from edgevision.experiments.evaluation.fingerprints import profile_fingerprint
from edgevision.experiments.evaluation.policy_spec import PolicySpec
from edgevision.experiments.evaluation.scenario import Scenario
from edgevision.experiments.figures.co_crra.solver_sweep import SCORES, origin
from edgevision.part_store import PartStore, readable
from edgevision.profiles import OperatingPointProfile, save_profile
from edgevision.protocol import episode_seeds

EPISODES = 200
USERS = 6
#: Weight of the success probability in the utility; the rest is the weight of the accuracy (section VI-D.1).
ALPHA = 0.5
#: The camera whose energy is counted, the paper's (section VI-D).
DEVICE: DeviceName = "jetson-like"
#: 10 to 20 MB (section VI-A), and the deadline covers sending only, as in eq. 2.
PAPERS_COUNT = {"size_mbit": (80.0, 160.0), "device_time_scale": 0.0, "edge_time_scale": 0.0}
_ENV_ID = "EdgeVision/Paper-v0"
_SETTINGS = {"users": USERS, "traffic": "full-buffer", "episode_slots": 1, "accuracy": "replay"}
_QUANTILES = (np.arange(256) + 0.5) / 256


@dataclass(frozen=True, eq=False)
class Line:
    """A curve of the figure.

    Attributes:
        label: name of codec and policy.
        profile: the codec's profile, relative.
        path: its file.
        spec: the policy; its members are the training seeds of an agent.
    """

    label: str
    profile: OperatingPointProfile
    path: Path
    spec: PolicySpec


@dataclass(frozen=True, eq=False)
class Decided:
    """What a line decided for E episodes of one slot with U users, with S training seeds (1 for other policies).

    Attributes:
        content: content of each request, (E, U).
        success: probability that the payload is in time, by the way to score, (S, E, U).
        correct: whether the answer is right at the chosen operating point, (S, E, U).
        computing: energy of computing on ``DEVICE``, (S, E, U) [J].
        radiated: energy of sending until the deadline, the account of the environments, (S, E, U) [J].
        radiated_while_needed: energy of sending until the payload has arrived, if the rate could follow the fading,
            (S, E, U) [J].
    """

    content: IntArray
    success: Mapping[SuccessModel, FloatArray]
    correct: FloatArray
    computing: FloatArray
    radiated: FloatArray
    radiated_while_needed: FloatArray

    def utility(self, model: SuccessModel, alpha: float = ALPHA) -> FloatArray:
        """What each request adds to alpha Phi + (1 - alpha) Acc of its episode, (S, E, U)."""
        return (alpha * self.success[model] + 1 - alpha) * self.correct / self.content.shape[1]

    def by_content(self, values: FloatArray, contents: int) -> FloatArray:
        """Values (S, E, U) added up for each of C contents, (S, E, C)."""
        sums = np.zeros((*values.shape[:2], contents))
        seed, episode, _ = np.indices(values.shape)
        np.add.at(sums, (seed, episode, np.broadcast_to(self.content, values.shape)), values)
        return sums

    def weight(self, contents: int) -> FloatArray:
        """Share of each content in the requests of an episode, (E, C)."""
        return self.by_content(np.full((1, *self.content.shape), 1 / self.content.shape[1]), contents)[0]


def relative(profile: OperatingPointProfile, folder: Path) -> tuple[OperatingPointProfile, Path]:
    """A copy of a profile whose sizes are shares of a raw size that the scenario draws, and its file in ``folder``."""
    copy = dataclasses.replace(
        profile, size=profile.size_fraction, raw_size=np.ones(profile.contents), relative=True, metadata={}
    )
    return copy, save_profile(copy, folder)


def decide(line: Line, settings: Mapping[str, Any], store: PartStore) -> Decided:
    """Let a line decide in a setting; uses a finished part again."""
    description = {
        "settings": dict(settings),
        "episodes": EPISODES,
        "profile": profile_fingerprint(line.profile),
        "policy": [member.describe() for member in line.spec.members or (line.spec,)],
        "origin": origin(__file__),
    }
    label = "-".join([line.label, *(f"{name}-{value}" for name, value in settings.items())])
    found = readable(store.load_arrays(label, description), _decided)
    if found is None:
        arrays = _measure(line, settings)
        store.save_arrays(label, description, arrays)
        found = _decided(arrays)
    return found


def _decided(arrays: Mapping[str, Any]) -> Decided:
    success: dict[SuccessModel, FloatArray] = {model: arrays[model] for model in SCORES}
    return Decided(success=success, **{name: array for name, array in arrays.items() if name not in SCORES})


def _measure(line: Line, settings: Mapping[str, Any]) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeadlineWarning)  # that nothing is in time on a slow device is a result here
        env = Scenario(_ENV_ID, {**_SETTINGS, **settings, "profile": str(line.path)}, "test").make(EPISODES)
    env.reset(seed=list(episode_seeds("test", EPISODES)))
    problem, content = env.problem, env.simulator.content
    policies = [member.build() for member in line.spec.members or (line.spec,)]
    rows = [_row(problem, policy.act(problem), content, line.profile) for policy in policies]
    return {"content": content, **{name: np.stack([row[name] for row in rows]) for name in rows[0]}}


def _row(
    problem: SlotProblem, allocation: Allocation, content: IntArray, profile: OperatingPointProfile
) -> dict[str, FloatArray]:
    assert profile.correct is not None  # noqa: S101 - pairs are of measured profiles
    point, computing = allocation.operating_point, computing_energy(ScenarioConfig(device=DEVICE), profile)
    return {
        **{model: problem.success_probability(allocation, model) for model in SCORES},
        "correct": profile.correct[content, point].astype(np.float64),
        "computing": computing[point],
        "radiated": request_energy(allocation.power, _airtime(problem, allocation), 0.0),
        "radiated_while_needed": request_energy(allocation.power, needed_time(problem, allocation), 0.0),
    }


def _airtime(problem: SlotProblem, allocation: Allocation) -> FloatArray:
    return np.maximum(problem.at(allocation, problem.airtime), 0.0)


def needed_time(problem: SlotProblem, allocation: Allocation) -> FloatArray:
    """Mean over half-normal fading of the time until a payload has arrived, or its time is over, (N, U) [s].

    The camera would have to know the fading, or get an answer as soon as the payload has arrived.
    """
    gain = problem.gain_scale[..., None] * np.sqrt(2.0) * erfinv(_QUANTILES)
    noise = problem.noise_density[:, None, None]
    rate = data_rate(allocation.bandwidth[..., None], allocation.power[..., None], gain, noise)
    payload = problem.at(allocation, problem.payload)
    return np.asarray(np.minimum(payload[..., None] / rate, _airtime(problem, allocation)[..., None]).mean(axis=-1))


def in_settings(lines: Sequence[Line], settings: Mapping[str, Any], store: PartStore) -> dict[str, Decided]:
    """What every line decides in a setting, by label."""
    return {line.label: decide(line, settings, store) for line in lines}
