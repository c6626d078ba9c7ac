"""The decoder's feature recovery network (section III-B, figure 3)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgevision.codecs.stae.interpolation import interpolate


class FeatureRecovery(nn.Module):
    """Recovers the pixels that were not sent from the pixels around them in space and time.

    A 3D CNN (left in figure 3) reads the frames and their mask at half resolution, with 3 x 3 x 3 kernels, a stride of
    2 in space, dilated convolutions and a U-Net skip connection. Its output X'_M,3D is a coarse correction. A 2D CNN
    (right) completes each frame separately at full resolution. Two feature maps computed from X'_M,3D are added to its
    first and its last layer of half resolution, so that frames agree with each other. Pixels that were sent are kept.

    The paper fills gaps with zeros. Here gaps are interpolated, and the networks learn a correction: with zeros,
    training on few clips gives frames that are harder to recognise than the zero-filled ones.
    """

    def __init__(self, width: int = 8) -> None:
        """Build the network.

        Args:
            width: channels of the full-resolution layers; the paper does not give it.
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
        for last in (self.correct, self.paint):  # so that the untrained network interpolates
            nn.init.zeros_(last.weight)
            nn.init.zeros_(cast(Tensor, last.bias))

    def forward(self, received: Tensor, mask: Tensor) -> Tensor:
        """Recovered frames X'_R, (B, a, 3, H, W).

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
        """X'_M,3D of all frames, (B a, 3, H / 2, W / 2).

        Computed in full precision even under autocast, because oneDNN's bfloat16 gradients of 3D convolutions are
        sometimes NaN.
        """
        with torch.autocast(filled.device.type, enabled=False):
            volume = _halve(torch.cat([filled, mask.float()], 2)).transpose(1, 2)
            full = self.enter3d(volume)
            half = self.dilated3d(self.down3d(full))
            half = functional.interpolate(half, size=full.shape[2:])
            return self.correct(self.up3d(torch.cat([half, full], 1))).transpose(1, 2).flatten(0, 1)


def _halve(frames: Tensor) -> Tensor:
    """Average 2 x 2 pixels of frames (B, a, C, H, W); with odd sides, the last row or column is averaged by itself."""
    return functional.avg_pool2d(frames.flatten(0, 1), 2, ceil_mode=True).unflatten(0, frames.shape[:2])


def _conv3d(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Module:
    """3 x 3 x 3 convolution and ReLU; stride and dilation are in space only, because a clip may keep a single frame."""
    return nn.Sequential(
        nn.Conv3d(inputs, outputs, 3, (1, stride, stride), (1, dilation, dilation), (1, dilation, dilation)),
        nn.ReLU(inplace=True),
    )


def _conv2d(inputs: int, outputs: int, stride: int = 1, dilation: int = 1) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, dilation, dilation), nn.ReLU(inplace=True))
