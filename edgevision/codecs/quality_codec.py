"""``QualityCodec``: the base of codecs whose level is a quality scale of the encoder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.base import ImageInfo, LevelScale, check_image, encode_at_rate
from edgevision.errors import CodecInputError
from edgevision.vision.importance import Importance


class QualityCodec(ABC):
    """An ``ImageCodec`` without a map of its own; a subclass says how a picture is coded at a level, and decoded.

    Attributes:
        max_side: of a picture [pixel].
    """

    name: ClassVar[str]
    scale: ClassVar[LevelScale]
    levels: ClassVar[tuple[float, ...]]
    suffix: ClassVar[str]
    max_side: ClassVar[int]

    @property
    @abstractmethod
    def version(self) -> str:
        """Version of the bitstream, and of the libraries that code it."""

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, Any]:
        """Settings that determine the bytes, besides the level."""

    def analyse(self, image: ByteImage) -> Importance | None:
        """Return ``None``: the encoder needs no importance map."""
        return None

    def encode(
        self,
        image: ByteImage,
        *,
        level: float | None = None,
        target_bytes: int | None = None,
        ratio: float | None = None,
        importance: Importance | FloatArray | None = None,
    ) -> bytes:
        """See ``ImageCodec.encode``."""
        check_image(image)
        if max(image.shape[:2]) > self.max_side:
            raise CodecInputError(
                f"image of {image.shape[0]} x {image.shape[1]} pixels; {self.name} takes sides of at most "
                f"{self.max_side}"
            )
        encode_level = self.encoder(image, importance)
        return encode_at_rate(
            encode_level, image.nbytes, self.scale, level=level, target_bytes=target_bytes, ratio=ratio
        )

    @abstractmethod
    def encoder(self, image: ByteImage, importance: Importance | FloatArray | None) -> Callable[[float], bytes]:
        """The function that encodes an image, already checked, at a level of the scale.

        Raises:
            CodecInputError: an impossible map.
        """

    @abstractmethod
    def decode(self, data: bytes) -> ByteImage:
        """See ``ImageCodec.decode``."""

    @abstractmethod
    def inspect(self, data: bytes) -> ImageInfo:
        """See ``ImageCodec.inspect``."""
