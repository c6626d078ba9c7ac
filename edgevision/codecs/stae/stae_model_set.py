"""The set of models that Algorithm 1 returns, one per budget (alpha, beta), with shared networks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast, get_args

import torch
from torch import Tensor, nn

from edgevision.codecs.stae.attention import SpatialAttention
from edgevision.codecs.stae.feature_recovery import FeatureRecovery
from edgevision.codecs.stae.stae_network import Stae, StaeConfig, Variant
from edgevision.codecs.stae.vit import Pooling
from edgevision.errors import WeightsError
from edgevision.storage.storage_tensors import read_weights, write_weights

#: Weights shipped with this package, trained on generated actions.
SHIPPED = Path(__file__).parents[1] / "weights" / "stae-actions.safetensors"
_FORMAT = 1
# Largest numbers allowed in a description.
_LIMITS = {
    "classes": 2**16,
    "frames": 2**12,
    "attention_hidden": 2**12,
    "recovery_width": 2**8,
    "size": 2**11,
    "embed_dim": 2**13,
    "depth": 2**7,
    "heads": 2**7,
}
# Errors raised when networks are built from a damaged description; AssertionError is for timm's own checks.
_UNFIT = (LookupError, TypeError, ValueError, RuntimeError, AttributeError, OverflowError, AssertionError)
_KERNEL_LIMIT = 16  # sides of a kernel must be smaller
_STEM = "backbone.patch_embed.backbone."  # the hybrid's pretrained stem, which comes with another package


class StaeModels(nn.Module):
    """Models G_alpha^beta: one ViT and one FA for all, an SA per alpha, an FR per (alpha, beta).

    Attributes:
        config: shapes of the networks.
        base: holds ViT and FA, and the SA and FR that the first budgets start from.
        classes: names of the classes.
        origin: origin of loaded weights: their ``sha256``, and ``data_set``, ``seed`` and ``start`` from their
            provenance, where ``start`` is the origin of the weights that training started from; empty for new models.
    """

    def __init__(self, config: StaeConfig, classes: tuple[str, ...]) -> None:
        super().__init__()
        self.config = config
        self.classes = classes
        self.origin: dict[str, Any] = {}
        self.base = Stae(config)
        self.spatial = nn.ModuleDict()
        self.recovery = nn.ModuleDict()

    def spatial_attention(self, frames: int) -> SpatialAttention:
        """SA of a frame budget; made at first use, as a copy of the SA of the next smaller budget."""
        key = str(frames)
        if key not in self.spatial:
            made = self.config.spatial_attention()
            smaller = [int(name) for name in self.spatial if int(name) < frames]
            made.load_state_dict((self.spatial[str(max(smaller))] if smaller else self.base.sa).state_dict())
            self.spatial[key] = made
        return cast(SpatialAttention, self.spatial[key])

    def feature_recovery(self, frames: int, pixels: float) -> FeatureRecovery:
        """FR of a budget; made at first use, as a copy of the last FR made, for the same number of frames if any."""
        key = _budget(frames, pixels)
        if key not in self.recovery:
            made = FeatureRecovery(self.config.recovery_width)
            near = [name for name in self.recovery if name.split("@")[0] == str(frames)] or list(self.recovery)
            made.load_state_dict((self.recovery[near[-1]] if near else self.base.fr).state_dict())
            self.recovery[key] = made
        return cast(FeatureRecovery, self.recovery[key])

    def model(self, frames: int, pixels: float | None = None) -> Stae:
        """G for a budget (alpha, beta), which shares its parameters with this set; without beta, FR is ``base.fr``."""
        model = Stae.__new__(Stae)
        nn.Module.__init__(model)
        model.config, model.vit, model.fa = self.config, self.base.vit, self.base.fa
        whole = pixels is not None and pixels >= 1  # neither SA nor FR is used
        model.sa = self.base.sa if whole else self.spatial_attention(frames)
        model.fr = self.base.fr if whole or pixels is None else self.feature_recovery(frames, pixels)
        return model.train(self.training)

    @property
    def pixel_budgets(self) -> tuple[float, ...]:
        """Budgets beta below 1 that have an FR, decreasing."""
        return tuple(sorted({int(name.split("@")[1]) / 100 for name in self.recovery}, reverse=True))

    def trained(self, frames: int, pixels: float, variant: Variant = "ViT_STAE") -> bool:
        """Whether there is a model of a variant for a budget; always so if all pixels are sent, as FA is shared."""
        if pixels == 1 or variant == "ViT_FA":
            return True
        return str(frames) in self.spatial and (variant == "ViT_FA+SA" or _budget(frames, pixels) in self.recovery)

    def save(self, path: Path, provenance: Mapping[str, Any]) -> None:
        """Write the weights, with kernels in half precision, and then their description ``.json``.

        Args:
            path: ends in ``.safetensors``.
            provenance: how the weights were made, JSON values.
        """
        tensors = {key: value for key, value in self.state_dict().items() if _STEM not in key}
        description = {
            "config": self.config.as_json(),
            "classes": list(self.classes),
            "spatial": list(self.spatial),
            "recovery": list(self.recovery),
            "provenance": dict(provenance),
        }
        write_weights(path, tensors, description, version=_FORMAT)

    @classmethod
    def load(cls, path: Path) -> StaeModels:
        """Read models written by ``save``, in evaluation mode.

        Raises:
            WeightsError: a file is missing or damaged, or its checksum differs from the description's.
        """
        description, tensors = read_weights(path, version=_FORMAT)
        try:
            config = _plausible(StaeConfig.from_json(description["config"]), description["classes"])
            budgets = tuple(map(str, description["spatial"])), tuple(map(str, description["recovery"]))
            _check_shapes(config, budgets, tensors)
            models = cls(config, tuple(description["classes"]))
            models._make(*budgets)
            stem = {key: value for key, value in models.state_dict().items() if _STEM in key}
            models.load_state_dict(stem | tensors)
            models.origin = _origin(description)
        except _UNFIT as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise WeightsError(f"{path.name} does not fit the networks that it describes ({reason})") from None
        return models.eval()

    def _make(self, spatial: Iterable[str], recovery: Iterable[str]) -> None:
        """Make the SA and FR of budgets, given by their keys in ``spatial`` and ``recovery``."""
        for frames in spatial:
            self.spatial_attention(int(frames))
        for frames, pixels in (name.split("@") for name in recovery):
            self.feature_recovery(int(frames), int(pixels) / 100)


def _budget(frames: int, pixels: float) -> str:
    return f"{frames}@{round(100 * pixels)}"


def _origin(description: Mapping[str, Any]) -> dict[str, Any]:
    noted = description.get("provenance")
    noted = noted if isinstance(noted, dict) else {}
    plan = noted.get("plan")
    seed = plan.get("seed") if isinstance(plan, dict) else None
    return {
        "sha256": description["sha256"],
        "data_set": noted.get("data_set"),
        "seed": seed,
        "start": noted.get("start"),
    }


def _plausible(config: StaeConfig, classes: Any) -> StaeConfig:
    """Check a configuration from a file, and return it changed so that nothing is downloaded.

    Raises:
        ValueError: ``save`` cannot have written it, or its numbers are too large.
    """
    vit = config.vit
    if not isinstance(classes, list) or len(classes) != config.classes or not all(isinstance(c, str) for c in classes):
        raise ValueError(f"{config.classes!r} classes, but not their names")
    kernel = config.attention_kernel
    if len(kernel) != 3 or not all(type(side) is int and side in range(1, _KERNEL_LIMIT, 2) for side in kernel):
        raise ValueError(f"attention_kernel is {kernel!r}, not three odd numbers below {_KERNEL_LIMIT}")
    if vit.pooling not in get_args(Pooling):
        raise ValueError(f"pooling is {vit.pooling!r}, not {' or '.join(get_args(Pooling))}")
    sizes = {**vars(config), **vars(vit)}
    for name, limit in _LIMITS.items():
        if type(sizes[name]) is not int or not 0 < sizes[name] <= limit:
            raise ValueError(f"{name} is {sizes[name]!r}, not a number up to {limit}")
    if vit.name == "hybrid" and vit.embed_dim % vit.heads:
        raise ValueError(f"heads is {vit.heads}, which does not divide embed_dim {vit.embed_dim}")
    return replace(config, vit=replace(vit, pretrained=vit.name == "hybrid" and bool(vit.pretrained)))


def _check_shapes(config: StaeConfig, budgets: tuple[Iterable[str], Iterable[str]], tensors: dict[str, Tensor]) -> None:
    """Check that stored tensors fit the described networks, before memory is reserved for the networks.

    Raises:
        ValueError: names or shapes differ.
    """
    stored = {tuple(key.split(".")[:2]) for key in tensors}
    for part, names in zip(("spatial", "recovery"), budgets, strict=True):
        if {(part, name) for name in names} != {key for key in stored if key[0] == part}:
            raise ValueError(f"other {part} networks are stored than listed")
    with torch.device("meta"):
        models = StaeModels(replace(config, vit=replace(config.vit, pretrained=False)), ())
        models._make(*budgets)
    expected = {key: value.shape for key, value in models.state_dict().items() if _STEM not in key}
    if expected != {key: value.shape for key, value in tensors.items()}:
        raise ValueError("other shapes are stored")
