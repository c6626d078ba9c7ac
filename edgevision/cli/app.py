"""The commands and their help. Everything slow is imported inside the commands, so that ``--help`` is instant."""

from __future__ import annotations

import typer

from edgevision import __version__
from edgevision.cli import codec_commands
from edgevision.cli import image_commands as images
from edgevision.cli import importance_command as importance
from edgevision.cli import info_command as information
from edgevision.cli import policy_commands as comparing
from edgevision.cli import video_commands as video
from edgevision.cli.reproduce_command import reproduce
from edgevision.cli.video_profile_command import profile_video

app = typer.Typer(
    name="edgevision",
    help=(
        "Learned offloading control in edge vision: environments, classical controllers, agents and codecs.\n\n"
        "Start with **edgevision demo**: it trains an agent, compares it with the classical controllers and "
        "writes a report with pictures. **edgevision info** lists environments, policies and profiles."
    ),
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
profile = typer.Typer(help="Measure operating-point profiles: what a codec and a classifier do, as a table.")
app.add_typer(profile, name="profile")
codec = typer.Typer(
    help="Compare codecs at equal accuracy and at equal bytes, with intervals; train the networks of codecs."
)
app.add_typer(codec, name="codec")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgevision {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _without_command(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error; works anywhere."),
) -> None:
    _help_if_alone(context)


@profile.callback(invoke_without_command=True)
def _profile_without_command(context: typer.Context) -> None:
    _help_if_alone(context)


@codec.callback(invoke_without_command=True)
def _codec_without_command(context: typer.Context) -> None:
    _help_if_alone(context)


def _help_if_alone(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command("demo")(comparing.demo)
app.command("train")(comparing.train)
app.command("evaluate")(comparing.evaluate)
app.command("reproduce")(reproduce)
app.command("compress")(images.compress)
app.command("decompress")(images.decompress)
app.command("inspect")(images.inspect)
app.command("info")(information.info)
profile.command("image")(images.profile_image)
profile.command("video")(profile_video)
codec.command("bench")(codec_commands.bench)
codec.command("compare")(codec_commands.compare)
codec.command("train-importance")(importance.train_importance)
codec.command("train-stae")(video.train_stae)
