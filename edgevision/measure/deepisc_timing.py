"""How long each part of DeepISC takes, measured as STAE's parts are, so that the two can be compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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


def time_parts(
    base: StaeModels,
    networks: DeepIscModels,
    clips: Sequence[ByteClip],
    frames: Sequence[int],
    pixels: Sequence[float],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, FloatArray]:
    """Median times over some clips, (A, B) per part [s].

    Parts are named as STAE's that stand in their place: ``t_sa`` is what the networks compute on the device after FA,
    ``t_fr`` what they compute at the edge before ViT; ``t_deepisc`` is their sum. As for STAE, networks are timed on
    tensors that are ready, which the seed's choice of pixels is among, and the bitstream on arrays.

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
    """Residuals of frames (1, 3, H, W); frame by frame, as ``codec.analyse`` does."""
    return [
        (frame - network.synthesise(*network.analyse(frame), (frame.shape[2], frame.shape[3]))) * mask
        for frame, mask in zip(frames, sent, strict=True)
    ]


def _at_the_edge(network: DeepIsc, found: Sequence[tuple[Tensor, Tensor]], residuals: Sequence[Tensor]) -> list[Tensor]:
    """Restored frames (1, 3, H, W) of latents, segments and residuals; frame by frame, as ``codec.restore`` does."""
    return [
        network.synthesise(latent, segments, (residual.shape[2], residual.shape[3])) + residual
        for (latent, segments), residual in zip(found, residuals, strict=True)
    ]
