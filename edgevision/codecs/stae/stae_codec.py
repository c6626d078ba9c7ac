"""The STAE codec: encodes a clip under a budget (alpha, beta) on the device; decodes and classifies it at the edge."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from edgevision.arrays import BoolArray, ByteClip, Float32Array
from edgevision.codecs.stae.bitstream import CRF, Coding, Received, pack, unpack
from edgevision.codecs.stae.selection import Selection
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import normalise
from edgevision.data.clips import check_clip
from edgevision.data.video_decoding import fit_clip
from edgevision.errors import CodecInputError


class StaeCodec:
    """Encoder and decoder for a set of trained models.

    The diagram shows the device above the line and the edge below it, with the module of each function and class::

        clip, of any length and size
          |
          v
        +----------------------------------------------+
        | fit_clip               [data/video_decoding] |
        +----------------------------------------------+
          | X: F small square frames
          v
        +----------------------------------------------+
        | FrameAttention, select_frames    [attention] |  <-- alpha
        +----------------------------------------------+
          | X': alpha frames
          v
        +----------------------------------------------+
        | SpatialAttention, select_pixels  [attention] |  <-- beta
        +----------------------------------------------+
          | which frames and pixels: a Selection
          v
        +----------------------------------------------+
        | pack                   [bitstream/container] |  <-- coding
        +----------------------------------------------+
          | bytes
        --|---------------------------------------------
          v
        +----------------------------------------------+
        | unpack                 [bitstream/container] |
        +----------------------------------------------+
          | frames, zero where nothing was sent, and mask
          v
        +----------------------------------------------+
        | interpolate                  [interpolation] |
        | FeatureRecovery           [feature_recovery] |
        +----------------------------------------------+
          | whole frames
          v
        +----------------------------------------------+
        | VideoVit                               [vit] |
        +----------------------------------------------+
          |
          v
        class scores

    Attributes:
        models: the networks.
        coding: of values and mask.
    """

    name = "stae"
    version = "1"

    def __init__(self, models: StaeModels, coding: Coding = Coding.range) -> None:
        self.models = models.eval()
        self.coding = coding

    def fit(self, clip: ByteClip) -> ByteClip:
        """Convert a clip of any length and size to the networks' input: F frames sampled in time, resized to squares.

        Raises:
            CodecInputError: not an (F, H, W, 3) uint8 clip.
        """
        config = self.models.config
        return fit_clip(clip, config.frames, config.vit.size)

    @torch.inference_mode()
    def select(self, clip: ByteClip, frames: int, pixels: float) -> Selection:
        """Frames and pixels that attention keeps of a clip.

        Args:
            clip: (F, H, W, 3) uint8, as ``fit`` returns it.
            frames: alpha.
            pixels: beta, in (0, 1].

        Raises:
            CodecInputError: the clip has another shape, or the models were not trained for the budget.
        """
        self._check(clip, frames, pixels)
        model = self.models.model(frames, pixels)
        tensor = normalise(torch.from_numpy(np.ascontiguousarray(clip)))[None]
        kept, index = model.keep_frames(tensor, frames)
        mask = model.pixel_mask(kept, pixels)
        return Selection(index[0].numpy(), mask[0, :, 0].bool().numpy(), len(clip))

    def encode(
        self, clip: ByteClip, *, frames: int, pixels: float = 1.0, coding: Coding | None = None, crf: float = CRF
    ) -> bytes:
        """Encode a clip.

        Args:
            clip: (F, H, W, 3) uint8 of any length and size; ``fit`` is applied first.
            frames: alpha.
            pixels: beta, in (0, 1]; 1 for ``h264`` and ``h265``, which code whole frames.
            coding: how to code values; ``None`` for the codec's own.
            crf: quality of ``h264`` and ``h265``, 0 (best) to 51.

        Raises:
            CodecInputError: not such a clip, the models were not trained for the budget, or a setting does not fit the
                coding.
        """
        clip = self.fit(clip)
        return pack(clip, self.select(clip, frames, pixels), self.coding if coding is None else coding, crf=crf)

    def decode(self, data: bytes) -> tuple[ByteClip, BoolArray]:
        """The kept frames (a, H, W, 3) uint8, zero where no pixel was sent, and the mask (a, H, W) bool.

        Pixels are exact, except those from ``h264`` and ``h265``.

        Raises:
            BitstreamError: the bytes are damaged.
        """
        received = self._unpack(data)
        return received.clip, received.mask

    def recover(self, data: bytes) -> ByteClip:
        """The kept frames, completed by feature recovery, (a, H, W, 3) uint8.

        The values are rounded and clamped here; the classifier reads the network's output as floats.

        Raises:
            BitstreamError: the bytes are damaged.
            CodecInputError: the models were not trained for the size of the frames or the budget.
        """
        restored = self._restore(self._unpack(data))[0]
        return ((restored.movedim(1, -1) + 1) * 127.5).round().clamp(0, 255).byte().numpy()

    def scores(self, data: bytes, *, recover: bool = True) -> Float32Array:
        """Class scores (C,) from a bitstream, by ViT_STAE or, without ``recover``, by ViT_FA+SA.

        Raises:
            BitstreamError: the bytes are damaged.
            CodecInputError: the models were not trained for the size of the frames or the budget.
        """
        return self.classify(self._unpack(data), recover=recover)

    @torch.inference_mode()
    def classify(self, received: Received, *, recover: bool = True) -> Float32Array:
        """Class scores (C,) from an unpacked bitstream; see ``scores``."""
        scores: Float32Array = self.models.base.vit(self._restore(received, recover))[0].numpy()
        return scores

    def _unpack(self, data: bytes) -> Received:
        """Unpack a bitstream; one that states more pixels than a clip of the networks has is refused."""
        config = self.models.config
        return unpack(data, max_pixels=config.frames * config.vit.size**2)

    @torch.inference_mode()
    def _restore(self, received: Received, recover: bool = True) -> Tensor:
        """Frames for the classifier, (1, a, 3, H, W).

        Raises:
            CodecInputError: the models were not trained for the size of the frames or the budget.
        """
        if received.clip.shape[1:3] != 2 * (size := self.models.config.vit.size,):
            height, width = received.clip.shape[1:3]
            raise CodecInputError(f"frames of {height} x {width} pixels; the classifier was trained on {size} x {size}")
        mask = torch.from_numpy(received.mask)[None, :, None].float()
        frames = normalise(torch.from_numpy(received.clip))[None] * mask
        if received.mask.all() or not recover:
            return frames
        count, share = len(received.frames), float(received.mask[0].mean())
        return self.models.model(count, self._nearest(count, share)).restore(frames, mask, recover=True)

    def _nearest(self, frames: int, share: float) -> float:
        """The trained pixel budget nearest to the share of pixels received, for this number of frames.

        Raises:
            CodecInputError: no model was trained for this number of frames.
        """
        budgets = [pixels for pixels in self.models.pixel_budgets if self.models.trained(frames, pixels)]
        if not budgets:
            raise CodecInputError(
                f"no model was trained for frames={frames}, pixels={share:.2g}; train it or send another"
            )
        return min(budgets, key=lambda budget: abs(budget - round(share, 2)))

    def _check(self, clip: ByteClip, frames: int, pixels: float) -> None:
        check_clip(clip)
        length, size = self.models.config.frames, self.models.config.vit.size
        if clip.shape[:3] != (length, size, size):
            raise CodecInputError(
                f"clip must be ({length}, {size}, {size}, 3) as in training, got {clip.shape}; see fit"
            )
        if not 1 <= frames <= len(clip):
            raise CodecInputError(f"frames must be in 1..{len(clip)}, got {frames}")
        if not 0 < pixels <= 1:
            raise CodecInputError(f"pixels must be in (0, 1], got {pixels!r}")
        if not self.models.trained(frames, pixels):
            raise CodecInputError(
                f"no model was trained for frames={frames}, pixels={pixels:g}; train it or choose another"
            )
