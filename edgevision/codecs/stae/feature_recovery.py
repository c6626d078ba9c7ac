"""The decoder's feature recovery network (section III-B, figure 3)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgevision.codecs.stae.interpolation import interpolate


class FeatureRecovery(nn.Module):
    """Fills in the pixels that were not sent, from those around them in space and time.

    A 3D CNN (left in figure 3) sees the frames and their mask at half resolution: 3 x 3 x 3 kernels, a stride of 2 in
    space, dilated convolutions, U-Net's skip connection. Its output X'_M,3D is a coarse correction. A 2D CNN (right)
    completes each frame by itself at full resolution; two feature maps made of X'_M,3D are added to its first and its
    last layer of that size, so that frames fit each other. Pixels that were sent are passed on as they are.

    Where the paper fills gaps with zeros, they are interpolated here, and the networks learn what is to be added to
    that: from zeros, a training on few clips ends in frames that are worse to recognise than their zeros.
    """

    def __init__(self, width: int = 8) -> None:
        """Build the network.

        Args:
            width: channels of the full-resolution layers; the paper gives none.
        """
        super().__init__()
        self.width = width
        self.enter3d = _conv3d(4, width)
        self.down3d = _conv3d(width, 2 * width, stride=2)
        self.dilated3d = nn.Sequential(_conv3d(2 * width, 2 * width, dilation=2), _conv3d(2 * width, 2 * width))
        self.up3d = _conv3d(3 * width, width)
        self.correct = nn.Conv3d(width, 3, 1)

        self.first_guide, self.last_guide = nn.Conv2d(3, 2 * width, 3, padding=1), nn.Conv2d(3, 2 * width, 3, padding=1)
        self.enter2d = _conv2d(4, width)
        self.down2d = _conv2d(width, 2 * width, stride=2)
        self.bottom2d = nn.Sequential(
            _conv2d(2 * width, 4 * width, stride=2),
            _conv2d(4 * width, 4 * width, dilation=2),
            _conv2d(4 * width, 4 * width, dilation=4),
        )
        self.up2d = _conv2d(6 * width, 2 * width)
        self.leave2d = _conv2d(3 * width, width)
        self.paint = nn.Conv2d(width, 3, 3, padding=1)
        for last in (self.correct, self.paint):  # untrained, the network interpolates
            nn.init.zeros_(last.weight)
            nn.init.zeros_(cast(Tensor, last.bias))

    def forward(self, received: Tensor, mask: Tensor) -> Tensor:
        """Recover X'_R, (B, a, 3, H, W).

        Args:
            received: X'_M, zero where nothing was sent, (B, a, 3, H, W), normalised to [-1, 1].
            mask: M, 1 where a pixel was sent, (B, a, 1, H, W).
        """
        batch, frames = received.shape[:2]
        with torch.autocast(received.device.type, enabled=False):
            filled = interpolate(received.float(), mask.float())
        coarse = self._coarse(filled, mask)
        image = torch.cat([filled, mask], 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)
        full = self.enter2d(image)
        half = self.down2d(full) + self.first_guide(coarse)
        bottom = functional.interpolate(self.bottom2d(half), size=half.shape[2:])
        last = self.up2d(torch.cat([bottom, half], 1)) + self.last_guide(coarse)
        last = functional.interpolate(last, size=full.shape[2:])
        painted = self.paint(self.leave2d(torch.cat([last, full], 1))).unflatten(0, (batch, frames))
        coarse = functional.interpolate(coarse, size=received.shape[3:], mode="bilinear").unflatten(0, (batch, frames))
        return filled + (coarse + painted) * (1 - mask)

    def _coarse(self, filled: Tensor, mask: Tensor) -> Tensor:
        """X'_M,3D, frame by frame, (B a, 3, H / 2, W / 2).

        In full precision even under autocast: oneDNN's bfloat16 gradients of 3D convolutions are NaN now and then.
        """
        with torch.autocast(filled.device.type, enabled=False):
            volume = _halve(torch.cat([filled, mask.float()], 2)).transpose(1, 2)
            full = self.enter3d(volume)
            half = self.dilated3d(self.down3d(full))
            half = functional.interpolate(half, size=full.shape[2:])
            return self.correct(self.up3d(torch.cat([half, full], 1))).transpose(1, 2).flatten(0, 1)


def _halve(frames: Tensor) -> Tensor:
    """Average 2 x 2 blocks of (B, a, C, H, W); odd sides keep their last row or column."""
    return functional.avg_pool2d(frames.flatten(0, 1), 2, ceil_mode=True).unflatten(0, frames.shape[:2])


def _conv3d(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Module:
    """3 x 3 x 3; stride and dilation act on space only, for a clip may keep a single frame."""
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, 3, (1, stride, stride), (1, dilation, dilation), (1, dilation, dilation)),
        nn.ReLU(inplace=True),
    )


def _conv2d(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation), nn.ReLU(inplace=True))
