"""Small videos written with PyAV, and moving pictures to put in them."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray


def moving(frames: int, height: int = 48, width: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    """A smooth coloured pattern that drifts, (frames, height, width, 3)."""
    rng = np.random.default_rng(seed)
    phase, pace = rng.uniform(0, 6, 3), rng.uniform(0.1, 0.4, 3)
    t, y, x = np.ogrid[:frames, :height, :width]
    waves = [np.sin(0.13 * x + 0.09 * (c + 1) * y + pace[c] * t + phase[c]) for c in range(3)]
    return (127.5 + 100 * np.stack(waves, -1)).astype(np.uint8)


def numbered(frames: int, height: int = 32, width: int = 40) -> NDArray[np.uint8]:
    """Frames whose grey level is twice their number."""
    levels = np.arange(frames, dtype=np.uint8) * 2
    return np.broadcast_to(levels[:, None, None, None], (frames, height, width, 3))


def write(path: Path, clip: NDArray[np.uint8], codec: str = "mpeg4", rotation: int = 0, **options: str) -> Path:
    """Write a video whose container and name go by the path's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    kind = {".mkv": "matroska", ".ts": "mpegts"}.get(path.suffix, path.suffix[1:])
    with av.open(buffer, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=Fraction(25), options=options)
        stream.height, stream.width = clip.shape[1:3]
        stream.pix_fmt = {"ffv1": "bgr0", "gif": "rgb8"}.get(codec, "yuv420p")
        stream.codec_context.thread_count = 1
        if rotation:
            stream.set_display_rotation(rotation)
        for pixels in clip:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    path.write_bytes(buffer.getvalue())
    return path


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Peak signal to noise ratio [dB]; 100 for equal clips."""
    error = np.mean((one.astype(float) - other) ** 2)
    return float(10 * np.log10(255**2 / max(error, 255**2 / 1e10)))
