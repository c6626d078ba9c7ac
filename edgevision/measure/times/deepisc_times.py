"""The operations of DeepISC behind STAE's frame attention, under the names of the parts of STAE that they replace."""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping, Sequence

import torch
from torch import Tensor

from edgevision.arrays import ByteClip, FloatArray
from edgevision.codecs.deepisc import deepisc_bitstream as bitstream
from edgevision.codecs.deepisc import deepisc_codec as codec
from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.deepisc.deepisc_network import DeepIsc
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import normalise
from edgevision.measure.times.clean_timing import Operation
from edgevision.measure.times.stae_work import as_input, part_tables, shared_operations


class DeepIscWork:
    """DeepISC's operations, see ``TimedWork``; parts are STAE's and ``t_deepisc``, (A, B) each.

    ``t_sa`` is the networks' time on the device after FA, ``t_fr`` their time at the edge before ViT, and
    ``t_deepisc`` the sum of both. As for STAE, the tensors that the networks read and the arrays that the bitstream
    reads are made before the clock starts; one of these tensors marks the pixels that the seed selects.

    Attributes:
        contents: number of clips.
    """

    def __init__(
        self,
        base: StaeModels,
        networks: DeepIscModels,
        clips: Sequence[ByteClip],
        frames: Sequence[int],
        pixels: Sequence[float],
    ) -> None:
        """Take the networks as they are.

        Args:
            base: holds FA and ViT.
            networks: DeepISC of each budget.
            clips: some clips, (F, H, W, 3) uint8.
            frames: the A frame budgets.
            pixels: the B pixel budgets.
        """
        self.contents = len(clips)
        self._base, self._networks, self._clips = base.eval(), networks.eval(), clips
        self._frames, self._pixels = frames, pixels

    @torch.inference_mode()
    def operations(self, content: int) -> Mapping[Hashable, Operation]:
        """See ``TimedWork``."""
        clip = self._clips[content]
        tensor = as_input(clip)
        found = shared_operations(self._base, tensor, self._frames)
        for alpha in self._frames:
            kept, index = self._base.base.keep_frames(tensor, alpha)
            frames = normalise(torch.from_numpy(clip[index[0].numpy()])).split(1)
            for beta in self._pixels:
                network = self._networks.network(alpha, beta)
                header, parts = codec.analyse(network, clip, index[0].numpy(), beta)
                sent = network.sent(kept, beta, header.seed).split(1)
                send = functools.partial(_on_the_device, network, frames, sent)
                encode = functools.partial(bitstream.pack, header, parts, network.config)
                decode = functools.partial(bitstream.unpack, encode(), network.config)
                analysed = [network.analyse(frame) for frame in frames]
                restore = functools.partial(_at_the_edge, network, analysed, send())
                found[self, "t_sa", alpha, beta] = Operation(send, varies=False)
                found[self, "t_ee", alpha, beta] = Operation(encode, varies=True)
                found[self, "t_ed", alpha, beta] = Operation(decode, varies=True)
                found[self, "t_fr", alpha, beta] = Operation(restore, varies=False)
        return found

    def parts(self, seconds: Mapping[Hashable, float]) -> dict[str, FloatArray]:
        """See ``TimedWork``."""
        found = part_tables(self, self._base, seconds, self._frames, self._pixels)
        return found | {"t_deepisc": found["t_sa"] + found["t_fr"]}


def _on_the_device(network: DeepIsc, frames: Sequence[Tensor], sent: Sequence[Tensor]) -> list[Tensor]:
    """Residuals of frames (1, 3, H, W), computed frame by frame as in ``codec.analyse``."""
    return [
        (frame - network.synthesise(*network.analyse(frame), (frame.shape[2], frame.shape[3]))) * mask
        for frame, mask in zip(frames, sent, strict=True)
    ]


def _at_the_edge(network: DeepIsc, found: Sequence[tuple[Tensor, Tensor]], residuals: Sequence[Tensor]) -> list[Tensor]:
    """Frames (1, 3, H, W) restored from latents, segments and residuals, frame by frame as in ``codec.restore``."""
    return [
        network.synthesise(latent, segments, (residual.shape[2], residual.shape[3])) + residual
        for (latent, segments), residual in zip(found, residuals, strict=True)
    ]
