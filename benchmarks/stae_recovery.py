"""Measure the gain of recovery on generated clips: gaps at zero, interpolated, or filled by feature recovery.

    python benchmarks/stae_recovery.py [--weights FILE] [--count N] [--seed SEED]

Prints, for each budget, the accuracy on whole frames and on frames with 40 to 80 % of their pixels after each of the
three, and the mean absolute error of the pixels that were not sent, in grey levels. Then, over all budgets, what
recovery changes against interpolation, with 95 % bootstrap intervals over the clips.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from one_line import one_line_errors
from torch import Tensor
from tqdm import tqdm

from edgevision.arrays import FloatArray
from edgevision.codecs.stae.interpolation import interpolate
from edgevision.codecs.stae.stae_model_set import SHIPPED, StaeModels
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.codecs.stae.training.train_stae import clip_set
from edgevision.data.actions import GeneratedActions
from edgevision.data.clip_cache import cached_clips
from edgevision.data.clips import FRAMES
from edgevision.statistics import bootstrap_interval

WAYS = "zeros", "interpolated", "recovered"
PIXELS = 0.8, 0.6, 0.4


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=SHIPPED)
    parser.add_argument("--count", type=int, default=200, help="clips")
    parser.add_argument("--seed", type=int, default=1, help="of the clips; weights were trained on those of seed 0")
    given = parser.parse_args()
    models = StaeModels.load(given.weights)
    check(models)
    with tempfile.TemporaryDirectory() as folder:
        data = clip_set(
            cached_clips(GeneratedActions(given.count, given.seed), Path(folder), size=models.config.vit.size)
        )
        print(f"{len(data)} clips; accuracy [%]{'':30} mean absolute error of what was not sent [grey level]")
        print(f"{'frames':>6} {'pixels':>6} {'whole':>7} " + " ".join(f"{way:>12}" for way in (*WAYS, "", *WAYS)))
        gained, less = [], []
        for alpha in sorted(int(frames) for frames in models.spatial):
            for beta in PIXELS:
                right, errors = measure(models, data, alpha, beta)
                cells = [f"{100 * value:12.1f}" for value in right.mean(axis=1)[1:]] + [" " * 12]
                cells += [f"{error:12.2f}" for error in errors.mean(axis=1)]
                print(f"{alpha:6d} {100 * beta:5.0f}% {100 * right[0].mean():7.1f} {' '.join(cells)}", flush=True)
                gained.append(100 * (right[3] - right[2]))
                less.append(100 * (1 - errors[2] / errors[1]))
        print(f"recovered minus interpolated, mean over all budgets: {with_interval(gained)} points of accuracy")
        print(f"error that recovery removes, mean over all budgets: {with_interval(less)} %")


def with_interval(values: Sequence[FloatArray]) -> str:
    """The mean over budgets and clips, and its interval over clips, as text; ``values`` has one array per budget."""
    found = bootstrap_interval(np.mean(values, axis=0))
    return f"{found.estimate:+.2f} [{found.low:+.2f}, {found.high:+.2f}]"


def check(models: StaeModels) -> None:
    """Check that the weights suit the clips and have all measured budgets.

    Raises:
        ValueError: they do not.
    """
    if models.classes != GeneratedActions(1).classes or models.config.frames != FRAMES:
        raise ValueError(f"these weights are not for generated clips of {FRAMES} frames")
    budgets = [(int(frames), pixels) for frames in models.spatial for pixels in PIXELS]
    if lacking := [f"{alpha} x {beta:g}" for alpha, beta in budgets if not models.trained(alpha, beta)]:
        raise ValueError(f"these weights lack {len(lacking)} budgets that are measured, such as {lacking[0]}")


def measure(models: StaeModels, data: ClipSet, alpha: int, beta: float) -> tuple[FloatArray, FloatArray]:
    """Of each clip: right answers on whole frames and after each of ``WAYS``, (4, J); error of ``WAYS``, (3, J)."""
    model = models.model(alpha, beta).eval()
    right, errors = [], []
    with torch.inference_mode():
        for rows in tqdm(data.rows.split(max(1, 32 // alpha)), desc=f"{alpha} frames, {beta:.0%}", leave=False):
            frames, _ = model.keep_frames(data.frames(rows), alpha)
            mask = model.pixel_mask(frames, beta)
            sent = frames * mask
            filled = [sent, interpolate(sent, mask), model.fr(sent, mask)]
            right.append(torch.stack([hits(model.vit(seen), data.target(rows)) for seen in (frames, *filled)]))
            missing = (1 - mask).expand_as(frames)
            wrong = torch.stack([((seen - frames).abs() * missing).flatten(1).sum(1) for seen in filled])
            errors.append(127.5 * wrong / missing.flatten(1).sum(1))
    return torch.cat(right, 1).double().numpy(), torch.cat(errors, 1).double().numpy()


def hits(scores: Tensor, target: Tensor) -> Tensor:
    """Which answers are right, (J,)."""
    return scores.argmax(1) == target


if __name__ == "__main__":
    with one_line_errors():
        main()
