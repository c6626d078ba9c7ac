"""The operations of STAE where the kept frames go through a video codec: the terms of eq. 3 without t_SA and t_FR."""

from __future__ import annotations

import functools
import time
from collections.abc import Hashable, Mapping, Sequence

import torch

from edgevision.arrays import ByteClip, FloatArray
from edgevision.codecs.stae.bitstream import pack, unpack
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.measure.times.clean_timing import Operation
from edgevision.measure.times.stae_work import as_input, part_tables, shared_operations


class MotionWork:
    """Frame attention, encoder, decoder and classifier, see ``TimedWork``; the parts are those of ``StaeWork``.

    Attributes:
        contents: number of clips.
    """

    def __init__(
        self, codec: StaeCodec, clips: Sequence[ByteClip], frames: Sequence[int], crfs: Sequence[float]
    ) -> None:
        """Take the networks of a codec as they are.

        Args:
            codec: networks, with the coding ``h264`` or ``h265``.
            clips: some clips, (F, H, W, 3) uint8.
            frames: the A frame budgets.
            crfs: the B qualities.
        """
        self.contents = len(clips)
        self._codec, self._clips, self._frames, self._crfs = codec, clips, frames, crfs

    @torch.inference_mode()
    def operations(self, content: int) -> Mapping[Hashable, Operation]:
        """See ``TimedWork``."""
        codec, clip = self._codec, self._clips[content]
        found = shared_operations(codec.models, as_input(clip), self._frames)
        for alpha in self._frames:
            selection = codec.select(clip, alpha, 1.0)
            for crf in self._crfs:
                encode = functools.partial(pack, clip, selection, codec.coding, crf=crf)
                decode = functools.partial(unpack, encode(), max_pixels=clip.size // 3)
                # libx265 encodes in a thread of its own, which the clock of the calling thread does not see.
                found[self, "t_ee", alpha, crf] = Operation(encode, varies=True, clock=time.process_time)
                found[self, "t_ed", alpha, crf] = Operation(decode, varies=True)
        return found

    def parts(self, seconds: Mapping[Hashable, float]) -> dict[str, FloatArray]:
        """See ``TimedWork``."""
        return part_tables(self, self._codec.models, seconds, self._frames, self._crfs)
