"""The frames that STAE keeps, sent whole, as a ``VideoSender``."""

from __future__ import annotations

from edgevision.arrays import ByteClip
from edgevision.codecs.stae.bitstream import Coding, inspect, pack, unpack
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.measure.video_outcomes import Sent, first_order_entropy


class FrameSender:
    """Sends all pixels of the frames that frame attention keeps, in the codec's own coding.

    Attributes:
        codec: networks and coding.
    """

    def __init__(self, codec: StaeCodec) -> None:
        self.codec = codec

    def send(self, clip: ByteClip, class_index: int, frames: int, pixels: float) -> Sent:
        """See ``VideoSender``; ``pixels`` is the CRF of ``h264`` and ``h265``, and ``entropy`` is of decoded values."""
        selection, most = self.codec.select(clip, frames, 1.0), clip.size // 3
        data = pack(clip, selection, self.codec.coding, crf=pixels)
        received, sizes = unpack(data, max_pixels=most), inspect(data, max_pixels=most)
        right = bool(self.codec.classify(received).argmax() == class_index)
        return Sent(
            plain=len(pack(clip, selection, Coding.plain)),
            huffman=len(data),
            range=len(data),
            header=sizes.header + sizes.indices,
            mask=sizes.mask,
            entropy=first_order_entropy(received.clip),
            right=right,
            right_unrecovered=right,
        )
