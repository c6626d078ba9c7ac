"""Images to blocks of DCT coefficients and back: JPEG's transform with 4:2:0 chroma, before any quantisation.

Planes are padded by their edge to whole 16 x 16 regions (JPEG's MCU), so region (i, j) holds luminance blocks
(2i, 2j) .. (2i+1, 2j+1) and chrominance blocks (i, j). Source: ITU-T T.81, Annex A; JFIF 1.02 for the colours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.codecs.base import ByteImage

BlockArray = NDArray[np.float32]
REGION = 16  # side of a region [pixel]

_k = np.arange(8)
_DCT = (np.cos(math.pi * (2 * _k[None, :] + 1) * _k[:, None] / 16) / 2).astype(np.float32)
_DCT[0] /= np.float32(math.sqrt(2))
_TO_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
_TO_RGB = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]], np.float32)


@dataclass(frozen=True, eq=False)
class Coefficients:
    """DCT coefficients of an image.

    Attributes:
        height: of the image [pixel].
        width: of the image [pixel].
        planes: per component (luminance; or luminance, blue and red difference) the blocks, (rows, columns, 8, 8).
    """

    height: int
    width: int
    planes: tuple[BlockArray, ...]


def region_grid(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of 16 x 16 regions that cover an image."""
    return -(-height // REGION), -(-width // REGION)


def forward(image: ByteImage) -> Coefficients:
    """Coefficients of an image, (H, W) or (H, W, 3) uint8."""
    height, width = image.shape[:2]
    rows, columns = region_grid(height, width)
    margin = [(0, 0), (0, rows * REGION - height), (0, columns * REGION - width)]
    planar = np.moveaxis(image.reshape(height, width, -1), 2, 0)
    pixels = np.pad(planar, margin, mode="edge").astype(np.float32, order="C")
    if image.ndim == 2:
        return Coefficients(height, width, (_blocks(pixels[0] - 128),))
    colours = (_TO_YCC @ pixels.reshape(3, -1)).reshape(pixels.shape)
    chroma = _halve(colours[1:])
    return Coefficients(height, width, (_blocks(colours[0] - 128), _blocks(chroma[0]), _blocks(chroma[1])))


def inverse(coefficients: Coefficients) -> ByteImage:
    """The image, (H, W, 3) uint8, of (de)quantised coefficients; chroma is interpolated linearly."""
    luminance = _pixels(coefficients.planes[0]) + 128
    if len(coefficients.planes) == 1:
        colours = np.repeat(luminance[..., None], 3, axis=2)
    else:
        chroma = [_upsample(_pixels(plane)) for plane in coefficients.planes[1:]]
        colours = np.stack([luminance, *chroma], axis=2) @ _TO_RGB.T
    inside = colours[: coefficients.height, : coefficients.width]
    return np.clip(np.rint(inside), 0, 255).astype(np.uint8)


def _halve(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean of each 2 x 2 pixels; written out because NumPy's mean over two short axes is ten times slower."""
    top = planes[:, ::2, ::2] + planes[:, ::2, 1::2]
    bottom = planes[:, 1::2, ::2] + planes[:, 1::2, 1::2]
    return ((top + bottom) / np.float32(4)).astype(np.float32, copy=False)


def _blocks(plane: NDArray[np.float32]) -> BlockArray:
    rows, columns = plane.shape[0] // 8, plane.shape[1] // 8
    blocks = plane.reshape(rows, 8, columns, 8).transpose(0, 2, 1, 3)
    return np.matmul(np.matmul(_DCT, blocks), _DCT.T)


def _pixels(blocks: BlockArray) -> NDArray[np.float32]:
    """A plane, each component clipped to its range before the colours are mixed, as libjpeg does."""
    rows, columns = blocks.shape[:2]
    pixels = np.clip(np.matmul(np.matmul(_DCT.T, blocks), _DCT), -128, 127)
    return pixels.transpose(0, 2, 1, 3).reshape(rows * 8, columns * 8)


def _upsample(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Twice the rows and columns, weights 3/4 and 1/4 (what libjpeg calls fancy upsampling)."""
    for axis in (0, 1):
        padded = np.pad(plane, [(1, 1) if a == axis else (0, 0) for a in (0, 1)], mode="edge")
        count = plane.shape[axis]
        before = np.take(padded, range(count), axis)
        after = np.take(padded, range(2, count + 2), axis)
        pair = np.stack([0.75 * plane + 0.25 * before, 0.75 * plane + 0.25 * after], axis + 1)
        plane = pair.reshape(-1, plane.shape[1]) if axis == 0 else pair.reshape(plane.shape[0], -1)
    return plane
