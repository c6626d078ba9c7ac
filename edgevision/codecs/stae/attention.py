"""The encoder's two attention modules (section III-A, figure 2).

Both read pixels normalised to [-1, 1], as the classifier does; 0 is middle grey.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_SOFTNESS = 0.05  # width of a soft mask's step, in standard deviations of a frame's scores


class FrameAttention(nn.Module):
    """Importance of frames: M_FA = sigmoid(MLP(avg X) + MLP(max X)) with one shared MLP (eq. 6).

    Averages and maxima of neighbouring frames differ by about a per cent. The F averages of a clip, and its F maxima,
    are therefore standardised over the frames before they enter the MLP. Without this, the MLP learns the brightness of
    clips first and differences between frames only late.
    """

    def __init__(self, frames: int = 16, hidden: int = 64, motion: bool = False) -> None:
        """Build the module.

        Args:
            frames: F.
            hidden: hidden units of the MLP.
            motion: whether to add an extension beyond the paper: a second shared MLP reads average and maximum of the
                difference of a frame from its neighbours, and its outputs are added to the sum.
        """
        super().__init__()
        self.frames = frames
        self.mlp = _mlp(frames, hidden)
        self.motion_mlp = _mlp(frames, hidden) if motion else None

    def forward(self, clip: Tensor) -> Tensor:
        """Score the frames of clips (B, F, C, H, W): M_FA, (B, F, 1, 1, 1), in (0, 1)."""
        return self.weigh(self.pool(clip))[:, :, None, None, None]

    def pool(self, clip: Tensor) -> Tensor:
        """The MLPs' inputs for clips (B, F, C, H, W): P vectors of F numbers each, (B, P, F)."""
        pixels = clip.flatten(2)
        pooled = [pixels.mean(2), pixels.amax(2)]
        if self.motion_mlp is not None:
            moved = _differences(clip)
            # The maximum is over means of 8 x 8 pixels, because that of single pixels would be noise.
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
    """Importance of pixels: M_SA = sigmoid(Conv [avg X'; max X']), pooled over the channels (eq. 7).

    The paper's text has a 3 x 3 convolution, its figure 2 a 3D one. Kernel (1, 3, 3) follows the text; kernel (3, 3, 3)
    also reads the kept frames before and after.
    """

    def __init__(self, kernel: tuple[int, int, int] = (1, 3, 3), contrast: bool = False) -> None:
        """Build the module.

        Args:
            kernel: size of the convolution in time, height and width.
            contrast: whether to use an extension beyond the paper: M_SA = sigmoid(|Conv (P - mean P)|), where P are the
                pooled maps and the mean is over 3 x 3 pixels. It scores how much a pixel differs from the pixels around
                it, brighter or darker; brightness alone does not count.
        """
        super().__init__()
        depth, height, width = kernel
        self.contrast = contrast
        self.convolution = nn.Conv3d(2, 1, kernel, padding=(depth // 2, height // 2, width // 2), bias=not contrast)
        # The initial filter scores how much darker a pixel is than its neighbours: such a pixel cannot be filled in
        # from them. Without ``contrast``, it adds the pixel's colour, maximum minus mean. Random filters train longer.
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
        count: alpha, in 1..F.

    Returns:
        X' (B, alpha, ...) and the indices of the kept frames (B, alpha).
    """
    kept = scores.flatten(1).topk(count, dim=1).indices.sort(dim=1).values
    index = kept.view(*kept.shape, *[1] * (clip.ndim - 2)).expand(-1, -1, *clip.shape[2:])
    return clip.gather(1, index), kept


def select_pixels(scores: Tensor, count: int) -> Tensor:
    """Mask (B, a, 1, H, W) with ones at the ``count`` highest scores of each frame, for scores M_SA of this shape."""
    flat = scores.flatten(2)
    if count >= flat.shape[2]:
        return torch.ones_like(scores)
    mask = torch.zeros_like(flat).scatter_(2, flat.topk(count, dim=2).indices, 1.0)
    return mask.view_as(scores)


def soften(scores: Tensor, count: int) -> Tensor:
    """A differentiable approximation of ``select_pixels``: a steep sigmoid, 1/2 at the threshold of the selection.

    As in ``select_pixels``, a constant added to all scores changes nothing.
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
    """Shift and scale values to mean 0 and standard deviation 1 over the last axis, the frames."""
    centred = values - values.mean(-1, keepdim=True)
    # The offset keeps equal frames equal (often all maxima are 1) instead of amplifying rounding errors.
    return centred / (centred.square().mean(-1, keepdim=True).sqrt() + 1e-3)
