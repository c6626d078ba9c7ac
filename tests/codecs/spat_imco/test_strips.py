"""Large pictures are coded in strips: the same files and pixels as in one piece, within a stated memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from edgevision import codecs
from edgevision.codecs.base import MAX_PIXELS
from edgevision.codecs.jpeg import scan, transform
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.codecs.uniform import UniformJpeg
from edgevision.errors import BitstreamError, CodecInputError
from edgevision.vision.importance import Importance
from tests.codecs.pictures import centre_weights, picture

#: Most memory that numpy takes besides picture and importance map: a part per pixel, and a part for any picture.
PEAK = {"encode": 14, "decode": 12}  # [byte per pixel]
STRIPS = 16 * 2**20  # [byte]
KINDS = {
    "grey": (SpatImco(importance=centre_weights), True),
    "4:2:0": (SpatImco(importance=centre_weights), False),
    "4:4:4": (SpatImco(importance=centre_weights, subsampling="4:4:4"), False),
    "plain": (SpatImco(importance=centre_weights, container="plain"), False),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(16, 16), (97, 75), (160, 48)])
def test_strips_change_neither_files_nor_pixels(
    kind: str, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    codec, grey = KINDS[kind]
    image = picture(*shape, grey=grey)
    files = [codec.encode(image, level=level) for level in (1 / 16, 3.0, 40.0)]
    pixels = [codec.decode(data) for data in files]
    monkeypatch.setattr(scan, "_STRIP", 7)
    monkeypatch.setattr(transform, "_STRIP", 1)
    assert [codec.encode(image, level=level) for level in (1 / 16, 3.0, 40.0)] == files
    for data, expected in zip(files, pixels, strict=True):
        np.testing.assert_array_equal(codec.decode(data), expected)


def test_memory_stays_within_what_is_stated_even_for_noise_at_the_finest_level() -> None:
    image = np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), np.uint8)
    importance, codec = Importance(np.zeros(image.shape[:2])), SpatImco(importance=centre_weights)
    codec.decode(codec.encode(image[:32, :32], level=1 / 16))  # what is loaded at first use does not count

    def peak(work: Callable[[], object]) -> float:
        tracemalloc.start()
        try:
            work()
            return (tracemalloc.get_traced_memory()[1] - STRIPS) / image[..., 0].size
        finally:
            tracemalloc.stop()

    data = codec.encode(image, level=1 / 16, importance=importance)
    assert peak(lambda: codec.encode(image, level=1 / 16, importance=importance)) < PEAK["encode"]
    assert peak(lambda: codec.decode(data)) < PEAK["decode"]


def stating(data: bytes, height: int, width: int) -> bytes:
    """A JPEG file whose header states another size than that of its picture."""
    place = data.index(b"\xff\xc0") + 5
    return data[:place] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + data[place + 4 :]


@pytest.mark.parametrize("name", ["uniform", "spat-imco"])
def test_pictures_above_the_limit_are_refused_before_they_take_memory(name: str) -> None:
    codec, image = codecs.make(name), picture(16, 16)
    huge = np.broadcast_to(np.uint8(0), (MAX_PIXELS // 8192 + 1, 8192, 3))
    with pytest.raises(CodecInputError, match=f"must have 1 to {MAX_PIXELS}"):
        codec.encode(huge, level=4.0)
    data = UniformJpeg().encode(image, level=4.0)
    for height, width in ((8193, 8192), (65500, 65500)):
        with pytest.raises(BitstreamError, match=f"must have 1 to {MAX_PIXELS}"):
            codec.decode(stating(data, height, width))
    with pytest.raises(BitstreamError):  # within the limit, but far too short for such a picture
        codec.decode(stating(data, 8192, 8192))
