"""Weights of the large network on disk: ``NAME.safetensors``, and a description ``NAME.json`` with its SHA-256."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgevision.codecs.spat_imco.theta.large_network import LargeNetwork, RefiningHead
from edgevision.codecs.spat_imco.theta.theta_weights import fill, in_folds, whole
from edgevision.errors import WeightsError
from edgevision.storage.storage_tensors import read_weights, write_weights
from edgevision.storage.storage_torch import read_checkpoint

_FORMAT = 2


def save_large(network: LargeNetwork, path: Path, provenance: Mapping[str, Any]) -> None:
    """Write a network's weights to ``path``, in the precision of ``write_weights``, and then their description.

    Args:
        network: the network to save.
        path: ends in ``.safetensors``.
        provenance: how the weights were made, JSON values.
    """
    description = {"width": network.head.width, "provenance": dict(provenance)}
    write_weights(path, network.state_dict(), description, version=_FORMAT)


def load_large(path: Path) -> LargeNetwork:
    """Read a network written by ``save_large``, in evaluation mode.

    Raises:
        WeightsError: a file is missing or damaged, or its checksum differs from the description's.
    """
    description, tensors = read_weights(path, version=_FORMAT)
    network = LargeNetwork(whole(description, "width", path))
    fill(network, tensors, path)
    return network.eval()


def save_heads(heads: Sequence[RefiningHead], path: Path, provenance: Mapping[str, Any]) -> None:
    """Write the heads of all folds of cross-fitting to ``path``; see ``save_large`` for the other arguments."""
    description = {"width": heads[0].width, "folds": len(heads), "provenance": dict(provenance)}
    write_weights(path, in_folds(heads), description, version=_FORMAT)


def load_heads(path: Path) -> list[RefiningHead]:
    """Read heads written by ``save_heads``, in evaluation mode.

    Raises:
        WeightsError: a file is missing or damaged, or its checksum differs from the description's.
    """
    description, tensors = read_weights(path, version=_FORMAT)
    width = whole(description, "width", path)
    heads = [RefiningHead(width).eval() for _ in range(whole(description, "folds", path))]
    for fold, head in enumerate(heads):
        start = f"{fold}/"
        fill(head, {key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}, path)
    return heads


def load_mobilenet(path: Path, width: int = 64) -> LargeNetwork:
    """A network with an untrained head and the backbone stored in ``path``, in evaluation mode.

    The backbone is rounded as ``save_large`` rounds it, so that features do not depend on whether it was saved.

    Args:
        path: a ``mobilenet_v2-*.pth`` of torchvision; its tensors have other names than timm's, but the same order.
        width: channels of the head.

    Raises:
        WeightsError: the file is not one of these.
    """
    network = LargeNetwork(width)
    ours = network.backbone.state_dict()
    try:
        theirs = read_checkpoint(path, WeightsError)
        kept = [value for key, value in theirs.items() if not key.endswith("num_batches_tracked")]
        names = [key for key in ours if not key.endswith("num_batches_tracked")]
        rounded = [value.half().float() if value.ndim >= 2 else value for value in kept]
        network.backbone.load_state_dict(ours | dict(zip(names, rounded, strict=True)))
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise WeightsError(f"{str(path)!r} is no MobileNetV2 of torchvision's ({reason})") from None
    return network.eval()
