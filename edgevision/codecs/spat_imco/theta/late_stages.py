"""``LateStages``: the part of MobileNetV2 that theta leaves out, which tells the picture's class from theta's features.

Theta does not need it. A device that decides by content does: how sure a small network is of the class says more about
the answer at the edge than all statistics of the pixels do. On 112 x 112 pixels these stages take half as many
multiply-adds as theta, because few positions are left there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from edgevision.codecs.spat_imco.theta.large_network import LargeNetwork
from edgevision.codecs.spat_imco.theta.theta_network import DEEP_STAGE, ThetaNetwork
from edgevision.codecs.spat_imco.theta.theta_weights import SHIPPED, fill
from edgevision.errors import WeightsError
from edgevision.storage.storage_tensors import read_weights, write_weights

SHIPPED_STAGES = SHIPPED.with_name("late-stages.safetensors")
_FORMAT = 1


class LateStages(nn.Module):
    """Class scores from the field ``deep`` of ``SmallFeatures``.

    Attributes:
        stages, last, classifier: the last stages of timm's ``mobilenetv2_100``, frozen.
    """

    def __init__(self) -> None:
        super().__init__()
        whole: Any = timm.create_model("mobilenetv2_100")
        self.stages = whole.blocks[DEEP_STAGE:]
        self.last = nn.Sequential(whole.conv_head, whole.bn2)
        self.classifier = whole.classifier
        self.eval().requires_grad_(False)

    @classmethod
    def cut_from(cls, large: LargeNetwork) -> LateStages:
        """The last stages of a large network's backbone, in evaluation mode."""
        made, backbone = cls(), large.backbone
        for part, source in (
            (made.stages, backbone.blocks[DEEP_STAGE:]),
            (made.last, nn.Sequential(backbone.conv_head, backbone.bn2)),
            (made.classifier, backbone.classifier),
        ):
            part.load_state_dict(source.state_dict())
        return made

    def forward(self, deep: Tensor) -> Tensor:
        """Scores (B, 1000) from features (B, 96, 7, 7)."""
        scores: Tensor = self.classifier(self.last(self.stages(deep)).mean(dim=(2, 3)))
        return scores


def save_stages(stages: LateStages, trunk: ThetaNetwork, path: Path, provenance: Mapping[str, Any]) -> None:
    """Write the stages and then their description, which names the trunk that they go on from.

    Args:
        stages: the network to save.
        trunk: a theta with the same backbone.
        path: ends in ``.safetensors``.
        provenance: how the weights were made, JSON values.
    """
    description = {"trunk": trunk_digest(trunk), "provenance": dict(provenance)}
    write_weights(path, stages.state_dict(), description, version=_FORMAT)


def load_stages(trunk: ThetaNetwork, path: Path = SHIPPED_STAGES) -> LateStages | None:
    """Read stages written by ``save_stages``, in evaluation mode; ``None`` if they go on from another trunk.

    Raises:
        WeightsError: a file is missing or damaged, or its checksum differs from the description's.
    """
    description, tensors = read_weights(path, version=_FORMAT)
    if not isinstance(description.get("trunk"), str):
        raise WeightsError(f"{path.with_suffix('.json').name}: not a description that this version can read")
    if description["trunk"] != trunk_digest(trunk):
        return None
    stages = LateStages()
    fill(stages, tensors, path)
    return stages.eval()


def trunk_digest(network: ThetaNetwork) -> str:
    """SHA-256 of the weights of theta's trunk, without its head."""
    digest = hashlib.sha256()
    for part in (network.stem, network.fine, network.deep):
        for value in part.state_dict().values():
            digest.update(value.to(torch.float32).contiguous().numpy().tobytes())
    return digest.hexdigest()
