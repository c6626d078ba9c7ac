"""Encoding and decoding speed of SpaT-IMCO, without and with the importance network, against Pillow's optimised JPEG.

Run on one core:  OMP_NUM_THREADS=1 taskset -c 0 python benchmarks/codec_throughput.py
Without --image it codes a synthetic picture (shading, edges, noise). The two codecs take turns in the same run.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from edgevision import provenance
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.codecs.uniform import UniformJpeg
from edgevision.data.image_reading import read_image
from edgevision.vision.importance import Importance

_LIBRARIES = ("numpy", "pillow", "jpeglib")


def main() -> None:
    """Print a line per side length."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--image", type=Path, help="picture to resize to each side")
    parser.add_argument("--sides", type=int, nargs="+", default=[224, 512, 1024, 2048], help="[pixel]")
    parser.add_argument("--level", type=float, default=2.0)
    parser.add_argument("--repeats", type=int, default=30)
    options = parser.parse_args()
    print(f"{provenance.cpu_name()}; {provenance.versions(_LIBRARIES)}; level {options.level:g}; medians")
    print(" side  encode [ms]  Pillow [ms]  ratio   with network [ms]  ratio   decode [ms]  Pillow [ms]  ratio")
    for side in options.sides:
        encode, whole, decode = _measure(_picture(options.image, side), options.level, options.repeats)
        cells = (f"{1e3 * a:11.2f} {1e3 * b:12.2f} {a / b:6.1f}" for a, b in (encode, decode))
        print(f"{side:5} {f'{1e3 * whole[0]:19.2f} {whole[0] / whole[1]:6.1f}   '.join(cells)}", flush=True)


def _measure(image: NDArray[np.uint8], level: float, repeats: int) -> list[tuple[float, float]]:
    """Seconds of SpaT-IMCO and of Pillow's JPEG, for encoding without the network, encoding with it, and decoding."""
    torch.set_num_threads(1)
    ours, theirs = SpatImco(), UniformJpeg()
    importance = Importance(np.add.outer(*(np.arange(side, dtype=np.float64) for side in image.shape[:2])))
    data = ours.encode(image, level=level, importance=importance)
    reference = theirs.encode(image, level=level)
    turns = {
        lambda: ours.encode(image, level=level, importance=importance): lambda: theirs.encode(image, level=level),
        lambda: ours.encode(image, level=level): lambda: theirs.encode(image, level=level),
        lambda: ours.decode(data): lambda: theirs.decode(reference),
    }
    return [_in_turns(first, second, repeats) for first, second in turns.items()]


def _in_turns(first: Callable[[], object], second: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Median seconds of both calls, measured alternately after a warm-up."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(repeats + 1):
        for call, taken in zip((first, second), seconds, strict=True):
            started = time.perf_counter()
            call()
            if number:
                taken.append(time.perf_counter() - started)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def _picture(path: Path | None, side: int) -> NDArray[np.uint8]:
    if path is not None:
        return np.asarray(Image.fromarray(read_image(path)).resize((side, side)))
    rows, columns = np.mgrid[:side, :side] * (8 / side)
    waves = np.stack([np.sin(rows * k + columns * (4 - k)) for k in (1, 2, 3)], axis=2)
    waves[rows > columns + np.sin(3 * columns)] += 0.4
    noise = np.random.default_rng(0).normal(0, 6, waves.shape)
    return (128 + 80 * waves + noise).clip(0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
