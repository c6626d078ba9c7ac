"""Running a codec and a classifier on one image: size in bytes, the answer, and how far the image has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, ByteImage, FloatArray
from edgevision.codecs.base import ImageCodec, settings_as_json
from edgevision.data.images import ImageFolder, LabelledImage
from edgevision.errors import ProfileError, shown
from edgevision.measure.content_features import content_features
from edgevision.measure.image_distortion import psnr, ssim
from edgevision.measure.picture_answers import Answer, answer, targets
from edgevision.profiles.profile import OperatingPointProfile
from edgevision.vision.importance import Importance
from edgevision.vision.own_classifier import Recogniser


@dataclass(frozen=True, eq=False)
class Outcome:
    """Result for one image at one level.

    Attributes:
        size: of the bitstream [byte].
        correct: whether the classifier's answer for the decoded image is right, see `Answer`.
        log_probability: see `Answer`.
        psnr: of the decoded image's luma [dB].
        ssim: structural similarity of the decoded image's luma.
    """

    size: int
    correct: bool
    log_probability: float
    psnr: float
    ssim: float


@dataclass(frozen=True, eq=False)
class ContentRecord:
    """Results for one image at all K levels.

    Attributes:
        content_id: name of the image in the data set.
        raw_size: of the uncompressed image [byte].
        outcomes: one per level, K in all.
        features: of the image, by name.
    """

    content_id: str
    raw_size: int
    outcomes: tuple[Outcome, ...]
    features: dict[str, float]


def send(
    image: ByteImage,
    target: int | str,
    importance: Importance | None,
    level: float,
    codec: ImageCodec,
    classifier: Recogniser,
) -> tuple[int, ByteImage, Answer]:
    """Encode, decode and classify one image: bytes, the decoded image, and the answer.

    Raises:
        ProfileError: the codec returns a picture of another size.
    """
    data = codec.encode(image, level=level, importance=importance)
    decoded = codec.decode(data)
    if decoded.shape != image.shape:
        raise ProfileError(f"codec {codec.name} decodes a picture {image.shape} to {decoded.shape}; it must keep sizes")
    return len(data), decoded, answer(classifier, decoded, target)


def run_once(
    image: ByteImage,
    target: int | str,
    importance: Importance | None,
    level: float,
    codec: ImageCodec,
    classifier: Recogniser,
) -> Outcome:
    """The outcome of one image, whose answer should be ``target``, at one level."""
    size, decoded, found = send(image, target, importance, level, codec, classifier)
    return Outcome(size, found.correct, found.log_probability, psnr(image, decoded), ssim(image, decoded))


def measure_content(
    dataset: ImageFolder,
    item: LabelledImage,
    target: int | str,
    codec: ImageCodec,
    classifier: Recogniser,
    levels: Sequence[float],
) -> ContentRecord:
    """Crop an image, whose answer should be ``target``, to the classifier's input, then run it at every level.

    Raises:
        UnreadableImageError: the image cannot be read.
    """
    image = classifier.crop(dataset.load(item))
    importance = codec.analyse(image)
    outcomes = tuple(run_once(image, target, importance, level, codec, classifier) for level in levels)
    features = content_features(image, importance, outcomes[len(levels) // 2].size)
    return ContentRecord(item.content_id, image.nbytes, outcomes, features)


def _check_settings(codec: ImageCodec, profile: OperatingPointProfile) -> None:
    """Compare the settings of a codec, but its importance network, with those that a profile was measured with.

    Raises:
        ProfileError: they differ.
    """
    noted, ours = profile.metadata.get("codec_settings"), settings_as_json(codec)
    if not isinstance(noted, dict):
        raise ProfileError(f"profile {profile.name!r} does not say with which settings of {codec.name} it was measured")
    for key in sorted((ours.keys() | noted.keys()) - {"importance"}):
        if noted.get(key) != ours.get(key):
            raise ProfileError(
                f"profile {profile.name!r} was measured with {key}={shown(noted.get(key))} of {codec.name}, not "
                f"{shown(ours.get(key))}; make the codec with that setting"
            )


class LiveImageCodec:
    """Runs codec and classifier while an environment runs, on the contents and levels of a measured profile.

    On the machine that measured the profile, outcomes are equal to those in the profile.
    """

    def __init__(
        self, dataset: ImageFolder, codec: ImageCodec, classifier: Recogniser, profile: OperatingPointProfile
    ) -> None:
        """Pair a profile with the data set, codec and classifier that it was measured with.

        Raises:
            ProfileError: the profile is of another codec, version, setting or classifier, or of images not in
                ``dataset``. The importance network may differ: profiles are measured with cross-fitted ones.
            DataSetError: the classifier does not know the classes of its images.
        """
        expected = {"codec": codec.name, "codec_version": codec.version, "model": classifier.name}
        for key, value in expected.items():
            if profile.metadata.get(key) != value:
                raise ProfileError(f"profile {profile.name!r} has {key} {profile.metadata.get(key)!r}, not {value!r}")
        _check_settings(codec, profile)
        items = {item.content_id: item for item in dataset.items}
        missing = [content_id for content_id in profile.content_ids if content_id not in items]
        if missing:
            raise ProfileError(
                f"{len(missing)} contents of profile {profile.name!r} are not in data set {dataset.name!r}, "
                f"the first is {missing[0]!r}"
            )
        self._items = [items[content_id] for content_id in profile.content_ids]
        self._targets = targets(classifier, (item.label for item in self._items))
        self._dataset, self._codec, self._classifier, self._profile = dataset, codec, classifier, profile

    def outcomes(self, content: NDArray[np.integer], point: NDArray[np.integer]) -> tuple[FloatArray, BoolArray]:
        """Send contents (M,) at operating points (M,): bytes (M,) and whether each answer is right (M,).

        Raises:
            UnreadableImageError: an image has become unreadable since the profile was measured.
        """
        found = [self._outcome(int(j), int(k)) for j, k in zip(content, point, strict=True)]
        return np.array([size for size, _ in found], np.float64), np.array([right for _, right in found], np.bool_)

    def _outcome(self, content: int, point: int) -> tuple[int, bool]:
        item = self._items[content]
        image = self._classifier.crop(self._dataset.load(item))
        importance = self._codec.analyse(image)
        level = float(self._profile.parameter[point])
        size, _, found = send(image, self._targets[content], importance, level, self._codec, self._classifier)
        return size, found.correct
