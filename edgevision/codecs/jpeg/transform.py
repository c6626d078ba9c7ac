"""JPEG's transform: images to blocks of unquantised DCT coefficients and back, with chroma subsampling.

Planes are padded to whole 16 x 16 regions by repeating their edge. The blocks of a region are stored together, in the
order of a 4:2:0 JPEG's MCU: four of luminance (upper left, upper right, lower left, lower right), then one (4:2:0) or
four (4:4:4) of the blue difference, then as many of the red difference.
Source: ITU-T T.81, Annex A; JFIF 1.02 for the colours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import ByteImage, Float32Array

REGION = 16  # side of a region [pixel]
_STRIP = 1024  # regions transformed at a time
GREY_BLOCKS = 4  # per region
COLOUR_BLOCKS = {"4:2:0": 6, "4:4:4": 12}  # per region, by chroma sampling

# The zigzag order: position k of the scan is entry ZIGZAG[k] of the row-major block.
ZIGZAG = np.array(sorted(range(64), key=lambda k: (k // 8 + k % 8, (k // 8 if (k // 8 + k % 8) % 2 else k % 8))))

_k = np.arange(8)
_DCT = np.cos(math.pi * (2 * _k[None, :] + 1) * _k[:, None] / 16) / 2
_DCT[0] /= math.sqrt(2)
TRANSFORM = _DCT.astype(np.float32)
# Row k holds the pixels (row-major) of the k-th basis picture in zigzag order.
_BASIS = np.einsum("uy,vx->uvyx", _DCT, _DCT).reshape(64, 64)[ZIGZAG].astype(np.float32)
_TO_YCC = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
TO_RGB = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]], np.float32)


class BlockSource(Protocol):
    """Coefficients of an image that are made when they are needed, so that those of the whole need not fit in memory.

    Attributes:
        height: of the image [pixel].
        width: of the image [pixel].
    """

    @property
    def height(self) -> int: ...  # noqa: D102

    @property
    def width(self) -> int: ...  # noqa: D102

    @property
    def grid(self) -> tuple[int, int, int]:
        """Rows and columns of regions, and blocks per region."""

    def part(self, rows: slice, blocks: slice) -> Float32Array:
        """Some blocks of the regions in some rows, (rows, columns, blocks, 64)."""


@dataclass(frozen=True, eq=False)
class Coefficients:
    """DCT coefficients of an image.

    Attributes:
        height: of the image [pixel].
        width: of the image [pixel].
        blocks: (rows, columns, B, 64) of regions, blocks per region (4, 6 or 12, see the module), coefficients
            in zigzag order.
    """

    height: int
    width: int
    blocks: Float32Array

    @property
    def grid(self) -> tuple[int, int, int]:
        """Rows and columns of regions, and blocks per region."""
        rows, columns, count, _ = self.blocks.shape
        return rows, columns, count

    def part(self, rows: slice, blocks: slice) -> Float32Array:
        """Some blocks of the regions in some rows, (rows, columns, blocks, 64)."""
        return self.blocks[rows, :, blocks]

    @property
    def planes(self) -> tuple[Float32Array, ...]:
        """Blocks of each component by their place in the picture, (rows, columns, 8, 8), coefficients row-major."""
        rows, columns, count, _ = self.blocks.shape
        square = self.blocks[..., np.argsort(ZIGZAG)].reshape(rows, columns, count, 8, 8)
        planes = []
        for first, last in component_blocks(count):
            side = math.isqrt(last - first)
            part = square[:, :, first:last].reshape(rows, columns, side, side, 8, 8).transpose(0, 2, 1, 3, 4, 5)
            planes.append(part.reshape(rows * side, columns * side, 8, 8))
        return tuple(planes)


def region_grid(height: int, width: int) -> tuple[int, int]:
    """Rows and columns of 16 x 16 regions that cover an image."""
    return -(-height // REGION), -(-width // REGION)


def component_blocks(count: int) -> tuple[tuple[int, int], ...]:
    """First block and block after the last of each component, for regions of ``count`` blocks."""
    half = (count - GREY_BLOCKS) // 2
    colours = ((GREY_BLOCKS, GREY_BLOCKS + half), (GREY_BLOCKS + half, count)) if half else ()
    return ((0, GREY_BLOCKS), *colours)


def forward(image: ByteImage, subsampling: str = "4:2:0") -> Coefficients:
    """Coefficients of an image, (H, W) or (H, W, 3) uint8."""
    height, width = image.shape[:2]
    rows, columns = region_grid(height, width)
    count = GREY_BLOCKS if image.ndim == 2 else COLOUR_BLOCKS[subsampling]
    blocks = np.empty((rows, columns, count, 64), np.float32)
    for strip in strips(rows, columns):
        part = image[strip.start * REGION : strip.stop * REGION]
        missing = (strip.stop - strip.start) * REGION - len(part), columns * REGION - width
        if any(missing):
            part = np.pad(part, [(0, missing[0]), (0, missing[1]), *[(0, 0)] * (image.ndim - 2)], mode="edge")
        _transform(part, blocks[strip])
    return Coefficients(height, width, blocks)


def inverse(coefficients: BlockSource) -> ByteImage:
    """The image (H, W, 3) uint8 of coefficients; halved chroma planes are interpolated linearly."""
    width, (rows, columns, count) = coefficients.width, coefficients.grid
    colours = [slice(first, last) for first, last in component_blocks(count)[1:]]
    halved = [_halved_plane(coefficients, part) for part in colours] if count == COLOUR_BLOCKS["4:2:0"] else []
    image = np.empty((coefficients.height, width, 3), np.uint8)
    for strip in strips(rows, columns):
        lines = slice(strip.start * REGION, strip.stop * REGION)
        part = image[lines]
        luminance = _join(_pixels(coefficients.part(strip, slice(GREY_BLOCKS))))[: len(part), :width]
        luminance += 128
        if halved:
            chroma = [_upsampled(plane, lines) for plane in halved]
        else:
            chroma = [_join(_pixels(coefficients.part(strip, blocks))) for blocks in colours]
        _mix_colours(luminance, [plane[: len(part), :width] for plane in chroma], part)
    return image


def _halved_plane(coefficients: BlockSource, blocks: slice) -> Float32Array:
    """A chroma plane of half the rows and columns."""
    rows, columns, _ = coefficients.grid
    side = REGION // 2
    plane = np.empty((rows * side, columns * side), np.float32)
    for strip in strips(rows, columns):
        plane[strip.start * side : strip.stop * side] = _join(_pixels(coefficients.part(strip, blocks)))
    return plane


def _upsampled(plane: Float32Array, lines: slice) -> Float32Array:
    """Some lines of the image from a halved plane, interpolated with the lines above and below them."""
    first, last = lines.start // 2, lines.stop // 2
    above, below = max(first - 1, 0), min(last + 1, len(plane))
    return _upsample(plane[above:below])[2 * (first - above) :][: 2 * (last - first)]


def strips(rows: int, columns: int) -> list[slice]:
    """Split the rows of regions into strips whose intermediate results fit into the processor's cache."""
    step = max(_STRIP // columns, 1)
    return [slice(first, min(first + step, rows)) for first in range(0, rows, step)]


def _transform(image: ByteImage, out: Float32Array) -> None:
    """Fill ``out``, (rows, columns, B, 64), from whole regions of pixels."""
    pixels = np.empty((*out.shape[:3], 8, 8), np.float32)
    if image.ndim == 2:
        luminance = image.astype(np.float32)
    else:
        luminance = _mix([image[..., channel] for channel in range(3)], _TO_YCC[0])
        _cut_chroma(image, pixels[:, :, GREY_BLOCKS:])
    luminance -= 128
    _cut(luminance, pixels[:, :, :GREY_BLOCKS])
    np.matmul(pixels.reshape(-1, 64), _BASIS.T, out=out.reshape(-1, 64))


def _pixels(blocks: Float32Array) -> Float32Array:
    """Blocks of pixels (.., 8, 8), clipped before the conversion of colours, as libjpeg does."""
    pixels = blocks.reshape(-1, 64) @ _BASIS
    return np.clip(pixels, -128, 127, out=pixels).reshape(*blocks.shape[:3], 8, 8)


def _mix_colours(luminance: Float32Array, chroma: Sequence[Float32Array], out: ByteImage) -> None:
    """Fill ``out`` (H, W, 3) from luminance, which is overwritten, and the blue and red differences; none for grey."""
    if not chroma:
        out[...] = _to_bytes(luminance)[..., None]
        return
    blue, red = chroma
    out[..., 0] = _to_bytes(luminance + TO_RGB[0, 2] * red)
    out[..., 2] = _to_bytes(luminance + TO_RGB[2, 1] * blue)
    luminance += TO_RGB[1, 1] * blue
    luminance += TO_RGB[1, 2] * red
    out[..., 1] = _to_bytes(luminance)


def _mix(channels: Sequence[NDArray[Any]], weights: Float32Array) -> Float32Array:
    """Weighted sum of channels; several times faster than a product with a 3 x 3 matrix."""
    mixed: Float32Array = channels[0] * weights[0]
    for channel, weight in zip(channels[1:], weights[1:], strict=True):
        mixed += channel * weight
    return mixed


def _cut_chroma(image: ByteImage, out: Float32Array) -> None:
    """Fill blocks with blue and red differences; a halved plane has the mean of each 2 x 2 pixels."""
    if out.shape[2] == 2:
        lines = image.reshape(image.shape[0], -1)
        pairs = np.add(lines[::2], lines[1::2], dtype=np.uint16)
        channels = [pairs[:, channel::6] + pairs[:, channel + 3 :: 6] for channel in range(3)]
        weights = _TO_YCC[1:] / np.float32(4)
    else:
        channels = [image[..., channel] for channel in range(3)]
        weights = _TO_YCC[1:]
    half = out.shape[2] // 2
    _cut(_mix(channels, weights[0]), out[:, :, :half])
    _cut(_mix(channels, weights[1]), out[:, :, half:])


def _cut(plane: Float32Array, out: Float32Array) -> None:
    """Cut a plane into ``out``, (rows, columns, n, 8, 8): n = 1 or 4 blocks per region."""
    rows, columns, count = out.shape[:3]
    side = math.isqrt(count)
    parts = plane.reshape(rows, side, 8, columns, side, 8)
    for block in range(count):
        out[:, :, block] = parts[:, block // side, :, :, block % side].transpose(0, 2, 1, 3)


def _join(blocks: Float32Array) -> Float32Array:
    """Join blocks (rows, columns, n, 8, 8) to a plane; the inverse of ``_cut``."""
    rows, columns, count = blocks.shape[:3]
    side = math.isqrt(count)
    plane = np.empty((rows, side, 8, columns, side, 8), np.float32)
    for block in range(count):
        plane[:, block // side, :, :, block % side] = blocks[:, :, block].transpose(0, 2, 1, 3)
    return plane.reshape(rows * side * 8, columns * side * 8)


def _upsample(plane: Float32Array) -> Float32Array:
    """Twice the rows and columns, weights 3/4 and 1/4 (what libjpeg calls fancy upsampling)."""
    rows, columns = plane.shape
    tall = np.empty((rows, 2, columns), np.float32)
    _between(plane, tall[:, 0], tall[:, 1])
    wide = np.empty((2 * rows, columns, 2), np.float32)
    _between(tall.reshape(2 * rows, columns).T, wide[..., 0].T, wide[..., 1].T)
    return wide.reshape(2 * rows, 2 * columns)


def _between(lines: Float32Array, before: Float32Array, after: Float32Array) -> None:
    """Interpolate lines (first axis) a quarter step before and after each line; the first and last are repeated."""
    near, far = lines * np.float32(0.75), lines * np.float32(0.25)
    np.add(near[1:], far[:-1], out=before[1:])
    np.add(near[:-1], far[1:], out=after[:-1])
    before[0], after[-1] = lines[0], lines[-1]


def _to_bytes(plane: Float32Array) -> ByteImage:
    """Round to the nearest values in 0 .. 255; overwrites ``plane``."""
    np.rint(plane, out=plane)
    return np.clip(plane, 0, 255, out=plane).astype(np.uint8)
