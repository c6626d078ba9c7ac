"""Synthetic pictures and an importance map without a network, for the codec tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray


def centre_weights(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What lies in the middle matters."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    return -np.hypot(rows - image.shape[0] / 2, columns - image.shape[1] / 2)


def picture(height: int, width: int, *, grey: bool = False, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth shading, an edge and some texture, (height, width, 3) or (height, width)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    waves = [np.sin(rows / rng.uniform(8, 30) + columns / rng.uniform(8, 30)) for _ in range(3)]
    pixels = 128 + 70 * np.stack(waves, axis=2)
    pixels[rows * 3 > columns * 2 + width // 4] += 30
    pixels += rng.normal(0, 6, pixels.shape)
    colour = pixels.clip(0, 255).astype(np.uint8)
    return colour[..., 0].copy() if grey else colour


def psnr(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio [dB]."""
    error = np.mean((first.astype(np.float64) - second) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


pictures = st.builds(
    picture,
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    grey=st.booleans(),
    seed=st.integers(0, 99),
)
