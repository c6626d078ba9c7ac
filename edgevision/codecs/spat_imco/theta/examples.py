"""Training examples: features of the frozen backbone and teachers' maps, computed once and kept on disk."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgevision.codecs.spat_imco.theta.labels import make_view, teacher_map
from edgevision.codecs.spat_imco.theta.large_network import LargeNetwork
from edgevision.codecs.spat_imco.theta.sensitivity import LEVELS, sensitivity_map
from edgevision.data.class_labels import class_indices
from edgevision.data.images import ImageFolder, LabelledImage
from edgevision.errors import DataSetError, UnreadableImageError
from edgevision.part_store import PartStore, readable
from edgevision.progress import Progress
from edgevision.provenance import digest
from edgevision.vision.classifiers import Classifier

_PART = 25  # pictures per part on disk


@dataclass(frozen=True)
class Examples:
    """Training examples from V views of each of I pictures.

    Attributes:
        middle: backbone features in half precision, (I, V, 96, 14, 14).
        coarse: class activation map and activity, (I, V, 2, 14, 14).
        target: the head's targets, mean Grad-CAM and mean sensitivity of the teachers, (I, V, 2, 14, 14).
    """

    middle: Tensor
    coarse: Tensor
    target: Tensor

    def __len__(self) -> int:
        return len(self.target)


def collect_examples(
    dataset: ImageFolder,
    network: LargeNetwork,
    teachers: Sequence[Classifier],
    *,
    views: int,
    true_class: bool,
    seed: int,
    folder: Path,
    progress: Progress,
) -> Examples:
    """Compute the examples that ``folder`` does not hold, and return all; unreadable pictures are left out.

    Args:
        dataset: the pictures.
        network: its backbone computes the features.
        teachers: see ``teacher_map`` and ``sensitivity_map``.
        views: number of views per picture, see ``make_view``.
        true_class: whether the teachers explain the picture's class (true) or the class that they predict.
        seed: of the views.
        folder: holds finished parts, under names that depend on all arguments above.
        progress: called with pictures done and all of them.

    Raises:
        DataSetError: no picture can be read, or ``true_class`` and a label that the teachers do not know.
    """
    classes = _classes(dataset, teachers[0]) if true_class else [None] * len(dataset)
    store = PartStore(folder)
    key = _key(dataset, network, teachers, views, true_class, seed)
    parts = []
    for start in range(0, len(dataset), _PART):
        progress(start, len(dataset))
        label, description = f"examples-{start // _PART:04d}", {"key": key, "start": start}
        items = dataset.items[start : start + _PART]
        check = functools.partial(_checked, pictures=len(items), views=views)
        part = readable(store.load_arrays(label, description), check)
        if part is None:
            part = _make(dataset, items, classes, start, network, teachers, views, seed)
            store.save_arrays(label, description, part)
        parts.append(part)
    progress(len(dataset), len(dataset))
    joined = {
        name: torch.from_numpy(np.concatenate([part[name] for part in parts]))
        for name in ("middle", "coarse", "target")
    }
    if not len(joined["target"]):
        raise DataSetError(f"no picture of {dataset.name!r} can be read")
    return Examples(**joined)


def _make(
    dataset: ImageFolder,
    items: Sequence[LabelledImage],
    classes: Sequence[int | None],
    start: int,
    network: LargeNetwork,
    teachers: Sequence[Classifier],
    views: int,
    seed: int,
) -> dict[str, NDArray[Any]]:
    rows: dict[str, list[Tensor]] = {"middle": [], "coarse": [], "target": []}
    for number, item in enumerate(items, start):
        try:
            picture = dataset.load(item)
        except UnreadableImageError:
            continue
        images = [make_view(picture, view, seed + number) for view in range(views)]
        found = network.extract(network.pixels(np.stack(images)))
        wanted = classes[number]
        rows["middle"].append(found.middle.half())
        rows["coarse"].append(found.coarse)
        cams = torch.stack([teacher_map(teachers, image, wanted) for image in images])
        sensitivities = sensitivity_map(teachers, np.stack(images), None if wanted is None else [wanted] * views)
        rows["target"].append(torch.stack([cams, sensitivities], 1))
    empty = {"middle": torch.zeros(0, views, 96, 14, 14).half()}
    none = torch.zeros(0, views, 2, 14, 14)
    stacked = {name: torch.stack(value) if value else empty.get(name, none) for name, value in rows.items()}
    return {name: value.numpy() for name, value in stacked.items()}


def _checked(found: dict[str, NDArray[Any]], pictures: int, views: int) -> dict[str, NDArray[Any]]:
    """What was stored of ``_make``'s answer.

    Raises:
        ValueError: it is none.
    """
    rows = len(found["target"])
    shapes = {
        "middle": (rows, views, 96, 14, 14),
        "coarse": (rows, views, 2, 14, 14),
        "target": (rows, views, 2, 14, 14),
    }
    if rows > pictures or {name: array.shape for name, array in found.items()} != shapes:
        raise ValueError("other arrays than examples")
    if any(array.dtype.kind != "f" or not np.isfinite(array).all() for array in found.values()):
        raise ValueError("other numbers than examples")
    return found


def _classes(dataset: ImageFolder, teacher: Classifier) -> list[int | None]:
    """Class number of each picture, which is the same for all teachers: they know ImageNet's classes."""
    labels = (item.label for item in dataset.items)
    return [*class_indices(labels, teacher.classes, teacher.class_names)]


def _key(
    dataset: ImageFolder,
    network: LargeNetwork,
    teachers: Sequence[Classifier],
    views: int,
    true_class: bool,
    seed: int,
) -> str:
    """Hash of everything that decides the examples, so that examples of different settings never mix."""
    names = [teacher.name for teacher in teachers]
    return digest([dataset.fingerprint(), names, views, true_class, seed, LEVELS], [network.backbone])
