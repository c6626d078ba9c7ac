"""The large network that theta is distilled from: MobileNetV2, its class activation map, and a head that refines it.

The paper's importance network (Table II) is MobileNetV2 (Sandler et al., CVPR 2018) with 3.5 M parameters and 318 M
multiply-adds, which ends in a pooled vector. Here the pooled end, an ImageNet classifier, only estimates which classes
are likely. The maps come from the layers before pooling: 7 x 7 class activations, refined to 14 x 14 positions (one per
16 x 16 pixels of the 224 x 224 input) by features of that resolution and by the activity of each region. The first map
is the predicted Grad-CAM of larger classifiers, the paper's label. The second is their predicted sensitivity to coarser
quantisation (``sensitivity``), which the codec uses. It is too slow for a device; theta learns its two maps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import timm
import torch
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch import Tensor, nn
from torch.nn import functional

from edgevision.arrays import ByteImage

INPUT = 224
GRID = 14
_CLASSES = 5
_MIDDLE = 96
_MIDDLE_STAGE = 4  # the last of timm's stages with stride 16
_LUMINANCE = tuple(share * std for share, std in zip((0.299, 0.587, 0.114), IMAGENET_DEFAULT_STD, strict=True))


@dataclass(frozen=True)
class Features:
    """Outputs of the frozen backbone for B images.

    Attributes:
        middle: features of stride 16, (B, 96, 14, 14).
        coarse: class activation map and ``activity``, each standardised per image, (B, 2, 14, 14).
        logits: class scores, (B, 1000).
    """

    middle: Tensor
    coarse: Tensor
    logits: Tensor


class LargeNetwork(nn.Module):
    """MobileNetV2 with a refining head.

    Attributes:
        backbone: timm's ``mobilenetv2_100``.
        head: the part that is trained, by distillation.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.backbone: Any = timm.create_model("mobilenetv2_100")
        self.head = RefiningHead(width)
        self.backbone.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> LargeNetwork:
        """Switch the head's mode; the backbone always stays in evaluation mode."""
        super().train(mode)
        self.backbone.eval()
        return self

    def pixels(self, images: ByteImage) -> Tensor:
        """The network's input (B, 3, 224, 224) from images (B, 224, 224, 3) uint8."""
        mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in (IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD))
        return (torch.tensor(images).permute(0, 3, 1, 2).float() / 255 - mean) / std

    @torch.no_grad()
    def extract(self, pixels: Tensor) -> Features:
        """Features of normalised images (B, 3, 224, 224)."""
        net = self.backbone
        found = net.bn1(net.conv_stem(pixels))
        middle = net.blocks[: _MIDDLE_STAGE + 1](found)
        last = net.bn2(net.conv_head(net.blocks[_MIDDLE_STAGE + 1 :](middle)))
        logits = net.classifier(last.mean((2, 3)))
        top = logits.softmax(1).topk(_CLASSES)
        channels = torch.einsum("bc,bck->bk", top.values, net.classifier.weight[top.indices])
        activation = enlarge(torch.einsum("bk,bkhw->bhw", channels, last))
        coarse = torch.stack([activation, activity(pixels)], 1)
        return Features(middle, standardise(coarse), logits)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Importance and sensitivity (B, 2, 14, 14), and logits (B, 1000), of normalised images (B, 3, 224, 224)."""
        features = self.extract(pixels)
        return self.head(features.middle, features.coarse), features.logits


class RefiningHead(nn.Module):
    """Refines the class activation map with local features; before training, both output maps equal that map."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.from_middle = nn.Conv2d(_MIDDLE, width, 1)
        joint = width + 2
        self.spatial = nn.Conv2d(joint, joint, 3, padding=1, groups=joint, padding_mode="replicate")
        self.mix = nn.Conv2d(joint, width, 1)
        self.out = nn.Conv2d(width, 2, 1)
        self.direct = nn.Conv2d(2, 2, 1, bias=False)
        self.dropout = nn.Dropout2d(0.3)
        for unused in (self.out.weight, self.out.bias):
            nn.init.zeros_(unused)  # type: ignore[arg-type]
        with torch.no_grad():
            self.direct.weight.copy_(torch.tensor([[1.0, 0.0], [1.0, 0.0]])[..., None, None])

    def forward(self, middle: Tensor, coarse: Tensor) -> Tensor:
        """Importance and sensitivity (B, 2, 14, 14) from the fields of ``Features``."""
        found = self.from_middle(self.dropout(middle))
        found = functional.relu6(self.spatial(torch.cat([found, coarse], 1)))
        maps: Tensor = self.direct(coarse) + self.out(functional.relu6(self.mix(found)))
        return maps


def activity(pixels: Tensor) -> Tensor:
    """Activity log(1 + g) of each region of normalised images (B, 3, 224, 224), (B, 14, 14).

    g is the region's mean of the luminance's absolute differences to the upper and to the left neighbour, added up.
    """
    grey = 256 * torch.einsum("c,bchw->bhw", torch.tensor(_LUMINANCE), pixels)
    down = functional.pad(grey.diff(dim=1).abs(), (0, 0, 1, 0))
    right = functional.pad(grey.diff(dim=2).abs(), (1, 0))
    return functional.avg_pool2d((down + right)[:, None], INPUT // GRID)[:, 0].log1p()


def standardise(maps: Tensor) -> Tensor:
    """Shift and scale each of the maps (..., h, w) to mean 0 and variance 1."""
    centred = maps - maps.mean((-1, -2), keepdim=True)
    return centred / (centred.std((-1, -2), keepdim=True) + 1e-6)


def enlarge(maps: Tensor) -> Tensor:
    """Interpolate maps (B, h, w) linearly to the input's size, and take the mean per region, (B, 14, 14)."""
    full = functional.interpolate(maps[:, None], size=(INPUT, INPUT), mode="bilinear", align_corners=False)
    return functional.avg_pool2d(full, INPUT // GRID)[:, 0]
