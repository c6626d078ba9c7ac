"""The commands ``codec bench`` and ``codec compare``: the bytes that one codec saves over another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli.codec_argument import make_codec
from edgevision.cli.labels_argument import LABELS
from edgevision.imports import require

if TYPE_CHECKING:
    from edgevision.codecs.base import ImageCodec
    from edgevision.experiments.codec_comparison.rate_accuracy import Comparison
    from edgevision.statistics import Interval

_RESAMPLES = typer.Option(min=100, help="Bootstrap samples of the images.")


def bench(
    images: Annotated[Path, typer.Option(help="Folder of images.", show_default=False)],
    labels: Annotated[Path | None, LABELS] = None,
    model: Annotated[list[str] | None, typer.Option(help="Name of a classifier in timm; repeatable.")] = None,
    codec: Annotated[
        list[str] | None, typer.Option(help="Codec, with settings after a colon (spat-imco:strategy=p3); repeatable.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for profiles and plots. A stopped run continues from it.")] = Path(
        "runs/codecs"
    ),
    json_file: Annotated[Path | None, typer.Option("--json", help="File for all numbers as JSON.")] = None,
    resamples: Annotated[int, _RESAMPLES] = 2000,
) -> None:
    """Measure accuracy against bytes, and what each codec saves over uniform JPEG at equal accuracy.

    Writes OUT/*.npz and .json (a profile for
    each classifier and codec, which the next run uses again), OUT/accuracy-bytes-MODEL.png and OUT/bytes-saved.png.

    Example: **edgevision codec bench --images photos --labels photos/labels.csv --codec spat-imco --codec webp**
    """
    require("PIL", "codecs")
    require("scipy", "convex")
    require("matplotlib", "report")
    from edgevision.data.images import ImageFolder
    from edgevision.experiments.codec_comparison.codec_bench import as_record, compare_all, measure_profiles
    from edgevision.experiments.codec_comparison.rate_plots import plot_curves, plot_savings
    from edgevision.storage.disk_files import write_atomically
    from edgevision.vision.classifiers import load_classifier

    chosen = _codecs(["uniform", *(codec or ["spat-imco"])])
    classifiers = [load_classifier(name) for name in dict.fromkeys(model or ["tf_efficientnet_lite0"])]
    dataset = ImageFolder(images, labels)
    total = len(dataset) * len(classifiers) * len(chosen)
    profiles = _with_bar(total, lambda report: measure_profiles(dataset, classifiers, chosen, out, report))
    comparisons = compare_all(profiles, "uniform", resamples)
    for name, by_codec in profiles.items():
        write_atomically(out / f"accuracy-bytes-{name}.png", plot_curves(by_codec, name))
    write_atomically(out / "bytes-saved.png", plot_savings(comparisons, "uniform"))
    if json_file is not None:
        _write_json(json_file, as_record(profiles, comparisons))
    for name, found in comparisons.items():
        for codec_name, comparison in found.items():
            _print(comparison, f"{codec_name} against uniform, {name}")
    typer.echo(f"profiles and plots: {out}")


def compare(
    profile: Annotated[str, typer.Argument(help="Profile: a name, or the path of an .npz file.", show_default=False)],
    reference: Annotated[str, typer.Argument(help="Profile to compare it with.", show_default=False)],
    json_file: Annotated[Path | None, typer.Option("--json", help="File for all numbers as JSON.")] = None,
    resamples: Annotated[int, _RESAMPLES] = 2000,
) -> None:
    """Compare two measured profiles of the same images: bytes at equal accuracy, accuracy at equal bytes and mu.

    Needs no images. Writes only the file of --json.

    Example: **edgevision codec compare image-lite0-spat-imco image-lite0-uniform**
    """
    require("scipy", "convex")
    from edgevision.experiments.codec_comparison.rate_accuracy import compare as run
    from edgevision.profiles import load_profile

    found = run(load_profile(profile), load_profile(reference), resamples=resamples)
    if json_file is not None:
        from edgevision.experiments.codec_comparison.codec_bench import comparison_record

        _write_json(json_file, comparison_record(found))
    _print(found, f"{found.name} against {found.reference}")


def _codecs(specifications: list[str]) -> dict[str, ImageCodec]:
    """The codecs by the text that names them."""
    return {text: make_codec(text) for text in specifications}


def _with_bar(total: int, measure: Any) -> Any:
    """Run ``measure`` with a progress callback; one bar shows all of its stages together."""
    from edgevision.progress import progress_bar

    done: dict[str, int] = {}
    with progress_bar("measure (images x codecs)", total) as advance:

        def report(name: str, now: int, _total: int) -> None:
            advance(now - done.get(name, 0))
            done[name] = now

        return measure(report)


def _print(comparison: Comparison, title: str) -> None:
    typer.secho(f"{title}, {comparison.images} images", bold=True)
    typer.echo(f"  bytes saved at equal accuracy (0.3 to 0.8): {_percent(comparison.bytes_saved)} %")
    typer.echo(f"  accuracy gained at equal bytes: {_percent(comparison.accuracy_gained)} points")
    if comparison.equal_level:
        typer.echo("  at equal level (the papers' equal mu):")
        typer.echo("     level    bytes  reference  accuracy  reference  gain [points]")
    for row in comparison.equal_level:
        typer.echo(
            f"  {row.level:8g} {row.size:8.0f} {row.reference_size:10.0f} {row.accuracy:9.3f} "
            f"{row.reference_accuracy:10.3f}  {_percent(row.gain)}"
        )


def _percent(interval: Interval) -> str:
    if interval.estimate != interval.estimate:
        return "not defined (the curves do not overlap)"
    return f"{100 * interval.estimate:.1f} [{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _write_json(path: Path, record: dict[str, Any]) -> None:
    from edgevision.storage.disk_files import write_atomically

    write_atomically(path, (json.dumps(record, indent=1, allow_nan=False) + "\n").encode())
