"""`LearnedPolicy`: a trained set actor as a `Policy`, and its files.

On disk a policy is ``policy.json`` (its description, and the SHA-256 of its weights) and
``policy-<digest>.safetensors``. Loading them cannot run code. The JSON file is replaced last, so that a kill never
leaves an incomplete policy.
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
from torch import Tensor

from edgevision.agents.networks import SetActor
from edgevision.envs.allocation import Allocation
from edgevision.envs.observation import CELL_FEATURES, USER_FEATURES
from edgevision.envs.problem import SlotProblem
from edgevision.envs.view import VIEWS
from edgevision.errors import LearnedPolicyError, shown
from edgevision.imports import require
from edgevision.storage.disk_files import read_bytes, read_json, sha256, write_atomically, write_json
from edgevision.storage.storage_tensors import unpack_tensors

FORMAT_VERSION = 1
ARCHITECTURE = "set-actor"
MAX_WIDTH = 1024
MAX_BYTES = 64 * 2**20


@dataclass(frozen=True)
class PolicyDescription:
    """Architecture of a policy and the observations and actions it was trained for.

    Attributes:
        name: name of the policy in tables.
        width: neurons per layer of its `SetActor`.
        grid: sizes of the axes of operating points.
        content_features: names of the content features in its observations.
        user_features: names of the other features of a user, in order.
        cell_features: names of the features of the cell, in order.
        view: name of its `edgevision.envs.view.View`, which makes its observations and reads its actions.
        provenance: how it was trained; has no effect on actions.
    """

    name: str
    width: int
    grid: tuple[int, ...]
    content_features: tuple[str, ...]
    user_features: tuple[str, ...] = USER_FEATURES
    cell_features: tuple[str, ...] = CELL_FEATURES
    view: str = "slot"
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise LearnedPolicyError(f"name must be a text, got {shown(self.name)}")
        if type(self.width) is not int or not 1 <= self.width <= MAX_WIDTH:
            raise LearnedPolicyError(f"width must be 1..{MAX_WIDTH}, got {shown(self.width)}")
        if not self.grid or not all(type(size) is int and size > 0 for size in self.grid):
            raise LearnedPolicyError(f"grid must hold positive whole numbers, got {shown(self.grid)}")
        if not isinstance(self.provenance, Mapping):
            raise LearnedPolicyError(f"provenance must be an object, got {shown(self.provenance)}")
        if not isinstance(self.view, str) or self.view not in VIEWS:
            raise LearnedPolicyError(f"view must be one of {', '.join(VIEWS.names())}, got {shown(self.view)}")
        view = VIEWS[self.view]
        if self.user_features != view.user_features or self.cell_features != view.cell_features:
            raise LearnedPolicyError(
                "the policy was trained on other observations than this version of edgevision makes"
            )

    def network(self) -> SetActor:
        """A `SetActor` of this architecture with random weights."""
        users = len(self.user_features) + len(self.content_features)
        return SetActor(users, len(self.cell_features), VIEWS[self.view].coordinates(self.grid), self.width)


class LearnedPolicy:
    """A trained policy; the same weights work for any number of users.

    Attributes:
        name: name of the policy in tables.
        kind: ``learned``.
    """

    kind = "learned"

    def __init__(self, description: PolicyDescription, actor: SetActor) -> None:
        """Wrap an actor without a copy, so that a policy around an actor in training changes with it."""
        self.description = description
        self.name = description.name
        self.actor = actor

    def act(self, problem: SlotProblem) -> Allocation:
        """Allocate for every slot of the batch; deterministic.

        Raises:
            LearnedPolicyError: the policy was trained for other operating points or content features.
        """
        described = self.description
        if problem.grid != described.grid or problem.features.shape[-1] != len(described.content_features):
            raise LearnedPolicyError(
                f"policy {self.name!r} is for operating points {described.grid} and "
                f"{len(described.content_features)} content features, the environment has {problem.grid} and "
                f"{problem.features.shape[-1]}; evaluate it where it was trained"
            )
        view = VIEWS[described.view]
        observation = view.observe(problem)
        with torch.inference_mode():
            inputs = (torch.from_numpy(observation[key].astype(np.float32)) for key in ("users", "cell", "active"))
            action = self.actor(*inputs).numpy()
        return view.decode(action.astype(np.float64), problem)

    def save(self, folder: Path) -> None:
        """Write the policy into ``folder``; replaces any policy there."""
        weights = {name: value.detach().contiguous() for name, value in self.actor.state_dict().items()}
        payload = safetensors.torch.save(weights)
        digest = sha256(payload)
        document = {
            "format_version": FORMAT_VERSION,
            "architecture": ARCHITECTURE,
            "sha256": digest,
            **dataclasses.asdict(self.description),
        }
        write_atomically(_weights_path(folder, digest), payload)
        write_json(folder / "policy.json", document)
        for path in folder.glob("policy-*.safetensors"):
            if path != _weights_path(folder, digest):
                path.unlink(missing_ok=True)

    def export_onnx(self, path: Path) -> None:
        """Write the actor as an ONNX file, which programs without PyTorch can run; replaces any file there.

        Its inputs are the parts of an observation, ``users`` (N, U, F), ``cell`` (N, G) and ``active`` (N, U); its
        output is ``action`` (N, U, A) in [-1, 1]. All are float32, and N and U are free. The metadata entry
        ``edgevision`` holds the description of the policy as JSON.

        Raises:
            MissingExtraError: the extra ``onnx`` is not installed.
        """
        require("onnx", "onnx")
        from edgevision.agents.onnx_export import onnx_model

        write_atomically(Path(path), onnx_model(self.actor, dataclasses.asdict(self.description)))

    @classmethod
    def load(cls, folder: Path) -> LearnedPolicy:
        """Read a policy from its folder or from the folder of the run that trained it.

        Raises:
            LearnedPolicyError: there is no policy, or it is damaged, of another format or made for other observations.
        """
        folder = Path(folder)
        document = _read_document(folder / "policy.json")
        try:
            description = PolicyDescription(**document["description"])
            actor = description.network()
            actor.load_state_dict(_read_weights(folder, document["sha256"], actor.state_dict()))
        except LearnedPolicyError as error:
            raise LearnedPolicyError(f"{folder}: {error}") from None
        actor.eval().requires_grad_(False)
        return cls(description, actor)


def _weights_path(folder: Path, digest: str) -> Path:
    return Path(folder) / f"policy-{digest[:16]}.safetensors"


def _read_document(path: Path) -> dict[str, Any]:
    """The checked JSON file: ``sha256``, and ``description`` with the fields of `PolicyDescription`."""
    document = read_json(_present(path), LearnedPolicyError)
    if document.pop("format_version", None) != FORMAT_VERSION:
        raise LearnedPolicyError(f"{path}: format_version must be {FORMAT_VERSION}")
    architecture, digest = document.pop("architecture", None), document.pop("sha256", None)
    if architecture != ARCHITECTURE:
        raise LearnedPolicyError(f"{path}: unknown architecture {architecture!r} (known: {ARCHITECTURE})")
    if not isinstance(digest, str) or len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
        raise LearnedPolicyError(f"{path}: sha256 must be 64 hexadecimal digits")
    document.setdefault("view", "slot")  # older files are all of this view
    expected = {entry.name for entry in dataclasses.fields(PolicyDescription)}
    if document.keys() != expected:
        raise LearnedPolicyError(f"{path}: entries must be {', '.join(sorted(expected))}")
    lists = ("grid", "content_features", "user_features", "cell_features")
    if not all(isinstance(document[key], list) and len(document[key]) <= MAX_WIDTH for key in lists):
        raise LearnedPolicyError(f"{path}: {', '.join(lists)} must be lists of at most {MAX_WIDTH}")
    return {"sha256": digest, "description": {**document, **{key: tuple(document[key]) for key in lists}}}


def _read_weights(folder: Path, digest: str, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    path = _weights_path(folder, digest)
    payload = read_bytes(_present(path), LearnedPolicyError, MAX_BYTES)
    if sha256(payload) != digest:
        raise LearnedPolicyError(f"{path.name} does not match the checksum in policy.json; copy or train it again")
    weights = unpack_tensors(payload, path, LearnedPolicyError)
    shapes = {name: (value.shape, value.dtype) for name, value in expected.items()}
    if {name: (value.shape, value.dtype) for name, value in weights.items()} != shapes:
        raise LearnedPolicyError(f"{path.name} holds other weights than architecture and width ask for")
    if not all(bool(value.isfinite().all()) for value in weights.values()):
        raise LearnedPolicyError(f"{path.name} holds NaN or infinity")
    return weights


def _present(path: Path) -> Path:
    if not path.exists():
        raise LearnedPolicyError(f"no learned policy in {str(path.parent)!r}: {path.name} is missing")
    return path
