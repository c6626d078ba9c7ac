"""The interface of the conventional codecs, and a function that drops frames before encoding."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from edgevision.arrays import ByteClip
from edgevision.data.clips import check_clip, sample_indices


@runtime_checkable
class ReferenceCodec(Protocol):
    """Encodes and decodes clips. The same clip and level give the same bytes.

    Attributes:
        name: name in tables and records.
        version: versions of the libraries.
        levels: quality numbers of the codec, least to most compressed.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def version(self) -> str: ...  # noqa: D102

    @property
    def levels(self) -> tuple[float, ...]: ...  # noqa: D102

    def encode(self, clip: ByteClip, level: float) -> bytes:
        """Encode a clip, (F, H, W, 3) uint8.

        Raises:
            ValueError: not a clip, or a level out of range.
        """

    def decode(self, data: bytes) -> ByteClip:
        """Decode to (F, H, W, 3) uint8.

        Raises:
            BitstreamError: ``data`` cannot be decoded or is larger than a clip may be.
        """


def subsample(clip: ByteClip, frames: int) -> ByteClip:
    """Take frames at equal distances in time, at the centres of ``frames`` equal segments.

    Raises:
        ValueError: not a clip, or not 1 to F frames.
    """
    check_clip(clip)
    if not 1 <= frames <= len(clip):
        raise ValueError(f"cannot take {frames} of {len(clip)} frames")
    return clip[sample_indices(len(clip), frames)]
