"""The command ``profile video``: measure the operating points of STAE, STAE without recovery, or DeepISC."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, cast

import typer

from edgevision.cli.late_warning import warn_if_late_in_its_environment
from edgevision.cli.video_commands import CLIPS, COUNT, DATA, LIBRARIES, TRAINING_CLIPS
from edgevision.errors import WeightsError, unknown_name
from edgevision.imports import require
from edgevision.storage.disk_files import read_json

if TYPE_CHECKING:
    from edgevision.data.clips import ClipSource
    from edgevision.measure.video_assembly import ClipCoding

_WEIGHTS = typer.Option(help="Weights of STAE (.safetensors); by default the shipped weights.")
_FOLDS = typer.Option(
    "--folds", help="Cross-validate: for each group of clips, train further without it, then measure it."
)
_CODEC = typer.Option(
    help="stae; fa-sa (STAE without feature recovery); or deepisc (the baseline of the STAE paper, with the same frame "
    "attention and classifier)."
)
_MODE = typer.Option(
    help="How kept frames travel: entropy (exact values, as published), or as a video, h264 or h265 (the pixel axis is "
    "then its quality)."
)
_CODING = typer.Option(
    help="Entropy coder of --mode entropy: huffman (as published) or range (smaller and slower).",
    show_default="huffman",
)
_TEST = typer.Option(
    help="Folder of clips that become the test split, laid out as --clips; no fold is trained on them. The clips of "
    "--data are then for training and validation of policies.",
    show_default=False,
)
_PLAN = typer.Option(
    "--plan", help="Print what will be trained and measured and about how long it takes, and stop. Writes nothing."
)
_DEEPISC = typer.Option(
    help="Weights of DeepISC (.safetensors), for --codec deepisc. Without them its 35 networks are trained first, on "
    "the training clips of STAE's weights.",
    show_default=False,
)
_CODECS, _CODINGS, _MODES = ("stae", "fa-sa", "deepisc"), ("huffman", "range"), ("entropy", "h264", "h265")


def profile_video(
    name: Annotated[str, typer.Option(help="Name of the profile.", show_default=False)],
    data: Annotated[str, DATA] = "actions",
    clips: Annotated[Path | None, CLIPS] = None,
    count: Annotated[int, typer.Option(min=1, help=f"{COUNT}, none of which the weights were trained on.")] = 200,
    weights: Annotated[Path | None, _WEIGHTS] = None,
    folds: Annotated[bool, _FOLDS] = False,
    codec: Annotated[str, _CODEC] = "stae",
    deepisc_weights: Annotated[Path | None, _DEEPISC] = None,
    mode: Annotated[str, _MODE] = "entropy",
    coding: Annotated[str | None, _CODING] = None,
    test: Annotated[Path | None, _TEST] = None,
    plan: Annotated[bool, _PLAN] = False,
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("profiles"),
) -> None:
    """Measure a profile: bytes, answers and times of every clip under every budget.

    Without --folds it measures the test clips of train-stae: generated clips of the next seed, the test list of HMDB51,
    or every fifth group of other data. With --folds it measures all clips. Writes OUT/NAME.npz and OUT/NAME.json;
    environments take the profile as profile=OUT/NAME.npz. OUT/.measured-* holds intermediate results, which a stopped
    run and the other codecs use again; you may delete it.

    --codec deepisc first measures STAE, unless OUT has it, because both share the answers of the device and the models
    of the folds. It saves the networks of DeepISC in OUT/deepisc/deepisc.safetensors, for --deepisc-weights. Their
    training takes about a quarter of an hour with the shipped weights.

    Example: **edgevision profile video --name my-clips --data folder --clips DIR --weights runs/stae/stae.safetensors**

    Example: **edgevision profile video --name actions-deepisc --codec deepisc**

    Example: **edgevision profile video --name my-h265 --data folder --clips DIR --folds --mode h265 --plan**
    """
    _check(name, codec, mode, coding, deepisc_weights, plan=plan)
    if test is not None and data not in ("folder", "ut-interaction"):
        raise typer.BadParameter("--test is for --data folder and ut-interaction, which have no test list of their own")
    for module in LIBRARIES:
        require(module, "codecs")
    from edgevision.cli.image_commands import mean_accuracy
    from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
    from edgevision.codecs.deepisc.train_deepisc import DEEPISC_PLAN, train_deepisc_weights
    from edgevision.codecs.stae.stae_model_set import SHIPPED, StaeModels
    from edgevision.data.sources import WithTest, open_source
    from edgevision.measure.deepisc_profile import measure_deepisc_profile
    from edgevision.measure.video_plan import describe_measurement
    from edgevision.measure.video_profile import FOLD_PLAN, VideoMeasurement, measure_video_profile
    from edgevision.progress import stage_bars

    path = weights or SHIPPED
    models, origin = StaeModels.load(path), _origin(path)
    source = open_source(data, clips, clips=count, seed=origin.seed, subset="all" if folds else "test")
    if folds and origin.data_set in (source.name, f"{source.name}-train") and clips is not None:
        raise typer.BadParameter(
            f"{path.name} was trained on {origin.data_set}; --folds needs weights trained on other clips"
        )
    if test is not None:
        source = WithTest(source, open_source(data, test, subset="all"))
    how_sent = cast("ClipCoding", mode if mode != "entropy" else coding or "huffman")
    fold_plan = FOLD_PLAN if folds else None
    if plan:
        typer.echo(describe_measurement(source, models, how_sent, fold_plan))
        return
    deepisc: DeepIscModels | ClipSource | None = None  # networks, or the clips to train them on
    if codec == "deepisc":
        given = deepisc_weights
        deepisc = DeepIscModels.load(given) if given else _training_clips(origin, data, clips, folds=folds)
    options = f"--data {data} {f'--count {count}' if clips is None else '--clips DIR'}{' --folds' if folds else ''}"
    file = f" --deepisc-weights {deepisc_weights.name}" if deepisc_weights else ""
    sent = f"--coding {how_sent}" if mode == "entropy" else f"--mode {mode}"
    how = f"--codec {codec}{file} {sent}{' --test DIR' if test else ''} --name {name}"
    command = f"edgevision profile video {options} --weights {path.name} {how}"
    record = {"weights": path.name, "weights_sha256": origin.sha256, "command": command}
    with stage_bars() as report:
        if deepisc is None:
            profile = measure_video_profile(
                source,
                models,
                out,
                name,
                recovered=codec == "stae",
                coding=how_sent,
                fold_plan=fold_plan,
                record=record,
                progress=report,
            )
        else:
            run = VideoMeasurement(
                source, models, fold_plan, out, report
            )  # before the training: checks that the weights fit the clips
            if not isinstance(deepisc, DeepIscModels):
                provenance, folder = {"command": command}, out / "deepisc"
                deepisc = train_deepisc_weights(
                    deepisc, models, DEEPISC_PLAN, folder, provenance=provenance, progress=report
                )
            trained = deepisc_weights or out / "deepisc" / "deepisc.safetensors"
            record["deepisc_weights_sha256"] = _description(trained)["sha256"]
            profile = measure_deepisc_profile(run, deepisc, name, record=record)
    warn_if_late_in_its_environment(profile)
    accuracy, size = mean_accuracy(profile), profile.size.mean(axis=0)
    typer.echo(
        f"{out / name}.npz: {profile.contents} clips, {profile.points} operating points, accuracy on all clips "
        f"{accuracy.max():.3f} to {accuracy.min():.3f}, mean bytes {size.max():.0f} to "
        f"{size[size > 0].min():.0f}"
    )


def _check(name: str, codec: str, mode: str, coding: str | None, deepisc_weights: Path | None, *, plan: bool) -> None:
    """Refuse options that do not go together, before anything slow is imported."""
    if codec not in _CODECS:
        raise unknown_name("codec", codec, _CODECS)
    if mode not in _MODES:
        raise unknown_name("mode", mode, _MODES)
    if coding not in (None, *_CODINGS):
        raise unknown_name("coding", coding, _CODINGS)
    from edgevision.profiles.profile import check_name

    check_name(name)
    if mode != "entropy" and coding is not None:
        raise typer.BadParameter(f"--coding is for --mode entropy; {mode} codes values by itself")
    if mode != "entropy" and codec != "stae":
        raise typer.BadParameter(f"--mode {mode} is for --codec stae; it sends whole frames, which need no recovery")
    if plan and codec == "deepisc":
        raise typer.BadParameter("--plan is for --codec stae and fa-sa; it cannot estimate DeepISC's training")
    if codec == "deepisc" and coding == "range":
        raise typer.BadParameter("DeepISC has no coder but huffman; leave --coding out")
    if codec != "deepisc" and deepisc_weights is not None:
        raise typer.BadParameter("--deepisc-weights is for --codec deepisc")


class _Origin(NamedTuple):
    """Where weights of STAE come from: their SHA-256, and data set, number of clips and seed of their training."""

    sha256: str
    data_set: str
    clips: int
    seed: int


def _origin(path: Path) -> _Origin:
    """The origin of weights; a value that is not recorded becomes "", the default number of clips, or seed 0."""
    description = _description(path)
    noted = description.get("provenance")
    noted = noted if isinstance(noted, dict) else {}
    plan = noted.get("plan")
    seed = plan.get("seed") if isinstance(plan, dict) else None
    clips = noted.get("clips")
    return _Origin(
        str(description["sha256"]),
        str(noted.get("data_set", "")),
        clips if isinstance(clips, int) else TRAINING_CLIPS,
        seed if isinstance(seed, int) else 0,
    )


def _description(path: Path) -> dict[str, Any]:
    """The JSON file beside weights."""
    return read_json(path.with_suffix(".json"), WeightsError)


def _training_clips(origin: _Origin, data: str, clips: Path | None, *, folds: bool) -> ClipSource:
    """The clips that the weights of STAE were trained on.

    Raises:
        BadParameter: with ``folds``, and the weights were trained on clips that cannot be generated.
    """
    from edgevision.data.actions.generated_actions import NAME
    from edgevision.data.sources import open_source

    if origin.data_set == NAME:
        return open_source("actions", clips=origin.clips, seed=origin.seed, subset="train")
    if folds:
        raise typer.BadParameter(
            f"the weights were trained on {origin.data_set or 'unknown clips'}; train DeepISC on the same clips first "
            "(--codec deepisc without --folds), then give its weights as --deepisc-weights"
        )
    return open_source(data, clips, clips=origin.clips, seed=origin.seed, subset="train")
