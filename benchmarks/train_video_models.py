"""Train the constants of the models in the STAE bitstream, and write them to ``bitstream/constants.py``.

Run:  OMP_NUM_THREADS=1 python benchmarks/train_video_models.py PHOTOGRAPHS

Clips are made from a folder of JPEG photographs: a still background, pieces of other pictures that move over it, and
noise, in 112 x 112 pixels. Masks keep the pixels with the highest smoothed gradients. The shipped constants come from
600 photographs, one of each of 600 ImageNet classes, with the defaults below; no video was used.
"""

from __future__ import annotations

import argparse
import base64
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.optimize import nnls

from edgevision.codecs.stae.bitstream import learned_tables as models
from edgevision.codecs.stae.bitstream import lossless, mask_context, residuals
from edgevision.codecs.stae.bitstream.neighbours import INPUTS, KINDS, PLANES, SIGNS, SIGNS_USED, USED, WEST
from edgevision.codecs.stae.bitstream.volume import Volume
from edgevision.codecs.stae.selection import kept_pixels, top
from edgevision.storage.disk_files import write_atomically

SIZE = 112
HEAD = '''"""Written by benchmarks/train_video_models.py; ``learned_tables`` reads it."""

# fmt: off
#: Shape, and the numbers, compressed and in base 85.
TABLES: dict[str, tuple[tuple[int, ...], str]] = {
'''


def main() -> None:
    """Train the models in the order of their dependence."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path, help="folder of pictures")
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--out", type=Path, default=Path(models.__file__).with_name("constants.py"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    photographs = [Photograph(path) for path in sorted(options.photographs.glob("*.JPEG"))[:600]]
    clips = [made_clip(photographs, random, frames=1 + number % 2 * 3) for number in range(options.clips)]
    selected = [(clip, made_mask(clip, random)) for clip in clips]
    learn(mask_prior=mask_prior([mask for _, mask in selected]) / 256)
    train_lossless(selected)
    save(options.out)


class Photograph:
    """A picture, read when it is needed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def crop(self, random: np.random.Generator, size: int) -> NDArray[np.uint8]:
        """A random square crop of the picture, resized to ``size``."""
        picture = Image.open(self.path).convert("RGB")
        side = int(min(picture.size) * random.uniform(0.6, 1.0))
        left, upper = (int(random.integers(0, whole - side + 1)) for whole in picture.size)
        return np.asarray(picture.resize((size, size), Image.Resampling.BOX, (left, upper, left + side, upper + side)))


def made_clip(photographs: list[Photograph], random: np.random.Generator, frames: int) -> NDArray[np.uint8]:
    """A clip (frames, 112, 112, 3): a still background, two moving pieces and noise."""
    picked = [photographs[int(number)] for number in random.integers(0, len(photographs), 3)]
    clip = np.repeat(picked[0].crop(random, SIZE)[None], frames, axis=0).astype(np.float64)
    for thing in picked[1:]:
        height, width = random.integers(30, 80), random.integers(12, 30)
        piece = thing.crop(random, SIZE)[:height, :width]
        row, column = random.uniform(0, SIZE - height), random.uniform(0, SIZE - width)
        step = random.normal(0, 4, 2)
        for frame in clip:
            r, c = (int(np.clip(x, 0, SIZE - n)) for x, n in ((row, height), (column, width)))
            frame[r : r + height, c : c + width] = piece
            row, column = row + step[0], column + step[1]
    clip += random.normal(0, random.uniform(0.3, 2.5), clip.shape[:3])[..., None]
    clip += random.normal(0, 0.4, clip.shape)
    return clip.round().clip(0, 255).astype(np.uint8)


def made_mask(clip: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.bool_]:
    """The pixels of a random budget, at least 40 %, with the highest smoothed gradients, (a, 112, 112)."""
    rows, columns = np.gradient(clip.mean(axis=-1), axis=(1, 2))
    width = random.uniform(1.0, 4.0)
    scores = gaussian_filter(np.abs(rows) + np.abs(columns), (0, width, width))
    budget = kept_pixels(random.uniform(0.4, 0.9), SIZE, SIZE)
    return top(scores.reshape(len(clip), -1), budget).reshape(scores.shape)


def mask_prior(masks: list[NDArray[np.bool_]]) -> NDArray[np.int64]:
    """Share of kept pixels in each context [1/256]."""
    ones, total = np.full(1 << len(mask_context.CONTEXT), 0.5), np.ones(1 << len(mask_context.CONTEXT))
    for mask in masks:
        padded = np.pad(mask, ((1, 0), (2, 1), (2, 2)))
        shifted = [np.roll(padded, [-x for x in offset], axis=(0, 1, 2)) for offset in mask_context.CONTEXT]
        context = np.tensordot(1 << np.arange(len(shifted)), np.array(shifted), 1)[1:, 2:-1, 2:-2].ravel()
        total += np.bincount(context, minlength=len(total))
        ones += np.bincount(context, mask.ravel(), minlength=len(total))
    return np.clip(np.round(256 * ones / total), 1, 255).astype(np.int64)


def train_lossless(selected: list[tuple[NDArray[np.uint8], NDArray[np.bool_]]]) -> None:
    """Train the weights of predictions and of expected errors in turns, because each depends on the other."""
    volumes = []
    for number, (clip, mask) in enumerate(selected):
        mask = mask if number % 3 else np.ones_like(mask)
        volume = Volume(mask)
        volume.planes()[:] = np.where(mask, lossless._differences(clip), 0)
        for step in range(len(volume.kept.ends)):
            volume.fill(step)
        volumes.append(volume)
    every = slice(None, None, 5)  # of the values
    around = np.concatenate([volume.around(volume.kept.places[every]) for volume in volumes], axis=1)
    group = np.concatenate([volume.group[every] for volume in volumes])
    broken = np.concatenate([volume.broken[every] for volume in volumes])
    target = np.concatenate([volume.values[volume.kept.places[every]] for volume in volumes]) - around[WEST]
    inputs, signs = INPUTS @ around, np.abs(SIGNS @ around)
    sets = residuals.SETS * group.astype(np.int64)
    for _ in range(3):
        weights = usual_weights(inputs, target, sets)
        error = np.abs(target - np.einsum("kn,kn->n", weights.T[:, sets] / residuals.UNIT, inputs))
        expected = error_weights(signs, error, group)
        learn(usual_weights=weights, error_weights=expected)
        sets = residuals.weight_set(group, residuals.expected_class(around, group), broken)
    print(f"mean error {error.mean():.3f}, {len(error)} values")


def usual_weights(inputs: NDArray[Any], target: NDArray[Any], sets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Least-squares weights of the prediction for each set, in units of 1 / ``residuals.UNIT``."""
    weights = np.zeros((KINDS * PLANES * residuals.SETS, len(INPUTS)))
    for number in np.unique(sets):
        used, mine = USED.reshape(KINDS * PLANES, -1)[number // residuals.SETS], sets == number
        known = inputs[np.ix_(used, mine)].astype(np.float64)
        weights[number, used] = np.linalg.solve(known @ known.T + 10 * np.eye(len(known)), known @ target[mine])
    return np.round(np.clip(weights * residuals.UNIT, -127, 127)).astype(np.int64)


def error_weights(signs: NDArray[Any], error: NDArray[Any], group: NDArray[np.int8]) -> NDArray[np.int64]:
    """Maximum-likelihood weights >= 0 of the signs for Laplacian errors, a constant first, [1/16]."""
    weights = np.zeros((KINDS * PLANES, 1 + len(SIGNS)))
    for number in range(len(weights)):
        used = np.concatenate(([True], SIGNS_USED.reshape(KINDS * PLANES, -1)[number]))
        mine = np.flatnonzero(group == number)[::4]
        known = np.concatenate((np.ones((1, len(mine))), signs[:, mine]))[used].astype(np.float64)
        expected = np.full(len(mine), 2.0)
        for _ in range(8):
            found = nnls((known / expected).T, error[mine] / expected)[0]
            expected = np.maximum(found @ known, 0.2)
        weights[number, used] = found
    return np.round(16 * weights).astype(np.int64)


def learn(**changed: NDArray[Any]) -> None:
    """Set constants of the models in memory."""
    for name, values in changed.items():
        getattr(models, name.upper())[:] = values


def save(path: Path) -> None:
    """Write the constants of the models in memory."""
    tables = []
    for name, kind in models.KINDS.items():
        stored = np.round(getattr(models, name) * (256 if name == "MASK_PRIOR" else 1)).astype(kind)
        text = base64.b85encode(zlib.compress(stored.tobytes(), 9)).decode("ascii")
        lines = "".join(f'        "{text[k : k + 108]}"\n' for k in range(0, len(text), 108))
        tables.append(f'    "{name}": (\n        {stored.shape},\n{lines}    ),\n')
    write_atomically(path, (HEAD + "".join(tables) + "}\n").encode("utf-8"))


if __name__ == "__main__":
    main()
