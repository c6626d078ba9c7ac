"""`BeliefPolicy`: a learned belief before the slot solver, and what sending is worth, as a `Policy`, and its files.

On disk it is ``policy.json`` (its description, and the SHA-256 of its weights) and ``policy.safetensors``. Loading them
cannot run code.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgevision.agents.belief.sending_network import SendingNetwork, sending_signs
from edgevision.agents.belief.street_network import NETWORKS, SIGNS, BeliefNetwork, signs
from edgevision.arrays import FloatArray
from edgevision.baselines.stream.belief_filter import solve
from edgevision.baselines.stream.frame_values import net_gains
from edgevision.baselines.stream.memory import Memory, State
from edgevision.baselines.stream.slot_solver import best_frames, to_allocation
from edgevision.envs.allocation import Allocation
from edgevision.envs.problem import SlotProblem
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.errors import LearnedPolicyError, shown
from edgevision.storage.disk_files import read_pair, sha256, write_pair
from edgevision.storage.storage_tensors import unpack_tensors

#: Weights and description, in the folder of a policy.
FILES = ("policy.safetensors", "policy.json")
FORMAT_VERSION = 2
MAX_BYTES = 64 * 2**20
_BELIEF, _SENDING = "belief.", "sending."


@dataclass(frozen=True)
class BeliefDescription:
    """Architecture of a belief, and how its policy values frames.

    Attributes:
        name: name of the policy in tables.
        architecture: name of its network in `edgevision.agents.belief.street_network.NETWORKS`.
        horizon: slots for which a gain counts; 0 for this slot only.
        thrift: factor on what a frame is worth in the battery.
        corrected: whether a network corrects what sending is worth.
        signs: names of what the network sees, in order.
        provenance: how it was trained; has no effect on decisions.
    """

    name: str
    architecture: str
    horizon: float
    thrift: float
    corrected: bool = False
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
        if not isinstance(self.corrected, bool):
            raise LearnedPolicyError(f"corrected must be true or false, got {shown(self.corrected)}")
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

    def __init__(
        self, description: BeliefDescription, network: BeliefNetwork, sending: SendingNetwork | None = None
    ) -> None:
        """Wrap networks without a copy, so that a policy around a network in training changes with it.

        Raises:
            LearnedPolicyError: the description says otherwise than whether there is a ``sending`` network.
        """
        if description.corrected != (sending is not None):
            raise LearnedPolicyError("a policy has a network of what sending is worth iff it is described as corrected")
        self.description, self.network, self.sending = description, network, sending
        self.name = description.name
        self._memory = Memory(self._start)

    def _start(self, outlook: StreamOutlook) -> State:
        return {"state": np.zeros((*outlook.score.shape, self.network.width), np.float32)}

    def copy(self) -> BeliefPolicy:
        """A policy with the same networks and a memory of the same episodes that goes its own way from here."""
        other = copy.copy(self)
        other._memory = self._memory.copy()
        return other

    def belief(self, problem: SlotProblem) -> FloatArray:
        """Probabilities of the states of `edgevision.envs.stream.four_states`, (N, U, 4).

        Raises:
            SlotProblemError: these are no slots of ``EdgeVision/Stream-v0``, or not in order.
            LearnedPolicyError: the network gives NaN or infinity, or no belief.
        """
        return self.follow(problem)[0]

    def follow(self, problem: SlotProblem) -> tuple[FloatArray, NDArray[np.float32]]:
        """The same, and the state of the network, (N, U, W).

        Raises:
            SlotProblemError: these are no slots of ``EdgeVision/Stream-v0``, or not in order.
            LearnedPolicyError: the network gives NaN or infinity, or no belief.
        """

        def advance(state: State, outlook: StreamOutlook) -> State:
            with torch.inference_mode():
                seen, before = torch.from_numpy(signs(outlook)), torch.from_numpy(state["state"])
                output, after = self.network(seen, before)
            return {"state": after.numpy(), "log_belief": output.numpy().astype(np.float64)}

        followed = self._memory.follow(problem.street, advance)
        log_belief = followed["log_belief"]
        if not np.isfinite(log_belief).all():
            raise LearnedPolicyError(f"the belief {self.name!r} gives NaN or infinity; train it again")
        belief = np.exp(log_belief - log_belief.max(axis=-1, keepdims=True))
        belief[..., :2] *= ~problem.street.empty[..., None]  # the edge has no answer that could be for this scene
        total = belief.sum(axis=-1, keepdims=True)
        if not (total > 0).all():
            raise LearnedPolicyError(
                f"the belief {self.name!r} is sure of answers that the edge does not have; train it again"
            )
        return belief / total, followed["state"]

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch; deterministic.

        Raises:
            SlotProblemError: these are no slots of ``EdgeVision/Stream-v0``, or not in order.
        """
        described = self.description
        if self.sending is None:
            return solve(problem, self.belief(problem), described.horizon, described.thrift)
        return to_allocation(problem, *best_frames(self.net_gains(problem), problem.street.planned_share))

    def net_gains(self, problem: SlotProblem) -> FloatArray:
        """Net gains of the dynamic program, corrected by the network if there is one, (N, U, K)."""
        gain, seen = self.uncorrected(problem)
        return gain if self.sending is None else gain + self.sending.corrections(seen)[..., None]

    def uncorrected(self, problem: SlotProblem) -> tuple[FloatArray, NDArray[np.float32]]:
        """Net gains of the dynamic program, (N, U, K), and what the network that corrects them sees, (N, U, 16 + W)."""
        belief, state = self.follow(problem)
        gain, price = net_gains(problem, belief, self.description.thrift)
        return gain, sending_signs(problem, belief, state, gain, price)

    def save(self, folder: Path) -> None:
        """Write the policy into ``folder``; replaces any policy there."""
        weights = {name: value.detach().contiguous() for name, value in _weights(self.network, self.sending).items()}
        payload = safetensors.torch.save(weights)
        document = {"format_version": FORMAT_VERSION, "sha256": sha256(payload)}
        write_pair(Path(folder) / FILES[0], payload, {**document, **dataclasses.asdict(self.description)})

    @classmethod
    def load(cls, folder: Path) -> BeliefPolicy:
        """Read a policy from the folder that ``save`` wrote.

        Raises:
            LearnedPolicyError: there is no such policy, or it is damaged, of another format or made for other signs.
        """
        path = Path(folder) / FILES[0]
        document, payload = read_pair(path, LearnedPolicyError, MAX_BYTES, {"format_version": FORMAT_VERSION})
        try:
            description = _described(document)
            network = NETWORKS[description.architecture]()
            sending = SendingNetwork(network.width) if description.corrected else None
            weights, expected = unpack_tensors(payload, path, LearnedPolicyError), _weights(network, sending)
            if {name: (value.shape, value.dtype) for name, value in weights.items()} != {
                name: (value.shape, value.dtype) for name, value in expected.items()
            }:
                raise LearnedPolicyError(f"{path.name} holds other weights than its architecture asks for")
            if not all(bool(value.isfinite().all()) for value in weights.values()):
                raise LearnedPolicyError(f"{path.name} holds NaN or infinity")
        except LearnedPolicyError as error:
            raise LearnedPolicyError(f"{folder}: {error}") from None
        for part, prefix in ((network, _BELIEF), (sending, _SENDING)):
            if part is not None:
                own = {name.removeprefix(prefix): each for name, each in weights.items() if name.startswith(prefix)}
                part.load_state_dict(own)
                part.eval().requires_grad_(False)
        return cls(description, network, sending)


def _weights(network: BeliefNetwork, sending: SendingNetwork | None) -> dict[str, Tensor]:
    """All weights by the name that they have on disk."""
    found = {_BELIEF + name: value for name, value in network.state_dict().items()}
    if sending is not None:
        found |= {_SENDING + name: value for name, value in sending.state_dict().items()}
    return found


def _described(document: Mapping[str, Any]) -> BeliefDescription:
    """The description in the JSON file."""
    own = {key: value for key, value in document.items() if key not in ("format_version", "sha256")}
    expected = {entry.name for entry in dataclasses.fields(BeliefDescription)}
    if own.keys() != expected or not isinstance(own["signs"], list):
        raise LearnedPolicyError(f"entries of policy.json must be {', '.join(sorted(expected))}")
    return BeliefDescription(**{**own, "signs": tuple(own["signs"])})
