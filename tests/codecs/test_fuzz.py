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

from edgevision.codecs import ImageCodec, RateControlError, segment
from edgevision.codecs.segment import LevelPlan
from edgevision.codecs.spat_imco import SpatImco
from edgevision.codecs.uniform import UniformJpeg
from edgevision.errors import BitstreamError
from tests.codecs.pictures import picture, pictures
from tests.codecs.test_codecs import every_codec

FUZZER = Path(__file__).parents[2] / "benchmarks" / "fuzz_codecs.py"


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_the_fuzzer_finds_nothing_in_a_short_run() -> None:
    done = subprocess.run([sys.executable, FUZZER, "--count", "400", "--seed", "7"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "400 byte strings, 1600 calls" in done.stdout


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


@pytest.mark.parametrize("subsampling", ["4:2:2", "4:4:4"])
def test_a_level_map_in_a_file_of_other_sampling_is_refused(subsampling: str) -> None:
    data = UniformJpeg(subsampling=subsampling).encode(picture(64, 64), level=2.0)
    plan = LevelPlan(2.0, (3.0, 1.0), np.zeros((4, 4), np.uint8), 1.0, 1.0)
    forged = segment.seal(data[:2] + segment.build(plan) + data[2:])
    with pytest.raises(BitstreamError, match="size its header says"):
        SpatImco().decode(forged)
