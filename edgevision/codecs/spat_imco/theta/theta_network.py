"""Architecture of theta: the first stages of MobileNetV2 on a small picture, and a head with one value per region.

The large network (``large_network``) looks at 224 x 224 pixels with all of MobileNetV2. Theta sees a quarter of the
pixels with the first five of seven stages, with the same weights. At 112 x 112 pixels the third stage has one position
per region, and the fifth one per four regions. The head combines both and learns the maps of the large network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import timm
import torch
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch import Tensor, nn
from torch.nn import functional

from edgevision.codecs.spat_imco.theta.large_network import GRID, LargeNetwork

SIDE = 112
FINE, DEEP = 32, 96  # channels of stages 3 and 5
FINE_STAGE, DEEP_STAGE = 3, 5  # how many stages of the backbone they come after
MEAN, STD = (tuple(255 * value for value in values) for values in (IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD))


@dataclass(frozen=True)
class SmallFeatures:
    """Outputs of the trunk for B pictures.

    Attributes:
        fine: features with a position per region, (B, 32, 14, 14).
        deep: features with a position per four regions, (B, 96, 7, 7).
    """

    fine: Tensor
    deep: Tensor


class ThetaNetwork(nn.Module):
    """Predicted Grad-CAM and predicted sensitivity of larger classifiers, from pixels.

    Attributes:
        stem, fine, deep: the trunk, frozen: stages of timm's ``mobilenetv2_100``.
        head: the part that is trained, by distillation.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        whole: Any = timm.create_model("mobilenetv2_100")
        self.stem = nn.Sequential(whole.conv_stem, whole.bn1)
        self.fine = whole.blocks[:FINE_STAGE]
        self.deep = whole.blocks[FINE_STAGE:DEEP_STAGE]
        self.head = RegionHead(width)
        self.eval().requires_grad_(False)

    @classmethod
    def cut_from(cls, large: LargeNetwork, head: RegionHead) -> ThetaNetwork:
        """The first stages of a large network's backbone, with a head; in evaluation mode."""
        made, backbone = cls(head.width), large.backbone
        for part, source in (
            (made.stem, nn.Sequential(backbone.conv_stem, backbone.bn1)),
            (made.fine, backbone.blocks[:FINE_STAGE]),
            (made.deep, backbone.blocks[FINE_STAGE:DEEP_STAGE]),
            (made.head, head),
        ):
            part.load_state_dict(source.state_dict())
        return made

    @torch.no_grad()
    def extract(self, pixels: Tensor) -> SmallFeatures:
        """Features of pixels (B, 3, SIDE, SIDE) from 0 to 255."""
        mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
        fine = self.fine(self.stem((pixels - mean) / std))
        return SmallFeatures(fine, self.deep(fine))

    def forward(self, pixels: Tensor) -> Tensor:
        """The two maps (B, 2, 14, 14) of pixels (B, 3, SIDE, SIDE) from 0 to 255."""
        found = self.extract(pixels)
        maps: Tensor = self.head(found.fine, found.deep)
        return maps


class RegionHead(nn.Module):
    """Two maps from the trunk's features: a value per place, because pictures have a middle, then two residual steps.

    The first step mixes a region with its eight neighbours, the second weighs a neighbourhood of 5 x 5 regions.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.from_fine = nn.Conv2d(FINE, width, 1)
        self.from_deep = nn.Conv2d(DEEP, width, 1)
        self.place = nn.Parameter(torch.zeros(1, width, GRID, GRID))
        self.near = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.mix = nn.Conv2d(width, width, 1)
        self.around = nn.Conv2d(width, width, 5, padding=2, groups=width)
        self.out = nn.Conv2d(width, 2, 1)
        self.dropout = nn.Dropout2d(0.2)

    def forward(self, fine: Tensor, deep: Tensor) -> Tensor:
        """The two maps (B, 2, 14, 14) from the fields of ``SmallFeatures``."""
        coarse = functional.interpolate(
            self.from_deep(self.dropout(deep)), size=(GRID, GRID), mode="bilinear", align_corners=False
        )
        found = functional.relu(self.from_fine(self.dropout(fine)) + coarse + self.place)
        found = found + functional.relu(self.mix(self.near(found)))
        found = found + functional.relu(self.around(found))
        maps: Tensor = self.out(found)
        return maps
