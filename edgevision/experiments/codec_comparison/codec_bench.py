"""The codec benchmark: measure a profile for every classifier and codec, and compare each with a reference codec."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgevision.codecs.base import ImageCodec
from edgevision.data.images import ImageFolder
from edgevision.errors import ProfileError
from edgevision.experiments.codec_comparison.rate_accuracy import Comparison, compare
from edgevision.measure.image_profile import measure_image_profile
from edgevision.profiles.profile import OperatingPointProfile, load_profile
from edgevision.progress import StageProgress
from edgevision.storage.disk_files import without_nan
from edgevision.vision.classifiers import Classifier

Profiles = dict[str, dict[str, OperatingPointProfile]]


def measure_profiles(
    dataset: ImageFolder,
    classifiers: Sequence[Classifier],
    codecs: Mapping[str, ImageCodec],
    folder: Path,
    progress: StageProgress = lambda name, done, total: None,
) -> Profiles:
    """Measure the profile of every classifier and codec, one after the other.

    Profiles that an earlier call finished with the same settings are loaded from ``folder``. A measurement that was
    interrupted continues where it stopped.

    Args:
        dataset: the images.
        classifiers: the classifiers that recognise the images.
        codecs: the codecs, by the name that tables and files use.
        folder: folder of the profiles ``MODEL-CODEC.npz`` and ``.json``.
        progress: called with the name of the profile, the number of measured images and of all images.

    Returns:
        Profiles by the name of the classifier, then of the codec.

    Raises:
        ProfileError, DataSetError: see ``measure_image_profile``.
    """
    found: Profiles = {}
    for classifier in classifiers:
        found[classifier.name] = {}
        for codec_name, codec in codecs.items():
            name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{classifier.name}-{codec_name}").replace("_", "-")
            profile = finished_profile(folder / f"{name}.npz", dataset, classifier, codec)
            if profile is None:
                report = _named(progress, name)
                profile = measure_image_profile(dataset, codec, classifier, None, folder, name, report)
            found[classifier.name][codec_name] = profile
            progress(name, len(dataset), len(dataset))
    return found


def _named(progress: StageProgress, name: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(name, done, total)


def finished_profile(
    path: Path, dataset: ImageFolder, classifier: Classifier, codec: ImageCodec, levels: Sequence[float] | None = None
) -> OperatingPointProfile | None:
    """The profile at ``path`` if it was measured on these images, classifier, codec and levels; else ``None``.

    ``levels`` are by default those of the codec.
    """
    if not path.is_file():
        return None
    try:
        profile = load_profile(str(path))
    except ProfileError:
        return None
    expected = {
        "files_fingerprint": dataset.fingerprint(),
        "model": classifier.name,
        "codec": codec.name,
        "codec_version": codec.version,
        "codec_settings": json.loads(json.dumps(dict(codec.settings))),
        "levels": list(codec.levels if levels is None else levels),
    }
    return profile if all(profile.metadata.get(key) == value for key, value in expected.items()) else None


def compare_all(profiles: Profiles, reference: str, resamples: int) -> dict[str, dict[str, Comparison]]:
    """Compare every codec with the codec ``reference``; by classifier and codec."""
    return {
        model: {
            name: compare(profile, by_codec[reference], resamples=resamples)
            for name, profile in by_codec.items()
            if name != reference
        }
        for model, by_codec in profiles.items()
    }


def as_record(profiles: Profiles, comparisons: Mapping[str, Mapping[str, Comparison]]) -> dict[str, Any]:
    """Curves and comparisons as JSON values; NaN becomes ``null``."""
    curves = {
        model: {
            name: {
                "levels": profile.parameter.tolist(),
                "mean_bytes": profile.size.mean(axis=0).tolist(),
                "accuracy": profile.correct.mean(axis=0).tolist() if profile.correct is not None else None,
                "metadata": {key: value for key, value in profile.metadata.items() if key != "skipped"},
            }
            for name, profile in by_codec.items()
        }
        for model, by_codec in profiles.items()
    }
    compared = {
        model: {name: comparison_record(c) for name, c in found.items()} for model, found in comparisons.items()
    }
    return {"curves": curves, "comparisons": compared}


def comparison_record(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON values; NaN becomes ``null``."""
    record: dict[str, Any] = without_nan(asdict(comparison))
    return record
