"""Theta's weights on disk: ``NAME.safetensors``, and a description ``NAME.json`` with its SHA-256."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from edgevision.codecs.spat_imco.theta.theta_network import RefiningHead, ThetaNetwork
from edgevision.errors import WeightsError
from edgevision.storage.storage_tensors import read_weights, write_weights
from edgevision.storage.storage_torch import read_checkpoint

SHIPPED = Path(__file__).parents[2] / "weights" / "theta.safetensors"
SHIPPED_FOLDS = SHIPPED.with_name("theta-folds.safetensors")
_FORMAT = 2
_MAX_FOLDS = 100


def save_weights(network: ThetaNetwork, path: Path, provenance: Mapping[str, Any]) -> None:
    """Write a network's weights to ``path``, in the precision of ``write_weights``, and then their description.

    Args:
        network: the network to save.
        path: ends in ``.safetensors``.
        provenance: how the weights were made, JSON values.
    """
    description = {"width": network.head.width, "provenance": dict(provenance)}
    write_weights(path, network.state_dict(), description, version=_FORMAT)


def save_heads(heads: Sequence[RefiningHead], path: Path, provenance: Mapping[str, Any]) -> None:
    """Write the heads of all folds of cross-fitting to ``path``; see ``save_weights`` for the other arguments."""
    tensors = {f"{fold}/{key}": value for fold, head in enumerate(heads) for key, value in head.state_dict().items()}
    description = {"width": heads[0].width, "folds": len(heads), "provenance": dict(provenance)}
    write_weights(path, tensors, description, version=_FORMAT)


def load_weights(path: Path = SHIPPED) -> ThetaNetwork:
    """Read a network written by ``save_weights``, in evaluation mode.

    Raises:
        WeightsError: a file is missing or damaged, or its checksum differs from the description's.
    """
    description, tensors = read_weights(path, version=_FORMAT)
    network = ThetaNetwork(_whole(description, "width", 1024, path))
    _fill(network, tensors, path)
    return network.eval()


def load_heads(path: Path = SHIPPED_FOLDS) -> list[RefiningHead]:
    """Read heads written by ``save_heads``, in evaluation mode.

    Raises:
        WeightsError: a file is missing or damaged, or its checksum differs from the description's.
    """
    description, tensors = read_weights(path, version=_FORMAT)
    width, folds = _whole(description, "width", 1024, path), _whole(description, "folds", _MAX_FOLDS, path)
    heads = [RefiningHead(width).eval() for _ in range(folds)]
    for fold, head in enumerate(heads):
        start = f"{fold}/"
        _fill(head, {key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}, path)
    return heads


def _whole(description: Mapping[str, Any], key: str, most: int, path: Path) -> int:
    value = description.get(key)
    if type(value) is not int or not 1 <= value <= most:
        raise WeightsError(f"{path.with_suffix('.json').name}: not a description that this version can read")
    return value


def _fill(module: torch.nn.Module, tensors: Mapping[str, torch.Tensor], path: Path) -> None:
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        raise WeightsError(f"{path.name} does not fit the network ({str(error).splitlines()[0]})") from None


def load_mobilenet(path: Path, width: int = 64) -> ThetaNetwork:
    """A network with an untrained head and the backbone stored in ``path``, in evaluation mode.

    Args:
        path: a ``mobilenet_v2-*.pth`` of torchvision; its tensors have other names than timm's, but the same order.
        width: channels of the head.

    Raises:
        WeightsError: the file is not one of these.
    """
    network = ThetaNetwork(width)
    ours = network.backbone.state_dict()
    try:
        theirs = read_checkpoint(path, WeightsError)
        kept = [value for key, value in theirs.items() if not key.endswith("num_batches_tracked")]
        names = [key for key in ours if not key.endswith("num_batches_tracked")]
        network.backbone.load_state_dict(ours | dict(zip(names, kept, strict=True)))
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(f"{str(path)!r} is no MobileNetV2 of torchvision's ({reason})") from None
    return network.eval()
