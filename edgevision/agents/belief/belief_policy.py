"""`BeliefPolicy`: a learned belief before the slot solver, as a `Policy`, and its files.

On disk it is ``policy.json`` (its description, and the SHA-256 of its weights) and ``policy.safetensors``. Loading them
cannot run code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

from edgevision.agents.belief.street_network import NETWORKS, SIGNS, BeliefNetwork, signs
from edgevision.arrays import FloatArray
from edgevision.baselines.stream.belief_filter import solve
from edgevision.baselines.stream.memory import Memory, State
from edgevision.envs.problem import Allocation, SlotProblem
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.errors import LearnedPolicyError, shown
from edgevision.storage.disk_files import read_pair, sha256, write_pair
from edgevision.storage.storage_tensors import unpack_tensors

FORMAT_VERSION = 2
MAX_BYTES = 64 * 2**20


@dataclass(frozen=True)
class BeliefDescription:
    """Architecture of a belief, and how its policy values frames.

    Attributes:
        name: name of the policy in tables.
        architecture: name of its network in `edgevision.agents.belief.street_network.NETWORKS`.
        horizon: slots for which a gain counts; 0 for this slot only.
        thrift: factor on what a frame is worth in the battery.
        signs: names of what the network sees, in order.
        provenance: how it was trained; has no effect on decisions.
    """

    name: str
    architecture: str
    horizon: float
    thrift: float
    signs: tuple[str, ...] = SIGNS
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise LearnedPolicyError(f"name must be a text, got {shown(self.name)}")
        if not isinstance(self.architecture, str) or self.architecture not in NETWORKS:
            raise LearnedPolicyError(
                f"architecture must be one of {', '.join(NETWORKS)}, got {shown(self.architecture)}"
            )
        if type(self.horizon) not in (int, float) or not 0 <= self.horizon <= 1e6:
            raise LearnedPolicyError(f"horizon must be 0..1e6, got {shown(self.horizon)}")
        if type(self.thrift) not in (int, float) or not 0 <= self.thrift <= 100:
            raise LearnedPolicyError(f"thrift must be 0..100, got {shown(self.thrift)}")
        if not isinstance(self.provenance, Mapping):
            raise LearnedPolicyError(f"provenance must be an object, got {shown(self.provenance)}")
        if self.signs != SIGNS:
            raise LearnedPolicyError("the belief was trained on other signs than this version of edgevision makes")


class BeliefPolicy:
    """A learned belief of what each camera sees, before the slot solver.

    Attributes:
        name: name of the policy in tables.
        kind: ``learned``.
    """

    kind = "learned"
    families = ("stream",)

    def __init__(self, description: BeliefDescription, network: BeliefNetwork) -> None:
        """Wrap a network without a copy, so that a policy around a network in training changes with it."""
        self.description, self.network = description, network
        self.name = description.name
        self._memory = Memory(self._start)

    def _start(self, outlook: StreamOutlook) -> State:
        return {"state": np.zeros((*outlook.score.shape, self.network.width), np.float32)}

    def belief(self, problem: SlotProblem) -> FloatArray:
        """Probabilities of the states of `edgevision.envs.stream.four_states`, (N, U, 4).

        Raises:
            SlotProblemError: these are no slots of ``EdgeVision/Stream-v0``, or not in order.
            LearnedPolicyError: the network gives NaN or infinity.
        """

        def advance(state: State, outlook: StreamOutlook) -> State:
            with torch.inference_mode():
                seen, before = torch.from_numpy(signs(outlook)), torch.from_numpy(state["state"])
                output, after = self.network(seen, before)
            return {"state": after.numpy(), "log_belief": output.numpy().astype(np.float64)}

        log_belief = self._memory.follow(problem.street, advance)["log_belief"]
        if not np.isfinite(log_belief).all():
            raise LearnedPolicyError(f"the belief {self.name!r} gives NaN or infinity; train it again")
        belief = np.exp(log_belief - log_belief.max(axis=-1, keepdims=True))
        belief[..., :2] *= ~problem.street.empty[..., None]  # the edge has no answer that could be for this scene
        return belief / belief.sum(axis=-1, keepdims=True)

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch; deterministic.

        Raises:
            SlotProblemError: these are no slots of ``EdgeVision/Stream-v0``, or not in order.
        """
        return solve(problem, self.belief(problem), self.description.horizon, self.description.thrift)

    def save(self, folder: Path) -> None:
        """Write the policy into ``folder``; replaces any policy there."""
        weights = {name: value.detach().contiguous() for name, value in self.network.state_dict().items()}
        payload = safetensors.torch.save(weights)
        document = {"format_version": FORMAT_VERSION, "sha256": sha256(payload)}
        write_pair(Path(folder) / "policy.safetensors", payload, {**document, **dataclasses.asdict(self.description)})

    @classmethod
    def load(cls, folder: Path) -> BeliefPolicy:
        """Read a policy from the folder that ``save`` wrote.

        Raises:
            LearnedPolicyError: there is no such policy, or it is damaged, of another format or made for other signs.
        """
        path = Path(folder) / "policy.safetensors"
        document, payload = read_pair(path, LearnedPolicyError, MAX_BYTES, {"format_version": FORMAT_VERSION})
        try:
            description = _described(document)
            network = NETWORKS[description.architecture]()
            weights, expected = unpack_tensors(payload, path, LearnedPolicyError), network.state_dict()
            if {name: (value.shape, value.dtype) for name, value in weights.items()} != {
                name: (value.shape, value.dtype) for name, value in expected.items()
            }:
                raise LearnedPolicyError(f"{path.name} holds other weights than its architecture asks for")
            if not all(bool(value.isfinite().all()) for value in weights.values()):
                raise LearnedPolicyError(f"{path.name} holds NaN or infinity")
        except LearnedPolicyError as error:
            raise LearnedPolicyError(f"{folder}: {error}") from None
        network.load_state_dict(weights)
        network.eval().requires_grad_(False)
        return cls(description, network)


def _described(document: Mapping[str, Any]) -> BeliefDescription:
    """The description in the JSON file."""
    own = {key: value for key, value in document.items() if key not in ("format_version", "sha256")}
    expected = {entry.name for entry in dataclasses.fields(BeliefDescription)}
    if own.keys() != expected or not isinstance(own["signs"], list):
        raise LearnedPolicyError(f"entries of policy.json must be {', '.join(sorted(expected))}")
    return BeliefDescription(**{**own, "signs": tuple(own["signs"])})
