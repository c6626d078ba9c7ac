"""Architecture of theta: MobileNetV2, its class activation map, and a small head that refines the map.

The paper's Table II is MobileNetV2 (Sandler et al., CVPR 2018) ending in a pooled vector, 3.5 M parameters and 318 M
multiply-adds. Here the pooled end, an ImageNet classifier, only says which classes are likely; the map itself comes
from the layers before pooling, so it is fully convolutional: 7 x 7 class activations, refined to 14 x 14 positions
(one per 16 x 16 pixels of the 224 x 224 input) with the help of the features at that resolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional

INPUT = 224
GRID = 14
_CLASSES = 5
_MIDDLE = 96
_MIDDLE_STAGE = 4  # the last of timm's stages with stride 16


@dataclass(frozen=True)
class Features:
    """What the frozen backbone finds in B images.

    Attributes:
        middle: features of stride 16, (B, 96, 14, 14).
        activation: class activation map, standardised per image, (B, 14, 14).
        logits: class scores, (B, 1000).
    """

    middle: Tensor
    activation: Tensor
    logits: Tensor


class ThetaNetwork(nn.Module):
    """MobileNetV2 with a refining head.

    Attributes:
        backbone: timm's ``mobilenetv2_100``.
        head: what distillation trains.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.backbone: Any = timm.create_model("mobilenetv2_100")
        self.head = RefiningHead(width)
        self.backbone.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> ThetaNetwork:
        """Only the head ever leaves evaluation mode: the backbone stays as it is."""
        super().train(mode)
        self.backbone.eval()
        return self

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
        activation = torch.einsum("bk,bkhw->bhw", channels, last)
        return Features(middle, standardise(enlarge(activation)), logits)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Importance (B, 14, 14) and logits (B, 1000) of normalised images (B, 3, 224, 224)."""
        features = self.extract(pixels)
        return self.head(features.middle, features.activation), features.logits


class RefiningHead(nn.Module):
    """Adds to the class activation map what features near by say; before training it adds nothing."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.from_middle = nn.Conv2d(_MIDDLE, width, 1)
        joint = width + 1
        self.spatial = nn.Conv2d(joint, joint, 3, padding=1, groups=joint, padding_mode="replicate")
        self.mix = nn.Conv2d(joint, width, 1)
        self.out = nn.Conv2d(width, 1, 1)
        self.scale = nn.Parameter(torch.ones(()))
        self.dropout = nn.Dropout2d(0.2)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)  # type: ignore[arg-type]

    def forward(self, middle: Tensor, activation: Tensor) -> Tensor:
        """Importance (B, 14, 14) from the fields of ``Features``."""
        found = self.from_middle(self.dropout(middle))
        found = functional.relu6(self.spatial(torch.cat([found, activation[:, None]], 1)))
        correction: Tensor = self.out(functional.relu6(self.mix(found)))[:, 0]
        return self.scale * activation + correction


def standardise(maps: Tensor) -> Tensor:
    """Maps (..., h, w) with mean 0 and variance 1 each."""
    centred = maps - maps.mean((-1, -2), keepdim=True)
    return centred / (centred.std((-1, -2), keepdim=True) + 1e-6)


def enlarge(maps: Tensor) -> Tensor:
    """Mean per region, (B, 14, 14), of maps (B, h, w) interpolated linearly to the input's size."""
    full = functional.interpolate(maps[:, None], size=(INPUT, INPUT), mode="bilinear", align_corners=False)
    return functional.avg_pool2d(full, INPUT // GRID)[:, 0]


@dataclass(frozen=True)
class Cost:
    """What a network takes.

    Attributes:
        parameters: trained numbers, running statistics not counted.
        multiply_adds: of one image of 224 x 224 pixels, convolutions and matrix products.
    """

    parameters: int
    multiply_adds: int


def network_cost(network: nn.Module) -> Cost:
    """Count parameters and multiply-adds (Table II's last columns)."""
    total = 0

    def count(module: nn.Module, _: object, output: Tensor) -> None:
        nonlocal total
        weight: Any = module.weight
        per_output = weight[0].numel()
        total += per_output * output.numel()

    handles = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    try:
        with torch.no_grad():
            network(torch.zeros(1, 3, INPUT, INPUT))
    finally:
        for handle in handles:
            handle.remove()
    return Cost(sum(parameter.numel() for parameter in network.parameters()), total)
