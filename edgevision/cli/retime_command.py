"""The command ``profile retime``: new times for measured profiles, all from one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli.late_warning import warn_if_late_in_its_environment
from edgevision.cli.video_commands import LIBRARIES
from edgevision.errors import ClipError, DataSetError, ProfileError, WeightsError
from edgevision.imports import require

if TYPE_CHECKING:
    from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
    from edgevision.data.clips import ClipSource
    from edgevision.data.images import ImageFolder
    from edgevision.profiles.profile import OperatingPointProfile

_PROFILES = typer.Argument(help="Names of shipped profiles, or paths of .npz files.", show_default=False)
_IMAGES = typer.Option(help="Folder of pictures to time with, for profiles of pictures.", show_default=False)
_LABELS = typer.Option(help="CSV file that lists the pictures; without it each sub-folder is a class.")
_CLIPS = typer.Option(help="Folder of clips to time with, for profiles of clips that are not generated.")
_WEIGHTS = typer.Option(help="Weights of STAE (.safetensors), for profiles of clips; by default the shipped weights.")
_DEEPISC = typer.Option(help="Weights of DeepISC (.safetensors), for profiles of DeepISC.")
_TO_TIME = 8  # generated clips; no more than this many are timed


def profile_retime(
    profiles: Annotated[list[str], _PROFILES],
    images: Annotated[Path | None, _IMAGES] = None,
    labels: Annotated[Path | None, _LABELS] = None,
    clips: Annotated[Path | None, _CLIPS] = None,
    weights: Annotated[Path | None, _WEIGHTS] = None,
    deepisc_weights: Annotated[Path | None, _DEEPISC] = None,
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("profiles"),
) -> None:
    """Time the codecs and classifiers of profiles again, all in one run; bytes and answers stay as they are.

    Writes OUT/NAME.npz and OUT/NAME.json of each profile, when all have been timed. Times are those of the reference
    machine, so profiles that were timed on different machines can be compared. Any pictures and clips will do: those
    that the profiles were measured on, if you have them. Twelve profiles take about a quarter of an hour of CPU time.

    Example: **edgevision profile retime image-lite0-uniform image-lite0-spat-imco --images photos --labels labels.csv**

    Example: **edgevision profile retime profiles/my-clips.npz --clips DIR --weights runs/stae/stae.safetensors**
    """
    for module in ("PIL", "jpeglib", *LIBRARIES):
        require(module, "codecs")
    from edgevision.codecs.stae.stae_model_set import SHIPPED, StaeModels
    from edgevision.measure.times.retiming import Material, retime
    from edgevision.profiles.profile import load_profile, save_profile
    from edgevision.progress import stage_bars

    before = [load_profile(name) for name in profiles]
    if len({profile.name for profile in before}) < len(before):
        raise ProfileError("two of the profiles have the same name, so one file would replace the other")
    material = Material(
        pictures=lambda: _pictures(images, labels),
        clips=lambda data_set: _source(data_set, clips),
        stae=lambda: StaeModels.load(weights or SHIPPED),
        deepisc=lambda: _deepisc(deepisc_weights),
    )
    given = {"--images DIR": images, "--labels FILE": labels, "--clips DIR": clips, "--weights FILE": weights}
    given["--deepisc-weights FILE"] = deepisc_weights
    named = " ".join(profile.name for profile in before)
    command = " ".join(["edgevision profile retime", named, *(option for option, value in given.items() if value)])
    with stage_bars() as report:
        after = retime(before, material, command, lambda done, total: report("times", done, total))
    for old, new in zip(before, after, strict=True):
        save_profile(new, out)
        typer.echo(f"{out / new.name}.npz: {_changes(old, new)}")
        warn_if_late_in_its_environment(new)


def _pictures(folder: Path | None, labels: Path | None) -> ImageFolder:
    from edgevision.data.images import ImageFolder

    if folder is None:
        raise DataSetError("profiles of pictures are timed with pictures; say where some are (--images DIR)")
    return ImageFolder(folder, labels)


def _source(data_set: str, folder: Path | None) -> ClipSource:
    """Clips of a profile's data set; its name tells how the folder is read."""
    from edgevision.data.actions.generated_actions import NAME
    from edgevision.data.sources import open_source

    if data_set == NAME:
        return open_source("actions", clips=_TO_TIME, subset="test")
    if folder is None:
        raise ClipError(f"profiles of {data_set} are timed with clips; say where some are (--clips DIR)")
    if data_set.startswith("hmdb51-split"):
        return open_source("hmdb51", folder, subset="test")
    return open_source("ut-interaction" if data_set.startswith("ut-interaction") else "folder", folder, subset="all")


def _deepisc(path: Path | None) -> DeepIscModels:
    from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels

    if path is None:
        raise WeightsError(
            "profiles of DeepISC need its weights (--deepisc-weights FILE); 'edgevision profile video --codec deepisc' "
            "trains them"
        )
    return DeepIscModels.load(path)


def _changes(old: OperatingPointProfile, new: OperatingPointProfile) -> str:
    """Times of all points before and after, and how far those of even and odd rounds differ."""
    spread = new.metadata["times"]["spread"]
    sides = [
        f"{side} {_range(getattr(new, f'{side}_time'))} ms (was {_range(getattr(old, f'{side}_time'))}; "
        f"spread {spread[side]:.1%})"
        for side in ("device", "edge")
    ]
    return ", ".join(sides)


def _range(times: object) -> str:
    import numpy as np

    sent = np.asarray(times) * 1e3
    return f"{sent.min():.2f} to {sent.max():.2f}"
