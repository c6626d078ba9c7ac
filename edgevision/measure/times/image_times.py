"""The operations of an image profile: importance map, encoding, decoding and classifying of some pictures."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.base import ImageCodec
from edgevision.data.images import ImageFolder, LabelledImage
from edgevision.errors import DataSetError, UnreadableImageError
from edgevision.measure.picture_answers import run
from edgevision.measure.times.clean_timing import Operation
from edgevision.vision.own_classifier import Recogniser

#: A picture (H, W, 3), and its label.
Labelled = tuple[ByteImage, str]
TIMED_PICTURES = 16  # at most
_FEWEST, _SHARE = 3, 10  # of a small data set one picture in ten is timed, but not fewer than this


class ImageWork:
    """The operations of one codec and one classifier, see ``TimedWork``.

    Parts are ``analyse``, ``encode``, ``decode`` and ``classify``, (K,) each. The classifier takes equally long for the
    pictures of all codecs, so works with the same classifier share its time.

    Attributes:
        contents: number of pictures.
    """

    def __init__(
        self, pictures: Sequence[Labelled], codec: ImageCodec, classifier: Recogniser, levels: Sequence[float]
    ) -> None:
        self.contents = len(pictures)
        self._pictures, self._codec, self._classifier, self._levels = pictures, codec, classifier, levels

    def operations(self, content: int) -> Mapping[Hashable, Operation]:
        """See ``TimedWork``."""
        codec, (picture, label) = self._codec, self._pictures[content]
        importance = codec.analyse(picture)
        classify = functools.partial(run, self._classifier, picture, label)
        found: dict[Hashable, Operation] = {
            (self, "analyse"): Operation(functools.partial(codec.analyse, picture), varies=False),
            self._classify: Operation(classify, varies=False),
        }
        for level in self._levels:
            encode = functools.partial(codec.encode, picture, level=level, importance=importance)
            decode = functools.partial(codec.decode, encode())
            found[self, "encode", level] = Operation(encode, varies=True)
            found[self, "decode", level] = Operation(decode, varies=True)
        return found

    def parts(self, seconds: Mapping[Hashable, float]) -> dict[str, FloatArray]:
        """See ``TimedWork``."""
        found = {
            "analyse": [seconds[self, "analyse"]] * len(self._levels),
            "encode": [seconds[self, "encode", level] for level in self._levels],
            "decode": [seconds[self, "decode", level] for level in self._levels],
            "classify": [seconds[self._classify]] * len(self._levels),
        }
        return {part: np.array(values) for part, values in found.items()}

    @property
    def _classify(self) -> Hashable:
        return self._classifier.name, "classify"


def image_sides(parts: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Times on the device and at the edge, (K,) each [s]."""
    return parts["analyse"] + parts["encode"], parts["decode"] + parts["classify"]


def timed_pictures(images: int) -> int:
    """How many pictures of a data set of so many are timed; they are spread evenly over it."""
    return min(images, TIMED_PICTURES, max(_FEWEST, images // _SHARE))


def pictures_to_time(dataset: ImageFolder, items: Sequence[LabelledImage], classifier: Recogniser) -> list[Labelled]:
    """``timed_pictures`` of some pictures, cropped to the classifier's input; unreadable ones are left out.

    Raises:
        DataSetError: none of them can be read.
    """
    count, pictures = timed_pictures(len(items)), []
    for item in (items[position * len(items) // count] for position in range(count)):
        try:
            pictures.append((classifier.crop(dataset.load(item)), item.label))
        except UnreadableImageError:
            continue
    if not pictures:
        raise DataSetError(f"none of {count} pictures of {dataset.name!r} can be read, so nothing can be timed")
    return pictures
