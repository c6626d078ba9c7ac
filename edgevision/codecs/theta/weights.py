"""Theta's weights on disk: ``NAME.safetensors`` with a description ``NAME.json`` that holds its SHA-256."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from edgevision.codecs.theta.network import ThetaNetwork
from edgevision.files import write_atomically

SHIPPED = Path(__file__).parents[1] / "weights" / "theta.safetensors"
_FORMAT = 1


class ThetaWeightsError(ValueError):
    """A weights file of theta is missing, damaged, or made for another network."""


def save_weights(network: ThetaNetwork, path: Path, provenance: Mapping[str, Any]) -> None:
    """Write ``path`` (half precision where it suffices) and its description, which goes last.

    Args:
        network: what to save.
        path: ends in ``.safetensors``.
        provenance: how the weights were made, JSON values.
    """
    payload = safetensors.torch.save({key: _compact(value) for key, value in network.state_dict().items()})
    description = {
        "format": _FORMAT,
        "sha256": hashlib.sha256(payload).hexdigest(),
        "width": network.head.width,
        "provenance": dict(provenance),
    }
    write_atomically(path, payload)
    write_atomically(path.with_suffix(".json"), (json.dumps(description, indent=1) + "\n").encode())


def load_weights(path: Path = SHIPPED) -> ThetaNetwork:
    """Read a network in evaluation mode.

    Raises:
        ThetaWeightsError: a file is missing or damaged, or its checksum is not the description's.
    """
    try:
        description = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        payload = path.read_bytes()
        known, digest, width = (description[key] for key in ("format", "sha256", "width"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ThetaWeightsError(f"{str(path)!r} cannot be read ({type(error).__name__}: {error})") from None
    if known != _FORMAT or type(width) is not int or not 1 <= width <= 1024:
        raise ThetaWeightsError(f"{path.with_suffix('.json').name}: not a description that this version can read")
    if hashlib.sha256(payload).hexdigest() != digest:
        raise ThetaWeightsError(f"{path.name} does not match its checksum; install the package or copy the file again")
    network = ThetaNetwork(width)
    try:
        network.load_state_dict(safetensors.torch.load(payload))
    except (safetensors.SafetensorError, RuntimeError) as error:
        raise ThetaWeightsError(f"{path.name} does not fit the network ({str(error).splitlines()[0]})") from None
    return network.eval()


def load_mobilenet(path: Path, width: int = 32) -> ThetaNetwork:
    """A network with an untrained head on the backbone in ``path``.

    Args:
        path: a ``mobilenet_v2-*.pth`` of torchvision, whose tensors are named differently from timm's but come in
            the same order.
        width: of the head.

    Raises:
        ThetaWeightsError: not such a file.
    """
    network = ThetaNetwork(width)
    ours = network.backbone.state_dict()
    try:
        theirs = torch.load(path, map_location="cpu", weights_only=True)
        kept = [value for key, value in theirs.items() if not key.endswith("num_batches_tracked")]
        names = [key for key in ours if not key.endswith("num_batches_tracked")]
        network.backbone.load_state_dict(ours | dict(zip(names, kept, strict=True)))
    except Exception as error:  # torch's reader raises many types on damaged files
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ThetaWeightsError(f"{str(path)!r} is no MobileNetV2 of torchvision's ({reason})") from None
    return network.eval()


def _compact(value: torch.Tensor) -> torch.Tensor:
    """Matrices and kernels in half precision; biases and statistics, few but delicate, as they are."""
    return (value.half() if value.ndim >= 2 else value).contiguous()
