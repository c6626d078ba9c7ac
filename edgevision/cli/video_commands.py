"""The command ``codec train-stae``, and the options that commands on clips share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from edgevision.imports import require

if TYPE_CHECKING:
    from edgevision.codecs.stae.stae_model_set import StaeModels
    from edgevision.codecs.stae.stae_network import StaeConfig
    from edgevision.codecs.stae.training.algorithm1 import Plan
    from edgevision.codecs.stae.training.end_to_end import EndToEndPlan
    from edgevision.data.clips import ClipSource
    from edgevision.progress import StageProgress

DATA = typer.Option(help="actions (generated), hmdb51, ut-interaction, or folder (of videos, a sub-folder per class).")
CLIPS = typer.Option(help="Folder of the data set; not needed for actions.", show_default=False)
COUNT = "Number of generated clips"
_VIT = typer.Option(
    help="hybrid (112 x 112 pixels; the default) or the name of a vision transformer in timm. Frames are resized to "
    "its input size. The paper uses vit_base_patch16_224.",
    show_default=False,
)
_FRAMES = typer.Option(help="Frame budgets alpha: how many of 16 frames are kept.", show_default="1,2,4,8,16")
_PIXELS = typer.Option(
    help="Pixel budgets beta: the share of pixels kept in each frame.", show_default="1,0.9,0.8,0.7,0.6,0.5,0.4"
)
_START = typer.Option(
    help="Weights to train further (a .safetensors file with its .json file beside it).", show_default=False
)
_INSERTION = typer.Option(
    help="Where frame attention acts in training: features (weights on the features of the frames) or input (the "
    "frames are multiplied, as published).",
    show_default="features",
)
_EXTENDED = typer.Option(
    "--extended",
    help="Extend the attention of the paper, as in the shipped weights: frame attention also sees how a frame differs "
    "from its neighbours, and spatial attention treats dark and bright contrast alike.",
)
LIBRARIES = ("torch", "timm", "safetensors", "constriction")
TRAINING_CLIPS = 3200  # by default
_HELD_BACK = 40  # generated test clips, at least


def train_stae(
    data: Annotated[str, DATA] = "actions",
    clips: Annotated[Path | None, CLIPS] = None,
    count: Annotated[int | None, typer.Option(min=1, help=f"{COUNT}.", show_default=f"{TRAINING_CLIPS}")] = None,
    vit: Annotated[str | None, _VIT] = None,
    frames: Annotated[str | None, _FRAMES] = None,
    pixels: Annotated[str | None, _PIXELS] = None,
    start: Annotated[Path | None, _START] = None,
    insertion: Annotated[str | None, _INSERTION] = None,
    extended: Annotated[bool, _EXTENDED] = False,
    end_to_end: Annotated[
        bool,
        typer.Option(
            "--end-to-end",
            help="Train all networks of one budget together; give one number to --frames and one to --pixels.",
        ),
    ] = False,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="A try of two minutes: few clips, few budgets and short steps give poor networks."
        ),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of generated clips, weights and order.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder to write to. A stopped run continues from it.")] = Path("runs/stae"),
) -> None:
    """Train STAE step by step (Algorithm 1) and print its accuracy on test clips.

    Test clips are generated clips of the next seed, the test list of HMDB51 (split 1), or every fifth group of other
    data. Writes OUT/stae.safetensors and OUT/stae.json. During training it writes decoded clips, checkpoints and
    TensorBoard logs (tensorboard --logdir OUT). Run the same command again to continue a stopped run. Without --quick
    it takes almost an hour.

    Example: **edgevision codec train-stae --quick --out runs/stae-quick**

    Example: **edgevision codec train-stae --data hmdb51 --clips DIR --vit vit_base_patch16_224**
    """
    for module in LIBRARIES:
        require(module, "codecs")
    require("tensorboard", "agents")
    from edgevision.codecs.stae.stae_model_set import StaeModels
    from edgevision.codecs.stae.training.train_stae import QUICK_CLIPS
    from edgevision.codecs.stae.training.train_stae import train_stae as train
    from edgevision.data.sources import open_source
    from edgevision.locking import only_writer
    from edgevision.progress import stage_bars

    number = count or (QUICK_CLIPS if quick else TRAINING_CLIPS)
    plan = _plan(_numbers(frames), _numbers(pixels), insertion, seed, quick=quick, end_to_end=end_to_end)
    source = open_source(data, clips, clips=number, seed=seed, subset="train")
    held_back = open_source(data, clips, clips=max(_HELD_BACK, number // 8), seed=seed, subset="test")
    first = StaeModels.load(start) if start else None
    config = _config(vit, first, source, extended=extended)
    typer.echo(_costs(config, source, plan))
    given = {
        "data": data,
        "count": number if clips is None else None,
        "clips": "DIR" if clips else None,
        "vit": vit,
        "frames": frames,
        "pixels": pixels,
        "start": start.name if start else None,
        "insertion": insertion,
        "seed": seed,
    }
    options = [f"--{name} {value}" for name, value in given.items() if value is not None]
    flags = {"--extended": extended, "--end-to-end": end_to_end, "--quick": quick}
    command = " ".join(["edgevision codec train-stae", *options, *(flag for flag, on in flags.items() if on)])
    with stage_bars() as report:
        train(source, config, plan, out, start=first, provenance={"command": command}, progress=report)
        with only_writer(out):  # for the test clips
            table = _accuracies(StaeModels.load(out / "stae.safetensors"), held_back, plan, out, report)
    typer.echo(f"{table}\nweights: {out / 'stae.safetensors'}\nTensorBoard: tensorboard --logdir {out}")


def _numbers(text: str | None) -> tuple[float, ...] | None:
    """Read numbers separated by commas, without repetition; ``None`` for ``None``."""
    if text is None:
        return None
    try:
        return tuple(dict.fromkeys(float(word) for word in text.split(",")))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a list of numbers such as 1,4,16") from None


def _plan(
    frames: tuple[float, ...] | None,
    pixels: tuple[float, ...] | None,
    insertion: str | None,
    seed: int,
    *,
    quick: bool,
    end_to_end: bool,
) -> Plan | EndToEndPlan:
    from dataclasses import replace

    from edgevision.codecs.stae.training.algorithm1 import Insertion, Plan
    from edgevision.codecs.stae.training.end_to_end import EndToEndPlan
    from edgevision.codecs.stae.training.train_stae import QUICK_END_TO_END, QUICK_PLAN

    if insertion not in (None, *get_args(Insertion)):
        raise typer.BadParameter(f"--insertion must be {' or '.join(get_args(Insertion))}, got {insertion!r}")
    if insertion and end_to_end:
        raise typer.BadParameter("--insertion is for training step by step; leave it out with --end-to-end")
    for alpha in frames or ():
        if alpha not in range(1, 17):
            raise typer.BadParameter(f"--frames must be whole numbers from 1 to 16, got {alpha:g}")
    for beta in pixels or ():
        if round(100 * beta, 9) not in range(1, 101):
            raise typer.BadParameter(f"--pixels must be in (0, 1] with at most two decimals, got {beta}")
    base = QUICK_PLAN if quick else Plan()
    alphas = tuple(map(int, frames or base.frames))
    betas = tuple(round(beta, 2) for beta in pixels or base.pixels)
    if not end_to_end:
        insert = cast(Insertion, insertion or base.insertion)
        return replace(base, frames=alphas, pixels=betas, insertion=insert, seed=seed)
    if not frames or not pixels or len(frames) > 1 or len(pixels) > 1:
        raise typer.BadParameter("--end-to-end trains one budget; give one number to --frames and one to --pixels")
    plan = EndToEndPlan(alphas[0], betas[0], seed=seed)
    return replace(plan, fit=QUICK_END_TO_END) if quick else plan


def _config(vit: str | None, start: StaeModels | None, source: ClipSource, *, extended: bool) -> StaeConfig:
    """Shapes of the networks: those of ``start``, or else of the transformer named ``vit``."""
    from dataclasses import replace

    import timm

    from edgevision.codecs.stae.stae_network import StaeConfig
    from edgevision.codecs.stae.vit import VitConfig

    if start is not None:
        if vit is not None:
            raise typer.BadParameter("the weights of --start determine the transformer; leave --vit out")
        if extended and not (start.config.attention_motion and start.config.attention_contrast):
            raise typer.BadParameter("the weights of --start lack the extended attention; leave --extended out")
        return replace(start.config, classes=len(source.classes))
    config = StaeConfig(len(source.classes), attention_motion=extended, attention_contrast=extended)
    if vit is None or vit == "hybrid":
        return config
    if vit not in timm.list_models(module="vision_transformer"):
        raise typer.BadParameter(f"--vit must be hybrid or a timm model such as vit_base_patch16_224, got {vit!r}")
    size = cast(tuple[int, int, int], timm.get_pretrained_cfg(vit).input_size)[-1]
    return replace(config, vit=VitConfig(name=vit, size=size))


def _budgets(plan: Plan | EndToEndPlan) -> tuple[list[int], list[float]]:
    """The frame budgets and the pixel budgets of a plan, each in descending order."""
    frames = plan.frames if isinstance(plan.frames, tuple) else (plan.frames,)
    pixels = plan.pixels if isinstance(plan.pixels, tuple) else (plan.pixels,)
    return sorted(frames, reverse=True), sorted(pixels, reverse=True)


def _costs(config: StaeConfig, source: ClipSource, plan: Plan | EndToEndPlan) -> str:
    from dataclasses import replace

    from edgevision.codecs.stae.complexity import cost_table
    from edgevision.codecs.stae.stae_model_set import StaeModels

    shapes = replace(config, vit=replace(config.vit, pretrained=False))
    return cost_table(StaeModels(shapes, source.classes), _budgets(plan)[0])


def _accuracies(
    models: StaeModels, held_back: ClipSource, plan: Plan | EndToEndPlan, out: Path, report: StageProgress
) -> str:
    """A table of the accuracy of ViT_STAE on ``held_back`` under the trained budgets, as text."""
    from edgevision.codecs.stae.training.recognition import correct_on_grid
    from edgevision.codecs.stae.training.train_stae import clip_set
    from edgevision.data.clip_cache import cached_clips

    shape = {"frames": models.config.frames, "size": models.config.vit.size}
    test = clip_set(cached_clips(held_back, out, **shape, progress=lambda *done: report("test clips", *done)))
    frames, pixels = _budgets(plan)
    correct = correct_on_grid(
        models, test, test.rows, frames, pixels, ("ViT_STAE",), progress=lambda *done: report("accuracy", *done)
    )
    rows = correct["ViT_STAE"].mean(0)
    lines = [
        f"accuracy on {len(test)} clips that were not in the training ({held_back.name}), by frames and pixels sent"
    ]
    lines.append("  frames" + "".join(f"{100 * beta:6.0f} %" for beta in pixels))
    lines += [
        f"  {alpha:6d}" + "".join(f"{value:8.3f}" for value in row) for alpha, row in zip(frames, rows, strict=True)
    ]
    return "\n".join(lines)
