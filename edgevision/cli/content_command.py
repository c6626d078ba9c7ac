"""The command ``train-content``: train a model of the accuracy on each content, for content-aware policies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.errors import AccuracyModelError
from edgevision.imports import require

if TYPE_CHECKING:
    from edgevision.arrays import FloatArray

_PROFILE = typer.Argument(help="Name of a shipped profile, or the .npz file of one.", show_default=False)
_OUT = typer.Option(help="File to write, .npz; by default profiles/NAME-content.npz.")


def train_content(
    profile: Annotated[str, _PROFILE],
    out: Annotated[Path | None, _OUT] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the division into folds.")] = 0,
) -> None:
    """Train a model that predicts, from the features of a content, how likely each operating point is answered right.

    The policies joint-content and co-crra-content decide by it: evaluate them as joint-content:model=FILE. Boosted
    trees learn from the train split of the profile; cross-validation on this split chooses their settings. Writes OUT
    and a .json file beside it if the log loss is below that of the mean table, both cross-validated and on the
    validation split; otherwise it says so and writes nothing. Takes a minute or two.

    Example: **edgevision train-content profiles/my-cameras.npz --out my-content.npz**
    """
    require("sklearn", "content")
    from edgevision.profiles import load_profile
    from edgevision.profiles.content_models.train_content import train_content_model
    from edgevision.progress import stage_bars

    found = load_profile(profile)
    target = out or Path("profiles") / f"{found.name}-content.npz"
    _check_target(target, Path(profile))
    with stage_bars() as report:
        trained = train_content_model(found, seed, lambda done, total: report("cross-validate (fits)", done, total))
    typer.echo(f"{'log loss [nat]':<27}{'model':<26}{'mean table':<26}difference")
    for name, losses in (("train, cross-validated", trained.train), ("validation", trained.validation)):
        texts = [f"{_text(loss):<26}" for loss in (losses.model, losses.table)]
        typer.echo(f"{name:<27}{''.join(texts)}{_text(losses.difference, '+')}")
    chosen, trees = trained.choice, trained.choice.boosting
    typer.echo(
        f"settings: {chosen.trees} trees of depth {trees.depth}, rate {trees.rate:g}, at least {trees.least_rows} rows "
        f"per point in a leaf, weight {chosen.weight:g}"
    )
    if not trained.better:
        raise AccuracyModelError(
            f"{found.name}: the model is not better than the mean table, so nothing is written; the features of these "
            "contents do not tell which are answered right"
        )
    trained.model.save(target)
    typer.echo(f"{target}: use it as joint-content:model={target}")


def _check_target(target: Path, profile: Path) -> None:
    if target.suffix != ".npz":
        raise typer.BadParameter(f"{target}: the name of the file to write must end in .npz")
    if target.exists() and profile.exists() and target.samefile(profile):
        raise typer.BadParameter(f"{target} is the profile itself; choose another file to write")


def _text(estimate: FloatArray, sign: str = "") -> str:
    value, low, high = (f"{number:{sign}.4f}" for number in estimate)
    return f"{value} [{low}, {high}]"
