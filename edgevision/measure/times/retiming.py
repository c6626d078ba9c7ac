"""Timing the codecs and classifiers of finished profiles again; bytes and answers stay as they are.

Any pictures of the classifier's input size, and any clips, will do. Times of networks do not depend on their weights,
so one set of weights serves for the profiles that were measured with several, in folds.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, get_args

from edgevision import codecs, provenance
from edgevision.arrays import ByteClip
from edgevision.codecs.base import ImageCodec, settings_as_json
from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.stae.bitstream import Coding
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.data.clips import ClipSource
from edgevision.data.images import ImageFolder
from edgevision.errors import ClipError, ProfileError, UnreadableClipError
from edgevision.measure.clip_coding import clip_work
from edgevision.measure.times import stae_work
from edgevision.measure.times.clean_timing import Sides, TimedWork, time_interleaved
from edgevision.measure.times.deepisc_times import DeepIscWork
from edgevision.measure.times.image_times import ImageWork, Labelled, image_sides, pictures_to_time
from edgevision.measure.video_assembly import EntropyCoding, video_sides
from edgevision.profiles.profile import OperatingPointProfile
from edgevision.profiles.video_grid import AXES, FRAMES, GRID, PIXELS, VideoCoder
from edgevision.progress import Progress
from edgevision.vision.classifiers import Classifier, load_classifier

_VIDEO_CODECS = ("stae", "fa-sa", "deepisc")
_OUTDATED = ("cpu", "threads")  # entries of older files, on the machine that measured the old times


@dataclass(frozen=True, eq=False)
class Material:
    """What to time with.

    Attributes:
        pictures: returns some pictures; called if a profile is of pictures.
        clips: returns some clips for a profile's data set, given its name.
        stae: returns STAE's networks.
        deepisc: returns DeepISC's networks.
    """

    pictures: Callable[[], ImageFolder]
    clips: Callable[[str], ClipSource]
    stae: Callable[[], StaeModels]
    deepisc: Callable[[], DeepIscModels]


def retime(
    profiles: Sequence[OperatingPointProfile],
    material: Material,
    command: str,
    progress: Progress = lambda done, total: None,
) -> list[OperatingPointProfile]:
    """The same profiles with new times, all measured in one run.

    Args:
        profiles: measured profiles of pictures or clips.
        material: what to time with.
        command: the command that does this again, for the metadata.
        progress: called with contents done and all of them.

    Raises:
        ProfileError: a profile does not say what was measured, or it cannot be made again.
        EdgeVisionError: another one, if pictures, clips, a codec, a classifier or weights are missing.
    """
    workshop = _Workshop(material)
    tasks = [workshop.task(profile) for profile in profiles]
    works = list(dict.fromkeys(task.work for task in tasks))
    times = dict(zip(works, time_interleaved(works, progress), strict=True))
    made = []
    for profile, task in zip(profiles, tasks, strict=True):
        found = times[task.work]
        device, edge = task.sides(found.parts)
        about = found.metadata(task.sides)
        about["times"] |= {**task.about, "command": command}
        kept = {key: value for key, value in profile.metadata.items() if key not in _OUTDATED}
        made.append(dataclasses.replace(profile, device_time=device, edge_time=edge, metadata={**kept, **about}))
    return made


class _Task(NamedTuple):
    """What to time for a profile, how its points take their times from the parts, and what to note about it."""

    work: TimedWork
    sides: Sides
    about: dict[str, Any]


class _Workshop:
    """Makes what profiles were measured with; what several profiles share is made once, and so timed once."""

    def __init__(self, material: Material) -> None:
        self._images = functools.cache(material.pictures)
        self._source = functools.cache(material.clips)
        self._stae = functools.cache(material.stae)
        self._deepisc = functools.cache(material.deepisc)
        self._classifier = functools.cache(load_classifier)
        self._crops = functools.cache(self._make_crops)
        self._clips = functools.cache(self._load_clips)
        self._stae_work = functools.cache(self._make_stae_work)
        self._deepisc_work = functools.cache(self._make_deepisc_work)

    def task(self, profile: OperatingPointProfile) -> _Task:
        """The task of a profile."""
        codec = profile.metadata.get("codec")
        if (profile.grid, profile.axis_names) == (GRID, AXES) and codec in _VIDEO_CODECS:
            return self._video_task(profile, codec)
        if codec in codecs.names() and isinstance(profile.metadata.get("model"), str):
            return self._image_task(profile)
        raise ProfileError(
            f"profile {profile.name!r} does not say which codec and classifier it was measured with, so that they "
            "cannot be timed again"
        )

    def _image_task(self, profile: OperatingPointProfile) -> _Task:
        classifier = self._classifier(profile.metadata["model"])
        work = ImageWork(self._crops(classifier), _codec_of(profile), classifier, profile.parameter.tolist())
        return _Task(work, image_sides, {"data_set": self._images().name})

    def _video_task(self, profile: OperatingPointProfile, codec: str) -> _Task:
        models, data_set = self._stae(), str(profile.metadata.get("data_set"))
        noted = profile.metadata.get("networks") if codec != "deepisc" else None
        ours = json.loads(json.dumps(models.config.as_json()))
        same = isinstance(noted, dict) and noted | {"classes": 0} == ours | {"classes": 0}
        if noted is not None and not same:
            raise ProfileError(
                f"profile {profile.name!r} is of other networks than the weights; give theirs (--weights)"
            )
        about = {"data_set": self._source(data_set).name, "weights_sha256": models.origin.get("sha256")}
        if codec == "deepisc":
            about["deepisc_weights_digest"] = provenance.digest({}, [self._deepisc()])
            return _Task(self._deepisc_work(data_set), video_sides(recovered=True), about)
        coding = profile.metadata.get("coding")
        if coding not in get_args(EntropyCoding) + get_args(VideoCoder):
            raise ProfileError(f"profile {profile.name!r} does not say which coder it was measured with")
        work = self._stae_work(data_set, coding)
        return _Task(work, video_sides(recovered=codec == "stae"), about)

    def _make_crops(self, classifier: Classifier) -> list[Labelled]:
        return pictures_to_time(self._images(), self._images().items, classifier)

    def _load_clips(self, data_set: str) -> list[ByteClip]:
        source, config = self._source(data_set), self._stae().config
        clips: list[ByteClip] = []
        for item in source.items:
            with contextlib.suppress(UnreadableClipError):
                clips.append(source.load(item, frames=config.frames, size=config.vit.size))
            if len(clips) == stae_work.TIMED_CLIPS:
                break
        if not clips:
            raise ClipError(f"no clip of {source.name} can be read, so nothing can be timed")
        return clips

    def _make_stae_work(self, data_set: str, coding: str) -> TimedWork:
        codec = StaeCodec(self._stae(), Coding[coding])
        return clip_work(codec, self._clips(data_set), video=coding in get_args(VideoCoder))

    def _make_deepisc_work(self, data_set: str) -> DeepIscWork:
        return DeepIscWork(self._stae(), self._deepisc(), self._clips(data_set), FRAMES, PIXELS)


def _codec_of(profile: OperatingPointProfile) -> ImageCodec:
    """The codec of an image profile, with the importance network that is shipped: all weights take equally long.

    Raises:
        ProfileError: it had another version, or settings or an importance map that are not at hand.
    """
    name, noted = profile.metadata["codec"], profile.metadata.get("codec_settings", {})
    error = ProfileError(f"profile {profile.name!r}: its codec {name} had a version or settings that are not at hand")
    if not isinstance(noted, dict):
        raise error
    fields = [key for key in vars(codecs.make(name)) if key in noted and key != "importance"]
    try:
        made = codecs.make(name, **{key: _hashable(noted[key]) for key in fields})
    except (TypeError, ValueError):
        raise error from None
    known = settings_as_json(made)
    theta = str(noted.get("importance", "theta")).startswith("theta")
    same = {**noted, "importance": None} == {**known, "importance": None}
    if not (theta and same and profile.metadata.get("codec_version") == made.version):
        raise error
    return made


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
