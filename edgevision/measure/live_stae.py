"""STAE run live in ``EdgeVision/Video-v0``: outcomes, and pictures of what is kept of a clip."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, ByteClip, FloatArray, IntArray
from edgevision.codecs.stae.bitstream import CRF, Coding
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.data.clips import ClipSource, LabelledClip
from edgevision.errors import ProfileError
from edgevision.profiles.profile import OperatingPointProfile
from edgevision.profiles.video_grid import VideoCoder, VideoPoint, video_point

_CACHED = 64  # clips kept in memory
_RECOVERS = {"stae": True, "fa-sa": False}  # whether features are recovered, by the profile's codec
_CODINGS = ("huffman", "range", *get_args(VideoCoder))  # what a profile's mode ``entropy`` can stand for


class LiveStae:
    """Runs codec and classifier on a profile's clips.

    An instance serves as the argument ``outcomes`` (with ``accuracy="live"``) or ``pictures`` of the environment.
    """

    @classmethod
    def for_profile(cls, source: ClipSource, profile: OperatingPointProfile, models: StaeModels) -> LiveStae:
        """Build the codec that a profile was measured with: its entropy coding, with or without feature recovery.

        Args:
            source: where the profile's clips are.
            profile: made by ``measure_video_profile``.
            models: the networks.

        Raises:
            ProfileError: the profile is of another codec, the source lacks a clip, or the networks know other classes.
        """
        codec, coding = str(profile.metadata.get("codec")), str(profile.metadata.get("coding"))
        if codec not in _RECOVERS or coding not in _CODINGS:
            raise ProfileError(
                f"profile {profile.name!r} was not measured of STAE (codec {codec!r}, coding {coding!r})"
            )
        return cls(source, profile.content_ids, StaeCodec(models, Coding[coding]), recover=_RECOVERS[codec])

    def __init__(
        self, source: ClipSource, content_ids: Sequence[str], codec: StaeCodec, *, recover: bool = True
    ) -> None:
        """Pair a profile's contents with the clips of the same names.

        Args:
            source: where the clips are.
            content_ids: the profile's.
            codec: networks and coding.
            recover: whether the edge recovers pixels that were not sent (``stae``) or does not (``fa-sa``).

        Raises:
            ProfileError: the source lacks a clip, or the networks know other classes.
        """
        if codec.models.classes != tuple(source.classes):
            known, wanted = ", ".join(codec.models.classes), ", ".join(source.classes)
            raise ProfileError(f"the weights know other classes ({known}) than {source.name} ({wanted})")
        items: Mapping[str, LabelledClip] = {item.content_id: item for item in source.items}
        missing = [name for name in content_ids if name not in items]
        if missing:
            raise ProfileError(f"{source.name} has no clip {missing[0]!r}; the profile was measured on other clips")
        self._items = [items[name] for name in content_ids]
        self._codec, self._recover = codec, recover
        self._coder = next((coder for coder in get_args(VideoCoder) if coder == codec.coding.name), None)
        config = codec.models.config
        self._load = functools.lru_cache(_CACHED)(
            lambda content: source.load(self._items[content], frames=config.frames, size=config.vit.size)
        )

    def outcomes(self, content: IntArray, point: IntArray) -> tuple[FloatArray, BoolArray]:
        """Bytes sent (M,) and whether each answer is right (M,), for contents (M,) at operating points (M,)."""
        pairs = zip(content.tolist(), point.tolist(), strict=True)
        results = [self._one(index, video_point(number, self._coder)) for index, number in pairs]
        return np.array([size for size, _ in results], np.float64), np.array([right for _, right in results], np.bool_)

    def picture(self, content: int, point: int) -> NDArray[np.uint8]:
        """The kept frames as the edge gets them, side by side, grey where nothing was sent, (H, a W, 3)."""
        budget, clip = video_point(point, self._coder), self._load(content)
        if budget.crf is not None:
            return np.concatenate(list(self._codec.decode(self._sent(clip, budget))[0]), axis=1)
        selection = self._codec.select(clip, budget.frames, 1.0 if budget.mode == "local" else budget.pixels)
        kept = np.where(selection.mask[..., None], clip[selection.frames], np.uint8(128))
        return np.concatenate(list(kept), axis=1)

    def _one(self, content: int, budget: VideoPoint) -> tuple[int, bool]:
        data = self._sent(self._load(content), budget)
        right = bool(self._codec.scores(data, recover=self._recover).argmax() == self._items[content].class_index)
        return 0 if budget.mode == "local" else len(data), right

    def _sent(self, clip: ByteClip, budget: VideoPoint) -> bytes:
        """The bitstream of a clip; for ``local``, that of the frames which the device classifies."""
        exact = budget.mode in ("plain", "local")
        pixels = 1.0 if budget.mode == "local" else budget.pixels
        coding, crf = Coding.plain if exact else self._codec.coding, budget.crf or CRF
        return self._codec.encode(clip, frames=budget.frames, pixels=pixels, coding=coding, crf=crf)
