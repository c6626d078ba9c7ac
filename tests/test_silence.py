"""What C libraries print about damaged files stays off the terminal, and everything else gets there."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgevision.codecs.spat_imco import app_segment
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.data.image_reading import read_image
from edgevision.errors import BitstreamError, UnreadableImageError
from edgevision.silence import silenced
from tests.codecs.pictures import centre_weights, picture


def test_what_is_printed_inside_is_discarded(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before ")
    with silenced():
        os.write(2, b"inside ")
        with silenced():
            os.write(2, b"deeper ")
        os.write(2, b"inside again ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_threads_leave_the_terminal_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        for _ in range(200):
            with silenced():
                os.write(2, b"x")

    threads = [threading.Thread(target=work) for _ in range(4)]
    opened = len(list(Path("/dev/fd").iterdir()))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
    assert len(list(Path("/dev/fd").iterdir())) == opened


def test_damaged_pictures_print_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = SpatImco(importance=centre_weights).encode(picture(96, 96), level=1.0)
    scan = data.index(b"\xff\xda") + 14
    random, refused = np.random.default_rng(0), 0
    for _ in range(30):
        noise = random.integers(0, 255, len(data) - scan - 2, np.uint8).tobytes()  # no FF, which begins a marker
        try:
            SpatImco().decode(app_segment.seal(data[:scan] + noise + data[-2:]))
        except BitstreamError:
            refused += 1
    Image.fromarray(picture(20, 20)).save(tmp_path / "a.tif", compression="tiff_lzw")
    whole = (tmp_path / "a.tif").read_bytes()
    for place in range(0, len(whole), 3):
        (tmp_path / "a.tif").write_bytes(whole[:place] + b"\x7f" + whole[place + 1 :])
        try:
            read_image(tmp_path / "a.tif")
        except UnreadableImageError:
            refused += 1
    assert refused
    assert capfd.readouterr().err == ""
