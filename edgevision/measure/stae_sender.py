"""STAE as a ``VideoSender``: encode, decode, recover, classify."""

from __future__ import annotations

from edgevision.arrays import ByteClip
from edgevision.codecs.stae.bitstream import LOSSLESS, Received, inspect, pack, unpack
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.measure.video_outcomes import Sent, first_order_entropy


class StaeSender:
    """Sends clips with STAE.

    Attributes:
        codec: the networks. All entropy coders are used, not only the codec's own.
    """

    def __init__(self, codec: StaeCodec) -> None:
        self.codec = codec

    def send(self, clip: ByteClip, class_index: int, frames: int, pixels: float) -> Sent:
        """See ``VideoSender``; all three bitstreams decode to the same values, so the answer is computed once."""
        selection = self.codec.select(clip, frames, pixels)
        plain, huffman, coded = (pack(clip, selection, coding) for coding in LOSSLESS)
        most = clip.size // 3  # pixels of the whole clip
        received, sizes = unpack(coded, max_pixels=most), inspect(coded, max_pixels=most)
        right = bool(self.codec.classify(received).argmax() == class_index)
        unrecovered = right if pixels >= 1 else self._right_unrecovered(received, class_index)
        return Sent(
            plain=len(plain),
            huffman=len(huffman),
            range=len(coded),
            header=sizes.header + sizes.indices,
            mask=sizes.mask,
            entropy=first_order_entropy(received.clip[received.mask]),
            right=right,
            right_unrecovered=unrecovered,
        )

    def _right_unrecovered(self, received: Received, class_index: int) -> bool:
        return bool(self.codec.classify(received, recover=False).argmax() == class_index)
