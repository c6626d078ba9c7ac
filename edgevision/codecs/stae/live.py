"""STAE in the loop of ``EdgeVision/Video-v0``: live outcomes, and pictures of what is kept."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from edgevision.codecs.stae.bitstream import Coding
from edgevision.codecs.stae.codec import StaeCodec
from edgevision.codecs.video.clips import ByteClip, ClipSource, LabelledClip
from edgevision.envs.video_grid import VideoPoint, video_point

_CACHED = 64  # clips kept in memory


class LiveStae:
    """Runs codec and classifier on a profile's clips; for ``codec=`` with ``accuracy="live"``, and ``pictures=``."""

    def __init__(self, source: ClipSource, content_ids: Sequence[str], codec: StaeCodec) -> None:
        """Couple a profile's contents to the clips that they name.

        Args:
            source: where the clips are.
            content_ids: of the profile.
            codec: networks and entropy coder.

        Raises:
            ValueError: the source lacks a clip.
        """
        items: Mapping[str, LabelledClip] = {item.content_id: item for item in source.items}
        missing = [name for name in content_ids if name not in items]
        if missing:
            raise ValueError(f"{source.name} has no clip {missing[0]!r}; the profile was measured on other clips")
        self._items = [items[name] for name in content_ids]
        self._codec = codec
        config = codec.models.config
        self._load = functools.lru_cache(_CACHED)(
            lambda content: source.load(self._items[content], frames=config.frames, size=config.vit.size)
        )

    def outcomes(
        self, content: NDArray[np.int64], point: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Bytes sent and whether the answer was right, (M,) each, for (M,) contents and operating points."""
        pairs = zip(content.tolist(), point.tolist(), strict=True)
        results = [self._one(index, video_point(number)) for index, number in pairs]
        return np.array([size for size, _ in results], np.float64), np.array([right for _, right in results], np.bool_)

    def picture(self, content: int, point: int) -> NDArray[np.uint8]:
        """The kept frames side by side, grey where nothing was sent, (H, a W, 3)."""
        budget, clip = video_point(point), self._load(content)
        selection = self._codec.select(clip, budget.frames, 1.0 if budget.mode == "local" else budget.pixels)
        kept = np.where(selection.mask[..., None], clip[selection.frames], np.uint8(128))
        return np.concatenate(list(kept), axis=1)

    def _one(self, content: int, budget: VideoPoint) -> tuple[int, bool]:
        clip: ByteClip = self._load(content)
        local = budget.mode == "local"
        coding = Coding.plain if budget.mode == "plain" else self._codec.coding
        data = self._codec.encode(clip, frames=budget.frames, pixels=1.0 if local else budget.pixels, coding=coding)
        right = bool(self._codec.scores(data).argmax() == self._items[content].class_index)
        return 0 if local else len(data), right
