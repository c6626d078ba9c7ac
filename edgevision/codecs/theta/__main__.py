"""Train theta: ``python -m edgevision.codecs.theta --images DIR --labels FILE --backbone FILE --out DIR``."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

from edgevision.codecs.classifiers import load_classifier
from edgevision.codecs.datasets import ImageFolder
from edgevision.codecs.theta.fitting import TrainingConfig
from edgevision.codecs.theta.training import train_importance
from edgevision.codecs.theta.weights import load_mobilenet
from edgevision.errors import require

COMMAND = "python -m edgevision.codecs.theta --images DIR --labels FILE --backbone FILE --out DIR"
TEACHERS = ("tf_efficientnet_lite0", "tf_efficientnet_lite1", "tf_efficientnet_lite2")


def main() -> None:
    """Parse the command line and train."""
    require("rich.progress", "cli")
    from rich.console import Console
    from rich.progress import Progress

    parser = argparse.ArgumentParser(
        "python -m edgevision.codecs.theta", description="Train the importance network theta."
    )
    parser.add_argument("--images", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--labels", type=Path, help="CSV with the columns file and class_index")
    parser.add_argument("--backbone", type=Path, required=True, help="torchvision's mobilenet_v2-b0353104.pth")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights and everything in between")
    parser.add_argument("--origin", default="not stated", help="where the backbone comes from, for the record")
    parser.add_argument("--licence", default="not stated", help="of the backbone, for the record")
    parser.add_argument("--views", type=int, default=TrainingConfig.views)
    parser.add_argument("--seed", type=int, default=TrainingConfig.seed)
    given = parser.parse_args()
    config = TrainingConfig(views=given.views, seed=given.seed)
    digest = hashlib.sha256(given.backbone.read_bytes()).hexdigest()
    with Progress(console=Console(stderr=True)) as bars:
        tasks = {stage: bars.add_task(stage, total=None) for stage in ("examples", "epochs")}
        train_importance(
            ImageFolder(given.images, given.labels),
            load_mobilenet(given.backbone, config.width),
            [load_classifier(name) for name in TEACHERS],
            given.out,
            config,
            provenance={
                "backbone": f"{given.backbone.name}, SHA-256 {digest}",
                "backbone_origin": given.origin,
                "licence": given.licence,
                "command": f"{COMMAND} --views {given.views} --seed {given.seed}",
            },
            progress=lambda stage, done, total: bars.update(tasks[stage], completed=done, total=total),
        )


if __name__ == "__main__":
    main()
