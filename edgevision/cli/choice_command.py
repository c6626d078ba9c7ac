"""The command ``profile choice``: profiles of several codecs as one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_PROFILES = typer.Argument(help="Names of shipped profiles, or paths of .npz files; the cheapest codec first.")


def profile_choice(
    profiles: Annotated[list[str], _PROFILES],
    name: Annotated[str, typer.Option(help="Name of the joint profile.")],
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("profiles"),
) -> None:
    """Join profiles of several codecs, so that a controller chooses the codec of each request as well as its level.

    The profiles must be of the same pictures and the same classifier. Features are those of the first profile. Writes
    OUT/NAME.npz and OUT/NAME.json; environments take the profile as profile=OUT/NAME.npz.

    Example: **edgevision profile choice image-lite0-uniform image-lite0-spat-imco --name my-choice**
    """
    from edgevision.profiles import codec_choice, load_profile, save_profile

    joined = codec_choice(name, [load_profile(profile) for profile in profiles])
    path = save_profile(joined, out)
    codecs, levels = joined.grid
    typer.echo(f"{path}: {codecs} codecs x {levels} levels, {joined.contents} contents")
