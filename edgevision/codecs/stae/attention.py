"""The encoder's two attention modules (section III-A, figure 2).

Both see pixels normalised to [-1, 1], the classifier's own input; 0 is middle grey.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_SOFTNESS = 0.05  # width of a soft mask's step, in standard deviations of a frame's scores


class FrameAttention(nn.Module):
    """Which frames decide: M_FA = sigmoid(MLP(avg X) + MLP(max X)) with one shared MLP (eq. 6).

    Averages and maxima of neighbouring frames differ by a per cent or so. The F averages of a clip, and its F maxima,
    are therefore standardised over the frames before the MLP sees them; without that it learns the clip's brightness
    first and its frames late.
    """

    def __init__(self, frames: int = 16, hidden: int = 64, motion: bool = False) -> None:
        """Build the module.

        Args:
            frames: F.
            hidden: hidden units of the MLP.
            motion: an extension beyond the paper: a second shared MLP sees average and maximum of how a frame differs
                from its neighbours, and its outputs join the sum.
        """
        super().__init__()
        self.frames = frames
        self.mlp = _mlp(frames, hidden)
        self.motion_mlp = _mlp(frames, hidden) if motion else None

    def forward(self, clip: Tensor) -> Tensor:
        """Score the frames of clips (B, F, C, H, W): M_FA, (B, F, 1, 1, 1), in (0, 1)."""
        return self.weigh(self.pool(clip))[:, :, None, None, None]

    def pool(self, clip: Tensor) -> Tensor:
        """What the MLPs see of clips (B, F, C, H, W): P vectors of F numbers each, (B, P, F)."""
        pixels = clip.flatten(2)
        pooled = [pixels.mean(2), pixels.amax(2)]
        if self.motion_mlp is not None:
            moved = _differences(clip)
            # The maximum of single pixels would be the noise's.
            pooled += [moved.flatten(2).mean(2), functional.avg_pool2d(moved, 8, ceil_mode=True).flatten(2).amax(2)]
        return torch.stack(pooled, 1)

    def weigh(self, pooled: Tensor) -> Tensor:
        """The scores (B, F) from the pooled vectors (B, P, F)."""
        average, maximum, *moved = _standardise(pooled).unbind(1)
        total = self.mlp(average) + self.mlp(maximum)
        if self.motion_mlp is not None:
            total = total + sum(self.motion_mlp(vector) for vector in moved)
        return torch.sigmoid(total)


class SpatialAttention(nn.Module):
    """Which pixels decide: M_SA = sigmoid(Conv [avg X'; max X']), pooled over the channels (eq. 7).

    The text has a 3 x 3 convolution, figure 2 a 3D one. Kernel (1, 3, 3) is the former; (3, 3, 3) also sees the kept
    frames before and after.
    """

    def __init__(self, kernel: tuple[int, int, int] = (1, 3, 3), contrast: bool = False) -> None:
        """Build the module.

        Args:
            kernel: size of the convolution in time, height and width.
            contrast: an extension beyond the paper: M_SA = sigmoid(|Conv (P - mean P)|), P the pooled maps and their
                mean that of 3 x 3 pixels. What counts is how much a pixel differs from those around it, be it brighter
                or darker, and no weights make a bright place count by itself.
        """
        super().__init__()
        depth, height, width = kernel
        self.contrast = contrast
        self.convolution = nn.Conv3d(2, 1, kernel, padding=(depth // 2, height // 2, width // 2), bias=not contrast)
        # Begin with how much darker a pixel is than its neighbours, which tells what cannot be filled in from them,
        # plus, without contrast, its colour, the maximum less the mean; a random filter takes far longer to train.
        with torch.no_grad():
            self.convolution.weight.mul_(0.1)
            weight = self.convolution.weight[0, :, depth // 2]
            weight[:, height // 2, width // 2] += torch.tensor([-1.0, 0.0] if contrast else [-2.0, 1.0])
            if not contrast:
                weight[0] += 1 / (height * width)

    def forward(self, frames: Tensor) -> Tensor:
        """Score the pixels of kept frames (B, a, C, H, W): M_SA, (B, a, 1, H, W), in (0, 1)."""
        pooled = torch.stack([frames.mean(2), frames.amax(2)], 1)
        if self.contrast:
            pooled = pooled - functional.avg_pool3d(pooled, (1, 3, 3), 1, (0, 1, 1), count_include_pad=False)
            return torch.sigmoid(self.convolution(pooled).abs()).transpose(1, 2)
        return torch.sigmoid(self.convolution(pooled)).transpose(1, 2)


def select_frames(clip: Tensor, scores: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Keep the ``count`` frames of highest score, in time order.

    Args:
        clip: (B, F, ...).
        scores: M_FA, (B, F, 1, 1, 1) or (B, F).
        count: alpha, 1..F.

    Returns:
        X' (B, alpha, ...) and the kept indices (B, alpha).
    """
    kept = scores.flatten(1).topk(count, dim=1).indices.sort(dim=1).values
    index = kept.view(*kept.shape, *[1] * (clip.ndim - 2)).expand(-1, -1, *clip.shape[2:])
    return clip.gather(1, index), kept


def select_pixels(scores: Tensor, count: int) -> Tensor:
    """Mark the ``count`` pixels of highest score in each frame: M_SA (B, a, 1, H, W) to a mask of the same shape."""
    flat = scores.flatten(2)
    if count >= flat.shape[2]:
        return torch.ones_like(scores)
    mask = torch.zeros_like(flat).scatter_(2, flat.topk(count, dim=2).indices, 1.0)
    return mask.view_as(scores)


def soften(scores: Tensor, count: int) -> Tensor:
    """What ``select_pixels`` returns, with a gradient: 1/2 where it has its threshold, and steep there.

    Raising all scores alike changes nothing, as the budget demands.
    """
    flat = scores.flatten(2)
    if count >= flat.shape[2]:
        return torch.ones_like(scores)
    threshold = flat.topk(count, dim=2).values[..., -1:]
    width = _SOFTNESS * flat.detach().std(2, keepdim=True).clamp_min(1e-6)
    return torch.sigmoid((flat - threshold) / width).view_as(scores)


def _mlp(frames: int, hidden: int) -> nn.Module:
    return nn.Sequential(nn.Linear(frames, hidden), nn.ReLU(), nn.Linear(hidden, frames))


def _differences(clip: Tensor) -> Tensor:
    """Mean absolute difference of each frame from its neighbours in time, (B, F, H, W)."""
    if clip.shape[1] == 1:
        return torch.zeros_like(clip[:, :, 0])
    step = (clip[:, 1:] - clip[:, :-1]).abs().mean(2)
    return 0.5 * (torch.cat([step[:, :1], step], 1) + torch.cat([step, step[:, -1:]], 1))


def _standardise(values: Tensor) -> Tensor:
    """Zero mean and unit deviation over the frames, the last axis."""
    centred = values - values.mean(-1, keepdim=True)
    # Frames that do not differ (the maximum is often 1 throughout) must stay equal, not become noise.
    return centred / (centred.square().mean(-1, keepdim=True).sqrt() + 1e-3)
