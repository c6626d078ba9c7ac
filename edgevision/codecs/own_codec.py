"""``OwnCodec``: a codec from outside the package, as an ``ImageCodec`` whose mistakes are named in one line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.base import ImageInfo, LevelScale, check_image, encode_at_rate
from edgevision.errors import BitstreamError, EdgeVisionError, OwnCodeError, shown
from edgevision.provenance import source_digest
from edgevision.vision.importance import Importance

_METHODS = ("encode", "decode")


class OwnCodec:
    """A codec of which only ``levels``, ``encode(image, level=..)`` and ``decode(data)`` are asked.

    It gets pictures (H, W, 3) uint8, grey ones with three equal channels. ``levels`` are numbers that increase; a
    larger one compresses more. If the codec has more of an ``ImageCodec`` (``version``, ``scale``, ``suffix``,
    ``settings``, ``analyse``), that is used too. Without a ``scale``, rate control tries ``levels`` only. With
    ``analyse``, ``encode`` gets its result as ``importance``.

    Attributes:
        name: ``MODULE:CLASS:option=value`` as typed.
        version: of the codec, by default ``1``.
        scale: the levels that it takes.
        levels: the default ladder, least to most compressed.
        suffix: of its files, by default ``.bin``.
    """

    def __init__(self, codec: Any, name: str) -> None:
        """Check the codec.

        Raises:
            OwnCodeError: it lacks something, or has something of the wrong kind.
        """
        self.name, self._codec = name, codec
        for method in _METHODS:
            if not callable(getattr(codec, method, None)):
                raise OwnCodeError(f"codec {name}: has no method {method}; it needs levels, encode and decode")
        self.levels = self._ladder(getattr(codec, "levels", ()))
        scale = getattr(codec, "scale", None)
        self.scale = scale if isinstance(scale, LevelScale) else LevelScale("level", self.levels)
        self.version = self._text("version", "1")
        self.suffix = self._text("suffix", ".bin")
        try:
            given: dict[str, Any] = json.loads(json.dumps(dict(getattr(codec, "settings", {}) or {}), allow_nan=False))
        except (TypeError, ValueError) as error:
            raise OwnCodeError(f"codec {name}: settings are not plain values ({error})") from None
        self._settings = {**given, "code_sha256": source_digest(codec)}

    def _ladder(self, given: Any) -> tuple[float, ...]:
        try:
            ladder = np.asarray(given, np.float64)
        except (TypeError, ValueError):
            ladder = np.empty(0)
        if ladder.ndim != 1 or not ladder.size or not np.isfinite(ladder).all() or (np.diff(ladder) <= 0).any():
            raise OwnCodeError(f"codec {self.name}: levels must be numbers that increase, got {shown(given)}")
        return tuple(ladder.tolist())

    def _text(self, attribute: str, default: str) -> str:
        found = getattr(self._codec, attribute, default)
        if not isinstance(found, str) or not found:
            raise OwnCodeError(f"codec {self.name}: {attribute} must be a text, got {shown(found)}")
        return found

    @property
    def settings(self) -> Mapping[str, Any]:
        """The codec's own, and the SHA-256 of the file that holds its class: results of other code are not used."""
        return self._settings

    def analyse(self, image: ByteImage) -> Importance | None:
        """See ``ImageCodec.analyse``; ``None`` for a codec that has no such method."""
        analyse = getattr(self._codec, "analyse", None)
        found = None if analyse is None else self._call("analyse", OwnCodeError, image)
        if found is not None and not isinstance(found, Importance):
            raise OwnCodeError(f"codec {self.name}: analyse must return an Importance or None, got {shown(found)}")
        return found

    def encode(
        self,
        image: ByteImage,
        *,
        level: float | None = None,
        target_bytes: int | None = None,
        ratio: float | None = None,
        importance: Importance | FloatArray | None = None,
    ) -> bytes:
        """See ``ImageCodec.encode``.

        Raises:
            OwnCodeError: the codec fails, or does not return bytes.
        """
        check_image(image)
        colour = np.stack([image] * 3, axis=-1) if image.ndim == 2 else image
        known = {} if importance is None else {"importance": importance}

        def encode_level(chosen: float) -> bytes:
            data = self._call("encode", OwnCodeError, colour, level=chosen, **known)
            if not isinstance(data, bytes) or not data:
                raise OwnCodeError(f"codec {self.name}: encode must return bytes, at least one, got {shown(data)}")
            return data

        return encode_at_rate(
            encode_level, image.nbytes, self.scale, level=level, target_bytes=target_bytes, ratio=ratio
        )

    def decode(self, data: bytes) -> ByteImage:
        """See ``ImageCodec.decode``.

        Raises:
            BitstreamError: the codec fails.
            OwnCodeError: it does not return a picture.
        """
        image = self._call("decode", BitstreamError, data)
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim not in (2, 3):
            raise OwnCodeError(f"codec {self.name}: decode must return a uint8 array (H, W, 3), got {_kind(image)}")
        colour = np.stack([image] * 3, axis=-1) if image.ndim == 2 else image
        if colour.shape[2] != 3 or not colour.size:
            raise OwnCodeError(f"codec {self.name}: decode must return an array (H, W, 3), got {_kind(image)}")
        return np.ascontiguousarray(colour)

    def inspect(self, data: bytes) -> ImageInfo:
        """See ``ImageCodec.inspect``; decodes the picture to learn its size."""
        height, width, colours = self.decode(data).shape
        return ImageInfo(self.name, "own", width, height, colours, len(data), ())

    def _call(self, method: str, kind: type[EdgeVisionError], *given: Any, **named: Any) -> Any:
        function: Callable[..., Any] = getattr(self._codec, method)
        try:
            return function(*given, **named)
        except EdgeVisionError:
            raise
        except Exception as error:  # code of the user may raise anything
            raise kind(f"codec {self.name}: {method} failed ({type(error).__name__}: {error})") from error


def _kind(value: Any) -> str:
    """Type and shape of an array, or the value, for a message."""
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else shown(value)
