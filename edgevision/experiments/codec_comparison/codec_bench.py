"""The codec benchmark: measure a profile for every classifier and codec, and compare each with a reference codec."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.codecs.base import ImageCodec, settings_as_json
from edgevision.data.images import ImageFolder
from edgevision.errors import ProfileError
from edgevision.experiments.codec_comparison.bench_table import CodecRow
from edgevision.experiments.codec_comparison.rate_accuracy import Comparison, compare
from edgevision.measure.image_answers import ProfileRequest
from edgevision.measure.image_profile import measure_image_profiles, time_together
from edgevision.profiles.profile import OperatingPointProfile, load_profile, save_profile
from edgevision.progress import StageProgress
from edgevision.storage.disk_files import without_nan
from edgevision.vision.own_classifier import Recogniser

Profiles = dict[str, dict[str, OperatingPointProfile]]


def measure_profiles(
    dataset: ImageFolder,
    classifiers: Sequence[Recogniser],
    codecs: Mapping[str, ImageCodec],
    folder: Path,
    progress: StageProgress = lambda name, done, total: None,
    levels: int | None = None,
    processes: int = 1,
) -> Profiles:
    """Measure the profile of every classifier and codec, and the times of all of them in turn.

    Profiles that an earlier call finished with the same settings are loaded from ``folder``. If they were not all timed
    in one run, they are timed again together. A measurement that was interrupted continues where it stopped.

    Args:
        dataset: the images.
        classifiers: the classifiers that recognise the images.
        codecs: the codecs, by the name that tables and files use.
        folder: folder of the profiles ``MODEL-CODEC.npz`` and ``.json``.
        progress: called with the name of the profile or of the stage, the number of measured images and of all images.
        levels: how many levels of each codec's ladder to measure, spread over it; ``None`` for all.
        processes: how many processes share the images.

    Returns:
        Profiles by the name of the classifier, then of the codec.

    Raises:
        ProfileError: ``folder`` holds a profile that was measured with other pictures, levels or settings; or see
            ``measure_image_profiles``.
        DataSetError, FolderInUseError: see ``measure_image_profiles``.
    """
    requests = {
        (classifier.name, name): ProfileRequest(
            re.sub(r"[^A-Za-z0-9.]+", "-", f"{classifier.name}-{name}"),
            codec,
            classifier,
            spread_levels(codec.levels, levels),
        )
        for classifier in classifiers
        for name, codec in codecs.items()
    }
    profiles = measure_requests(dataset, list(requests.values()), folder, progress, processes)
    by_key = dict(zip(requests, profiles, strict=True))
    return {classifier.name: {name: by_key[classifier.name, name] for name in codecs} for classifier in classifiers}


def measure_requests(
    dataset: ImageFolder,
    requests: Sequence[ProfileRequest],
    folder: Path,
    progress: StageProgress = lambda name, done, total: None,
    processes: int = 1,
) -> list[OperatingPointProfile]:
    """The profiles of some requests, all timed in one run; for the rest see ``measure_profiles``."""
    found = [_finished(folder, dataset, request) for request in requests]
    missing = [request for request, profile in zip(requests, found, strict=True) if profile is None]
    measured = iter(measure_image_profiles(dataset, missing, folder, progress, processes))
    profiles = [next(measured) if profile is None else profile for profile in found]
    if not _one_run(profiles):
        profiles = time_together(dataset, requests, profiles, progress)
        for profile in profiles:
            save_profile(profile, folder)
    return profiles


def spread_levels(ladder: Sequence[float], count: int | None) -> tuple[float, ...]:
    """``count`` levels of a ladder with its first and last, spread evenly; all if ``count`` is ``None`` or larger."""
    if count is None or count >= len(ladder):
        return tuple(ladder)
    return tuple(ladder[index] for index in np.linspace(0, len(ladder) - 1, count).round().astype(int))


def _one_run(profiles: Sequence[OperatingPointProfile]) -> bool:
    """Whether all profiles were timed beside the same calls of the reference operation."""
    return len({profile.metadata["times"]["reference_operation_s"]["here"] for profile in profiles}) == 1


def _finished(folder: Path, dataset: ImageFolder, request: ProfileRequest) -> OperatingPointProfile | None:
    """The profile of a request, if an earlier run measured it.

    Raises:
        ProfileError: its file is of another measurement, which would be lost.
    """
    path = folder / f"{request.name}.npz"
    found = finished_profile(path, dataset, request.classifier, request.codec, request.ladder)
    if found is not None and found.log_probability is not None:
        return found
    if found is None and _readable(path):
        raise ProfileError(
            f"{path} was measured with other pictures, levels or settings; choose another folder (--out) or remove it"
        )
    return None


def _readable(path: Path) -> bool:
    try:
        return path.is_file() and bool(load_profile(str(path)))
    except ProfileError:
        return False


def finished_profile(
    path: Path, dataset: ImageFolder, classifier: Recogniser, codec: ImageCodec, levels: Sequence[float] | None = None
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
        "codec_settings": settings_as_json(codec),
        "levels": list(codec.levels if levels is None else levels),
    }
    if "model_weights" in profile.metadata:  # not in older files
        expected["model_weights"] = classifier.origin
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


def as_record(
    profiles: Profiles,
    comparisons: Mapping[str, Mapping[str, Comparison]],
    rows: Mapping[str, Sequence[CodecRow]],
    sample: str,
) -> dict[str, Any]:
    """Curves, comparisons and the table's rows by classifier, and which pictures: as JSON values; NaN becomes null."""
    curves = {
        model: {
            name: {
                "levels": profile.parameter.tolist(),
                "mean_bytes": profile.size.mean(axis=0).tolist(),
                "mean_log_probability": _means(profile.log_probability),
                "accuracy": _means(profile.correct),
                "psnr": profile.metadata.get("psnr"),
                "ssim": profile.metadata.get("ssim"),
                "metadata": {key: value for key, value in profile.metadata.items() if key != "skipped"},
            }
            for name, profile in by_codec.items()
        }
        for model, by_codec in profiles.items()
    }
    compared = {
        model: {name: comparison_record(c) for name, c in found.items()} for model, found in comparisons.items()
    }
    columns = {
        model: {
            row.codec: {key: value for key, value in asdict(row).items() if key not in ("codec", "comparison")}
            for row in found
        }
        for model, found in rows.items()
    }
    record: dict[str, Any] = without_nan(
        {"pictures": sample, "curves": curves, "comparisons": compared, "columns": columns}
    )
    return record


def _means(table: NDArray[Any] | None) -> list[float] | None:
    return None if table is None else table.mean(axis=0).tolist()


def comparison_record(comparison: Comparison) -> dict[str, Any]:
    """A comparison as JSON values; NaN becomes ``null``."""
    record: dict[str, Any] = without_nan(asdict(comparison))
    return record
