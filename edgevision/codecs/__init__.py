"""Codecs: image codecs with a common interface, the video codec STAE and its baseline DeepISC.

Importing this package is fast: modules that need the libraries of the extra ``codecs`` are imported at first use.

    >>> from edgevision import codecs
    >>> codecs.names()
    ('avif', 'avif-raw', 'h264', 'hevc', 'spat-avif', 'spat-h264', 'spat-hevc', 'spat-imco', 'uniform', 'webp')
    >>> codec = codecs.make("spat-imco")
    >>> data = codec.encode(image, target_bytes=4000)      # image: (H, W, 3) uint8
    >>> codec.inspect(data).levels, codec.decode(data).shape

``edgevision.measure`` measures profiles of codecs for the environments.
"""

from typing import TYPE_CHECKING

from edgevision.codecs.base import ImageCodec, ImageInfo
from edgevision.codecs.codec_registry import make, names
from edgevision.errors import RateControlError
from edgevision.imports import CODEC_LIBRARIES, lazy_attributes

if TYPE_CHECKING:
    from edgevision.codecs.spat_imco.theta import Theta, train_importance
    from edgevision.codecs.stae.stae_codec import StaeCodec
    from edgevision.codecs.stae.stae_model_set import StaeModels

_MODULE_OF = {
    "StaeCodec": "stae.stae_codec",
    "StaeModels": "stae.stae_model_set",
    "Theta": "spat_imco.theta",
    "train_importance": "spat_imco.theta",
}

__all__ = [
    "ImageCodec",
    "ImageInfo",
    "RateControlError",
    "StaeCodec",
    "StaeModels",
    "Theta",
    "make",
    "names",
    "train_importance",
]

__getattr__ = lazy_attributes(__name__, _MODULE_OF, "codecs", CODEC_LIBRARIES)
