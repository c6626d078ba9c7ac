"""Coding kept frames with DeepISC: the device encodes a clip to bytes, the edge restores frames from them.

The device also runs the generator, because the residual is the difference from the frames that the edge synthesises. On
one machine with a fixed number of threads, both synthesise exactly the same frames. On different machines, a few values
may differ by one byte step. The residual is clamped, not wrapped around, so such an error stays one step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from edgevision.arrays import ByteClip
from edgevision.codecs.deepisc.deepisc_bitstream import Header, Parts, pack, sent_mask, unpack
from edgevision.codecs.deepisc.deepisc_network import DeepIsc
from edgevision.codecs.stae.stae_network import normalise
from edgevision.data.clips import check_clip
from edgevision.errors import CodecInputError


@dataclass(frozen=True, eq=False)
class Restored:
    """A decoded clip.

    Attributes:
        clip: the restored kept frames, (a, H, W, 3) uint8.
        header: header of the bitstream.
    """

    clip: ByteClip
    header: Header


def encode(network: DeepIsc, clip: ByteClip, frames: NDArray[np.integer], pixels: float, seed: int = 0) -> bytes:
    """Code the kept frames of a clip.

    Args:
        network: the network of the budget.
        clip: all frames, (F, H, W, 3) uint8.
        frames: indices of the kept frames, increasing, (a,).
        pixels: beta, a whole number of per cent.
        seed: of the residual's pixels.

    Raises:
        CodecInputError: clip and frames do not fit together or exceed the limits, or the budget is too small.
    """
    header, parts = analyse(network, clip, frames, pixels, seed)
    return pack(header, parts, network.config)


def decode(network: DeepIsc, data: bytes) -> Restored:
    """Restore frames from a bitstream; ``deepisc_bitstream.read_header`` tells the budget, and so the network to use.

    Raises:
        BitstreamError: the bytes are malformed, or made by networks of other shapes.
    """
    header, parts = unpack(data, network.config)
    return Restored(restore(network, header, parts), header)


def analyse(
    network: DeepIsc, clip: ByteClip, frames: NDArray[np.integer], pixels: float, seed: int = 0
) -> tuple[Header, Parts]:
    """The header and the parts that ``encode`` packs; see there for arguments and errors."""
    check_clip(clip)
    percent = round(100 * pixels)
    if abs(100 * pixels - percent) > 1e-6:
        raise CodecInputError(f"pixels must be a whole per cent, got {pixels!r}")
    length, height, width, _ = clip.shape
    header = Header(length, height, width, tuple(int(frame) for frame in frames), percent, int(seed))
    header.check()
    mask = sent_mask(header, network.config)
    kept = clip[list(header.frames)]
    found = [_analyse_frame(network, frame) for frame in kept]
    latent, segments = np.stack([one for one, _ in found]), np.stack([other for _, other in found])
    difference = kept[mask].astype(np.int16) - _synthesise(network, latent, segments, header)[mask]
    return header, Parts(latent, segments, difference.clip(-128, 127).astype(np.int8))


def restore(network: DeepIsc, header: Header, parts: Parts) -> ByteClip:
    """The frames (a, H, W, 3) that the edge restores from header and parts."""
    clip = _synthesise(network, parts.latent, parts.segments, header)
    mask = sent_mask(header, network.config)
    clip[mask] = (clip[mask] + parts.residual.astype(np.int16)).clip(0, 255).astype(np.uint8)
    return clip


def _analyse_frame(network: DeepIsc, frame: ByteClip) -> tuple[NDArray[np.int8], NDArray[np.uint8]]:
    with torch.inference_mode():
        latent, segments = network.analyse(normalise(torch.from_numpy(frame[None])).to(_device(network)))
        return latent[0].to("cpu", torch.int8).numpy(), segments[0].argmax(0).to("cpu", torch.uint8).numpy()


def _synthesise(
    network: DeepIsc, latent: NDArray[np.int8], segments: NDArray[np.uint8], header: Header
) -> NDArray[np.uint8]:
    """The generator's frames (a, H, W, 3).

    They are computed one by one, which limits the memory and makes each frame independent of the number of frames.
    """
    device, clip = _device(network), np.empty((len(latent), *header.size, 3), np.uint8)
    with torch.inference_mode():
        for index in range(len(latent)):
            values = torch.from_numpy(latent[index : index + 1]).to(device, torch.float32)
            classes = torch.from_numpy(segments[index : index + 1]).to(device, torch.int64)
            one_hot = functional.one_hot(classes, network.config.segments).movedim(-1, 1).float()
            frame = network.synthesise(values, one_hot, header.size)[0]
            clip[index] = ((frame + 1) * 127.5).round().to("cpu", torch.uint8).movedim(0, -1).numpy()
    return clip


def _device(network: DeepIsc) -> torch.device:
    return next(network.parameters()).device
