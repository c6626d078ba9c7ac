"""SpaT-IMCO: JPEG whose quantisation strength follows what a classifier needs.

An importance map ranks the image's 16 x 16 regions. By default the least important third is quantised more coarsely
than the requested level, and the most important third more finely. There are two containers, both JPEG marker streams
with one baseline scan:

``mapped``  for ``SpatImco.decode`` only; ordinary viewers refuse it. Coefficients are stored as indices of their own
            region's quantiser; an application segment holds the levels, the level map and a checksum. The file is in
            JPEG's abbreviated format for compressed image data: it has no quantisation tables, because they follow from
            the segment, and no Huffman tables if it is smaller with a table set shipped with this package.
``plain``   for any viewer: a whole JFIF file. Coefficients are quantised with their region's quantiser, then stored
            under the finest level's table, which makes indices larger; Huffman tables are optimised.

Grey pictures have one component; colour pictures have chroma planes sampled 4:2:0 or 4:4:4. Regions are 16 x 16 pixels
in all of them. DC coefficients have one quantiser for all regions, so that their prediction from block to block works.

All defaults were chosen for the fewest bytes at equal accuracy. ``docs/spat-imco.md`` tells what each contributes on
pictures that the importance network has not seen, and how that was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from edgevision.arrays import ByteImage, FloatArray, IntArray
from edgevision.checks import checked_bytes, real_number
from edgevision.codecs.base import JPEG_SCALE, MAX_LEVEL, MIN_LEVEL, ImageInfo, check_image, encode_at_rate
from edgevision.codecs.importance_input import estimate, fitted, glance
from edgevision.codecs.jpeg import file as jpegfile
from edgevision.codecs.jpeg import huffman
from edgevision.codecs.jpeg.markers import read_header
from edgevision.codecs.jpeg.quantisation_tables import CHROMA_SCALE, DC_SCALE, LUMINANCE, level_of
from edgevision.codecs.jpeg.scan import events, scan_order, write_scan
from edgevision.codecs.jpeg.transform import COLOUR_BLOCKS, GREY_BLOCKS, Coefficients, forward, inverse
from edgevision.codecs.spat_imco import app_segment
from edgevision.codecs.spat_imco.adaptive_quantisation import detail, level_factor
from edgevision.codecs.spat_imco.level_map_coding import pack
from edgevision.codecs.spat_imco.level_plan import LevelPlan, nearest_plan
from edgevision.codecs.spat_imco.level_rules import LEVEL_RULES
from edgevision.codecs.spat_imco.quantisation import Dequantised, IndexArray, file_tables, quantise, requantise
from edgevision.codecs.spat_imco.regions import LevelMap, assign_levels, region_weights
from edgevision.codecs.spat_imco.theta import Theta
from edgevision.codecs.uniform import decode_baseline
from edgevision.errors import BitstreamError, CodecInputError, shown
from edgevision.vision.grad_cam import ImportanceMap
from edgevision.vision.importance import Importance

LADDER = (0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0, 30.0, 50.0)


@dataclass(frozen=True)
class SpatImco:
    """Region-wise JPEG.

    The diagram shows encoding into the container ``mapped``, with the module of each function and class. To reach a
    size, ``base.encode_at_rate`` repeats the steps from ``nearest_plan`` on for one level after another::

        image ---------------------------------.
          |                                    |
          v                                    v
        +----------------------------+       +-------------------------------------+
        | Theta         [theta/maps] |       | forward            [jpeg/transform] |
        +----------------------------+       +-------------------------------------+
          | importance of each pixel           | DCT coefficients
          v                                    v
        +----------------------------+       +-------------------------------------+
        | region_weights   [regions] |       | detail, level_factor                |
        +----------------------------+       |             [adaptive_quantisation] |
          | of each 16 x 16 region           +-------------------------------------+
          v                                    | level for this picture
        +----------------------------+         v
        | LEVEL_RULES  [level_rules] |       +-------------------------------------+
        | assign_levels    [regions] | ----> | nearest_plan           [level_plan] |
        +----------------------------+       | quantise             [quantisation] |
          | level map                        +-------------------------------------+
          v                                    | indices              | levels
        +----------------------------+         v                      |
        | pack    [level_map_coding] |       +----------------------+ |
        +----------------------------+       | events   [jpeg/scan] | |
          | bytes                            | choose    [/huffman] | |
          v                                  | write_scan   [/scan] | |
        +----------------------------+       +----------------------+ |
        | build        [app_segment] | <-------------- | ------------'
        +----------------------------+                 | scan
          | segment                                    v
          |                                  +-------------------------------------+
          '--------------------------------> | write_file              [jpeg/file] | --> file
                                             | seal                  [app_segment] |
                                             +-------------------------------------+

    Decoding: ``read_header`` [jpeg/markers] and ``find`` [app_segment] give levels and level map, ``read_file``
    [jpeg/file] the indices; then ``Dequantised`` [quantisation] and ``inverse`` [jpeg/transform].

    Attributes:
        importance: computes importance maps; by default ``Theta.load()``, loaded at first use. Decoding needs none.
        spread: factors on the requested level, largest first, for the least to the most important regions; rounded to
            the nearest 1/128.
        strategy: rule for how many regions get each factor, one of ``level_rules.LEVEL_RULES``: ``thirds`` (equal
            shares), ``p3`` (as published: the mean factor is as near to 1 as possible) or ``uniform`` (all regions get
            the factor nearest to 1).
        chroma_scale: factor on the chrominance table, rounded to hundredths.
        dc_scale: factor on the tables' DC entries, rounded to hundredths.
        aq_strength: of adaptive quantisation between pictures, see ``adaptive_quantisation``: 0 uses the requested
            level for every picture; with 1, sizes of different pictures are nearly equal.
        container: ``mapped`` (smaller, only this class reads it) or ``plain`` (for any viewer).
        subsampling: of the chroma planes: ``4:2:0`` or ``4:4:4``.
    """

    importance: ImportanceMap | None = None
    spread: tuple[float, ...] = (1.9, 1.0, 0.5)
    chroma_scale: float = CHROMA_SCALE
    dc_scale: float = DC_SCALE
    aq_strength: float = 0.7
    container: str = "mapped"
    strategy: str = "thirds"
    subsampling: str = "4:2:0"
    name = "spat-imco"
    version = "2"
    scale = JPEG_SCALE
    levels = LADDER
    suffix = ".jpg"

    def __post_init__(self) -> None:
        if self.container not in ("mapped", "plain"):
            raise CodecInputError(f"container must be 'mapped' or 'plain', got {shown(self.container)}")
        if self.subsampling not in tuple(COLOUR_BLOCKS):
            raise CodecInputError(
                f"subsampling must be one of {', '.join(COLOUR_BLOCKS)}, got {shown(self.subsampling)}"
            )
        most = app_segment.MAX_LEVELS
        if not isinstance(self.spread, tuple | list) or not 1 <= len(self.spread) <= most:
            raise CodecInputError(f"spread must hold 1 to {most} factors, got {shown(self.spread)}")
        factors = (real_number("each factor of spread", factor, 0.05, 1.9, CodecInputError) for factor in self.spread)
        object.__setattr__(self, "spread", tuple(factors))
        if any(a < b for a, b in pairwise(self.spread)):
            raise CodecInputError(f"spread must not increase, got {self.spread}")
        LEVEL_RULES[self.strategy]
        for field, low, high in (("chroma_scale", 0.01, 2.55), ("dc_scale", 0.01, 2.55), ("aq_strength", 0, 1)):
            object.__setattr__(self, field, real_number(field, getattr(self, field), low, high, CodecInputError))
        if self.importance is not None and not callable(self.importance):
            raise CodecInputError(f"importance must be a function of an image, got {shown(self.importance)}")

    @cached_property
    def _maker(self) -> ImportanceMap:
        return self.importance or Theta.load()

    @property
    def settings(self) -> Mapping[str, Any]:
        """Settings that determine the bytes, besides the level."""
        return {
            "container": self.container,
            "subsampling": self.subsampling,
            "spread": list(self.spread),
            "strategy": self.strategy,
            "chroma_scale": self.chroma_scale,
            "dc_scale": self.dc_scale,
            "aq_strength": self.aq_strength,
            "importance": getattr(self._maker, "name", type(self._maker).__name__),
        }

    def analyse(self, image: ByteImage) -> Importance:
        """See ``ImageCodec.analyse``; takes a forward pass of a network."""
        check_image(image)
        return glance(self._maker, image)

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
        by_region = region_weights(
            fitted(estimate(self._maker, image) if importance is None else importance, *image.shape[:2])
        )
        level_map = assign_levels(by_region, LEVEL_RULES[self.strategy](self.spread, 1.0, by_region.size))
        coefficients = forward(image, self.subsampling)
        packed_map = pack(level_map, len(self.spread))
        factor = level_factor(detail(coefficients), self.aq_strength)
        return encode_at_rate(
            lambda mu: self._encode_level(coefficients, level_map, packed_map, mu * factor),
            image.nbytes,
            self.scale,
            level=level,
            target_bytes=target_bytes,
            ratio=ratio,
        )

    def _encode_level(self, coefficients: Coefficients, level_map: LevelMap, packed_map: bytes, level: float) -> bytes:
        level = min(max(level, MIN_LEVEL), MAX_LEVEL)
        plan = nearest_plan(level, self.spread, level_map, self.chroma_scale, self.dc_scale)
        size = coefficients.height, coefficients.width
        indices = quantise(coefficients, plan)
        if self.container == "mapped":
            return _mapped_file(indices, plan, packed_map, size)
        tables = file_tables(plan, min(plan.levels), colour=indices.shape[2] > GREY_BLOCKS)
        return _plain_file(requantise(Dequantised(indices, plan, *size), tables), tables, size)

    def decode(self, data: bytes) -> ByteImage:
        """See ``ImageCodec.decode``."""
        data = checked_bytes(data, BitstreamError)
        header = read_header(data)
        plan = app_segment.find(data, header)
        if plan is None:
            return decode_baseline(data)
        if plan.table_set > len(huffman.shared_sets()):
            raise BitstreamError(f"unknown Huffman table set {plan.table_set}")
        shared = huffman.shared_sets()[plan.table_set - 1] if plan.table_set else None
        indices = jpegfile.read_file(data, header, shared)
        return inverse(Dequantised(indices, plan, header.height, header.width))

    def inspect(self, data: bytes) -> ImageInfo:
        """See ``ImageCodec.inspect``; of a ``plain`` file, only the finest level can be estimated."""
        data = checked_bytes(data, BitstreamError)
        header = read_header(data)
        plan = app_segment.find(data, header)
        if plan is None:
            levels: tuple[float, ...] = (level_of(header.tables[0], LUMINANCE),)
            counts: list[int] = []
        else:
            levels = plan.levels
            counts = np.bincount(plan.level_map.ravel(), minlength=len(levels)).tolist()
        return ImageInfo(
            codec=self.name,
            container="plain" if plan is None else "mapped",
            width=header.width,
            height=header.height,
            components=header.components,
            size=len(data),
            levels=levels,
            regions=tuple(counts),
            subsampling=header.subsampling,
        )


def _mapped_file(indices: IndexArray, plan: LevelPlan, packed_map: bytes, size: tuple[int, int]) -> bytes:
    found = events(scan_order(indices, *size))
    number, tables = huffman.choose(found.counts(), huffman.shared_sets())
    parts = [app_segment.build(replace(plan, table_set=number), packed_map), b"" if number else tables.segment]
    return app_segment.seal(jpegfile.write_file(*size, indices.shape[2], parts, write_scan(found, tables)))


def _plain_file(indices: IndexArray, tables: list[IntArray], size: tuple[int, int]) -> bytes:
    found = events(scan_order(indices, *size))
    codes = huffman.optimal_set(found.counts())
    parts = [jpegfile.JFIF, jpegfile.quantisation_segment(tables), codes.segment]
    return jpegfile.write_file(*size, indices.shape[2], parts, write_scan(found, codes))
