"""Hostile bytes in bulk, and budgets on every kind of picture."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgevision.codecs import ImageCodec, RateControlError
from edgevision.codecs.jpeg import huffman
from edgevision.codecs.spat_imco import app_segment
from edgevision.codecs.spat_imco.level_map_coding import pack
from edgevision.codecs.spat_imco.level_plan import nearest_plan
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.codecs.uniform import UniformJpeg
from edgevision.errors import BitstreamError
from tests.codecs.pictures import centre_weights, picture, pictures
from tests.codecs.test_codecs import every_codec

FUZZER = Path(__file__).parents[2] / "benchmarks" / "fuzz_codecs.py"


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_the_fuzzer_finds_nothing_in_a_short_run() -> None:
    done = subprocess.run([sys.executable, FUZZER, "--count", "400", "--seed", "7"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "400 byte strings, 5600 calls" in done.stdout


@every_codec
@settings(max_examples=15, deadline=None)
@given(image=pictures, target=st.integers(1, 6000))
def test_budgets_hold_for_grey_and_colour_of_any_size(codec: ImageCodec, image: NDArray[np.uint8], target: int) -> None:
    try:
        data = codec.encode(image, target_bytes=target)
    except RateControlError:
        assert len(codec.encode(image, level=64.0)) > target
    else:
        assert len(data) <= target
        assert codec.decode(data).shape[:2] == image.shape[:2]


@pytest.mark.parametrize(
    ("position", "value", "message"),
    [
        (8, 0x13, "of another format"),  # version 1
        (8, 0x20, "of another format"),  # no levels
        (8, 0x29, "of another format"),  # nine levels
        (9, 200, "unknown Huffman table set 200"),
        (9, 0, "lacks its own"),
        (12, 0, "of another format"),  # a factor of zero
        (15, 0, "of another format"),  # a chroma scale of zero
    ],
)
def test_what_a_segment_may_not_say_is_refused(position: int, value: int, message: str) -> None:
    data = bytearray(SpatImco(importance=centre_weights).encode(picture(64, 64), level=4.0))
    data[position] = value
    # The number of levels says where the checksum is, so it is looked at first.
    forged = bytes(data) if position == 8 else app_segment.seal(bytes(data))
    with pytest.raises(BitstreamError, match=message):
        SpatImco().decode(forged)


def test_tables_beside_a_shared_set_are_refused() -> None:
    data = SpatImco(importance=centre_weights).encode(picture(64, 64), level=4.0)
    frame = data.index(b"\xff\xc0")
    doubled = app_segment.seal(data[:frame] + huffman.shared_sets()[0].segment + data[frame:])
    with pytest.raises(BitstreamError, match="should not have"):
        SpatImco().decode(doubled)


def test_a_level_map_in_a_file_of_other_sampling_is_refused() -> None:
    data = UniformJpeg(subsampling="4:2:2").encode(picture(64, 64), level=2.0)
    level_map = np.zeros((4, 4), np.uint8)
    plan = nearest_plan(2.0, (1.5, 1.0), level_map, 1.0, 1.0)
    mapped = app_segment.seal(data[:2] + app_segment.build(plan, pack(level_map, 2)) + data[2:])
    with pytest.raises(BitstreamError, match="sampling that its level map does not fit"):
        SpatImco().decode(mapped)
