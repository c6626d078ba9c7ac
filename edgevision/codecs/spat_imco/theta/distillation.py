"""Distilling theta: its head learns the maps of the large network on several views of each picture."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgevision.arrays import IntArray
from edgevision.checks import whole_number
from edgevision.codecs.spat_imco.theta.agreement import rank_correlation
from edgevision.codecs.spat_imco.theta.labels import make_view
from edgevision.codecs.spat_imco.theta.large_network import GRID, LargeNetwork, RefiningHead, standardise
from edgevision.codecs.spat_imco.theta.maps import as_pixels, shrink
from edgevision.codecs.spat_imco.theta.theta_network import DEEP, FINE, SIDE, RegionHead, ThetaNetwork
from edgevision.codecs.training_checkpoint import load_checkpoint, save_checkpoint
from edgevision.data.images import ImageFolder
from edgevision.errors import DataSetError, UnreadableImageError, WeightsError
from edgevision.part_store import PartStore, readable
from edgevision.progress import Progress
from edgevision.provenance import digest

Log = Callable[[str, float, int], None]
_PART = 25  # pictures per part on disk
_LOOK_WEIGHT = 0.3  # of the loss of the predicted Grad-CAM, which the codec does not use
_WARM_UP = 0.15  # share of the steps in which the learning rate grows


@dataclass(frozen=True)
class DistillationConfig:
    """Settings of the distillation.

    Attributes:
        width: channels of theta's head.
        views: crops and mirror images per picture, see ``make_view``.
        epochs: number of epochs; each uses one view of each picture.
        batch: pictures per step.
        learning_rate: of AdamW, at its peak.
        weight_decay: of AdamW.
        validation: one picture in this many is held back to measure the agreement with the large network.
        seed: of all random numbers.
    """

    width: int = 64
    views: int = 6
    epochs: int = 15
    batch: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    validation: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("width", "views", "epochs", "batch", "learning_rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)!r}")
        if self.validation < 2:
            raise ValueError(f"validation must be >= 2, got {self.validation!r}")


@dataclass(frozen=True)
class Views:
    """Features of V small views of each of I pictures, with the maps of the large network with each of H heads.

    All are in half precision.

    Attributes:
        fine: see ``SmallFeatures``, (I, V, 32, 14, 14).
        deep: see ``SmallFeatures``, (I, V, 96, 7, 7).
        maps: predicted Grad-CAM and sensitivity, (I, V, H, 2, 14, 14).
    """

    fine: Tensor
    deep: Tensor
    maps: Tensor

    def __len__(self) -> int:
        return len(self.maps)


def collect_views(
    dataset: ImageFolder,
    network: LargeNetwork,
    heads: Sequence[RefiningHead],
    *,
    views: int,
    seed: int,
    folder: Path,
    progress: Progress,
) -> Views:
    """Compute the views that ``folder`` does not hold, and return all; unreadable pictures are left out.

    Args:
        dataset: the pictures.
        network: the large network; theta's trunk is cut from its backbone.
        heads: H heads for it.
        views: number V of views per picture, see ``make_view``.
        seed: of the views.
        folder: holds finished parts, under names that depend on all arguments above.
        progress: called with pictures done and all of them.

    Raises:
        DataSetError: no picture can be read.
    """
    store, theta = PartStore(folder), ThetaNetwork.cut_from(network, RegionHead(1))
    key = digest([dataset.fingerprint(), views, seed, SIDE], [network.backbone, *heads])
    parts = []
    for start in range(0, len(dataset), _PART):
        progress(start, len(dataset))
        label, description = f"views-{start // _PART:04d}", {"key": key, "start": start}
        last = min(start + _PART, len(dataset))
        check = functools.partial(_checked, pictures=last - start, views=views, heads=len(heads))
        part = readable(store.load_arrays(label, description), check)
        if part is None:
            part = _make(dataset, range(start, last), network, heads, theta, views, seed)
            store.save_arrays(label, description, part)
        parts.append(part)
    progress(len(dataset), len(dataset))
    joined = {name: torch.from_numpy(np.concatenate([part[name] for part in parts])) for name in parts[0]}
    if not len(joined["maps"]):
        raise DataSetError(f"no picture of {dataset.name!r} can be read")
    return Views(**joined)


@torch.inference_mode()
def _make(
    dataset: ImageFolder,
    numbers: Sequence[int],
    network: LargeNetwork,
    heads: Sequence[RefiningHead],
    theta: ThetaNetwork,
    views: int,
    seed: int,
) -> dict[str, NDArray[Any]]:
    rows: dict[str, list[Tensor]] = {
        name: [torch.zeros(shape)] for name, shape in _shapes(0, views, len(heads)).items()
    }
    for number in numbers:
        try:
            picture = dataset.load(dataset.items[number])
        except UnreadableImageError:
            continue
        images = np.stack([make_view(picture, view, seed + number) for view in range(views)])
        small = theta.extract(as_pixels(np.stack([shrink(image) for image in images])))
        large = network.extract(network.pixels(images))
        maps = torch.stack([head(large.middle, large.coarse) for head in heads], 1)
        for name, value in (("fine", small.fine), ("deep", small.deep), ("maps", maps)):
            rows[name].append(value[None])
    return {name: torch.cat(values).half().numpy() for name, values in rows.items()}


def _shapes(pictures: int, views: int, heads: int) -> dict[str, tuple[int, ...]]:
    """Shapes of the arrays of ``Views``."""
    return {
        "fine": (pictures, views, FINE, GRID, GRID),
        "deep": (pictures, views, DEEP, GRID // 2, GRID // 2),
        "maps": (pictures, views, heads, 2, GRID, GRID),
    }


def _checked(found: dict[str, NDArray[Any]], pictures: int, views: int, heads: int) -> dict[str, NDArray[Any]]:
    """What was stored of ``_make``'s answer.

    Raises:
        ValueError: it is none.
    """
    rows = len(found["maps"])
    if rows > pictures or {name: array.shape for name, array in found.items()} != _shapes(rows, views, heads):
        raise ValueError("other arrays than views")
    if any(array.dtype != np.float16 or not np.isfinite(array).all() for array in found.values()):
        raise ValueError("other numbers than views")
    return found


def distil(
    views: Views,
    number: int,
    pictures: IntArray,
    config: DistillationConfig,
    *,
    checkpoint: Path | None = None,
    log: Log = lambda name, value, epoch: None,
    progress: Progress = lambda done, total: None,
) -> tuple[RegionHead, float]:
    """Train a new head of theta on the maps that the large network makes with head ``number``, on the given pictures.

    The loss of each map is 1 minus Pearson's correlation of output and target.

    Args:
        views: of I pictures.
        number: of the large network's head.
        pictures: indices of the pictures to train on and to hold back.
        config: settings.
        checkpoint: file that keeps the run's state after each epoch; a run stored there is continued.
        log: called with a quantity's name, its value and the epoch.
        progress: called with epochs done and all of them.

    Returns:
        The head in evaluation mode, and Spearman's correlation of its sensitivity with the large network's, on the
        pictures that were held back.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        head = RegionHead(config.width)
    optimiser = torch.optim.AdamW(head.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    held = pictures[:: config.validation]
    kept = torch.from_numpy(np.setdiff1d(pictures, held) if len(pictures) > 1 else pictures)
    for epoch in range(_restore(head, optimiser, checkpoint) + 1, config.epochs + 1):
        log("loss/distillation", _train_epoch(head, optimiser, views, number, kept, config, epoch), epoch)
        if checkpoint:
            save_checkpoint(checkpoint, {"head": head.state_dict()}, optimiser, {"epoch": epoch})
        progress(epoch, config.epochs)
    head.eval()
    return head, _agreement(head, views, number, torch.from_numpy(held))


def checkpoint_name(views: Views, number: int, config: DistillationConfig) -> str:
    """File name of a run's checkpoint, which no different run has."""
    return f"distillation-{digest(asdict(config), arrays=[views.maps[:, :, number].numpy()])[:16]}.safetensors"


def _train_epoch(
    head: RegionHead,
    optimiser: torch.optim.AdamW,
    views: Views,
    number: int,
    kept: Tensor,
    config: DistillationConfig,
    epoch: int,
) -> float:
    """Train on a random view of each picture; return the mean loss. Random numbers depend on seed and epoch only."""
    head.train()
    losses = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed * 1_000_003 + epoch)
        batches = kept[torch.randperm(len(kept))].split(config.batch)
        for step, rows in enumerate(batches):
            chosen = torch.randint(views.maps.shape[1], (len(rows),))
            maps = head(views.fine[rows, chosen].float(), views.deep[rows, chosen].float())
            target = views.maps[rows, chosen, number].float()
            agreed = (standardise(maps) * standardise(target)).mean((0, 2, 3))
            loss = (1 - agreed) @ torch.tensor([_LOOK_WEIGHT, 1.0])
            done = (epoch - 1 + step / len(batches)) / config.epochs
            optimiser.param_groups[0]["lr"] = config.learning_rate * _share_of_peak(done)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()))
    return float(np.mean(losses))


def _share_of_peak(done: float) -> float:
    """Learning rate when a share ``done`` of the steps is done: it grows linearly, then falls as a cosine does."""
    if done < _WARM_UP:
        return 0.04 + 0.96 * done / _WARM_UP
    return 0.5 + 0.5 * math.cos(math.pi * (done - _WARM_UP) / (1 - _WARM_UP))


@torch.inference_mode()
def _agreement(head: RegionHead, views: Views, number: int, held: Tensor) -> float:
    maps = head(views.fine[held, 0].float(), views.deep[held, 0].float())[:, 1].numpy()
    return float(rank_correlation(maps, views.maps[held, 0, number, 1].float().numpy()).mean())


def _restore(head: RegionHead, optimiser: torch.optim.AdamW, checkpoint: Path | None) -> int:
    """Put a checkpoint into head and optimiser; the epochs that it has done, 0 if there is none that fits."""
    if checkpoint is None:
        return 0
    found = load_checkpoint(checkpoint, {"head": head.state_dict()}, optimiser, {"epoch": _epoch})
    if found is None:
        return 0
    weights, values = found
    head.load_state_dict(weights["head"])
    epoch: int = values["epoch"]
    return epoch


def _epoch(value: Any) -> int:
    return whole_number("epoch", value, 1, 10**9, WeightsError)
