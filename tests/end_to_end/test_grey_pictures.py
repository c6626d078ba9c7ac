"""Pictures without colour have one component from the file that is read to the file that is written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgevision import codecs
from tests.codecs.pictures import picture
from tests.end_to_end.command import run

CODECS = ("uniform", "spat-imco", "spat-imco:container=plain")


def compressed(folder: Path, image: np.ndarray, codec: str) -> Path:
    Image.fromarray(image).save(folder / "photo.png")
    assert run("compress", str(folder / "photo.png"), str(folder / "photo.jpg"), "--level", "2", "--codec", codec) == 0
    return folder / "photo.jpg"


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("channels", [1, 3])
def test_grey_stays_grey(codec: str, channels: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grey = picture(60, 80, grey=True)
    path = compressed(tmp_path, grey if channels == 1 else np.repeat(grey[..., None], 3, axis=2), codec)
    assert f"of {grey.size} raw" in capsys.readouterr().out
    assert codecs.make("spat-imco").inspect(path.read_bytes()).components == 1
    assert run("inspect", str(path)) == 0
    assert "grey" in capsys.readouterr().out
    assert run("decompress", str(path), str(tmp_path / "decoded.png")) == 0
    with Image.open(tmp_path / "decoded.png") as decoded:
        assert (decoded.mode, decoded.size) == ("L", (80, 60))
        assert np.abs(np.asarray(decoded, int) - grey).mean() < 10


@pytest.mark.parametrize("codec", CODECS)
def test_one_coloured_pixel_is_colour(codec: str, tmp_path: Path) -> None:
    image = np.repeat(picture(60, 80, grey=True)[..., None], 3, axis=2)
    image[5, 7] = (200, 0, 0)
    assert codecs.make("spat-imco").inspect(compressed(tmp_path, image, codec).read_bytes()).components == 3
