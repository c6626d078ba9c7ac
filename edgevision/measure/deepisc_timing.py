"""How long each part of DeepISC takes on this machine, timed in the same way as STAE's parts in ``timing``."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from edgevision.arrays import ByteClip, FloatArray
from edgevision.codecs.deepisc import deepisc_bitstream as bitstream
from edgevision.codecs.deepisc import deepisc_codec as codec
from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.deepisc.deepisc_network import DeepIsc
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import Stae, normalise
from edgevision.measure.timing import PARTS, median_times, seconds, time_attention, time_classifier
from edgevision.progress import Progress


def time_parts(
    base: StaeModels,
    networks: DeepIscModels,
    clips: Sequence[ByteClip],
    frames: Sequence[int],
    pixels: Sequence[float],
    progress: Progress = lambda done, total: None,
) -> dict[str, FloatArray]:
    """Median times over some clips, (A, B) per part [s].

    Each part has the name of the part of STAE that it replaces: ``t_sa`` is the networks' time on the device after FA,
    ``t_fr`` their time at the edge before ViT, and ``t_deepisc`` the sum of both. As for STAE, the tensors that the
    networks read and the arrays that the bitstream reads are made before the clock starts; one of these tensors marks
    the pixels that the seed selects.

    Args:
        base: holds FA and ViT.
        networks: DeepISC of each budget.
        clips: some clips, (F, H, W, 3) uint8.
        frames: the A frame budgets.
        pixels: the B pixel budgets.
        progress: called with budgets done and all of them.
    """
    base.eval()
    networks.eval()
    found = median_times(
        lambda clip, alpha, beta: _time_once(base.base, networks.network(alpha, beta), clip, alpha, beta),
        PARTS,
        clips,
        frames,
        pixels,
        progress,
    )
    return found | {"t_deepisc": found["t_sa"] + found["t_fr"]}


@torch.inference_mode()
def _time_once(base: Stae, network: DeepIsc, clip: ByteClip, alpha: int, beta: float) -> dict[str, float]:
    tensor = normalise(torch.from_numpy(np.ascontiguousarray(clip)))[None]
    kept, index = base.keep_frames(tensor, alpha)
    header, parts = codec.analyse(network, clip, index[0].numpy(), beta)
    data = bitstream.pack(header, parts, network.config)
    sent = network.sent(kept, beta, header.seed).split(1)
    frames = normalise(torch.from_numpy(clip[list(header.frames)])).split(1)
    found = [network.analyse(frame) for frame in frames]
    residuals = _on_the_device(network, frames, sent)
    return {
        "t_fa": time_attention(base, tensor, alpha),
        "t_sa": seconds(lambda: _on_the_device(network, frames, sent)),
        "t_ee": seconds(lambda: bitstream.pack(header, parts, network.config)),
        "t_ed": seconds(lambda: bitstream.unpack(data, network.config)),
        "t_fr": seconds(lambda: _at_the_edge(network, found, residuals)),
        "t_vit": time_classifier(base, kept),
    }


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
