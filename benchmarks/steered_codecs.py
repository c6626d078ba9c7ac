"""Tune the steered codecs, and measure what steering saves on pictures that theta has not seen.

    python benchmarks/steered_codecs.py strengths --images DIR --labels FILE --work DIR
    python benchmarks/steered_codecs.py savings   --images DIR --labels FILE --work DIR [--codec NAME ..] [--pictures N]
    python benchmarks/steered_codecs.py times     --images DIR --labels FILE

``strengths`` codes every seventh picture (AVIF) or every twentieth (HEVC and H.264) at several levels, each with
several strengths. For each level it prints the bytes that each strength saves against the unsteered codec, at equal
mean log-probability of the true class; ``1.2/4`` is a blur of 1.2 pixels with an offset of 4. ``savings`` codes up to
150 other pictures of 700 with every codec, and prints the bytes saved at equal mean log-probability and at equal top-1
accuracy, with paired bootstrap intervals. Maps come from the shipped cross-fitted networks, so that no picture is
judged by a network that saw it. These networks belong to the 700 pictures of ``docs/theta.md``; other pictures get the
maps of ``Theta.load()``. ``times`` prints the CPU time of encoding and decoding of every codec, relative to uniform
JPEG, all codecs in turn on one core.

All bytes of all files count. A stopped run continues where it stopped.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from edgevision import codecs
from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.av1.avif_boxes import is_avif
from edgevision.codecs.av1.avif_codec import AvifRaw
from edgevision.codecs.base import ImageCodec
from edgevision.codecs.spat_imco.theta import Theta
from edgevision.codecs.spat_imco.theta.cross_fitting import CrossFitted
from edgevision.codecs.spat_imco.theta.theta_weights import SHIPPED, SHIPPED_FOLDS
from edgevision.codecs.steered.region_ranks import REGION, region_ranks
from edgevision.codecs.steered.steered_codec import SteeredCodec
from edgevision.codecs.steered.strengths import Strength
from edgevision.data.class_labels import class_indices
from edgevision.data.images import ImageFolder
from edgevision.experiments.codec_comparison.rate_accuracy import bytes_saved
from edgevision.part_store import PartStore
from edgevision.statistics import percentile_interval
from edgevision.storage.disk_files import sha256
from edgevision.vision.classifiers import Classifier, load_classifier
from edgevision.vision.importance import Importance

MODEL = "tf_efficientnet_lite0"
#: Levels at which strengths are tried, and, before and after them, levels of the unsteered curve alone.
TRIED: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "spat-avif": ((35.0, 45.0, 55.0, 68.0, 80.0, 88.0, 95.0), (25.0, 99.0)),
    "spat-hevc": ((30.0, 36.0, 42.0), (25.0, 47.0)),
    "spat-h264": ((30.0, 36.0, 42.0), (25.0, 47.0)),
}
STRENGTHS: Mapping[str, tuple[Strength, ...]] = {
    "spat-avif": tuple(Strength(blur) for blur in (0.0, 0.4, 0.8, 1.4, 2.0)),
    "spat-hevc": tuple(Strength(blur, offset) for blur in (0.0, 1.0, 1.6) for offset in (0.0, 4.0, 8.0)),
    "spat-h264": tuple(Strength(blur, offset) for blur in (0.0, 1.0, 1.6) for offset in (0.0, 4.0, 8.0)),
}
#: Levels at which codecs are compared.
AVIF_LEVELS, HEVC_LEVELS, H264_LEVELS = (55, 68, 78, 87, 94), (30, 34, 38, 42, 46), (32, 36, 40, 44, 48)
UNSTEERED: Mapping[str, tuple[float, ...]] = {
    "uniform": (1.5, 3, 5, 8, 13),
    "spat-imco": (2, 4, 7, 11, 17),
    "webp": (55, 80, 92, 97, 100),
    "avif": AVIF_LEVELS,
    "avif-raw": AVIF_LEVELS,
    "hevc": HEVC_LEVELS,
    "h264": H264_LEVELS,
}
STEERED: Mapping[str, tuple[float, ...]] = {
    "spat-avif": AVIF_LEVELS,
    "spat-avif:plain": AVIF_LEVELS,
    "spat-hevc": HEVC_LEVELS,
    "spat-h264": H264_LEVELS,
}
#: Codecs that code the same payload as another one, with fewer bytes around it.
PAYLOAD_OF = {"avif-raw": "avif", "spat-avif": "spat-avif:plain"}
RESAMPLES = 1000
BATCH = 16


class Pictures:
    """Some pictures of a data set as a classifier sees them, with their classes and maps.

    Attributes:
        classifier: the classifier.
        numbers: of the pictures in the data set.
        fingerprint: of the data set.
        maps: SHA-256 of the weights that make the maps.
    """

    def __init__(self, folder: Path, labels: Path, step: int, starts: Sequence[int] = (0,)) -> None:
        """Take every ``step``-th picture from each of ``starts`` on."""
        self._dataset, self.classifier = ImageFolder(folder, labels), load_classifier(MODEL)
        self.numbers = [number for start in starts for number in range(start, len(self._dataset), step)]
        known = (item.label for item in self._dataset.items)
        self._classes = class_indices(known, self.classifier.classes, self.classifier.class_names)
        self.fingerprint = self._dataset.fingerprint()
        self._seen, self._unseen = Theta.load(), CrossFitted.load(self._dataset, [self.classifier])
        self._known = len(self._dataset) == 700
        self.maps = sha256((SHIPPED_FOLDS if self._known else SHIPPED).read_bytes())

    def __iter__(self) -> Iterator[tuple[int, ByteImage, int]]:
        """Number, crop and class of each."""
        for number in self.numbers:
            crop = self.classifier.crop(self._dataset.load(self._dataset.items[number]))
            yield number, crop, self._classes[number]

    def importance(self, crop: ByteImage) -> Importance:
        """The map of a crop."""
        return self._unseen(crop) if self._known else self._seen(crop)


def outcomes(classifier: Classifier, files: Sequence[tuple[bytes, ImageCodec]], label: int) -> list[list[float]]:
    """Size, log-probability of the class, whether it is the answer, and size of the AV1 payload, for each file."""
    found = []
    for first in range(0, len(files), BATCH):
        group = files[first : first + BATCH]
        logits = classifier.predict_logits(np.stack([codec.decode(data) for data, codec in group])).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        log_probability = logits[:, label] - np.log(np.exp(logits).sum(axis=1))
        found += [
            [float(len(data)), float(log_probability[i]), float(logits[i].argmax() == label), payload_bytes(data)]
            for i, (data, _) in enumerate(group)
        ]
    return found


def payload_bytes(data: bytes) -> float:
    """Size of the AV1 payload of an AVIF file; of another file, its own."""
    return float(len(AvifRaw().wrap(data)) if is_avif(data) else len(data))


def table(
    pictures: Pictures,
    store: PartStore,
    name: str,
    what: dict[str, Any],
    code: Callable[[ByteImage], list[tuple[bytes, ImageCodec]]],
) -> NDArray[np.float64]:
    """Outcomes (pictures, files, 4) of the files that ``code`` makes of each crop, computed once."""
    rows = []
    for done, (number, crop, label) in enumerate(pictures):
        description = {"data": pictures.fingerprint, "number": number, "model": MODEL, **what}
        part = store.load(f"{name}-{number:04d}", description)
        if part is None:
            part = {"rows": outcomes(pictures.classifier, code(crop), label)}
            store.save(f"{name}-{number:04d}", description, part)
        rows.append(part["rows"])
        print(f"\r{name}: {done + 1} / {len(pictures.numbers)} ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return np.array(rows)


def tune(given: argparse.Namespace) -> None:
    """Print the bytes that each strength saves at each level."""
    store = PartStore(given.work)
    for name, (levels, outer) in TRIED.items():
        every = 7 if name == "spat-avif" else 20
        pictures = Pictures(given.images, given.labels, every)
        codec = codecs.make(name)
        assert isinstance(codec, SteeredCodec)
        tried = [(level, strength) for level in levels for strength in STRENGTHS[name]]
        tried += [(level, Strength(0.0)) for level in outer]

        def code(
            crop: ByteImage,
            pictures: Pictures = pictures,
            codec: SteeredCodec = codec,
            tried: list[tuple[float, Strength]] = tried,
        ) -> list[tuple[bytes, ImageCodec]]:
            ranks = region_ranks(pictures.importance(crop).weights, REGION)
            return [(codec.steered(crop, ranks, REGION, *one), codec) for one in tried]

        what = {"codec": codec.version, "settings": dict(codec.unsteered.settings), "tried": str(tried)}
        what["maps"] = pictures.maps
        means = table(pictures, store, f"tune-{name}", what, code).mean(axis=0)
        off = [number for number, (_, strength) in enumerate(tried) if strength == Strength(0.0)]
        curve = PchipInterpolator(*increasing(means[off, 1], np.log(means[off, 0])))
        print(f"{name}: bytes saved [%] at equal log-probability, {len(pictures.numbers)} pictures")
        print("   level  bytes  " + "  ".join(f"{s.blur:g}/{s.offset:g}".rjust(7) for s in STRENGTHS[name]))
        for level in levels:
            cells = [number for number, (its, _) in enumerate(tried) if its == level]
            saved = 100 * (1 - means[cells, 0] / np.exp(curve(means[cells, 1])))
            print(f"{level:8g} {means[cells[0], 0]:6.0f}  " + "  ".join(f"{value:7.1f}" for value in saved))


def increasing(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Both sorted by x."""
    order = np.argsort(x)
    return x[order], y[order]


def saved_at_equal_log_probability(
    size: FloatArray, quality: FloatArray, reference_size: FloatArray, reference: FloatArray
) -> float:
    """Share of the reference's bytes saved at equal mean log-probability, as ``bytes_saved`` with that as accuracy.

    The mean is over log-probabilities from -3.3 to -0.9 nats, at which about 30 to 80 % of the answers are right.
    """
    curves = [PchipInterpolator(*increasing(x, np.log(s))) for x, s in ((quality, size), (reference, reference_size))]
    low, high = max(quality.min(), reference.min(), -3.3), min(quality.max(), reference.max(), -0.9)
    if not low < high:
        return float("nan")
    areas = [float(curve.integrate(low, high)) for curve in curves]
    return float(-np.expm1((areas[0] - areas[1]) / (high - low)))


def saved_at_equal_accuracy(
    size: FloatArray, accuracy: FloatArray, reference_size: FloatArray, reference: FloatArray
) -> float:
    """Share of the reference's bytes saved at equal top-1 accuracy."""
    return float(bytes_saved(size, accuracy, reference_size, reference)[0])


def made(name: str) -> ImageCodec:
    """The codec of a name in ``UNSTEERED`` or ``STEERED``."""
    base, _, container = name.partition(":")
    return codecs.make(base, container=container) if container else codecs.make(base)


def savings(given: argparse.Namespace) -> None:
    """Print what each codec saves over the others."""
    pictures = Pictures(given.images, given.labels, 14, (1, 9, 5))
    pictures.numbers = pictures.numbers[: given.pictures]
    store, tables = PartStore(given.work), {}
    levels = {name: its for name, its in {**UNSTEERED, **STEERED}.items() if name in given.codec}
    for name, its in levels.items():
        if PAYLOAD_OF.get(name) in levels:
            continue
        codec = made(name)

        def code(
            crop: ByteImage, codec: ImageCodec = codec, its: tuple[float, ...] = its
        ) -> list[tuple[bytes, ImageCodec]]:
            importance = pictures.importance(crop) if codec.name.startswith("spat") else None
            return [(codec.encode(crop, level=level, importance=importance), codec) for level in its]

        what = {"codec": codec.version, "settings": dict(codec.settings), "levels": list(its)}
        if codec.name.startswith("spat"):
            what["maps"] = pictures.maps
        tables[name] = table(pictures, store, name.replace(":", "-"), what, code)
    for name, other in PAYLOAD_OF.items():
        if name in levels and other in levels:
            tables[name] = tables[other][..., [3, 1, 2]]
    count = len(pictures.numbers)
    drawn = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), RESAMPLES) / count
    print(f"{count} pictures, {MODEL}")
    for name, its in levels.items():
        means = tables[name].mean(axis=0)
        rows = (f"{level:g}: {row[0]:.0f} {row[1]:.2f} {row[2]:.2f}" for level, row in zip(its, means, strict=True))
        print(f"{name:18}level: bytes, log-probability, top-1   {'   '.join(rows)}")
    print("bytes saved [%], 95 % intervals")
    print(f"{'codec':18}{'against':12}{'equal log-probability':>25}{'equal top-1':>25}")
    for name in levels:
        for other in (other for other in levels if other in UNSTEERED):
            if other == name or (name in UNSTEERED and other != "uniform"):
                continue
            cells = []
            for column, summary in ((1, saved_at_equal_log_probability), (2, saved_at_equal_accuracy)):
                values = [tables[one][..., c] for one in (name, other) for c in (0, column)]
                estimate = summary(*(value.mean(axis=0) for value in values))
                resampled = [summary(*rows) for rows in zip(*(drawn @ value for value in values), strict=True)]
                found = percentile_interval(estimate, np.array(resampled))
                cells.append(f"{100 * found.estimate:.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]")
            print(f"{name:18}{other:12}{cells[0]:>25}{cells[1]:>25}", flush=True)


def times(given: argparse.Namespace) -> None:
    """Print encoding and decoding times, relative to those of uniform JPEG at level 4."""
    pictures = Pictures(given.images, given.labels, 140)
    chosen = {name: made(name) for name in (*UNSTEERED, *STEERED)}
    #: Levels of about equal accuracy, near the middle of the range that is compared.
    level = {"QUALITY": 82.0, "CRF": 38.0, "JPEG": 4.0}
    at = {name: level[scale_of(codec)] for name, codec in chosen.items()}
    spent: dict[tuple[str, str], list[float]] = {}
    for _, crop, _ in pictures:
        importance = pictures.importance(crop)
        calls: dict[tuple[str, str], Callable[[], Any]] = {
            ("theta's map", "encode"): partial(pictures.importance, crop),
            (MODEL, "decode"): partial(pictures.classifier.predict_logits, crop[None]),
        }
        for name, codec in chosen.items():
            encode = partial(codec.encode, crop, level=at[name], importance=importance)
            calls |= {(name, "encode"): encode, (name, "decode"): partial(codec.decode, encode())}
        for _ in range(3):
            for key, call in calls.items():
                spent.setdefault(key, []).append(cpu_seconds(call))
    unit = {what: statistics.median(spent["uniform", what]) for what in ("encode", "decode")}
    print(f"CPU time relative to uniform JPEG, {len(pictures.numbers)} crops of 224 x 224, medians; maps are apart")
    for name in (*chosen, "theta's map", MODEL):
        cells = [
            f"{statistics.median(spent[name, what]) / unit[what]:8.1f}" if (name, what) in spent else " " * 8
            for what in ("encode", "decode")
        ]
        print(f"{name:24} encode {cells[0]}   decode {cells[1]}")


def scale_of(codec: ImageCodec) -> str:
    """Which of the three scales a codec has."""
    return {101: "QUALITY", 205: "CRF", 1025: "JPEG"}[len(codec.scale.grid)]


def cpu_seconds(call: Callable[[], Any]) -> float:
    """CPU time of a call, of all threads [s]."""
    started = time.process_time()
    call()
    return time.process_time() - started


COMMANDS = {"strengths": tune, "savings": savings, "times": times}


def main() -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=tuple(COMMANDS))
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--work", type=Path, help="folder for results; a stopped run continues from it")
    known = (*UNSTEERED, *STEERED)
    parser.add_argument("--codec", nargs="+", choices=known, default=known, help="to compare; all by default")
    parser.add_argument("--pictures", type=int, default=150, help="of savings, at most 150")
    given = parser.parse_args()
    COMMANDS[given.what](given)


if __name__ == "__main__":
    main()
