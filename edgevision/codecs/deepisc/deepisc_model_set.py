"""The set of DeepISC networks, one per budget (alpha, beta), and the model ViT_DeepISC that uses them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from edgevision.codecs.deepisc.deepisc_network import DeepIsc, DeepIscConfig
from edgevision.codecs.stae.stae_network import Stae
from edgevision.errors import CodecInputError, WeightsError
from edgevision.storage.storage_tensors import read_weights, write_weights

_FORMAT = 1
_MAX_NETWORKS = 256  # in a file
_BUDGET = re.compile(r"([1-9]\d{0,3})@([1-9]\d?|100)", re.ASCII)


class DeepIscModels(nn.Module):
    """One DeepISC network per (alpha, beta), to be used between the FA and the ViT that STAE's budgets share.

    Attributes:
        config: shapes of the networks.
        networks: networks by budget, in the order in which they were added.
    """

    def __init__(self, config: DeepIscConfig | None = None) -> None:
        super().__init__()
        self.config = config or DeepIscConfig()
        self.networks = nn.ModuleDict()

    def add(self, frames: int, pixels: float) -> DeepIsc:
        """The network of a budget; a new one is a copy of the last one added, for the same alpha if there is one."""
        key = _budget(frames, pixels)
        if key not in self.networks:
            made = DeepIsc(self.config)
            near = [name for name in self.networks if name.split("@")[0] == str(frames)] or list(self.networks)
            if near:
                made.load_state_dict(self.networks[near[-1]].state_dict())
            self.networks[key] = made.train(self.training)
        return cast(DeepIsc, self.networks[key])

    def network(self, frames: int, pixels: float) -> DeepIsc:
        """The network of a budget (alpha, beta).

        Raises:
            ValueError: there is no network for this budget.
        """
        key = _budget(frames, pixels)
        if key not in self.networks:
            raise CodecInputError(
                f"no DeepISC network for budget {key!r} (there are: {', '.join(self.networks) or 'none'})"
            )
        return cast(DeepIsc, self.networks[key])

    def trained(self, frames: int, pixels: float) -> bool:
        """Whether there is a network for a budget (alpha, beta)."""
        return _budget(frames, pixels) in self.networks

    def classify(self, base: Stae, clip: Tensor, frames: int, pixels: float, seed: int = 0) -> Tensor:
        """Class scores (B, classes) of ViT_DeepISC: FA, DeepISC, ViT.

        Args:
            base: holds FA and ViT.
            clip: X, (B, F, 3, H, W), normalised to [-1, 1].
            frames: alpha.
            pixels: beta; unlike STAE's SA and FR, DeepISC is also used at 100 %.
            seed: of the residual's pixels.

        Raises:
            ValueError: there is no network for this budget.
        """
        kept, _ = base.keep_frames(clip, frames)
        return base.vit(self.network(frames, pixels)(kept, pixels, seed))

    def save(self, path: Path, provenance: Mapping[str, Any]) -> None:
        """Write the weights, with kernels in half precision, and then their description ``.json``.

        Args:
            path: ends in ``.safetensors``.
            provenance: how the weights were made, JSON values.
        """
        about = {"config": self.config.as_json(), "budgets": list(self.networks), "provenance": dict(provenance)}
        write_weights(path, self.state_dict(), about, version=_FORMAT)

    @classmethod
    def load(cls, path: Path) -> DeepIscModels:
        """Read networks written by ``save``, in evaluation mode.

        Raises:
            WeightsError: a file is missing, damaged or made for other networks.
        """
        description, tensors = read_weights(path, version=_FORMAT)
        try:
            # On the device "meta" networks take no memory; the stored tensors then replace their parameters.
            with torch.device("meta"):
                models = cls(DeepIscConfig(**description["config"]))
                for frames, pixels in _budgets(description["budgets"]):
                    models.add(frames, pixels)
            models.load_state_dict(tensors, assign=True)
        except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise WeightsError(f"{path.name} does not fit the networks that it describes ({reason})") from None
        return models.eval()


def _budgets(names: Any) -> list[tuple[int, float]]:
    """Budgets (alpha, beta) from their names in a file.

    Raises:
        ValueError: a name is malformed, or there are too many.
    """
    if not isinstance(names, list) or len(names) > _MAX_NETWORKS:
        raise ValueError(f"budgets must be a list of up to {_MAX_NETWORKS} names")
    found = [_BUDGET.fullmatch(str(name)) for name in names]
    if not all(found):
        raise ValueError(f"budget {names[found.index(None)]!r} is not of the form FRAMES@PERCENT")
    return [(int(match[1]), int(match[2]) / 100) for match in found if match]


def _budget(frames: int, pixels: float) -> str:
    return f"{frames}@{round(100 * pixels)}"
