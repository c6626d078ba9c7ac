"""The command ``reproduce``: the papers' figures and tables from our own measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgevision.experiments.figures import DEFAULT_MAPS, FIGURES, Request
from edgevision.experiments.figures import reproduce as run

_LISTED = "; ".join(f"{name} ({figure.shows})" for name, figure in FIGURES.items())
_FIGURES = typer.Argument(help=f"One or several of: {_LISTED}.", show_default=False)
_MAPS = typer.Option(
    "--map",
    help="Fig. 6: theta, theta:FILE (your own), grad-cam:MODEL, class-activation:MODEL or rollout:MODEL; repeatable.",
)


def reproduce(
    figures: Annotated[list[str], _FIGURES],
    out: Annotated[Path, typer.Option(help="Folder to write to; figures made there earlier stay on the page.")] = Path(
        "runs/figures"
    ),
    images: Annotated[
        list[Path] | None, typer.Option(help="Fig. 6: picture, or folder of some; repeatable.", show_default=False)
    ] = None,
    maps: Annotated[list[str] | None, _MAPS] = None,
    profiles: Annotated[
        Path | None,
        typer.Option(
            help="Figs. 7 to 9, stae-*: folder of measured profiles; shipped ones by default.",
            show_default=False,
        ),
    ] = None,
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap samples behind the intervals.")] = 2000,
) -> None:
    """Make published figures again from our own measurements, with our numbers beside the published ones.

    Writes OUT/index.html, and per figure OUT/FIGURE.json with all numbers and OUT/FIGURE.png. Figs. 4, 5 and gap
    compare the solvers (a minute each). Figs. 7 to 9 and stae-* come from measured profiles, and say so where something
    was not measured. More networks, where huggingface.co can be reached: edgevision codec bench --images DIR
    --labels CSV --model efficientnet_b0 --model deit_tiny_patch16_224

    Example: **edgevision reproduce fig6 fig7 stae-table1 --out runs/figures**
    """
    request = Request(out, tuple(images or ()), tuple(maps or DEFAULT_MAPS), profiles, resamples)
    for section in run(figures, request):
        typer.secho(section.heading, bold=True)
        typer.echo(f"  {section.lead}")
    typer.echo(f"page: {out / 'index.html'}")
