"""Colour planes of modern codecs: luminance at full size, two of chroma at half, full range (ITU-T T.871, BT.601)."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from edgevision.arrays import ByteImage
from edgevision.errors import BitstreamError

#: Luminance (H, W); for colour also Cb and Cr, each (ceil(H / 2), ceil(W / 2)).
Planes = tuple[ByteImage, ...]


def to_planes(image: ByteImage) -> Planes:
    """Planes of an image (H, W) or (H, W, 3); a sample of chroma is the mean of up to four pixels."""
    if image.ndim == 2:
        return (image,)
    luminance, *chroma = (np.asarray(band) for band in Image.fromarray(image).convert("YCbCr").split())
    return luminance, *(_halved(plane) for plane in chroma)


def to_image(planes: Planes) -> ByteImage:
    """The image (H, W, 3) of planes; chroma is interpolated linearly, and grey has three equal channels."""
    height, width = planes[0].shape
    if len(planes) == 1:
        return np.repeat(planes[0][..., None], 3, axis=2)
    bands = [Image.fromarray(np.ascontiguousarray(planes[0]))]
    for plane in planes[1:]:
        rows, columns = plane.shape
        grown = Image.fromarray(np.ascontiguousarray(plane)).resize((2 * columns, 2 * rows), Image.Resampling.BILINEAR)
        bands.append(grown.crop((0, 0, width, height)))
    return np.array(Image.merge("YCbCr", bands).convert("RGB"))  # a copy, which callers may write to


def planes_of_frame(frame: Any, *, grey: bool) -> Planes:
    """Copies of the planes of a decoded ``av.VideoFrame`` of 8 bits, 4:2:0 or grey; ``grey`` takes the first alone.

    Raises:
        BitstreamError: the frame has another format.
    """
    wanted = ("gray", "yuv420p", "yuvj420p") if grey else ("yuv420p", "yuvj420p")
    if frame.format.name not in wanted:
        raise BitstreamError(f"a picture in the format {frame.format.name}; only 8 bits, 4:2:0 or grey, are read")
    height, width = frame.height, frame.width
    sizes = [(height, width)] + ([] if grey else [(-(-height // 2), -(-width // 2))] * 2)
    planes = []
    for plane, (rows, columns) in zip(frame.planes, sizes, strict=False):
        samples = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        planes.append(samples[:rows, :columns].copy())
    return tuple(planes)


def _halved(plane: ByteImage) -> ByteImage:
    height, width = plane.shape
    padded = np.pad(plane, ((0, height % 2), (0, width % 2)), mode="edge")
    quads = padded.reshape(len(padded) // 2, 2, -1, 2)
    return np.rint(quads.mean(axis=(1, 3), dtype=np.float32)).astype(np.uint8)
