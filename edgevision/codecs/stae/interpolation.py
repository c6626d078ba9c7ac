"""Missing pixels from those that were sent around them, with nothing to learn: pull-push interpolation.

Source: S. J. Gortler, R. Grzeszczuk, R. Szeliski, M. F. Cohen, "The lumigraph", SIGGRAPH 1996, section 3.5.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def interpolate(received: Tensor, mask: Tensor) -> Tensor:
    """Fill each frame's gaps; what was sent stays as it is, and gradients flow to both arguments.

    Frames are halved until one pixel is left, each pixel the mean of the known ones among the four below it; then,
    from coarse to fine, what is unknown is taken from the level above.

    Args:
        received: zero where nothing was sent, (B, a, C, H, W).
        mask: 1 where a pixel was sent, (B, a, 1, H, W).

    Returns:
        (B, a, C, H, W); 0 in frames of which nothing was sent.
    """
    filled = _fill(received.flatten(0, 1), mask.flatten(0, 1))
    return filled.unflatten(0, received.shape[:2])


def _fill(colour: Tensor, known: Tensor) -> Tensor:
    """``colour`` (N, C, H, W), 0 where ``known`` (N, 1, H, W) is."""
    size = colour.shape[2:]
    if max(size) == 1:
        return colour
    share = functional.avg_pool2d(known, 2, ceil_mode=True)
    mean = functional.avg_pool2d(colour, 2, ceil_mode=True) / share.clamp_min(1e-6)
    # One known pixel of four makes the pixel above them known.
    above = (4 * share).clamp_max(1)
    coarse = functional.interpolate(_fill(mean * above, above), size=size, mode="bilinear")
    return colour + (1 - known) * coarse
