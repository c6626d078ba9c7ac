"""Labelled pictures and clips: folders, public data sets, and clips that are generated."""

from typing import TYPE_CHECKING

from edgevision.errors import DataSetError, UnreadableImageError
from edgevision.imports import CODEC_LIBRARIES, lazy_attributes

if TYPE_CHECKING:
    from edgevision.data.actions import GeneratedActions
    from edgevision.data.hmdb51 import HMDB51
    from edgevision.data.images import ImageFolder
    from edgevision.data.sources import open_source
    from edgevision.data.ut_interaction import UTInteraction
    from edgevision.data.video_folder import VideoFolder

_MODULE_OF = {
    "GeneratedActions": "actions",
    "HMDB51": "hmdb51",
    "ImageFolder": "images",
    "UTInteraction": "ut_interaction",
    "VideoFolder": "video_folder",
    "open_source": "sources",
}

__all__ = [
    "HMDB51",
    "DataSetError",
    "GeneratedActions",
    "ImageFolder",
    "UTInteraction",
    "UnreadableImageError",
    "VideoFolder",
    "open_source",
]

__getattr__ = lazy_attributes(__name__, _MODULE_OF, "codecs", CODEC_LIBRARIES)
