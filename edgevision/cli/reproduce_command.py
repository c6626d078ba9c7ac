"""The command ``reproduce``: the figures and tables of the papers from our own measurements."""

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
    help="Fig. 6: theta, theta:FILE (weights), grad-cam:MODEL, class-activation:MODEL or rollout:MODEL; repeatable.",
)


def reproduce(
    figures: Annotated[list[str], _FIGURES],
    out: Annotated[Path, typer.Option(help="Folder to write to. Figures that it already has stay on the page.")] = Path(
        "runs/figures"
    ),
    images: Annotated[
        list[Path] | None,
        typer.Option(help="Fig. 6: a picture, or a folder of pictures; repeatable.", show_default=False),
    ] = None,
    maps: Annotated[list[str] | None, _MAPS] = None,
    profiles: Annotated[
        Path | None,
        typer.Option(
            help="Figs. 7 to 11, stae-*: folder of measured profiles; by default the shipped profiles.",
            show_default=False,
        ),
    ] = None,
    policies: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            help="Fig. 10: one more policy on SpaT-IMCO, a name or a run folder; repeatable.",
            show_default=False,
        ),
    ] = None,
    resamples: Annotated[int, typer.Option(min=100, help="Bootstrap samples for the intervals.")] = 2000,
) -> None:
    """Make published figures again from our own measurements, with our numbers beside the published numbers.

    Writes OUT/index.html, and for each figure OUT/FIGURE.json with all numbers and OUT/FIGURE.png. fig4, fig5 and gap
    compare the solvers (a minute each), fig10 codecs and solvers together (some minutes). fig7 to fig11 and stae-* use
    measured profiles and list what was not measured.
    To add networks, on a machine that reaches huggingface.co: edgevision codec bench --images DIR --labels CSV
    --model efficientnet_b0 --model deit_tiny_patch16_224

    Example: **edgevision reproduce fig6 fig7 stae-table1 --out runs/figures**
    """
    request = Request(out, tuple(images or ()), tuple(maps or DEFAULT_MAPS), profiles, tuple(policies or ()), resamples)
    for section in run(figures, request):
        typer.secho(section.heading, bold=True)
        typer.echo(f"  {section.lead}")
    typer.echo(f"page: {out / 'index.html'}")
