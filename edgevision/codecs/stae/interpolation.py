"""Pull-push interpolation of missing pixels from the pixels around them; it has no trained parameters.

Source: S. J. Gortler, R. Grzeszczuk, R. Szeliski, M. F. Cohen, "The lumigraph", SIGGRAPH 1996, section 3.5.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def interpolate(received: Tensor, mask: Tensor) -> Tensor:
    """Fill the missing pixels of each frame; pixels that were sent are kept, and both arguments receive gradients.

    Each frame is halved until one pixel is left; each new pixel is the mean of the known ones among its four. Then,
    from coarse to fine, unknown pixels are taken from the next coarser level.

    Args:
        received: zero where nothing was sent, (B, a, C, H, W).
        mask: 1 where a pixel was sent, (B, a, 1, H, W).

    Returns:
        Frames (B, a, C, H, W); 0 in frames of which no pixel was sent.
    """
    filled = _fill(received.flatten(0, 1), mask.flatten(0, 1))
    return filled.unflatten(0, received.shape[:2])


def _fill(colour: Tensor, known: Tensor) -> Tensor:
    """``interpolate`` for frames ``colour`` (N, C, H, W), which are 0 where ``known`` (N, 1, H, W) is 0."""
    size = colour.shape[2:]
    if max(size) == 1:
        return colour
    share = functional.avg_pool2d(known, 2, ceil_mode=True)
    mean = functional.avg_pool2d(colour, 2, ceil_mode=True) / share.clamp_min(1e-6)
    # A coarser pixel is known if one of its four pixels is.
    above = (4 * share).clamp_max(1)
    coarse = functional.interpolate(_fill(mean * above, above), size=size, mode="bilinear")
    return colour + (1 - known) * coarse
