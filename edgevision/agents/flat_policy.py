"""`FlatPolicy`: a plain multilayer perceptron on flat spaces as a `Policy`, and its files.

It is what ``MlpPolicy`` of Stable-Baselines3 learns on ``spaces="flat"``, for a fixed number of users; any other
library that learns such a network can store it too. On disk it is ``policy.json`` (its description, and the SHA-256 of
its weights) and ``policy.safetensors``. Loading them cannot run code.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from edgevision.envs.allocation import Allocation
from edgevision.envs.interface import Interface
from edgevision.envs.problem import SlotProblem
from edgevision.envs.view import VIEWS
from edgevision.errors import LearnedPolicyError, shown
from edgevision.storage.disk_files import read_pair, sha256, write_pair
from edgevision.storage.storage_tensors import unpack_tensors

FORMAT_VERSION = 1
ARCHITECTURE = "flat-mlp"
#: Activations between the layers, by name.
ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "silu": nn.SiLU, "elu": nn.ELU}
_WEIGHTS = "policy.safetensors"
_MOST_LAYERS, _MAX_WIDTH, _MAX_USERS, _MAX_FEATURES, _MAX_POINTS = 16, 1024, 1024, 1024, 10**6
_MAX_BYTES = 64 * 2**20


@dataclass(frozen=True)
class FlatDescription:
    """Architecture of a flat policy, and the spaces that it was trained for.

    Attributes:
        name: name of the policy in tables.
        hidden: neurons of each hidden layer.
        activation: name of the activation after each of them, in
            `edgevision.agents.flat_policy.ACTIVATIONS`.
        squashed: whether tanh bounds the output; otherwise it is clipped to [-1, 1].
        view: name of the `edgevision.envs.view.View` of its environment.
        users: number of users.
        content_features: number of content features of a user.
        grid: sizes of the axes of operating points.
        provenance: how it was trained; has no effect on actions.
    """

    name: str
    hidden: tuple[int, ...]
    activation: str
    squashed: bool
    view: str
    users: int
    content_features: int
    grid: tuple[int, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise LearnedPolicyError(f"name must be a text, got {shown(self.name)}")
        _check_counts("hidden", self.hidden, _MAX_WIDTH, _MOST_LAYERS)
        _check_counts("grid", self.grid, _MAX_POINTS, _MOST_LAYERS, least=1)
        _check_counts("users", (self.users,), _MAX_USERS, 1)
        if type(self.content_features) is not int or not 0 <= self.content_features <= _MAX_FEATURES:
            raise LearnedPolicyError(f"content_features must be 0..{_MAX_FEATURES}, got {shown(self.content_features)}")
        if not isinstance(self.activation, str) or self.activation not in ACTIVATIONS:
            raise LearnedPolicyError(
                f"activation must be one of {', '.join(ACTIVATIONS)}, got {shown(self.activation)}"
            )
        if not isinstance(self.squashed, bool):
            raise LearnedPolicyError(f"squashed must be true or false, got {shown(self.squashed)}")
        if not isinstance(self.view, str) or self.view not in VIEWS:
            raise LearnedPolicyError(f"view must be one of {', '.join(VIEWS.names())}, got {shown(self.view)}")
        if not isinstance(self.provenance, Mapping):
            raise LearnedPolicyError(f"provenance must be an object, got {shown(self.provenance)}")

    def interface(self) -> Interface:
        """Its flat spaces."""
        return Interface("flat", VIEWS[self.view], self.users, self.content_features, self.grid)

    def network(self) -> nn.Sequential:
        """A network of this architecture with random weights."""
        interface = self.interface()
        (inputs,), (outputs,) = interface.observation_space.shape or (0,), interface.action_space.shape or (0,)
        layers: list[nn.Module] = []
        for width in self.hidden:
            layers += [nn.Linear(inputs, width), ACTIVATIONS[self.activation]()]
            inputs = width
        return nn.Sequential(*layers, nn.Linear(inputs, outputs))


class FlatPolicy:
    """A trained perceptron.

    Attributes:
        name: name of the policy in tables.
        kind: ``learned``.
    """

    kind = "learned"

    def __init__(self, description: FlatDescription, network: nn.Sequential) -> None:
        """Wrap a network without a copy."""
        self.description, self.network = description, network
        self.name = description.name
        self._interface = description.interface()

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch; deterministic.

        Raises:
            LearnedPolicyError: the policy was trained for other users, operating points or content features, or its
                network gives NaN.
        """
        described = self.description
        if (problem.users, problem.features.shape[-1], problem.grid) != (
            *(described.users, described.content_features, described.grid),
        ):
            raise LearnedPolicyError(
                f"policy {self.name!r} is for {described.users} users, operating points {described.grid} and "
                f"{described.content_features} content features, the environment has {problem.users}, {problem.grid} "
                f"and {problem.features.shape[-1]}; evaluate it where it was trained"
            )
        with torch.inference_mode():
            output = self.network(torch.from_numpy(self._interface.observe(problem)))
            action = (torch.tanh(output) if described.squashed else output.clamp(-1.0, 1.0)).numpy()
        if not np.isfinite(action).all():
            raise LearnedPolicyError(f"policy {self.name!r} gives NaN; train it again")
        coordinates = action.astype(np.float64).reshape(len(action), described.users, -1)
        return self._interface.decode(coordinates, problem)

    def save(self, folder: Path) -> None:
        """Write the policy into ``folder``; replaces any policy there."""
        payload = safetensors.torch.save(
            {name: value.contiguous() for name, value in self.network.state_dict().items()}
        )
        document = {"format_version": FORMAT_VERSION, "architecture": ARCHITECTURE, "sha256": sha256(payload)}
        write_pair(Path(folder) / _WEIGHTS, payload, {**document, **dataclasses.asdict(self.description)})

    @classmethod
    def load(cls, folder: Path) -> FlatPolicy:
        """Read a policy from the folder that ``save`` wrote.

        Raises:
            LearnedPolicyError: there is no such policy, or it is damaged or of another format.
        """
        path = Path(folder) / _WEIGHTS
        version = {"format_version": FORMAT_VERSION}
        document, payload = read_pair(path, LearnedPolicyError, _MAX_BYTES, version)
        try:
            description = _described(document)
            weights = unpack_tensors(payload, path, LearnedPolicyError)
            with torch.device("meta"):  # takes no memory, whatever size the description states
                _check_weights(weights, description.network().state_dict())
        except LearnedPolicyError as error:
            raise LearnedPolicyError(f"{folder}: {error}") from None
        network = description.network()
        network.load_state_dict(weights)
        network.eval().requires_grad_(False)
        return cls(description, network)


def _check_counts(name: str, counts: Any, most: int, longest: int, least: int = 0) -> None:
    sizes = all(type(count) is int and 0 < count <= most for count in counts)
    if not sizes or not least <= len(counts) <= longest:
        raise LearnedPolicyError(f"{name} must hold whole numbers from 1 to {most}, got {shown(counts)}")


def _check_weights(weights: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    shapes = [{name: (value.shape, value.dtype) for name, value in each.items()} for each in (weights, expected)]
    if shapes[0] != shapes[1]:
        raise LearnedPolicyError(f"{_WEIGHTS} holds other weights than its architecture asks for")
    if not all(bool(value.isfinite().all()) for value in weights.values()):
        raise LearnedPolicyError(f"{_WEIGHTS} holds NaN or infinity")


def _described(document: Mapping[str, Any]) -> FlatDescription:
    own = {key: value for key, value in document.items() if key not in ("format_version", "architecture", "sha256")}
    expected = {entry.name for entry in dataclasses.fields(FlatDescription)}
    if own.keys() != expected or not all(isinstance(own[name], list) for name in ("hidden", "grid")):
        raise LearnedPolicyError(f"entries of policy.json must be {', '.join(sorted(expected))}")
    return FlatDescription(**{**own, "hidden": tuple(own["hidden"]), "grid": tuple(own["grid"])})


def flat_network(layers: Sequence[nn.Module]) -> tuple[nn.Sequential, tuple[int, ...], str]:
    """A network of alternating linear layers and one kind of activation: with its hidden widths and activation.

    Raises:
        LearnedPolicyError: the layers are others.
    """
    linear, between = layers[0::2], layers[1::2]
    names = {name for layer in between for name, kind in ACTIVATIONS.items() if type(layer) is kind}
    plain = all(isinstance(layer, nn.Linear) for layer in linear) and len(linear) == len(between) + 1
    if not plain or len(names) != 1:
        raise LearnedPolicyError(
            f"a flat policy has linear layers with one activation between them ({', '.join(ACTIVATIONS)})"
        )
    widths = tuple(int(layer.out_features) for layer in linear[:-1] if isinstance(layer, nn.Linear))
    return nn.Sequential(*layers), widths, names.pop()
