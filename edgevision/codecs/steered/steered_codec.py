"""``SteeredCodec``: an unsteered codec that a map of importance steers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.base import ImageInfo, check_image
from edgevision.codecs.importance_input import estimate, fitted, glance
from edgevision.codecs.quality_codec import QualityCodec
from edgevision.codecs.spat_imco.theta import Theta
from edgevision.codecs.steered.region_ranks import region_ranks, region_side
from edgevision.codecs.steered.strengths import Strength, Strengths
from edgevision.errors import CodecInputError, shown
from edgevision.vision.grad_cam import ImportanceMap
from edgevision.vision.importance import Importance

_VERSION = "steering 2"


@dataclass(frozen=True)
class SteeredCodec(QualityCodec):
    """Ranks regions by importance, and spends bytes by rank. How strongly depends on the level, see ``strengths``.

    Decoding is that of the unsteered codec: files do not hold the map.

    Attributes:
        importance: computes importance maps; by default ``Theta.load()``, loaded at first use. Decoding needs none.
        strengths: how strongly the map steers, by level.
    """

    importance: ImportanceMap | None = None
    strengths: ClassVar[Strengths]

    def __post_init__(self) -> None:
        if self.importance is not None and not callable(self.importance):
            raise CodecInputError(f"importance must be a function of an image, got {shown(self.importance)}")

    @cached_property
    def _maker(self) -> ImportanceMap:
        return self.importance or Theta.load()

    @property
    @abstractmethod
    def unsteered(self) -> QualityCodec:
        """The codec that codes the picture."""

    @property
    def version(self) -> str:
        """See ``QualityCodec.version``."""
        return f"{_VERSION}, {self.unsteered.version}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """See ``QualityCodec.settings``."""
        return {
            **self.unsteered.settings,
            "strengths": self.strengths.as_rows(),
            "importance": getattr(self._maker, "name", type(self._maker).__name__),
        }

    def analyse(self, image: ByteImage) -> Importance:
        """See ``ImageCodec.analyse``; takes a forward pass of a network."""
        check_image(image)
        return glance(self._maker, image)

    def encoder(self, image: ByteImage, importance: Importance | FloatArray | None) -> Callable[[float], bytes]:
        """See ``QualityCodec.encoder``."""
        height, width = image.shape[:2]
        side = region_side(height, width)
        given = estimate(self._maker, image) if importance is None else importance
        ranks = region_ranks(fitted(given, height, width), side)
        return lambda level: self.steered(image, ranks, side, level, self.strengths.at(level))

    @abstractmethod
    def steered(self, image: ByteImage, ranks: FloatArray, side: int, level: float, strength: Strength) -> bytes:
        """The file of an image.

        Args:
            image: (H, W) or (H, W, 3).
            ranks: of its regions by importance, 0 to 1, (rows, columns).
            side: of a region [pixel].
            level: of the codec's scale.
            strength: how strongly the ranks steer.
        """

    def decode(self, data: bytes) -> ByteImage:
        """See ``ImageCodec.decode``."""
        return self.unsteered.decode(data)

    def inspect(self, data: bytes) -> ImageInfo:
        """See ``ImageCodec.inspect``."""
        return replace(self.unsteered.inspect(data), codec=self.name)
