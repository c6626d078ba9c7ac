"""Training theta: a large network learns the maps of classifiers, then theta learns the maps of the large network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgevision.codecs.spat_imco.theta.distillation import (
    DistillationConfig,
    checkpoint_name,
    collect_views,
    distil,
)
from edgevision.codecs.spat_imco.theta.examples import Examples, collect_examples
from edgevision.codecs.spat_imco.theta.fit_head import Log, TrainingConfig, fit_head
from edgevision.codecs.spat_imco.theta.large_network import LargeNetwork, RefiningHead
from edgevision.codecs.spat_imco.theta.large_weights import load_large, save_large
from edgevision.codecs.spat_imco.theta.late_stages import SHIPPED_STAGES, LateStages, save_stages
from edgevision.codecs.spat_imco.theta.theta_network import ThetaNetwork
from edgevision.codecs.spat_imco.theta.theta_weights import save_weights
from edgevision.data.images import ImageFolder
from edgevision.errors import WeightsError
from edgevision.imports import require
from edgevision.locking import only_writer
from edgevision.progress import Progress, StageProgress
from edgevision.provenance import digest, versions
from edgevision.storage.disk_files import read_json, sha256
from edgevision.vision.classifiers import Classifier

TEACHERS = ("tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2")
LARGE = "large.safetensors"
_LIBRARIES = ("torch", "timm", "numpy", "pillow", "safetensors")
_DECIDES = ("data_set_fingerprint", "teachers", "config")  # entries that a finished large network must share


def train_importance(
    dataset: ImageFolder,
    network: LargeNetwork,
    teachers: Sequence[Classifier],
    folder: Path,
    config: TrainingConfig | None = None,
    distillation: DistillationConfig | None = None,
    *,
    provenance: Mapping[str, str] | None = None,
    progress: StageProgress = lambda stage, done, total: None,
) -> ThetaNetwork:
    """Train the large network's head on the teachers' maps, and distil theta from the large network.

    A killed run continues where it stopped when called again with the same arguments, and ends with the same weights
    as a run without interruption.

    Args:
        dataset: the pictures.
        network: the large network; its backbone is used, its head replaced.
        teachers: classifiers that end in average pooling and one linear layer.
        folder: receives ``theta.safetensors``, ``late-stages.safetensors`` and ``large.safetensors`` with a ``.json``
            each, examples, views, checkpoints and TensorBoard's events.
        config: settings of the large network's head; ``None`` for the defaults.
        distillation: settings of theta's training; ``None`` for the defaults.
        provenance: further entries of the descriptions, such as the backbone's origin.
        progress: called with the stage (``examples``, ``epochs``, ``views`` or ``distillation``), what is done of it
            and what there is to do.

    Returns:
        The trained theta, in evaluation mode.

    Raises:
        DataSetError: no picture can be read.
        MissingExtraError: TensorBoard (extra ``agents``) is not installed.
        FolderInUseError: another process trains in ``folder``.
    """
    require("tensorboard", "agents")
    from edgevision.event_log import EventLog

    config, distillation = config or TrainingConfig(), distillation or DistillationConfig()
    with only_writer(folder), EventLog(folder / "tensorboard") as events:
        record: dict[str, Any] = {
            **(provenance or {}),
            "data_set": dataset.name,
            "data_set_fingerprint": dataset.identity(),
            "teachers": [teacher.name for teacher in teachers],
            "weights_of_teachers": [teacher.origin for teacher in teachers],
            "config": asdict(config),
            "versions": versions(_LIBRARIES),
        }
        large = _finished(folder / LARGE, network, record)
        if large is None:
            large = _train_large(dataset, network, teachers, folder, config, record, events.add_scalar, progress)
        views = collect_views(
            dataset, large, [large.head], views=distillation.views, seed=distillation.seed, folder=folder,
            progress=lambda done, total: progress("views", done, total),
        )  # fmt: skip
        head, agreement = distil(
            views, 0, np.arange(len(views)), distillation,
            checkpoint=folder / checkpoint_name(views, 0, distillation),
            log=events.add_scalar,
            progress=lambda done, total: progress("distillation", done, total),
        )  # fmt: skip
        theta = ThetaNetwork.cut_from(large, head)
        record |= {
            "pictures": len(views),
            "large_network": f"SHA-256 {sha256((folder / LARGE).read_bytes())}",
            "distillation": asdict(distillation),
            "validation_rank_correlation_with_large_network": agreement,
        }
        save_stages(LateStages.cut_from(large), theta, folder / SHIPPED_STAGES.name, provenance or {})
        save_weights(theta, folder / "theta.safetensors", record)
        return theta


def _train_large(
    dataset: ImageFolder,
    network: LargeNetwork,
    teachers: Sequence[Classifier],
    folder: Path,
    config: TrainingConfig,
    record: Mapping[str, Any],
    log: Log,
    progress: StageProgress,
) -> LargeNetwork:
    """Train a new head for ``network``, and write the whole to ``folder``."""
    examples = training_examples(
        dataset, network, teachers, folder, config, lambda done, total: progress("examples", done, total)
    )
    network.head = fresh_head(config)
    scores = fit_head(
        network.head,
        examples,
        np.arange(len(examples)),
        config,
        checkpoint=folder / f"checkpoint-{_digest(examples, config)}.safetensors",
        log=log,
        progress=lambda done, total: progress("epochs", done, total),
    )
    found = {
        "pictures": len(examples),
        "validation_rank_correlation": {"before": scores[0], "after": max(scores)},
    }
    save_large(network, folder / LARGE, {**record, **found})
    return load_large(folder / LARGE)  # in the precision of the file, as a run that continues from it has it


def _finished(path: Path, network: LargeNetwork, record: Mapping[str, Any]) -> LargeNetwork | None:
    """The large network that an earlier run with the same backbone, pictures and settings has left at ``path``."""
    try:
        found, noted = load_large(path), read_json(path.with_suffix(".json"), WeightsError)["provenance"]
    except (WeightsError, LookupError, TypeError):
        return None
    ours, theirs = network.backbone.state_dict(), found.backbone.state_dict()
    same = all(torch.equal(value.half(), theirs[name].half()) for name, value in ours.items())
    return found if same and all(noted.get(name) == record[name] for name in _DECIDES) else None


def training_examples(
    dataset: ImageFolder,
    network: LargeNetwork,
    teachers: Sequence[Classifier],
    folder: Path,
    config: TrainingConfig,
    progress: Progress,
) -> Examples:
    """Examples with the views, class and seed of ``config``; see ``collect_examples``."""
    return collect_examples(
        dataset,
        network,
        teachers,
        views=config.views,
        true_class=config.true_class,
        seed=config.seed,
        folder=folder,
        progress=progress,
    )


def fresh_head(config: TrainingConfig) -> RefiningHead:
    """An untrained head whose weights depend only on the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return RefiningHead(config.width)


def _digest(examples: Examples, config: TrainingConfig) -> str:
    """Digest in the checkpoint's name, so that no run continues a different one."""
    return digest(asdict(config), arrays=[examples.target.numpy()])[:16]
