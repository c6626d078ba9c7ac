"""The interface of image codecs, and the input checks and rate control that all of them use.

A *level* says how strongly a picture is compressed; a larger level compresses more. Each codec has its own scale:

- ``uniform``, ``spat-imco``: ``JPEG_SCALE``, a factor on JPEG's quantisation tables (mu in the papers)
- ``webp``, ``avif``, ``avif-raw``, ``spat-avif``: ``QUALITY_SCALE``, 100 - quality; rounded to whole numbers
- ``hevc``, ``h264``, ``spat-hevc``, ``spat-h264``: ``CRF_SCALE``, the constant rate factor; rounded to quarters

Sizes are those of whole files, with headers and side information.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from edgevision.arrays import ByteImage, FloatArray
from edgevision.checks import real_number, whole_number
from edgevision.errors import CodecInputError, RateControlError
from edgevision.vision.importance import Importance

MAX_PIXELS = 2**26  # of an image, such as 8192 x 8192
MAX_SIDE = 65500  # of an image [pixel]
MIN_LEVEL, MAX_LEVEL = 1 / 16, 64.0  # of JPEG_SCALE


@dataclass(frozen=True)
class LevelScale:
    """The levels of a codec.

    Attributes:
        meaning: what a level is.
        grid: levels that rate control tries, least to most compressed; the first and the last are the limits.
    """

    meaning: str
    grid: tuple[float, ...]

    def checked(self, level: Any) -> float:
        """``level`` as a float within the limits.

        Raises:
            CodecInputError: it is no number, or out of range.
        """
        return real_number("level", level, self.grid[0], self.grid[-1], CodecInputError)


JPEG_SCALE = LevelScale(  # neighbours differ by 0.7 %
    "factor on the quantisation tables", tuple(MIN_LEVEL * (MAX_LEVEL / MIN_LEVEL) ** (n / 1024) for n in range(1025))
)
QUALITY_SCALE = LevelScale("100 - quality", tuple(map(float, range(101))))
CRF_SCALE = LevelScale("constant rate factor (CRF)", tuple(n / 4 for n in range(4 * 51 + 1)))


@dataclass(frozen=True)
class ImageInfo:
    """Description of a bitstream, read from its headers without decoding pixels.

    Attributes:
        codec: name of the codec that reads it.
        container: what kind of file it is; ``plain`` and ``baseline`` open in any viewer, ``raw`` and ``mapped`` do
            not.
        width: of the image [pixel].
        height: of the image [pixel].
        components: 1 (grey) or 3 (colour).
        size: length of the bitstream [byte].
        levels: its levels, most to least compressed; of JPEG files that do not store them estimated from the
            quantisation tables, of other files that do not store them empty.
        regions: number of regions at each level; empty if the container does not store it.
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
    """Encodes images to bytes and decodes them.

    Attributes:
        name: name in the registry.
        version: changes whenever the codec encodes an image, or decodes a bitstream, differently than before.
        scale: the levels that it takes.
        levels: the default ladder, least to most compressed.
        suffix: of its files, such as ``.jpg``.
        settings: all other settings that determine the bytes, as JSON values for metadata.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def version(self) -> str: ...  # noqa: D102

    @property
    def scale(self) -> LevelScale: ...  # noqa: D102

    @property
    def levels(self) -> tuple[float, ...]: ...  # noqa: D102

    @property
    def suffix(self) -> str: ...  # noqa: D102

    @property
    def settings(self) -> Mapping[str, Any]: ...  # noqa: D102

    def analyse(self, image: ByteImage) -> Importance | None:
        """What a device knows of an image before it chooses the rate; ``None`` if the codec needs no map.

        Importance of the image's pixels, and class probabilities if the codec's network has them. ``encode`` needs only
        the map, and makes it itself in less time.
        """

    def encode(
        self,
        image: ByteImage,
        *,
        level: float | None = None,
        target_bytes: int | None = None,
        ratio: float | None = None,
        importance: Importance | FloatArray | None = None,
    ) -> bytes:
        """Encode an image at one given rate; exactly one of ``level``, ``target_bytes`` and ``ratio`` is required.

        Args:
            image: (H, W, 3) or (H, W) uint8.
            level: on the codec's ``scale``.
            target_bytes: largest allowed size [byte]; the file is as large as possible within it.
            ratio: the papers' compression ratio o = 1 - bytes / raw bytes, in [0, 1); the largest allowed size is
                (1 - o) ``image.nbytes``.
            importance: result of ``analyse(image)``, if the caller already has it, or any other map of two dimensions:
                finite numbers, larger where the picture matters more. A map of another size is resized to the
                picture. Codecs that need no map ignore it.

        Raises:
            CodecInputError: not an image, not exactly one rate, a rate out of range, or an impossible map.
            RateControlError: the file is larger than allowed even at the strongest compression.
        """

    def decode(self, data: bytes) -> ByteImage:
        """Decode to (H, W, 3) uint8; a grey image has three equal channels.

        Raises:
            BitstreamError: ``data`` is not a bitstream of this codec, is damaged, or has more than 2**26 pixels.
        """

    def inspect(self, data: bytes) -> ImageInfo:
        """Describe a bitstream from its headers.

        Raises:
            BitstreamError: ``data`` is not a bitstream of this codec, is damaged, or has more than 2**26 pixels.
        """


def settings_as_json(codec: ImageCodec) -> dict[str, Any]:
    """The settings of a codec as they come back from the metadata of a profile, such as lists in place of tuples."""
    settings: dict[str, Any] = json.loads(json.dumps(dict(codec.settings)))
    return settings


def check_image(image: ByteImage) -> None:
    """Check that the argument is an (H, W) or (H, W, 3) uint8 image within the limits.

    Raises:
        CodecInputError: it is not.
    """
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        raise CodecInputError(f"image must be a uint8 array, got {getattr(image, 'dtype', type(image).__name__)}")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] != 3):
        raise CodecInputError(f"image must have shape (H, W) or (H, W, 3), got {image.shape}")
    height, width = image.shape[:2]
    if not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE and height * width <= MAX_PIXELS):
        raise CodecInputError(f"image of {height} x {width} pixels; must have 1 to {MAX_PIXELS} (sides <= {MAX_SIDE})")


def encode_at_rate(
    encode_level: Callable[[float], bytes],
    raw_bytes: int,
    scale: LevelScale,
    *,
    level: float | None,
    target_bytes: int | None,
    ratio: float | None,
) -> bytes:
    """Encode at the given rate.

    Args:
        encode_level: encodes the image at a level.
        raw_bytes: size of the uncompressed image [byte].
        scale: the levels of the codec.
        level: see ``ImageCodec.encode``, also for ``target_bytes`` and ``ratio``.
        target_bytes: largest allowed size [byte].
        ratio: compression ratio.

    Raises:
        CodecInputError: not exactly one rate, or a rate out of range.
        RateControlError: the file is larger than allowed even at the strongest compression.
    """
    unclear = CodecInputError("give exactly one of level, target_bytes and ratio")
    if sum(rate is not None for rate in (level, target_bytes, ratio)) > 1:
        raise unclear
    if level is not None:
        return encode_level(scale.checked(level))
    if ratio is not None:
        share = real_number("ratio", ratio, 0, 1, CodecInputError)
        if share == 1:
            raise CodecInputError("ratio must be below 1, got 1: a file has at least one byte")
        return _largest_within(encode_level, scale.grid, math.floor((1 - share) * raw_bytes))
    if target_bytes is not None:
        limit = whole_number("target_bytes", target_bytes, 1, 2**62, CodecInputError)
        return _largest_within(encode_level, scale.grid, limit)
    raise unclear


def _largest_within(encode_level: Callable[[float], bytes], grid: Sequence[float], target_bytes: int) -> bytes:
    """Bisect a grid of levels for the least compressed file of at most ``target_bytes``.

    The size is nearly, but not exactly, monotone in the level; the file returned fits in any case.
    """
    low, high = -1, len(grid) - 1
    best = encode_level(grid[high])
    if len(best) > target_bytes:
        raise RateControlError(
            f"cannot encode into {target_bytes} bytes: the strongest compression still takes {len(best)}"
        )
    while high - low > 1:
        middle = (low + high) // 2
        data = encode_level(grid[middle])
        if len(data) <= target_bytes:
            high, best = middle, data
        else:
            low = middle
    return best
