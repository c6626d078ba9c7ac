"""Compare the bytes of STAE at equal accuracy with those of H.264, H.265 and JPEG.

    python benchmarks/stae_bytes.py --weights runs/stae/stae.safetensors
    python benchmarks/stae_bytes.py --clips UT-INTERACTION --folds DIR

Without --clips it uses generated clips of a seed that was not used in training. --folds is the folder of the models
that were trained without each sequence (WORK/profiles/.measured-*, written by ``benchmarks/stae_profiles.py ut``).

All bytes count, masks and headers included. H.264 and H.265 are elementary streams of x264 and x265, preset slow,
without their version message. The edge has the same frame attention and classifier for all codecs. It classifies all 16
frames of a video, or those that frame attention picks. For each codec the script prints the setting with the fewest
bytes whose accuracy reaches a target, and its bytes relative to the best H.264 or H.265 (95 % bootstrap over clips;
every sample chooses the settings again).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from one_line import one_line_errors
from video_formats import H264, H265, JPEG_ABBREVIATED

from edgevision.arrays import ByteClip
from edgevision.codecs.stae.attention import select_frames
from edgevision.codecs.stae.selection import FRAME_BUDGETS
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.codecs.stae.stae_model_set import SHIPPED, StaeModels
from edgevision.codecs.stae.stae_network import normalise
from edgevision.data.actions import GeneratedActions
from edgevision.data.clips import ClipSource
from edgevision.data.ut_interaction import UTInteraction

PIXELS = 0.4
CRF = (18.0, 23.0, 28.0, 34.0, 40.0, 46.0, 51.0)
QUALITY = (10.0, 30.0, 60.0)
FEW = (1, 2, 4)
FAMILIES = ("STAE", "H.264", "H.265", "JPEG")
RESAMPLES = 2000


@dataclass(frozen=True)
class Setting:
    """One way to send a clip: the family of its codec, and its settings in words."""

    family: str
    name: str


class Edge:
    """Frame attention and classifier of one set of models."""

    def __init__(self, models: StaeModels) -> None:
        self.models, self.codec = models.eval(), StaeCodec(models)

    @torch.inference_mode()
    def kept(self, clip: ByteClip, frames: int) -> NDArray[np.int64]:
        """Indices of the frames that FA keeps."""
        return self.codec.select(clip, frames, 1.0).frames

    @torch.inference_mode()
    def right(self, frames: ByteClip, label: int) -> bool:
        """Whether frames (a, H, W, 3) are recognised."""
        return bool(self.models.base.vit(normalise(torch.from_numpy(frames))[None]).argmax() == label)

    @torch.inference_mode()
    def right_at_all_budgets(self, clip: ByteClip, label: int) -> dict[int, bool]:
        """Whether a decoded clip is recognised from the alpha frames that FA picks, by alpha."""
        base, tensor = self.models.base, normalise(torch.from_numpy(clip))[None]
        features, scores = base.vit.frame_features(tensor), base.fa(tensor)
        picked = {alpha: select_frames(features, scores, alpha)[0] for alpha in FRAME_BUDGETS}
        return {alpha: bool(base.vit.classify(some).argmax() == label) for alpha, some in picked.items()}


def send(edge: Edge, clip: ByteClip, label: int) -> Iterator[tuple[Setting, int, bool]]:
    """Send a clip in every setting; yields the setting, the bytes, and whether the answer is right."""
    yield from _stae(edge, clip, label)
    for codec, family in ((H264, "H.264"), (H265, "H.265")):
        for level in CRF:
            data = codec.encode(clip, level)
            for alpha, right in edge.right_at_all_budgets(codec.decode(data), label).items():
                yield Setting(family, f"all frames, CRF {level:g}, edge picks {alpha}"), len(data), right
            for alpha in FEW:
                data = codec.encode(clip[edge.kept(clip, alpha)], level)
                yield (
                    Setting(family, f"{alpha} picked, CRF {level:g}"),
                    len(data),
                    edge.right(codec.decode(data), label),
                )
    for alpha in FEW:
        for level in QUALITY:
            data = JPEG_ABBREVIATED.encode(clip[edge.kept(clip, alpha)], level)
            right = edge.right(JPEG_ABBREVIATED.decode(data), label)
            yield Setting("JPEG", f"{alpha} picked, quality {level:g}"), len(data), right


def _stae(edge: Edge, clip: ByteClip, label: int) -> Iterator[tuple[Setting, int, bool]]:
    for alpha in FRAME_BUDGETS:
        for beta in (1.0, PIXELS):
            data = edge.codec.encode(clip, frames=alpha, pixels=beta)
            right = bool(edge.codec.scores(data).argmax() == label)
            yield Setting("STAE", f"{alpha} x {beta:.0%}"), len(data), right


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="weights of STAE; by default the shipped weights")
    parser.add_argument("--clips", type=Path, help="folder of UT-Interaction; by default generated clips")
    parser.add_argument(
        "--folds", type=Path, help="folder of the models fold-GROUP.safetensors, trained without each sequence"
    )
    parser.add_argument("--count", type=int, default=200, help="number of generated clips")
    arguments = parser.parse_args()
    if (arguments.clips is None) != (arguments.folds is None):
        parser.error("--clips and --folds go together")
    torch.set_num_threads(1)
    source: ClipSource = UTInteraction(arguments.clips) if arguments.clips else GeneratedActions(arguments.count, 1)
    edges: dict[int, Edge] = {}

    def edge_of(group: int) -> Edge:
        key = group if arguments.folds else 0
        if key not in edges:
            path = arguments.folds / f"fold-{group}.safetensors" if arguments.folds else arguments.weights
            edges[key] = Edge(StaeModels.load(path))
        return edges[key]

    settings, size, right = _measure(source, edge_of)
    _print(settings, size, right)


def _measure(
    source: ClipSource, edge_of: Callable[[int], Edge]
) -> tuple[list[Setting], NDArray[np.float64], NDArray[np.bool_]]:
    rows = []
    for done, item in enumerate(source.items, 1):
        rows.append(list(send(edge_of(item.group), source.load(item), item.class_index)))
        print(f"\r{done} of {len(source)} clips", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    settings = [setting for setting, _, _ in rows[0]]
    size = np.array([[bytes_sent for _, bytes_sent, _ in row] for row in rows], np.float64)
    return settings, size, np.array([[good for _, _, good in row] for row in rows], np.bool_)


def _print(settings: list[Setting], size: NDArray[np.float64], right: NDArray[np.bool_]) -> None:
    family = np.array([FAMILIES.index(setting.family) for setting in settings])
    best = right.mean(0).max()
    print(f"{len(size)} clips, best accuracy of any setting {best:.3f}")
    targets = np.unique(np.floor(100 * best * np.array([0.98, 0.95, 0.9, 0.85, 0.8])) / 100)[::-1]
    rows = np.random.default_rng(0).integers(len(size), size=(RESAMPLES, len(size)))
    for target in targets:
        print(f"\naccuracy >= {target:.2f}")
        video = np.isin(family, (FAMILIES.index("H.264"), FAMILIES.index("H.265")))
        reference = _cheapest(size, right, video, target)
        for index, name in enumerate(FAMILIES):
            found = _cheapest(size, right, family == index, target)
            if found is None:
                print(f"  {name:6s} not reached (at most {right[:, family == index].mean(0).max():.3f})")
                continue
            row = (
                f"  {name:6s} {size[:, found].mean():8.0f} bytes  {right[:, found].mean():.3f}  {settings[found].name}"
            )
            if reference is not None and not video[found]:
                row += _ratio(size, right, family == index, video, target, rows)
            print(row)


def _cheapest(
    size: NDArray[np.float64], right: NDArray[np.bool_], allowed: NDArray[np.bool_], target: float
) -> int | None:
    """The allowed setting with the fewest mean bytes among those that reach the target."""
    mean = np.where(allowed & (right.mean(0) >= target), size.mean(0), np.inf)
    return int(mean.argmin()) if np.isfinite(mean).any() else None


def _ratio(
    size: NDArray[np.float64],
    right: NDArray[np.bool_],
    ours: NDArray[np.bool_],
    theirs: NDArray[np.bool_],
    target: float,
    rows: NDArray[np.int64],
) -> str:
    """Bytes relative to the best video codec, with an interval, as text."""
    found = []
    for sample in rows:
        mean, accuracy = size[sample].mean(0), right[sample].mean(0)
        reached = accuracy >= target
        if (reached & ours).any() and (reached & theirs).any():
            found.append(mean[reached & ours].min() / mean[reached & theirs].min())
    low, high = np.percentile(found, (2.5, 97.5))
    first, second = _cheapest(size, right, ours, target), _cheapest(size, right, theirs, target)
    return f"   {size[:, first].mean() / size[:, second].mean():.2f} [{low:.2f}, {high:.2f}] of video's"


if __name__ == "__main__":
    with one_line_errors():
        main()
