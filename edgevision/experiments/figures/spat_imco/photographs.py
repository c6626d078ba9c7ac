"""Pictures for Fig. 6: those of the user, or pictures in installed packages, so that no download is needed."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from edgevision.arrays import ByteImage
from edgevision.data.image_reading import SUFFIXES, read_image
from edgevision.data.listing import visible
from edgevision.errors import ReproductionError

FROM_A_FOLDER = 6  # pictures at most
_LONGER_SIDE = 448  # [pixel]
#: Packages with photographs, best first: name, folder, files.
_PACKAGES = (
    ("skimage", "data", ("chelsea.png", "coffee.png", "rocket.jpg")),
    ("foolbox", "data", ("imagenet_00_243.jpg", "imagenet_07_609.jpg", "imagenet_17_22.jpg")),
    ("matplotlib", "mpl-data/sample_data", ("grace_hopper.jpg",)),
)


def find_photographs(given: Sequence[Path]) -> list[Path]:
    """Files to show: the given files, the first few of each given folder, or pictures in installed packages.

    Raises:
        ReproductionError: a path or folder has no picture, or no installed package has any.
    """
    if not given:
        return _packaged()
    found: list[Path] = []
    for path in given:
        if path.is_dir():
            entries = (entry for entry in path.iterdir() if entry.suffix.lower() in SUFFIXES)
            pictures = visible(entries, path, ReproductionError)
            if not pictures:
                raise ReproductionError(f"no pictures in {str(path)!r}")
            found += pictures[:FROM_A_FOLDER]
        elif path.is_file():
            found.append(path)
        else:
            raise ReproductionError(f"no picture or folder of pictures at {str(path)!r}")
    return found


def read_photograph(path: Path) -> ByteImage:
    """Read a picture as (H, W, 3) uint8, with at most 448 pixels on its longer side.

    Raises:
        UnreadableImageError: the file cannot be read.
    """
    picture = Image.fromarray(read_image(path))
    picture.thumbnail((_LONGER_SIDE, _LONGER_SIDE), Image.Resampling.BICUBIC)
    return np.asarray(picture)


def _packaged() -> list[Path]:
    for package, folder, files in _PACKAGES:
        spec = find_spec(package)
        for root in (spec.submodule_search_locations if spec else None) or ():
            found = [Path(root) / folder / file for file in files]
            if all(path.is_file() for path in found):
                return found
    raise ReproductionError("no installed package has photographs; name some with --images FILE")
