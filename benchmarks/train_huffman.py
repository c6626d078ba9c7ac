"""Make the shared Huffman table sets of SpaT-IMCO's ``mapped`` container from pictures.

Run:  python benchmarks/train_huffman.py --images DIR [DIR ...] --pictures "what they are" --out FILE

Every picture is cut into 224 x 224 crops of several scales, and each is quantised at levels from 1 to 12 with regions
ranked by a random smooth map, with both chroma subsamplings. Then two steps alternate until no file changes its set:
each file is assigned to the set that codes it with the fewest bits, and each set is made optimal for its files (k-means
with bits as the distance).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.progress import track

from edgevision.codecs.jpeg.huffman import AC_SYMBOLS, DC_SYMBOLS, optimal_lengths
from edgevision.codecs.jpeg.scan import events, scan_order
from edgevision.codecs.jpeg.transform import forward, region_grid
from edgevision.codecs.spat_imco.level_plan import nearest_plan
from edgevision.codecs.spat_imco.level_rules import equal_shares
from edgevision.codecs.spat_imco.quantisation import quantise
from edgevision.codecs.spat_imco.regions import assign_levels
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.data.listing import visible
from edgevision.errors import DataSetError
from edgevision.storage.disk_files import write_atomically

_SIDE, _SMALLEST_PART = 224, 160  # of a crop, and of a part of a picture before it is resized to one [pixel]
_SUFFIXES = {".jpg", ".jpeg", ".png"}
_LEVELS = (1.0, 12.0)
_FILES_PER_CROP = 4
_POSSIBLE = np.zeros((4, 256), bool)
_POSSIBLE[::2, DC_SYMBOLS] = True
_POSSIBLE[1::2, AC_SYMBOLS] = True


def main() -> None:
    """Count symbols, cluster the counts, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=Path, nargs="+", required=True, help="folders of pictures")
    parser.add_argument("--pictures", required=True, help="what the pictures are, for the record")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sets", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    paths = [
        path
        for folder in options.images
        for path in visible((path for path in folder.iterdir() if path.suffix in _SUFFIXES), folder, DataSetError)
    ]
    crops = [crop for path in track(paths, "crops") for crop in _crops(path, random)]
    levels, counts = zip(*(file for crop in track(crops, "counts") for file in _files(crop, random)), strict=True)
    tables = _sets(np.array(levels), np.stack(counts), options.sets)
    record = {
        "about": "Shared Huffman table sets of SpaT-IMCO, each luminance DC, luminance AC, chrominance DC and AC",
        "made_by": "benchmarks/train_huffman.py",
        "pictures": options.pictures,
        "trained_on": {"pictures": len(paths), "crops": len(crops), "files": len(counts), "seed": options.seed},
        "sets": tables,
    }
    write_atomically(options.out, (_one_list_a_line(record) + "\n").encode())


def _crops(path: Path, random: np.random.Generator) -> Iterator[NDArray[np.uint8]]:
    """Crops of the whole picture and of three parts of it; grey pictures stay grey."""
    with Image.open(path) as opened:
        picture = opened.convert("L" if opened.mode in ("L", "I;16") else "RGB")
    shorter = min(picture.size)
    sides = [shorter, *random.integers(min(_SMALLEST_PART, shorter), shorter + 1, 3).tolist()]
    for side in sides:
        left, top = (int(random.integers(0, length - side + 1)) for length in picture.size)
        box = (left, top, left + side, top + side)
        yield np.asarray(picture.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC, box=box))


def _files(crop: NDArray[np.uint8], random: np.random.Generator) -> Iterator[tuple[float, NDArray[np.int64]]]:
    """Level and symbol counts (1024,) of a few files of a crop, coded in random ways."""
    codec = SpatImco()
    for number in range(_FILES_PER_CROP):
        level = float(np.exp(random.uniform(*np.log(_LEVELS))))
        coarse = random.normal(size=(5, 5)).astype(np.float32)
        rows, columns = region_grid(*crop.shape[:2])
        weights = np.asarray(Image.fromarray(coarse).resize((columns, rows), Image.Resampling.BICUBIC), np.float64)
        level_map = assign_levels(weights, equal_shares(codec.spread, 1.0, weights.size))
        plan = nearest_plan(level, codec.spread, level_map, codec.chroma_scale, codec.dc_scale)
        coefficients = forward(crop, "4:4:4" if number == _FILES_PER_CROP - 1 else "4:2:0")
        yield level, events(scan_order(quantise(coefficients, plan), *crop.shape[:2])).counts()


def _sets(levels: NDArray[np.float64], counts: NDArray[np.int64], number: int) -> list[list[dict[str, list[int]]]]:
    """Table sets by Lloyd's algorithm, started from quantiles of the levels and sorted by their mean."""
    edges = np.quantile(levels, np.linspace(0, 1, number + 1)[1:-1])
    share, before = np.searchsorted(edges, levels), None
    while before is None or (share != before).any():
        lengths = np.stack([_lengths(counts[share == index].sum(axis=0)) for index in range(number)])
        before, share = share, (counts @ lengths.T).argmin(axis=1)
    order = np.argsort([levels[share == index].mean() for index in range(number)])
    return [[_table(table) for table in lengths[index].reshape(4, 256)] for index in order]


def _lengths(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Code lengths (1024,) of one set; a symbol that was not seen counts as seen once."""
    seen = np.where(_POSSIBLE, np.maximum(counts.reshape(4, 256), 1), 0)
    return optimal_lengths(seen).ravel()


def _table(lengths: NDArray[np.int64]) -> dict[str, list[int]]:
    """BITS and HUFFVAL as a DHT segment states them."""
    order = np.argsort(lengths, kind="stable")[256 - np.count_nonzero(lengths) :]
    return {"bits": np.bincount(lengths, minlength=17)[1:].tolist(), "huffval": order.tolist()}


def _one_list_a_line(record: dict[str, object]) -> str:
    """JSON with each list of numbers on one line."""
    lines = json.dumps(record, indent=1).splitlines()
    joined: list[str] = []
    for line in lines:
        if line.strip().strip(",").isdigit() or (line.strip() in ("]", "],") and joined[-1].rstrip()[-1:].isdigit()):
            joined[-1] += line.strip() + (" " if line.endswith(",") and "]" not in line else "")
        else:
            joined.append(line)
    return "\n".join(joined)


if __name__ == "__main__":
    main()
