"""The commands ``profile from-csv`` and ``profile from-arrays``: a profile from numbers measured elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli.late_warning import warn_if_late_in_its_environment
from edgevision.errors import ProfileError

if TYPE_CHECKING:
    from edgevision.profiles.profile import OperatingPointProfile

_NAME = typer.Option(help="Name of the profile; by default that of the file.", show_default=False)
_OUT = typer.Option(help="Folder to write to.")


def profile_from_csv(
    file: Annotated[Path, typer.Argument(help="CSV file.", show_default=False)],
    name: Annotated[str | None, _NAME] = None,
    out: Annotated[Path, _OUT] = Path("profiles"),
) -> None:
    """Make a profile from a CSV file with one row for each content and operating point.

    Columns: content, point, bytes, correct (0 or 1); and if you have them: log_probability, raw_bytes, device_ms,
    edge_ms, split (train, validation or test). Points are sorted by their bytes. Writes OUT/NAME.npz and OUT/NAME.json;
    environments take the profile as profile=OUT/NAME.npz.

    Example: **edgevision profile from-csv measured.csv --name my-codec**
    """
    from edgevision.measure.given_table import profile_from_csv as read

    _make(read, file, name, out)


def profile_from_arrays(
    file: Annotated[Path, typer.Argument(help="File .npz.", show_default=False)],
    name: Annotated[str | None, _NAME] = None,
    out: Annotated[Path, _OUT] = Path("profiles"),
) -> None:
    """Make a profile from the arrays of an .npz file, whose rows are contents and whose columns are operating points.

    Arrays: bytes and correct (0 or 1), both contents x points; and if you have them: point, log_probability, raw_bytes,
    device_ms, edge_ms, split (0 train, 1 validation, 2 test). Points are sorted by their bytes. Writes OUT/NAME.npz and
    OUT/NAME.json; environments take the profile as profile=OUT/NAME.npz.

    Example: **edgevision profile from-arrays measured.npz --name my-codec**
    """
    from edgevision.measure.given_numbers import profile_from_arrays as read

    _make(read, file, name, out)


def _make(read: Callable[[Path, str], OperatingPointProfile], file: Path, name: str | None, out: Path) -> None:
    from edgevision.profiles.profile import profile_files, save_profile

    profile = read(file, file.stem if name is None else name)
    if any(path.exists() and path.samefile(file) for path in profile_files(out, profile.name)):
        raise ProfileError(f"{file} would be replaced by the profile; choose another --name or --out")
    path = save_profile(profile, out)
    warn_if_late_in_its_environment(profile)
    accuracy, size = profile.accuracy, profile.size.mean(axis=0)
    typer.echo(
        f"{path}: {profile.contents} contents, {profile.points} operating points, accuracy on the train split "
        f"{accuracy.max():.3f} to {accuracy.min():.3f}, mean bytes {size.max():.0f} to {size.min():.0f}"
    )
