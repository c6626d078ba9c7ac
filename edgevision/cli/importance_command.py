"""The command ``codec train-importance``: train the network that makes importance maps on the device."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgevision.errors import WeightsError
from edgevision.imports import CODEC_LIBRARIES, require, require_all
from edgevision.storage.disk_files import read_bytes, read_json, sha256

_LABELS = typer.Option(
    help="CSV file with columns file, and class_index (number) or class (name) of ImageNet. Without it all sub-folders "
    "are read, and the teachers explain the class that they predict."
)
_RECORD = "for the record"
#: Weights whose origin is known by their SHA-256.
_TORCHVISION = {
    "b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889": "torchvision, mobilenet_v2-b0353104.pth",
}


def train_importance(
    images: Annotated[Path, typer.Option(help="Folder of images.", show_default=False)],
    backbone: Annotated[Path, typer.Option(help="torchvision's mobilenet_v2-b0353104.pth.", show_default=False)],
    labels: Annotated[Path | None, _LABELS] = None,
    out: Annotated[Path, typer.Option(help="Folder to write to. A stopped run continues from it.")] = Path(
        "runs/theta"
    ),
    views: Annotated[
        int | None, typer.Option(min=1, help="Views of each picture for the large network; 3 by default.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of views, weights and order.")] = 0,
    origin: Annotated[
        str | None,
        typer.Option(
            help=f"Where the backbone comes from, {_RECORD}. Needed for any but torchvision's own.", show_default=False
        ),
    ] = None,
    licence: Annotated[str, typer.Option(help=f"Licence of the backbone, {_RECORD}.")] = "not stated",
) -> None:
    """Train the importance network theta on the maps of EfficientNet-Lite0, -Lite1 and -Lite2.

    A large network learns these maps first, and theta, which is much faster, learns the maps of the large network.
    Writes OUT/theta.safetensors and OUT/theta.json, and the large network beside them. During training it writes
    examples, views, checkpoints and TensorBoard logs (tensorboard --logdir OUT). Run the same command again to continue
    a stopped run. docs/theta.md explains where to get the backbone and how to use the trained network.

    Example: **edgevision codec train-importance --images photos --labels photos/labels.csv
    --backbone mobilenet_v2-b0353104.pth**
    """
    require("tensorboard", "agents")
    require_all(CODEC_LIBRARIES, "codecs")
    from edgevision.codecs.spat_imco.theta import DistillationConfig, TrainingConfig, load_mobilenet
    from edgevision.codecs.spat_imco.theta import train_importance as train
    from edgevision.codecs.spat_imco.theta.train_theta import TEACHERS
    from edgevision.data.images import ImageFolder
    from edgevision.progress import stage_bars
    from edgevision.storage.storage_torch import MAX_CHECKPOINT_BYTES
    from edgevision.vision.classifiers import load_classifier

    config = TrainingConfig(views=views or TrainingConfig.views, seed=seed, true_class=labels is not None)
    distillation = DistillationConfig(seed=seed)
    dataset = ImageFolder(images, labels)
    digest = sha256(read_bytes(backbone, WeightsError, MAX_CHECKPOINT_BYTES))
    if not origin and digest not in _TORCHVISION:
        raise typer.BadParameter(f"{backbone.name} is not torchvision's own; say where it comes from with --origin")
    network = load_mobilenet(backbone, config.width)
    teachers = [load_classifier(name) for name in TEACHERS]
    options = f"--images DIR {'--labels FILE ' if labels else ''}--backbone FILE --views {config.views} --seed {seed}"
    provenance = {
        "backbone": f"{backbone.name}, SHA-256 {digest}",
        "backbone_origin": origin or _TORCHVISION[digest],
        "licence": licence,
        "command": f"edgevision codec train-importance {options} --out DIR",
    }
    with stage_bars() as report:
        train(dataset, network, teachers, out, config, distillation, provenance=provenance, progress=report)
    weights = out / "theta.safetensors"
    record = read_json(weights.with_suffix(".json"), WeightsError)["provenance"]
    agreement = record["validation_rank_correlation_with_large_network"]
    typer.echo(f"{weights}: rank correlation with the large network on held-back pictures {agreement:.3f}")
