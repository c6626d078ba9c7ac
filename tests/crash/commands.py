"""The long commands, each small enough to be run hundreds of times.

Networks, drawings and measurements are replaced by small ones. What is written, where and in which order, is not.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_SETTINGS = ["--set", "users=2", "--set", "episode_slots=3"]


@dataclass(frozen=True)
class Command:
    """A command that is interrupted.

    Attributes:
        arguments: words of the command, given the folder of its inputs and the one that it writes to.
        prepare: makes inputs in a folder and smaller parts in this process, before it is forked.
        resumes: whether going on needs the option ``--resume``.
    """

    arguments: Callable[[Path, Path], list[str]]
    prepare: Callable[[Path], None]
    resumes: bool = False


def _prepare_training(inputs: Path) -> None:
    from matplotlib.figure import Figure

    from edgevision.agents import tensorboard_figures, training

    small = {"n_envs": 16, "n_steps": 2, "batch_size": 32, "n_epochs": 1, "width": 8}
    original = training.load_hyperparameters
    training.load_hyperparameters = lambda algorithm, env_id, given: original(algorithm, env_id, small | dict(given))
    for name in ("learning_curve", "operating_points", "shares"):
        setattr(tensorboard_figures, name, lambda *_: Figure(figsize=(0.1, 0.1)))


def _prepare_evaluation(inputs: Path) -> None:
    from edgevision.experiments.report import files
    from edgevision.experiments.report.report_page import Picture

    files.make_pictures = lambda *_: [Picture(name, "Heading", "Caption", b"PNG") for name in ("scores", "latency")]  # type: ignore[assignment]


def _prepare_pictures(inputs: Path) -> None:
    """Five pictures, and a random network of timm's smallest kind in place of every classifier."""
    import numpy as np
    import timm
    import torch
    from PIL import Image

    from edgevision.codecs.uniform import UniformJpeg
    from edgevision.measure.times import clean_timing
    from edgevision.vision import classifiers

    rows = ["file,class_index"]
    for number in range(5):
        pixels = np.random.default_rng(number).integers(256, size=(6, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((80, 60)).save(inputs / f"{number}.png")
        rows.append(f"{number}.png,{number}")
    (inputs / "labels.csv").write_text("\n".join(rows) + "\n")
    torch.manual_seed(0)
    classifier = classifiers.Classifier("tf_efficientnet_lite0", timm.create_model("test_efficientnet"))
    classifier.class_names  # noqa: B018 - read once, before this process is forked
    classifiers.load_classifier = lambda name: classifier
    UniformJpeg.levels = (1.0, 8.0)
    clean_timing.ROUNDS, clean_timing._CALLS = 2, 1


def _prepare_importance(inputs: Path) -> None:
    import torch

    from edgevision.codecs.spat_imco import theta
    from edgevision.codecs.spat_imco.theta import distillation, examples, train_theta

    pictures = inputs / "pictures" / "things"
    pictures.mkdir(parents=True)
    _prepare_pictures(pictures)
    torch.manual_seed(1)
    torch.save(theta.LargeNetwork().backbone.state_dict(), inputs / "backbone.pth")
    examples._PART = distillation._PART = 3
    train_theta.TEACHERS = train_theta.TEACHERS[:1]
    theta.TrainingConfig = functools.partial(theta.TrainingConfig, epochs=2)  # type: ignore[assignment,misc]
    theta.TrainingConfig.views = 1  # type: ignore[attr-defined]
    short = functools.partial(theta.DistillationConfig, views=1, epochs=2)
    theta.DistillationConfig = short  # type: ignore[assignment,misc]


def _prepare_clips(inputs: Path) -> None:
    """Tiny networks of STAE, untrained, and answers and times that cost nothing."""
    import numpy as np

    from edgevision.cli import video_commands
    from edgevision.codecs.stae.stae_model_set import StaeModels
    from edgevision.codecs.stae.training import train_stae
    from edgevision.codecs.stae.training.fit_step import FitConfig
    from edgevision.measure import video_profile
    from edgevision.measure.times.clean_timing import PartTimes
    from edgevision.measure.times.stae_work import PARTS
    from edgevision.measure.video_outcomes import Sent
    from edgevision.profiles.video_grid import GRID
    from tests.codecs.stae.tiny import tiny_models, with_budgets

    short = FitConfig(1, 8, 1e-3)
    train_stae.QUICK_PLAN = replace(
        train_stae.QUICK_PLAN, vit=short, second_vit=None, views=1, fa=short, sa=short, fr=short, first_fr=short
    )
    video_commands._HELD_BACK = 1
    video_commands._costs = lambda *_: ""

    class Sender:
        def __init__(self, codec: object) -> None:
            pass

        def send(self, clip: Any, class_index: int, frames: int, pixels: float) -> Sent:
            size = round(100 * frames * pixels) + int(clip.sum()) % 7
            return Sent(size + 2, size + 1, size, 3, 2, 4.0, bool(frames > 4), bool(frames > 8))

    def times(*_: Any) -> list[PartTimes]:
        parts = {part: np.full(GRID[:2], 1e-3) for part in PARTS}
        return [PartTimes(parts, parts, parts, {})]

    video_profile.StaeSender = Sender  # type: ignore[assignment,misc]
    video_profile.time_interleaved = times  # type: ignore[assignment]
    tiny_models().save(inputs / "start.safetensors", {})
    models = with_budgets(tiny_models(), video_profile.FRAMES, video_profile.PIXELS[1:])
    models.save(inputs / "whole-grid.safetensors", {"plan": {"seed": 6}, "clips": 3})
    load, read = StaeModels.load, {path: StaeModels.load(path) for path in inputs.glob("*.safetensors")}
    StaeModels.load = lambda path: read[path] if path in read else load(path)  # type: ignore[method-assign,assignment]


def _evaluate(policies: Sequence[str], processes: int) -> Command:
    words = ["evaluate", "EdgeVision/Paper-v0", *policies, "--episodes", "6", *_SETTINGS]
    return Command(lambda inputs, out: [*words, "--processes", str(processes), "--out", str(out)], _prepare_evaluation)


COMMANDS = {
    "train": Command(
        lambda inputs, out: ["train", "EdgeVision/Paper-v0", "--steps", "96", *_SETTINGS, "--out", str(out)],
        _prepare_training,
        resumes=True,
    ),
    "evaluate": _evaluate(("fracr", "fixed"), 1),
    "evaluate-processes": _evaluate(("co-crra",), 2),
    "profile-image": Command(
        lambda inputs, out: [
            "profile", "image", "--images", str(inputs), "--labels", str(inputs / "labels.csv"), "--name", "mine",
            "--codec", "uniform", "--out", str(out),
        ],
        _prepare_pictures,
    ),
    "profile-video": Command(
        lambda inputs, out: [
            "profile", "video", "--name", "mine", "--count", "1", "--weights", str(inputs / "whole-grid.safetensors"),
            "--out", str(out),
        ],
        _prepare_clips,
    ),
    "train-importance": Command(
        lambda inputs, out: [
            "codec", "train-importance", "--images", str(inputs / "pictures"), "--views", "1", "--origin", "made up",
            "--backbone", str(inputs / "backbone.pth"), "--out", str(out),
        ],
        _prepare_importance,
    ),
    "train-stae": Command(
        lambda inputs, out: [
            "codec", "train-stae", "--quick", "--count", "4", "--frames", "2", "--pixels", "1,0.4",
            "--start", str(inputs / "start.safetensors"), "--out", str(out),
        ],
        _prepare_clips,
    ),
}  # fmt: skip
