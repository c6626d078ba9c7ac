"""What every image codec offers, and the checks and the rate control that all of them share.

A *level* is the codec's own knob: a factor on JPEG's quantisation tables (mu in the papers), larger compresses
more. Rates are counted on whole files, headers and side information included.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from edgevision.arrays import ByteImage
from edgevision.errors import RateControlError
from edgevision.vision.importance import Importance

MAX_PIXELS = 2**24  # largest image coded or decoded: 4096 x 4096
MIN_LEVEL, MAX_LEVEL = 1 / 16, 64.0
_SEARCH_STEPS = 1024  # rate control tells levels apart that differ by 0.7 %


@dataclass(frozen=True)
class ImageInfo:
    """What a bitstream says of itself, read without decoding any pixel.

    Attributes:
        codec: name of the codec that reads it.
        container: how its coefficients are stored (``baseline``, ``plain``, ``mapped``).
        width: [pixel].
        height: [pixel].
        components: 1 (grey) or 3 (colour).
        size: length of the bitstream [byte].
        levels: quantisation levels in it, most to least compressed; recovered from the tables where a
            container does not state them, and then approximate.
        regions: number of regions at each level; empty where the container does not say.
        subsampling: of the chroma planes, ``4:2:0``, ``4:2:2`` or ``4:4:4``; empty for grey.
    """

    codec: str
    container: str
    width: int
    height: int
    components: int
    size: int
    levels: tuple[float, ...]
    regions: tuple[int, ...] = ()
    subsampling: str = ""


@runtime_checkable
class ImageCodec(Protocol):
    """Turns images into bytes and back.

    Attributes:
        name: name in the registry.
        version: changes whenever the bytes for an image or the image for bytes do.
        levels: the default ladder, least to most compressed.
        settings: what else determines the bytes, for the record; JSON values.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def version(self) -> str: ...  # noqa: D102

    @property
    def levels(self) -> tuple[float, ...]: ...  # noqa: D102

    @property
    def settings(self) -> Mapping[str, Any]: ...  # noqa: D102

    def analyse(self, image: ByteImage) -> Importance | None:
        """Do what is needed once per image whatever the rate (``None``: nothing)."""

    def encode(
        self,
        image: ByteImage,
        *,
        level: float | None = None,
        target_bytes: int | None = None,
        ratio: float | None = None,
        importance: Importance | None = None,
    ) -> bytes:
        """Encode ``image``, (H, W, 3) or (H, W) uint8, under exactly one of three rates.

        Args:
            image: the picture.
            level: quantisation level, in [1/16, 64].
            target_bytes: the file is as large as possible but never larger than this [byte].
            ratio: the papers' compression ratio o = 1 - bytes / raw bytes, in [0, 1): the file is as large as
                possible but never larger than (1 - o) raw bytes, raw bytes being ``image.nbytes``.
            importance: result of ``analyse(image)``, where the caller has it already.

        Raises:
            ValueError: not an image, not exactly one rate, or a rate out of range.
            RateControlError: even the strongest compression is larger than the target.
        """

    def decode(self, data: bytes) -> ByteImage:
        """Decode to (H, W, 3) uint8; grey comes back as three equal channels.

        Raises:
            BitstreamError: ``data`` is not a bitstream of this codec, is damaged, or is larger than 2**24 pixels.
        """

    def inspect(self, data: bytes) -> ImageInfo:
        """Describe a bitstream from its headers.

        Raises:
            BitstreamError: as ``decode``.
        """


def check_image(image: ByteImage) -> None:
    """Refuse what is not an (H, W) or (H, W, 3) uint8 image within the limits.

    Raises:
        ValueError: names the rule that is broken.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        raise ValueError(f"image must be a uint8 array, got {getattr(image, 'dtype', type(image).__name__)}")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        raise ValueError(f"image must have shape (H, W) or (H, W, 3), got {image.shape}")
    height, width = image.shape[:2]
    if not (0 < height <= 65500 and 0 < width <= 65500 and height * width <= MAX_PIXELS):
        raise ValueError(f"image of {height} x {width} pixels; must have 1 to {MAX_PIXELS} (sides <= 65500)")


def encode_at_rate(
    encode_level: Callable[[float], bytes],
    raw_bytes: int,
    *,
    level: float | None,
    target_bytes: int | None,
    ratio: float | None,
) -> bytes:
    """Call ``encode_level`` at the level that the one given rate asks for (see ``ImageCodec.encode``).

    Raises:
        ValueError: not exactly one rate, or a rate out of range.
        RateControlError: the target cannot be met.
    """
    unclear = ValueError("give exactly one of level, target_bytes and ratio")
    if sum(rate is not None for rate in (level, target_bytes, ratio)) > 1:
        raise unclear
    if level is not None:
        if not MIN_LEVEL <= level <= MAX_LEVEL:
            raise ValueError(f"level must be in [{MIN_LEVEL}, {MAX_LEVEL:g}], got {level!r}")
        return encode_level(level)
    if ratio is not None:
        if not 0 <= ratio < 1:
            raise ValueError(f"ratio must be in [0, 1), got {ratio!r}")
        return _largest_within(encode_level, math.floor((1 - ratio) * raw_bytes))
    if target_bytes is not None:
        return _largest_within(encode_level, target_bytes)
    raise unclear


def _largest_within(encode_level: Callable[[float], bytes], target_bytes: int) -> bytes:
    """Bisect a geometric grid of levels for the least compressed file of at most ``target_bytes``.

    Size falls with the level up to small wiggles; whatever they do, only a file that fits is returned.
    """
    low, high = -1, _SEARCH_STEPS
    best = encode_level(MAX_LEVEL)
    if len(best) > target_bytes:
        raise RateControlError(
            f"cannot encode into {target_bytes} bytes: the strongest compression still takes {len(best)}"
        )
    while high - low > 1:
        middle = (low + high) // 2
        data = encode_level(MIN_LEVEL * (MAX_LEVEL / MIN_LEVEL) ** (middle / _SEARCH_STEPS))
        if len(data) <= target_bytes:
            high, best = middle, data
        else:
            low = middle
    return best
