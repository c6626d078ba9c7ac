"""The networks of all budgets (alpha, beta), and ViT_DeepISC made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from edgevision.codecs.deepisc.deepisc_network import DeepIsc, DeepIscConfig
from edgevision.codecs.stae.stae_network import Stae
from edgevision.errors import WeightsError
from edgevision.storage_tensors import read_weights, write_weights

_FORMAT = 1
_MOST = 256  # networks in a file
_BUDGET = re.compile(r"([1-9]\d{0,3})@([1-9]\d?|100)", re.ASCII)


class DeepIscModels(nn.Module):
    """One DeepISC per (alpha, beta), in front of the ViT and behind the FA that STAE's budgets share.

    Attributes:
        config: shapes of the networks.
        networks: by budget, in the order they were added.
    """

    def __init__(self, config: DeepIscConfig | None = None) -> None:
        super().__init__()
        self.config = config or DeepIscConfig()
        self.networks = nn.ModuleDict()

    def add(self, frames: int, pixels: float) -> DeepIsc:
        """The network of a budget; a new one is a copy of the one added last, of the same alpha if there is any."""
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
            ValueError: there is none.
        """
        key = _budget(frames, pixels)
        if key not in self.networks:
            raise ValueError(f"no DeepISC network for budget {key!r} (there are: {', '.join(self.networks) or 'none'})")
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
            pixels: beta; unlike STAE's SA and FR, DeepISC works at 100 % as well.
            seed: of the residual's pixels.

        Raises:
            ValueError: there is no network for this budget.
        """
        kept, _ = base.keep_frames(clip, frames)
        return base.vit(self.network(frames, pixels)(kept, pixels, seed))

    def save(self, path: Path, provenance: Mapping[str, Any]) -> None:
        """Write ``path`` (``.safetensors``, kernels in half precision) and its description ``.json``.

        Args:
            path: where to.
            provenance: how the weights were made, JSON values.
        """
        about = {"config": self.config.as_json(), "budgets": list(self.networks), "provenance": dict(provenance)}
        write_weights(path, self.state_dict(), about, version=_FORMAT)

    @classmethod
    def load(cls, path: Path) -> DeepIscModels:
        """Read what ``save`` wrote, in evaluation mode.

        Raises:
            WeightsError: a file is missing, damaged or made for other networks.
        """
        description, tensors = read_weights(path, version=_FORMAT)
        try:
            # On this device networks have shapes and no memory, until the stored tensors take the parameters' places.
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
    """Budgets out of a file.

    Raises:
        ValueError: they are none, or too many.
    """
    if not isinstance(names, list) or len(names) > _MOST:
        raise ValueError(f"budgets must be a list of up to {_MOST} names")
    found = [_BUDGET.fullmatch(str(name)) for name in names]
    if not all(found):
        raise ValueError(f"budget {names[found.index(None)]!r} is not of the form FRAMES@PERCENT")
    return [(int(match[1]), int(match[2]) / 100) for match in found if match]


def _budget(frames: int, pixels: float) -> str:
    return f"{frames}@{round(100 * pixels)}"
