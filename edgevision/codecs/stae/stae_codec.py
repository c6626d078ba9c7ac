"""The STAE codec: a clip to bytes under a budget (alpha, beta) on the device, and back to an answer at the edge."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from edgevision.arrays import BoolArray, ByteClip, Float32Array
from edgevision.codecs.stae.bitstream import Coding, Received, pack, unpack
from edgevision.codecs.stae.selection import Selection
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import normalise
from edgevision.data.clips import check_clip
from edgevision.data.video_decoding import fit_clip


class StaeCodec:
    """Encoder and decoder around a set of trained models.

    Device, above the line, and edge; functions and classes stand with their modules::

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
        | FeatureRecovery                   [recovery] |
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
        coding: how values and mask are coded.
    """

    name = "stae"
    version = "1"

    def __init__(self, models: StaeModels, coding: Coding = Coding.range) -> None:
        self.models = models.eval()
        self.coding = coding

    def fit(self, clip: ByteClip) -> ByteClip:
        """A clip of any length and size as the networks take it: frames sampled in time, each made a small square.

        Raises:
            ValueError: not an (F, H, W, 3) uint8 clip.
        """
        config = self.models.config
        return fit_clip(clip, config.frames, config.vit.size)

    @torch.inference_mode()
    def select(self, clip: ByteClip, frames: int, pixels: float) -> Selection:
        """What attention keeps of a clip.

        Args:
            clip: (F, H, W, 3) uint8, as ``fit`` returns it.
            frames: alpha.
            pixels: beta, in (0, 1].

        Raises:
            ValueError: not such a clip, or a budget that the models were not trained for.
        """
        self._check(clip, frames, pixels)
        model = self.models.model(frames, pixels)
        tensor = normalise(torch.from_numpy(np.ascontiguousarray(clip)))[None]
        kept, index = model.keep_frames(tensor, frames)
        mask = model.pixel_mask(kept, pixels)
        return Selection(index[0].numpy(), mask[0, :, 0].bool().numpy(), len(clip))

    def encode(self, clip: ByteClip, *, frames: int, pixels: float, coding: Coding | None = None) -> bytes:
        """Encode a clip.

        Args:
            clip: (F, H, W, 3) uint8 of any length and size; what is sent is of ``fit(clip)``.
            frames: alpha.
            pixels: beta.
            coding: other than the codec's own.

        Raises:
            ValueError: as ``select``.
        """
        clip = self.fit(clip)
        return pack(clip, self.select(clip, frames, pixels), self.coding if coding is None else coding)

    def decode(self, data: bytes) -> tuple[ByteClip, BoolArray]:
        """The kept frames, zero where nothing was sent, (a, H, W, 3) uint8, and the mask (a, H, W).

        Raises:
            BitstreamError: the bytes are damaged.
        """
        received = self._unpack(data)
        return received.clip, received.mask

    def recover(self, data: bytes) -> ByteClip:
        """The kept frames as feature recovery completes them, (a, H, W, 3) uint8.

        These are rounded and clamped; the classifier gets what the network puts out, as floats.

        Raises:
            BitstreamError: the bytes are damaged.
            ValueError: size or budget are none that the models were trained for.
        """
        restored = self._restore(self._unpack(data))[0]
        return ((restored.movedim(1, -1) + 1) * 127.5).round().clamp(0, 255).byte().numpy()

    def scores(self, data: bytes, *, recover: bool = True) -> Float32Array:
        """Class scores (C,) from a bitstream, by ViT_STAE or, without ``recover``, ViT_FA+SA.

        Raises:
            BitstreamError, ValueError: as ``recover``.
        """
        return self.classify(self._unpack(data), recover=recover)

    @torch.inference_mode()
    def classify(self, received: Received, *, recover: bool = True) -> Float32Array:
        """``scores`` of what ``unpack`` returned."""
        scores: Float32Array = self.models.base.vit(self._restore(received, recover))[0].numpy()
        return scores

    def _unpack(self, data: bytes) -> Received:
        """No more pixels than the networks' clips have."""
        config = self.models.config
        return unpack(data, max_pixels=config.frames * config.vit.size**2)

    @torch.inference_mode()
    def _restore(self, received: Received, recover: bool = True) -> Tensor:
        """Frames for the classifier, (1, a, 3, H, W).

        Raises:
            ValueError: size or budget are none that the models were trained for.
        """
        if received.clip.shape[1:3] != 2 * (size := self.models.config.vit.size,):
            height, width = received.clip.shape[1:3]
            raise ValueError(f"frames of {height} x {width} pixels; the classifier was trained on {size} x {size}")
        mask = torch.from_numpy(received.mask)[None, :, None].float()
        frames = normalise(torch.from_numpy(received.clip))[None] * mask
        if received.mask.all() or not recover:
            return frames
        count, share = len(received.frames), float(received.mask[0].mean())
        return self.models.model(count, self._nearest(count, share)).restore(frames, mask, recover=True)

    def _nearest(self, frames: int, share: float) -> float:
        """The trained pixel budget that a received share of the pixels of that many frames belongs to."""
        budgets = [pixels for pixels in self.models.pixel_budgets if self.models.trained(frames, pixels)]
        if not budgets:
            raise ValueError(f"no model was trained for frames={frames}, pixels={share:.2g}; train it or send another")
        return min(budgets, key=lambda budget: abs(budget - round(share, 2)))

    def _check(self, clip: ByteClip, frames: int, pixels: float) -> None:
        check_clip(clip)
        length, size = self.models.config.frames, self.models.config.vit.size
        if clip.shape[:3] != (length, size, size):
            raise ValueError(f"clip must be ({length}, {size}, {size}, 3) as in training, got {clip.shape}; see fit")
        if not 1 <= frames <= len(clip):
            raise ValueError(f"frames must be in 1..{len(clip)}, got {frames}")
        if not 0 < pixels <= 1:
            raise ValueError(f"pixels must be in (0, 1], got {pixels!r}")
        if not self.models.trained(frames, pixels):
            raise ValueError(f"no model was trained for frames={frames}, pixels={pixels:g}; train it or choose another")
