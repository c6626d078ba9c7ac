"""Measuring operating points: a codec and a classifier run on real contents, for a profile or live in an environment.

``measure_image_profile`` measures a profile on an ``ImageFolder``; ``LiveImageCodec`` runs the same codec and
classifier while an environment runs. ``measure_video_profile`` and ``LiveStae`` do this for clips.
"""

from typing import TYPE_CHECKING

from edgevision.imports import CODEC_LIBRARIES, lazy_attributes

if TYPE_CHECKING:
    from edgevision.measure.image_outcomes import LiveImageCodec
    from edgevision.measure.image_profile import measure_image_profile
    from edgevision.measure.live_stae import LiveStae
    from edgevision.measure.video_profile import measure_video_profile

_MODULE_OF = {
    "LiveImageCodec": "image_outcomes",
    "LiveStae": "live_stae",
    "measure_image_profile": "image_profile",
    "measure_video_profile": "video_profile",
}

__all__ = [
    "LiveImageCodec",
    "LiveStae",
    "measure_image_profile",
    "measure_video_profile",
]

__getattr__ = lazy_attributes(__name__, _MODULE_OF, "codecs", CODEC_LIBRARIES)
