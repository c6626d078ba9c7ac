"""Measure the most memory that coding large pictures takes, and its CPU time: 12, 24 and 48 megapixels, as phones make.

Run:  python benchmarks/codec_memory.py

Pictures are of two kinds: smooth ones, at level 4, and noise at the finest level, where a file is larger than its
picture. Memory is that of the process above what it had before the call: the picture and its importance map are there
already. The last row of each size is a whole command, ``edgevision compress`` of a JPEG file, with theta. Linux only.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from edgevision import codecs
from edgevision.vision.importance import Importance

_MIB = 2**20


def main() -> None:
    """Print a row for each size, codec and kind of picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[12, 24, 48])
    parser.add_argument("--one", nargs=2, metavar=("CODEC", "KIND"), help="only this row, in this process")
    options = parser.parse_args()
    for megapixels in options.megapixels:
        if options.one:
            _row(*options.one, _picture(megapixels, options.one[1]))
            continue
        for codec in ("uniform", "spat-imco"):
            for kind in ("smooth", "noise"):
                # Each in a process of its own, because memory that was freed is not always given back.
                words = [__file__, "--megapixels", str(megapixels), "--one", codec, kind]
                subprocess.run([sys.executable, *words], check=True)
        _command(_picture(megapixels, "smooth"))


def _picture(megapixels: float, kind: str) -> np.ndarray:
    height = round(math.sqrt(megapixels * 0.75e6))
    width, random = round(height * 4 / 3), np.random.default_rng(0)
    if kind == "noise":
        return random.integers(0, 256, (height, width, 3), np.uint8)
    small = Image.fromarray(random.integers(0, 256, (height // 16, width // 16, 3), np.uint8))
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def _row(name: str, kind: str, image: np.ndarray) -> None:
    codec, level = codecs.make(name), {"smooth": 4.0, "noise": 1 / 16}[kind]
    importance = Importance(np.linspace(0, 1, image[..., 0].size).reshape(image.shape[:2]))
    small = codec.encode(image[:64, :64], level=level, importance=Importance(np.zeros((64, 64))))
    codec.decode(small)  # what is loaded at first use does not count
    data, *encoding = _measured(lambda: codec.encode(image, level=level, importance=importance))
    _, *decoding = _measured(lambda: codec.decode(data))
    texts = [
        f"{peak / _MIB:5.0f} MiB, {peak / image[..., 0].size:4.1f} B/pixel, {s:5.1f} s"
        for peak, s in (encoding, decoding)
    ]
    size = f"{image.shape[1]} x {image.shape[0]}"
    print(
        f"{size:>12}  {name:10}{kind:7} encode {texts[0]}; decode {texts[1]}; file {len(data) / _MIB:.1f} MiB",
        flush=True,
    )


def _measured(call: Callable[[], Any]) -> tuple[Any, int, float]:
    """What a call returns, the most memory that it takes [byte] and its CPU time [s]."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before, start = _status("VmRSS"), time.process_time()
    result = call()
    return result, _status("VmHWM") - before, time.process_time() - start


def _status(entry: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (value,) = (line.split()[1] for line in lines if line.startswith(f"{entry}:"))
    return int(value) * 1024


def _command(image: np.ndarray) -> None:
    """The whole command, from a JPEG file to a file of spat-imco."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "photo.jpg"
        Image.fromarray(image).save(source, quality=90)
        words = ["compress", str(source), str(Path(folder) / "small.jpg"), "--level", "4"]
        process = subprocess.Popen([sys.executable, "-m", "edgevision.cli", *words], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
    assert status == 0
    size = f"{image.shape[1]} x {image.shape[0]}"
    print(f"{size:>12}  edgevision compress, everything counted: {used.ru_maxrss / 1024:.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
