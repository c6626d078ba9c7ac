"""Training theta: its head learns Grad-CAM and sensitivity of larger classifiers; its backbone is not changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from edgevision.codecs.spat_imco.theta.examples import Examples, collect_examples
from edgevision.codecs.spat_imco.theta.fit_theta import TrainingConfig, fit_head
from edgevision.codecs.spat_imco.theta.theta_network import RefiningHead, ThetaNetwork
from edgevision.codecs.spat_imco.theta.theta_weights import save_weights
from edgevision.data.images import ImageFolder
from edgevision.imports import require
from edgevision.locking import only_writer
from edgevision.progress import Progress, StageProgress
from edgevision.provenance import digest, versions
from edgevision.vision.classifiers import Classifier

TEACHERS = ("tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2")
_LIBRARIES = ("torch", "timm", "numpy", "pillow", "safetensors")


def train_importance(
    dataset: ImageFolder,
    network: ThetaNetwork,
    teachers: Sequence[Classifier],
    folder: Path,
    config: TrainingConfig | None = None,
    *,
    provenance: Mapping[str, str] | None = None,
    progress: StageProgress = lambda stage, done, total: None,
) -> ThetaNetwork:
    """Distil the teachers' maps into a new head for ``network``'s backbone.

    A killed run continues where it stopped when called again with the same arguments, and ends with the same weights
    as a run without interruption.

    Args:
        dataset: the pictures.
        network: its backbone is used, its head replaced.
        teachers: classifiers that end in average pooling and one linear layer.
        folder: receives ``theta.safetensors`` and ``theta.json``, examples, checkpoints and TensorBoard's events.
        config: settings; ``None`` for the defaults.
        provenance: further entries of the description, such as the backbone's origin.
        progress: called with the stage (``examples`` or ``epochs``), what is done of it and what there is to do.

    Returns:
        The trained network, in evaluation mode.

    Raises:
        DataSetError: no picture can be read.
        MissingExtraError: TensorBoard (extra ``agents``) is not installed.
        FolderInUseError: another process trains in ``folder``.
    """
    require("tensorboard", "agents")
    from edgevision.event_log import EventLog

    with only_writer(folder):
        config = config or TrainingConfig()
        examples = training_examples(
            dataset, network, teachers, folder, config, lambda done, total: progress("examples", done, total)
        )
        network.head = fresh_head(config)
        checkpoint = folder / f"checkpoint-{_digest(examples, config)}.safetensors"
        with EventLog(folder / "tensorboard") as events:
            scores = fit_head(
                network.head,
                examples,
                np.arange(len(examples)),
                config,
                checkpoint=checkpoint,
                log=events.add_scalar,
                progress=lambda done, total: progress("epochs", done, total),
            )
        record = {
            **(provenance or {}),
            "data_set": dataset.name,
            "data_set_fingerprint": dataset.identity(),
            "pictures": len(examples),
            "teachers": [teacher.name for teacher in teachers],
            "weights_of_teachers": [teacher.origin for teacher in teachers],
            "config": asdict(config),
            "validation_rank_correlation": {"before": scores[0], "after": max(scores)},
            "versions": versions(_LIBRARIES),
        }
        save_weights(network, folder / "theta.safetensors", record)
        return network.eval()


def training_examples(
    dataset: ImageFolder,
    network: ThetaNetwork,
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
