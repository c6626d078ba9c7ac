"""Theta's weights on disk: ``NAME.safetensors``, and a description ``NAME.json`` with its SHA-256."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from edgevision.codecs.spat_imco.theta.theta_network import ThetaNetwork
from edgevision.errors import WeightsError
from edgevision.storage.storage_tensors import read_weights, write_weights

SHIPPED = Path(__file__).parents[2] / "weights" / "theta.safetensors"
SHIPPED_FOLDS = SHIPPED.with_name("theta-folds.safetensors")
_FORMAT = 3
_HEAD = "head."
_MOST = {"width": 1024, "folds": 100}


def save_weights(network: ThetaNetwork, path: Path, provenance: Mapping[str, Any]) -> None:
    """Write a network's weights to ``path``, in the precision of ``write_weights``, and then their description.

    Args:
        network: the network to save.
        path: ends in ``.safetensors``.
        provenance: how the weights were made, JSON values.
    """
    description = {"width": network.head.width, "provenance": dict(provenance)}
    write_weights(path, network.state_dict(), description, version=_FORMAT)


def load_weights(path: Path = SHIPPED) -> ThetaNetwork:
    """Read a network written by ``save_weights``, in evaluation mode.

    Raises:
        WeightsError: a file is missing or damaged, or its checksum differs from the description's.
    """
    description, tensors = read_weights(path, version=_FORMAT)
    network = ThetaNetwork(whole(description, "width", path))
    fill(network, tensors, path)
    return network.eval()


def save_folds(networks: Sequence[ThetaNetwork], path: Path, provenance: Mapping[str, Any]) -> None:
    """Write the networks of all folds of cross-fitting, which share their trunk, to ``path``.

    See ``save_weights`` for the other arguments.
    """
    description = {"width": networks[0].head.width, "folds": len(networks), "provenance": dict(provenance)}
    trunk = {key: value for key, value in networks[0].state_dict().items() if not key.startswith(_HEAD)}
    heads = in_folds([network.head for network in networks])
    write_weights(path, trunk | heads, description, version=_FORMAT)


def load_folds(path: Path = SHIPPED_FOLDS) -> list[ThetaNetwork]:
    """Read networks written by ``save_folds``, in evaluation mode.

    Raises:
        WeightsError: a file is missing or damaged, or its checksum differs from the description's.
    """
    description, tensors = read_weights(path, version=_FORMAT)
    width = whole(description, "width", path)
    networks = [ThetaNetwork(width) for _ in range(whole(description, "folds", path))]
    trunk = {key: value for key, value in tensors.items() if not key[0].isdigit()}
    for fold, network in enumerate(networks):
        start = f"{fold}/"
        head = {_HEAD + key.removeprefix(start): value for key, value in tensors.items() if key.startswith(start)}
        fill(network, trunk | head, path)
    return networks


def whole(description: Mapping[str, Any], key: str, path: Path) -> int:
    """The entry ``width`` or ``folds`` of a description.

    Raises:
        WeightsError: it is no whole number, or too large.
    """
    value = description.get(key)
    if type(value) is not int or not 1 <= value <= _MOST[key]:
        raise WeightsError(f"{path.with_suffix('.json').name}: not a description that this version can read")
    return value


def in_folds(modules: Sequence[nn.Module]) -> dict[str, Tensor]:
    """The tensors of one module per fold, each under its fold's number."""
    return {f"{fold}/{key}": value for fold, module in enumerate(modules) for key, value in module.state_dict().items()}


def fill(module: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Put tensors into a module.

    Raises:
        WeightsError: they are another network's.
    """
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        raise WeightsError(f"{path.name} does not fit the network ({str(error).splitlines()[0]})") from None
