"""Draw the maps of theta: each photograph, the map over it, and its regions in thirds by importance.

python benchmarks/theta_picture.py PHOTO.. --out docs/images/theta.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from edgevision.codecs.spat_imco.regions import region_weights
from edgevision.codecs.spat_imco.theta import Theta
from edgevision.data.image_reading import read_image

SIDE = 224


def main() -> None:
    """Parse the command line and draw."""
    parser = argparse.ArgumentParser(description="Draw theta's maps.")
    parser.add_argument("photos", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    theta = Theta.load()
    size = (2.0 * len(given.photos), 6.0)
    figure, axes = plt.subplots(3, len(given.photos), figsize=size, squeeze=False, layout="compressed")
    for column, path in zip(axes.T, given.photos, strict=True):
        picture = Image.fromarray(read_image(path))
        shorter = min(picture.size)
        left, top = (picture.width - shorter) / 2, (picture.height - shorter) / 2
        square = picture.resize((SIDE, SIDE), box=(left, top, left + shorter, top + shorter))
        image = np.asarray(square)
        weights = theta(image).weights
        regions = region_weights(weights)
        thirds = np.argsort(np.argsort(regions, axis=None)).reshape(regions.shape) * 3 // regions.size
        column[0].imshow(image)
        column[1].imshow(image)
        column[1].imshow(weights, cmap="inferno", alpha=0.6)
        column[2].imshow(thirds, cmap="inferno", extent=(0, SIDE, SIDE, 0))
        for axis in column:
            axis.set_axis_off()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(given.out, dpi=80)


if __name__ == "__main__":
    main()
