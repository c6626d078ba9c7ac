"""The commands ``codec bench`` and ``codec compare``: the bytes that one codec saves over another."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgevision.cli.classifier_argument import make_classifier
from edgevision.cli.codec_argument import make_codec
from edgevision.cli.labels_argument import LABELS
from edgevision.imports import is_own, require

if TYPE_CHECKING:
    from edgevision.codecs.base import ImageCodec
    from edgevision.experiments.codec_comparison.rate_accuracy import Comparison
    from edgevision.statistics import Interval

_LEFT_OUT = "squeezenet1_1"
_RESAMPLES = typer.Option(min=100, help="Bootstrap samples of the images.")


def bench(
    images: Annotated[Path, typer.Option(help="Folder of images.", show_default=False)],
    labels: Annotated[Path | None, LABELS] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Classifier: a name in timm, or MODULE:CLASS for your own; repeatable. Where none is your own, "
            f"{_LEFT_OUT} is measured too."
        ),
    ] = None,
    codec: Annotated[
        list[str] | None,
        typer.Option(
            help="Codec, with settings after a colon (spat-imco:strategy=p3), or MODULE:CLASS for your own; repeatable."
        ),
    ] = None,
    levels: Annotated[
        int | None,
        typer.Option(min=3, help="How many levels of each codec to measure, spread over its ladder; or all."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=2, help="How many images to measure, spread over the list; or all.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Processes that share the images; each needs 1 GB.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for profiles and plots. A stopped run continues from it.")] = Path(
        "runs/codecs"
    ),
    json_file: Annotated[Path | None, typer.Option("--json", help="File for all numbers as JSON.")] = None,
    resamples: Annotated[int, _RESAMPLES] = 2000,
) -> None:
    """Measure what each codec saves over uniform JPEG, as classifiers see it, and what it costs in time.

    One table for each classifier has a row for each codec: the bytes that it saves at equal top-1 accuracy and at
    equal mean log-probability of the true class (finer: the same pictures give a narrower interval), with 95 %
    intervals over the images; PSNR and SSIM at equal bytes; times of encoding and decoding as multiples of uniform
    JPEG's, all measured in turn.

    squeezenet1_1 is the left-out classifier: no codec was trained or tuned on it. What a codec saves there is what it
    is worth to a classifier that it does not know. It is left away beside a classifier of your own, whose labels may be
    others than ImageNet's.

    mozjpeg and jpegli are codecs here too, where the extra bench is installed. Start small, with --limit and --levels
    in a folder of its own: 50 images at 5 levels show in minutes what all of them show in hours.

    Writes OUT/*.npz and .json (a profile for each classifier and codec, which the next run uses again),
    OUT/accuracy-bytes-MODEL.png and OUT/bytes-saved.png.

    Example: **edgevision codec bench --images photos --labels photos/labels.csv --codec spat-imco --codec webp**

    Example: **edgevision codec bench --images photos --limit 50 --levels 5 --codec avif --out runs/quick**
    """
    for module in ("PIL", "skimage", "torch", "timm"):
        require(module, "codecs")
    require("matplotlib", "report")
    from edgevision.data.images import ImageFolder
    from edgevision.experiments.codec_comparison.bench_table import codec_rows, middle_size, table
    from edgevision.experiments.codec_comparison.codec_bench import as_record, compare_all, measure_profiles
    from edgevision.experiments.codec_comparison.rate_plots import plot_curves, plot_savings
    from edgevision.progress import stage_bars
    from edgevision.storage.disk_files import write_atomically

    chosen = _codecs(["uniform", *(codec or ["spat-imco"])])
    asked = model or ["tf_efficientnet_lite0"]
    # Labels of the user's own classifier are not the left-out one's.
    beside = [] if any(map(is_own, asked)) else [_LEFT_OUT]
    classifiers = [make_classifier(name) for name in dict.fromkeys([*asked, *beside])]
    whole = ImageFolder(images, labels)
    dataset = whole if limit is None else whole.sample(limit)
    sample = f"{len(dataset)} of {len(whole)} images{', spread over the list' if len(dataset) < len(whole) else ''}"
    with stage_bars() as report:
        profiles = measure_profiles(dataset, classifiers, chosen, out, report, levels, processes)
    comparisons = compare_all(profiles, "uniform", resamples)
    rows = {name: codec_rows(by_codec, "uniform", comparisons[name]) for name, by_codec in profiles.items()}
    for name, by_codec in profiles.items():
        plain = re.sub(r"[^\w.]+", "-", name)
        write_atomically(out / f"accuracy-bytes-{plain}.png", plot_curves(by_codec, name))
    write_atomically(out / "bytes-saved.png", plot_savings(comparisons, "uniform"))
    if json_file is not None:
        _write_json(json_file, as_record(profiles, comparisons, rows, sample))
    for name, by_codec in profiles.items():
        left_out = ", the left-out classifier" if name == _LEFT_OUT else ""
        typer.secho(f"{name}{left_out}, {sample}", bold=True)
        for line in table(rows[name], middle_size(by_codec["uniform"])):
            typer.echo(line)
    typer.echo(f"profiles and plots: {out}")


def compare(
    profile: Annotated[str, typer.Argument(help="Profile: a name, or the path of an .npz file.", show_default=False)],
    reference: Annotated[str, typer.Argument(help="Profile to compare it with.", show_default=False)],
    json_file: Annotated[Path | None, typer.Option("--json", help="File for all numbers as JSON.")] = None,
    resamples: Annotated[int, _RESAMPLES] = 2000,
) -> None:
    """Compare two measured profiles of the same images: bytes at equal accuracy, accuracy at equal bytes and mu.

    Both must be of the same classifier and the same images. Profiles that hold the probability of the true class are
    compared at its equal mean logarithm too. Needs no images. Writes only the file of --json.

    Example: **edgevision codec compare image-lite0-spat-imco image-lite0-uniform**
    """
    from edgevision.experiments.codec_comparison.rate_accuracy import compare as run
    from edgevision.profiles import load_profile

    found = run(load_profile(profile), load_profile(reference), resamples=resamples)
    if json_file is not None:
        from edgevision.experiments.codec_comparison.codec_bench import comparison_record

        _write_json(json_file, comparison_record(found))
    _print(found, f"{found.name} against {found.reference}")


def _codecs(specifications: list[str]) -> dict[str, ImageCodec]:
    """The codecs by the text that names them. Leaves out, with a message, what is not installed."""
    from edgevision.experiments.codec_comparison.jpeg_encoders import (
        EXTRA,
        JPEG_ENCODERS,
        installed_jpeg_encoders,
        make_jpeg_encoder,
    )

    chosen: dict[str, ImageCodec] = {}
    for text in specifications:
        if text not in JPEG_ENCODERS:
            chosen[text] = make_codec(text)
        elif text in installed_jpeg_encoders():
            chosen[text] = make_jpeg_encoder(text)
        else:
            typer.echo(f"{text} is left out; to install it: pip install 'edgevision-gym[{EXTRA}]'", err=True)
    return chosen


def _print(comparison: Comparison, title: str) -> None:
    from edgevision.experiments.codec_comparison.bench_table import percent

    def shown(interval: Interval) -> str:
        return percent(interval, "not defined (the curves do not overlap)")

    typer.secho(f"{title}, {comparison.images} images", bold=True)
    typer.echo(f"  bytes saved at equal accuracy (0.3 to 0.8): {shown(comparison.bytes_saved)} %")
    if comparison.bytes_saved_at_log_probability is not None:
        finer = shown(comparison.bytes_saved_at_log_probability)
        typer.echo(f"  bytes saved at equal mean log-probability of the true class: {finer} %")
    typer.echo(f"  accuracy gained at equal bytes: {shown(comparison.accuracy_gained)} points")
    if comparison.equal_level:
        typer.echo("  at equal level (the papers' equal mu):")
        typer.echo("     level    bytes  reference  accuracy  reference  gain [points]")
    for row in comparison.equal_level:
        typer.echo(
            f"  {row.level:8g} {row.size:8.0f} {row.reference_size:10.0f} {row.accuracy:9.3f} "
            f"{row.reference_accuracy:10.3f}  {shown(row.gain)}"
        )


def _write_json(path: Path, record: dict[str, Any]) -> None:
    from edgevision.storage.disk_files import write_atomically

    write_atomically(path, (json.dumps(record, indent=1, allow_nan=False) + "\n").encode())
