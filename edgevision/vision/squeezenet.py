"""SqueezeNet 1.1 with shipped weights: the classifier that codecs are judged on, and that nothing is trained on.

Sources: Iandola et al., arXiv:1602.07360; network and preprocessing: torchvision's ``squeezenet1_1``.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torchvision.models import SqueezeNet1_1_Weights, squeezenet1_1

from edgevision.errors import WeightsError
from edgevision.storage.storage_tensors import read_weights

NAME = "squeezenet1_1"
SHIPPED = Path(__file__).parent / "weights" / f"{NAME}.safetensors"
FORMAT = 1


def load_squeezenet(path: Path = SHIPPED) -> tuple[torch.nn.Module, str]:
    """Read the network, with its preprocessing in timm's ``pretrained_cfg``, and where its weights come from.

    Raises:
        WeightsError: a file is missing or damaged, or its checksum differs from the description's.
    """
    description, tensors = read_weights(path, version=FORMAT)
    model: torch.nn.Module = squeezenet1_1(weights=None)
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise WeightsError(f"{path.name} does not fit the network ({str(error).splitlines()[0]})") from None
    transform = SqueezeNet1_1_Weights.IMAGENET1K_V1.transforms()
    (side,), (resized,) = transform.crop_size, transform.resize_size
    model.pretrained_cfg = {  # type: ignore[assignment]
        "input_size": (3, side, side),
        "crop_pct": side / resized,
        "interpolation": transform.interpolation.value,
        "mean": tuple(transform.mean),
        "std": tuple(transform.std),
        "num_classes": 1000,
    }
    return model, f"shipped, {path.name}, SHA-256 {description['sha256']}"
