"""The commands and their help. Commands import slow modules only when they run, so ``--help`` is fast."""

from __future__ import annotations

import typer

from edgevision import __version__
from edgevision.cli import benchmark_commands
from edgevision.cli.choice_command import profile_choice
from edgevision.cli.codec_commands import bench, compare
from edgevision.cli.content_command import train_content
from edgevision.cli.given_command import profile_from_arrays, profile_from_csv
from edgevision.cli.image_commands import compress, decompress, inspect, profile_image
from edgevision.cli.importance_command import train_importance
from edgevision.cli.info_command import info
from edgevision.cli.policy_commands import demo, evaluate, train, train_belief, train_sending
from edgevision.cli.reproduce_command import reproduce
from edgevision.cli.retime_command import profile_retime
from edgevision.cli.video_commands import train_stae
from edgevision.cli.video_profile_command import profile_video

app = typer.Typer(
    name="edgevision",
    help=(
        "Learned offloading control in edge vision: environments, classical controllers, agents and codecs.\n\n"
        "Start with **edgevision demo**: it trains an agent, compares it with the classical controllers and "
        "writes a report with plots. **edgevision info** lists environments, policies and profiles.\n\n"
        "Example: **edgevision evaluate EdgeVision/Paper-v0 co-crra fracr-exact**"
    ),
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
profile = typer.Typer(
    help=(
        "Measure operating-point profiles: tables of the bytes, answers and times of a codec and a classifier.\n\n"
        "Example: **edgevision profile image --images photos --labels photos/labels.csv --name my-cameras**"
    )
)
app.add_typer(profile, name="profile")
codec = typer.Typer(
    help=(
        "Compare codecs at equal accuracy and at equal bytes, with intervals. Train the networks of the codecs.\n\n"
        "Example: **edgevision codec compare image-lite0-spat-imco image-lite0-uniform**"
    )
)
app.add_typer(codec, name="codec")
benchmark = typer.Typer(
    help=(
        "Enter a policy into the benchmark: score it, pack it, and score the entries of others again.\n\n"
        "Example: **edgevision benchmark run fracr-exact --ids image --episodes 5**"
    )
)
app.add_typer(benchmark, name="benchmark")


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
@benchmark.callback(invoke_without_command=True)
@codec.callback(invoke_without_command=True)
def _help_if_alone(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


for command in (
    demo,
    train,
    train_belief,
    train_sending,
    train_content,
    evaluate,
    reproduce,
    compress,
    decompress,
    inspect,
    info,
):
    app.command()(command)
profile.command("image")(profile_image)
profile.command("video")(profile_video)
profile.command("from-csv")(profile_from_csv)
profile.command("from-arrays")(profile_from_arrays)
profile.command("choice")(profile_choice)
profile.command("retime")(profile_retime)
for codec_command in (bench, compare, train_importance, train_stae):  # typer writes hyphens for underscores
    codec.command()(codec_command)
for benchmark_command in (
    benchmark_commands.run,
    benchmark_commands.submit,
    benchmark_commands.score,
    benchmark_commands.table,
):
    benchmark.command()(benchmark_command)
