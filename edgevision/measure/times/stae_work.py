"""The operations of STAE: the terms of eq. 3, for some clips and all budgets."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from edgevision.arrays import ByteClip, FloatArray
from edgevision.codecs.stae.bitstream import pack, unpack
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import normalise
from edgevision.measure.times.clean_timing import Operation

#: Names of the parts: the terms of eq. 3.
PARTS = ("t_fa", "t_sa", "t_ee", "t_ed", "t_fr", "t_vit")
#: How many clips are timed, the first of a data set.
TIMED_CLIPS = 4


class StaeWork:
    """STAE's operations, see ``TimedWork``; parts are named by ``PARTS``, (A, B) each.

    As in tables I and II, t_FA is 0 where all frames are kept, and t_SA and t_FR are 0 where all pixels are kept.

    Attributes:
        contents: number of clips.
    """

    def __init__(
        self, codec: StaeCodec, clips: Sequence[ByteClip], frames: Sequence[int], pixels: Sequence[float]
    ) -> None:
        """Take the networks of a codec as they are.

        Args:
            codec: networks and entropy coder to time.
            clips: some clips, (F, H, W, 3) uint8.
            frames: the A frame budgets.
            pixels: the B pixel budgets.
        """
        self.contents = len(clips)
        self._codec, self._clips, self._frames, self._pixels = codec, clips, frames, pixels

    @torch.inference_mode()
    def operations(self, content: int) -> Mapping[Hashable, Operation]:
        """See ``TimedWork``."""
        codec, clip = self._codec, self._clips[content]
        tensor = as_input(clip)
        found = shared_operations(codec.models, tensor, self._frames)
        for alpha in self._frames:
            kept, _ = codec.models.base.keep_frames(tensor, alpha)
            for beta in self._pixels:
                selection = codec.select(clip, alpha, beta)
                encode = functools.partial(pack, clip, selection, codec.coding)
                decode = functools.partial(unpack, encode(), max_pixels=clip.size // 3)
                found[self, "t_ee", alpha, beta] = Operation(encode, varies=True)
                found[self, "t_ed", alpha, beta] = Operation(decode, varies=True)
                if beta < 1:
                    model = codec.models.model(alpha, beta).eval()
                    mask = model.pixel_mask(kept, beta)
                    select = functools.partial(model.pixel_mask, kept, beta)
                    restore = functools.partial(model.restore, kept * mask, mask, recover=True)
                    found[self, "t_sa", alpha, beta] = Operation(select, varies=False)
                    found[self, "t_fr", alpha, beta] = Operation(restore, varies=False)
        return found

    def parts(self, seconds: Mapping[Hashable, float]) -> dict[str, FloatArray]:
        """See ``TimedWork``."""
        return part_tables(self, self._codec.models, seconds, self._frames, self._pixels)


def as_input(clip: ByteClip) -> Tensor:
    """A clip (F, H, W, 3) as the networks' input (1, F, 3, H, W)."""
    return normalise(torch.from_numpy(np.ascontiguousarray(clip)))[None]


def shared_operations(models: StaeModels, tensor: Tensor, frames: Sequence[int]) -> dict[Hashable, Operation]:
    """FA and ViT under each frame budget, which all codecs on the same models have in common.

    Args:
        models: hold FA and ViT.
        tensor: a normalised clip (1, F, 3, H, W).
        frames: the frame budgets.
    """
    base = models.base.eval()
    found: dict[Hashable, Operation] = {}
    for alpha in frames:
        classify = functools.partial(base.vit, base.keep_frames(tensor, alpha)[0])
        found[models, "t_vit", alpha] = Operation(classify, varies=False)
        if alpha < tensor.shape[1]:
            keep = functools.partial(base.keep_frames, tensor, alpha)
            found[models, "t_fa", alpha] = Operation(keep, varies=False)
    return found


def part_tables(
    work: Hashable,
    models: StaeModels,
    seconds: Mapping[Hashable, float],
    frames: Sequence[int],
    pixels: Sequence[float],
) -> dict[str, FloatArray]:
    """The parts of eq. 3, (A, B) each [s], from times by ``(work or models, part, alpha[, beta])``; else 0."""

    def table(part: str) -> FloatArray:
        times = [[seconds.get((models, part, a), seconds.get((work, part, a, b), 0.0)) for b in pixels] for a in frames]
        return np.array(times)

    return {part: table(part) for part in PARTS}
