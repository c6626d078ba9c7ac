"""DeepISC's networks: encoder, unsupervised segmentation and conditional generator.

Source: Huang et al., "Deep learning-based image semantic coding for semantic communications", GLOBECOM 2021: a
convolutional encoder, a quantiser, a SPADE generator and residual coding. Section IV-A of the STAE paper compares it
with STAE. For a fair comparison, it is trained here with STAE's loss instead of its perceptual and adversarial losses.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgevision.codecs.deepisc.deepisc_budget import LATENT_STRIDE, SEGMENT_STRIDE, grid, residual_pixels, sent_pixels

#: Limits of an int8 residual on the scale of normalised frames, where a byte step is 1 / 127.5.
_LOWEST, _HIGHEST = -128 / 127.5, 127 / 127.5
_LIMITS = {"width": (1, 256), "latent_channels": (1, 64), "latent_levels": (1, 127), "segments": (2, 256)}


@dataclass(frozen=True)
class DeepIscConfig:
    """Shapes of the networks, which the papers do not give; the defaults cost about as much as STAE's recovery network.

    Attributes:
        width: channels of the full-resolution layers.
        latent_channels: channels of the latent, whose sides are an eighth of the frame's.
        latent_levels: values of the latent are whole numbers in -latent_levels..latent_levels.
        segments: classes of the segmentation map, whose sides are a quarter of the frame's.

    Raises:
        ValueError: a setting is out of range.
    """

    width: int = 16
    latent_channels: int = 8
    latent_levels: int = 15
    segments: int = 8

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not isinstance(value, int) or not low <= value <= high:
                raise ValueError(f"{name} must be a whole number in {low}..{high}, got {value!r}")

    def as_json(self) -> dict[str, Any]:
        """The settings as JSON values; ``DeepIscConfig(**values)`` reads them."""
        return asdict(self)


class DeepIsc(nn.Module):
    """Codes frames: the generator's output from latent and segmentation, corrected at pixels whose residual is sent.

    Quantisers pass gradients unchanged (straight-through).
    """

    def __init__(self, config: DeepIscConfig | None = None) -> None:
        super().__init__()
        self.config = config or DeepIscConfig()
        width, segments = self.config.width, self.config.segments
        self.trunk = nn.Sequential(_conv(3, width, stride=2), _conv(width, 2 * width, stride=2))
        self.encoder = nn.Sequential(
            _conv(2 * width, 4 * width, stride=2),
            _conv(4 * width, 4 * width),
        )
        self.latent = nn.Conv2d(4 * width + 3, self.config.latent_channels, 1)
        self.segmenter = nn.Sequential(_conv(2 * width, 2 * width), nn.Conv2d(2 * width, segments, 1))
        self.enter = nn.Sequential(_conv(self.config.latent_channels, 4 * width), _conv(4 * width, 4 * width))
        self.colour = nn.Conv2d(self.config.latent_channels, 3, 1)
        self.coarse = _ModulatedConv(4 * width, 2 * width, segments)
        self.middle = _ModulatedConv(2 * width, width, segments)
        self.fine = _ModulatedConv(width, width, segments)
        self.paint = nn.Conv2d(width, 3, 3, padding=1)

    def forward(self, frames: Tensor, pixels: float, seed: int = 0) -> Tensor:
        """Frames that the receiver restores under the pixel budget.

        Args:
            frames: (B, a, 3, H, W), normalised to [-1, 1].
            pixels: beta.
            seed: of the residual's pixels, which are the same for all clips of the batch.

        Returns:
            Restored frames (B, a, 3, H, W) on the grid of byte values.
        """
        flat = frames.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        return self.complete(frames, *self.analyse(flat), self.sent(frames, pixels, seed))

    def sent(self, frames: Tensor, pixels: float, seed: int) -> Tensor:
        """Mask (a, 1, H, W) of the residual's pixels for frames (B, a, 3, H, W): 1 where it is sent, 0 elsewhere."""
        _, count, _, height, width = frames.shape
        affordable = residual_pixels(pixels, height, width, self.config.latent_channels)
        return torch.from_numpy(sent_pixels(seed, count, height, width, affordable))[:, None].to(frames)

    def complete(self, frames: Tensor, latent: Tensor, segments: Tensor, sent: Tensor) -> Tensor:
        """The second half of ``forward``: restored frames, from the results of ``analyse`` and ``sent``."""
        height, width = frames.shape[3:]
        synthesised = self.synthesise(latent, segments, (height, width)).unflatten(0, frames.shape[:2])
        return synthesised + (frames - synthesised).clamp(_LOWEST, _HIGHEST) * sent

    def analyse(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Latent and segmentation of frames (M, 3, H, W), which the device computes.

        Returns:
            The latent, whole numbers (M, L, H / 8, W / 8), and the segmentation, one-hot (M, K, H / 4, W / 4); sides
            are rounded up.
        """
        shared = self.trunk(frames)
        # Mean colours are an input of the latent, so that it holds a coarse picture from the first steps of training.
        colours = functional.avg_pool2d(frames, LATENT_STRIDE, ceil_mode=True)
        values = self.latent(torch.cat([self.encoder(shared), colours], 1))
        latent = self.config.latent_levels * torch.tanh(values.float())
        share = torch.softmax(self.segmenter(shared).float(), 1)
        hard = functional.one_hot(share.argmax(1), self.config.segments).movedim(-1, 1).to(share)
        return _straight_through(latent, latent.round()), _straight_through(share, hard)

    def synthesise(self, latent: Tensor, segments: Tensor, size: tuple[int, int]) -> Tensor:
        """Frames (M, 3, H, W) on the grid of byte values, which both device and edge compute.

        Args:
            latent: (M, L, H / 8, W / 8), from ``analyse``.
            segments: (M, K, H / 4, W / 4), from ``analyse``.
            size: H and W.
        """
        values = latent / self.config.latent_levels
        features = self.enter(values)
        features = self.coarse(features, segments, grid(size, SEGMENT_STRIDE))
        features = self.middle(features, segments, grid(size, SEGMENT_STRIDE // 2))
        # The layers above only add detail to this coarse picture.
        picture = functional.interpolate(self.colour(values).float(), size=size, mode="bilinear")
        painted = picture + self.paint(self.fine(features, segments, size)).float()
        return _straight_through(painted, ((painted.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1)


class _ModulatedConv(nn.Module):
    """Enlarges and convolves features, then scales and shifts them by segment: SPADE without batch normalisation."""

    def __init__(self, inputs: int, outputs: int, segments: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.modulation = nn.Conv2d(segments, 2 * outputs, 3, padding=1)

    def forward(self, features: Tensor, segments: Tensor, size: tuple[int, int]) -> Tensor:
        features = self.convolution(functional.interpolate(features, size=size))
        # The segmentation is convolved before it is enlarged; afterwards, this would take a third of all multiply-adds.
        scale, shift = functional.interpolate(self.modulation(segments), size=size).chunk(2, 1)
        return functional.relu(features * (1 + scale) + shift)


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Module:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1), nn.ReLU(inplace=True))


def _straight_through(smooth: Tensor, quantised: Tensor) -> Tensor:
    """Exactly the values of ``quantised``, with the gradient of ``smooth``."""
    return quantised.detach() + (smooth - smooth.detach())
