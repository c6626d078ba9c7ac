"""DeepISC behind STAE's frame attention, followed by the classifier, as a ``VideoSender``."""

from __future__ import annotations

import numpy as np
import torch

from edgevision.arrays import ByteClip, Float32Array, IntArray
from edgevision.codecs.deepisc import deepisc_bitstream as bitstream
from edgevision.codecs.deepisc import deepisc_codec as codec
from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import normalise
from edgevision.measure.video_outcomes import Sent, first_order_entropy


class DeepIscSender:
    """Sends clips with DeepISC behind STAE's frame attention.

    Attributes:
        base: holds FA and ViT.
        networks: DeepISC of each budget.
    """

    def __init__(self, base: StaeModels, networks: DeepIscModels) -> None:
        self.base, self.networks = base.eval(), networks.eval()
        self._attention = StaeCodec(base)

    def send(self, clip: ByteClip, class_index: int, frames: int, pixels: float) -> Sent:
        """See ``VideoSender``; ``plain`` counts one byte per latent value in place of the Huffman code."""
        network = self.networks.network(frames, pixels)
        header, parts = codec.analyse(network, clip, self.kept(clip, frames), pixels)
        data = bitstream.pack(header, parts, network.config)
        restored = codec.decode(network, data).clip
        uncoded = parts.segments.nbytes + parts.residual.nbytes
        head = len(data) - len(bitstream.latent_section(parts, network.config)) - uncoded
        right = bool(self.scores(restored).argmax() == class_index)
        return Sent(
            plain=head + parts.latent.nbytes + uncoded,
            huffman=len(data),
            range=len(data),
            header=head,
            mask=0,
            entropy=first_order_entropy(parts.latent.view(np.uint8)),
            right=right,
            right_unrecovered=right,
        )

    def kept(self, clip: ByteClip, frames: int) -> IntArray:
        """Indices of the frames that FA keeps, (alpha,)."""
        return self._attention.select(clip, frames, 1.0).frames

    @torch.inference_mode()
    def scores(self, restored: ByteClip) -> Float32Array:
        """Class scores (C,) of restored frames (a, H, W, 3)."""
        scores: Float32Array = self.base.base.vit(normalise(torch.from_numpy(restored))[None])[0].numpy()
        return scores
