"""Feed mutated and random bytes to the image codecs: each must give an image or a BitstreamError, within limits.

Run:  OMP_NUM_THREADS=1 python benchmarks/fuzz_codecs.py --count 20000

A child process makes the calls. It may use --limit-mib of address space beyond that at its start, and --seconds per
call. A crash, any other exception, a slow call or a failed allocation ends with exit code 1.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from fuzzing import fuzz
from numpy.typing import NDArray

from edgevision.codecs.av1.avif_codec import Avif, AvifRaw
from edgevision.codecs.base import ImageCodec
from edgevision.codecs.h26x import intra_file
from edgevision.codecs.h26x.intra_codec import H264, Hevc
from edgevision.codecs.spat_imco import app_segment
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.codecs.uniform import UniformJpeg
from edgevision.codecs.webp import WebP

#: Every decoder; spat-avif, spat-hevc and spat-h264 decode by those of avif, avif-raw, hevc and h264.
_CODECS: tuple[ImageCodec, ...] = (SpatImco(), UniformJpeg(), WebP(), Avif(), AvifRaw(), Hevc(), H264())
_HEADER = 48  # where sizes and counts are, in files other than JPEG
_BEGINNINGS = (
    b"",
    b"\xff\xd8\xff",
    b"RIFF",
    b"\x12\0\x0a\x0a\x18",
    b"\0\0\0\x20ftypavif",
    b"\xe0\0\x10",
    b"\xe2\0\x10",
)


def main() -> None:
    """Fuzz."""
    calls = {f"{codec.name} {call.__name__}": call for codec in _CODECS for call in (codec.decode, codec.inspect)}
    fuzz(str(__doc__), calls, _inputs, seconds=1.0, mib=1536)


def _inputs(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield kind and bytes: random strings, and files with changed, removed, doubled or forged parts."""
    random = np.random.default_rng(seed)
    files = _files(random)
    for number in range(count):
        data = bytearray(files[int(random.integers(len(files)))])
        match number % 5:
            case 0:
                tail = random.bytes(int(random.integers(0, 600)))
                yield "random", _BEGINNINGS[number // 5 % len(_BEGINNINGS)] + tail
            case 1:
                yield "changed bytes", _changed(data, random)
            case 2:
                first, second = np.sort(random.integers(0, len(data), 2))
                yield "cut or doubled", bytes(data[:first] + (data[second:] if number % 2 else data[: second + 1]))
            case 3:  # sizes and counts in the header
                header = data.index(b"\xff\xda") if data[:2] == b"\xff\xd8" else min(_HEADER, len(data))
                data[:header] = _changed(data[:header], random)
                yield "changed header", bytes(data)
            case 4:
                yield "forged checksum", _forged(_changed(data, random))


def _changed(data: bytearray, random: np.random.Generator) -> bytes:
    for place in random.integers(0, len(data), random.integers(1, 9)):
        data[place] = random.choice((0, 1, 0x7F, 0xFF, int(random.integers(256))))
    return bytes(data)


def _forged(data: bytes) -> bytes:
    """The wrong bytes with a matching checksum, so that the decoder reads on."""
    if data[0] >= 0xE0 and data[:2] != b"\xff\xd8":
        return intra_file.seal(data)
    try:
        return app_segment.seal(data)
    except IndexError:
        return data


def _files(random: np.random.Generator) -> list[bytes]:
    def weights(image: NDArray[np.uint8]) -> NDArray[np.float64]:
        return np.add.outer(np.arange(image.shape[0]), np.arange(image.shape[1])).astype(np.float64)

    codecs: list[ImageCodec] = [
        SpatImco(importance=weights),
        SpatImco(importance=weights, subsampling="4:4:4"),
        SpatImco(importance=weights, container="plain"),
        UniformJpeg(),
        UniformJpeg(subsampling="4:4:4"),
        WebP(),
        Avif(speed=10),
        AvifRaw(speed=10),
        Hevc(preset="ultrafast"),
        H264(preset="ultrafast"),
    ]
    shapes: list[tuple[int, ...]] = [(40, 56, 3), (33, 17), (128, 96, 3), (1, 1, 3)]
    images = [random.normal(128, 40, shape).clip(0, 255).astype(np.uint8) for shape in shapes]
    return [codec.encode(image, level=level) for codec in codecs for image in images for level in codec.levels[3::8]]


if __name__ == "__main__":
    main()
