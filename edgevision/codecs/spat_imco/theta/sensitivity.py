"""Sensitivity of a classifier to coarser quantisation of each region: the label of theta's second map.

Quantising coefficient k with step d_k adds an error of variance about d_k^2 / 12. To second order, with the diagonal of
the empirical Fisher matrix as the curvature, this costs the classifier d_k^2 (d log p / d c_k)^2 / 24 nats, where p is
the probability of the class. The sum over a region's coefficients is the region's sensitivity. The ratio between two
regions does not depend on the level as long as both have the same. Classifiers of different size have similar
sensitivities, so that a network can learn them; this is not true of the signed gain from coding a region finer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from edgevision.arrays import ByteImage
from edgevision.codecs.jpeg.quantisation_tables import CHROMA_SCALE, DC_SCALE, scaled_tables
from edgevision.codecs.jpeg.transform import TO_RGB, TRANSFORM, forward
from edgevision.codecs.spat_imco.theta.large_network import GRID, INPUT, standardise
from edgevision.vision.classifiers import Classifier

LEVELS = (3.0, 6.0)  # a fine and a coarse level, between which the accuracy falls by a quarter
_TINY = 1e-12


def sensitivity_map(teachers: Sequence[Classifier], images: NDArray[np.uint8], classes: Sequence[int] | None) -> Tensor:
    """Mean log sensitivity per region over teachers and levels, standardised, (B, 14, 14).

    Args:
        teachers: any differentiable classifiers.
        images: (B, 224, 224, 3).
        classes: index of each image's class; ``None`` for the class that each teacher predicts for the image.
    """
    total = torch.zeros(len(images), GRID, GRID)
    tables = scaled_tables(CHROMA_SCALE, DC_SCALE)
    luminance, chrominance = _coefficients(images)
    for teacher in teachers:
        wanted = _predicted(teacher, images) if classes is None else torch.tensor(classes)
        for level in LEVELS:
            steps = [torch.tensor(table * level, dtype=torch.float32) for table in tables]
            coded = [
                (torch.round(plane / step) * step).requires_grad_()
                for plane, step in zip((luminance, chrominance), steps, strict=True)
            ]
            scores = teacher.model(_inputs(teacher, decode(*coded))).log_softmax(1)
            score = scores[torch.arange(len(images)), wanted].sum()
            pair = zip(torch.autograd.grad(score, coded), steps, strict=True)
            first, second = ((gradient * step).square().sum((-1, -2)) for gradient, step in pair)
            total += (_per_region(first) + second.sum(1) + _TINY).log()
    return standardise(total)


def decode(luminance: Tensor, chrominance: Tensor) -> Tensor:
    """Decode 4:2:0 coefficients to pixels (B, 3, H, W) from 0 to 255: ``transform.inverse``, differentiable, unrounded.

    Args:
        luminance: blocks (B, R, C, 8, 8).
        chrominance: blocks of both planes, (B, 2, R/2, C/2, 8, 8).
    """
    planes = torch.cat([_pixels(luminance)[:, None], _upsample(_pixels(chrominance))], 1)
    planes = planes + torch.tensor([128.0, 0, 0]).view(3, 1, 1)
    return torch.einsum("ck,bkhw->bchw", torch.from_numpy(TO_RGB), planes).clamp(0, 255)


def _coefficients(images: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
    found = [forward(image).planes for image in images]
    luminance = torch.from_numpy(np.stack([planes[0] for planes in found]))
    return luminance, torch.from_numpy(np.stack([np.stack(planes[1:]) for planes in found]))


@torch.no_grad()
def _predicted(teacher: Classifier, images: ByteImage) -> Tensor:
    pixels = torch.tensor(images).permute(0, 3, 1, 2).float()
    found: Tensor = teacher.model(_inputs(teacher, pixels)).argmax(1)
    return found


def _inputs(teacher: Classifier, pixels: Tensor) -> Tensor:
    size = teacher.input_size
    if size != INPUT:
        pixels = functional.interpolate(pixels, (size, size), mode="bicubic", align_corners=False)
    return teacher.normalise(pixels / 255).contiguous(memory_format=torch.channels_last)


def _pixels(blocks: Tensor) -> Tensor:
    transform = torch.from_numpy(TRANSFORM)
    rows, columns = blocks.shape[-4:-2]
    pixels = (transform.T @ blocks @ transform).clamp(-128, 127)
    return pixels.transpose(-3, -2).reshape(*blocks.shape[:-4], 8 * rows, 8 * columns)


def _upsample(planes: Tensor) -> Tensor:
    """Double the rows and columns with weights 3/4 and 1/4: linear interpolation between pixel centres."""
    return functional.interpolate(planes, scale_factor=2.0, mode="bilinear", align_corners=False)


def _per_region(blocks: Tensor) -> Tensor:
    """Sum over each region's 2 x 2 luminance blocks, (B, 28, 28) to (B, 14, 14)."""
    return functional.avg_pool2d(blocks[:, None], 2)[:, 0] * 4
