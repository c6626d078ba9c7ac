"""DeepISC as profiles measure it: frame attention, DeepISC, classifier; and how long each part takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edgevision.codecs.deepisc import bitstream, codec
from edgevision.codecs.deepisc.models import DeepIscModels
from edgevision.codecs.stae.codec import StaeCodec
from edgevision.codecs.stae.model import normalise
from edgevision.codecs.stae.models import StaeModels
from edgevision.codecs.stae.profiling.outcomes import Sent, first_order_entropy
from edgevision.codecs.video.clips import ByteClip


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
        """See ``VideoSender``; ``plain`` is with a byte per latent value in place of the Huffman code."""
        network = self.networks.network(frames, pixels)
        header, parts = codec.analyse(network, clip, self.kept(clip, frames), pixels)
        data = bitstream.pack(header, parts, network.config)
        restored = codec.decode(network, data).clip
        head = (
            len(data)
            - len(bitstream.latent_section(parts, network.config))
            - parts.segments.nbytes
            - parts.residual.nbytes
        )
        right = self.scores(restored).argmax() == class_index
        return Sent(
            plain=head + parts.latent.nbytes + parts.segments.nbytes + parts.residual.nbytes,
            huffman=len(data),
            range=len(data),
            header=head,
            mask=0,
            entropy=first_order_entropy(parts.latent.view(np.uint8)),
            right=bool(right),
            right_unrecovered=bool(right),
        )

    def kept(self, clip: ByteClip, frames: int) -> NDArray[np.int64]:
        """Indices of the frames that FA keeps, (alpha,)."""
        return self._attention.select(clip, frames, 1.0).frames

    @torch.inference_mode()
    def scores(self, restored: ByteClip) -> NDArray[np.float32]:
        """Class scores (C,) of restored frames (a, H, W, 3)."""
        scores: NDArray[np.float32] = self.base.base.vit(normalise(torch.from_numpy(restored))[None])[0].numpy()
        return scores

    def time_parts(
        self,
        clips: Sequence[ByteClip],
        frames: Sequence[int],
        pixels: Sequence[float],
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> dict[str, NDArray[np.float64]]:
        """Median times over some clips, (A, B) per part [s].

        Parts are named as STAE's that stand in their place: ``t_sa`` is what the device computes after FA, ``t_fr``
        the edge's restoring; ``t_deepisc`` is their sum.
        """
        parts = ("t_fa", "t_sa", "t_ee", "t_ed", "t_fr", "t_vit")
        found = {part: np.zeros((len(frames), len(pixels))) for part in parts}
        for a, alpha in enumerate(frames):
            for b, beta in enumerate(pixels):
                progress(a * len(pixels) + b, len(frames) * len(pixels))
                runs = [self._time_once(clip, alpha, beta) for clip in clips]
                for part in parts:
                    found[part][a, b] = statistics.median(run[part] for run in runs)
        progress(len(frames) * len(pixels), len(frames) * len(pixels))
        return found | {"t_deepisc": found["t_sa"] + found["t_fr"]}

    def _time_once(self, clip: ByteClip, alpha: int, beta: float) -> dict[str, float]:
        network = self.networks.network(alpha, beta)
        attention, kept = _timed(lambda: self.kept(clip, alpha))
        device, (header, parts) = _timed(lambda: codec.analyse(network, clip, kept, beta))
        coding, data = _timed(lambda: bitstream.pack(header, parts, network.config))
        decoding, (header, parts) = _timed(lambda: bitstream.unpack(data, network.config))
        edge, restored = _timed(lambda: codec.restore(network, header, parts))
        classifier, _ = _timed(lambda: self.scores(restored))
        whole = alpha >= len(clip)
        return {
            "t_fa": 0.0 if whole else attention,
            "t_sa": device,
            "t_ee": coding,
            "t_ed": decoding,
            "t_fr": edge,
            "t_vit": classifier,
        }


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result
