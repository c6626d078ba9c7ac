"""Make all shipped files of STAE: the weights, and the six measured profiles of ``EdgeVision/Video-v0``.

    python benchmarks/stae_profiles.py train   --work DIR
    python benchmarks/stae_profiles.py deepisc --work DIR
    python benchmarks/stae_profiles.py actions --work DIR
    python benchmarks/stae_profiles.py ut      --work DIR --clips UT-INTERACTION

``train`` runs Algorithm 1 on 3200 generated clips: WORK/actions/stae.safetensors. ``deepisc`` trains the DeepISC
networks behind the same frame attention and classifier. ``actions`` measures 200 generated clips of another seed:
WORK/profiles/video-actions-stae, -fa-sa and -deepisc. ``ut`` measures UT-Interaction by cross-validation: for each of
the 15 sequences, all networks are trained further without it. Each step needs the steps before it. A stopped step
continues where it stopped. On one core the steps take about 25, 15, 25 and 75 minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from one_line import one_line_errors

from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.deepisc.train_deepisc import DEEPISC_PLAN, train_deepisc_weights
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import StaeConfig
from edgevision.codecs.stae.training.algorithm1 import Plan
from edgevision.codecs.stae.training.train_stae import train_stae
from edgevision.data.actions import GeneratedActions
from edgevision.data.clips import ClipSource
from edgevision.data.ut_interaction import UTInteraction
from edgevision.measure.deepisc_profile import measure_deepisc_profile
from edgevision.measure.video_profile import FOLD_PLAN, VideoMeasurement, measure_video_profile
from edgevision.storage.disk_files import sha256

TRAINING, MEASURED = GeneratedActions(3200, 0), GeneratedActions(200, 1)
PLAN = Plan()


def report(what: str) -> Callable[[int, int], None]:
    """A progress callback that prints a line on stderr after each tenth."""
    last = -1

    def show(done: int, total: int) -> None:
        nonlocal last
        if (tenth := 10 * done // max(total, 1)) != last:
            last = tenth
            print(f"{what}: {done} of {total}", file=sys.stderr, flush=True)

    return show


def by_step() -> Callable[[str, int, int], None]:
    """A progress callback for several steps, each shown by ``report``."""
    shown: dict[str, Callable[[int, int], None]] = {}
    return lambda step, done, total: shown.setdefault(step, report(step))(done, total)


def record(step: str, weights: Path) -> dict[str, Any]:
    """The metadata on the origin of a profile."""
    return {
        "command": f"python benchmarks/stae_profiles.py {step} --work DIR" + (" --clips DIR" if step == "ut" else ""),
        "weights": weights.name,
        "weights_sha256": sha256(weights.read_bytes()),
    }


def train(work: Path) -> None:
    """Train STAE: makes WORK/actions/stae.safetensors."""
    command = "python benchmarks/stae_profiles.py train --work DIR"
    config = StaeConfig(len(TRAINING.classes), attention_motion=True, attention_contrast=True)
    train_stae(TRAINING, config, PLAN, work / "actions", provenance={"command": command}, progress=by_step())


def deepisc(work: Path) -> None:
    """Train DeepISC: makes WORK/actions/deepisc.safetensors."""
    models = StaeModels.load(work / "actions" / "stae.safetensors")
    about = {"command": "python benchmarks/stae_profiles.py deepisc --work DIR"}
    train_deepisc_weights(TRAINING, models, DEEPISC_PLAN, work / "actions", provenance=about, progress=by_step())


def profiles(work: Path, source: ClipSource, prefix: str, plan: Plan | None) -> None:
    """Measure the three profiles of a source; in folds if there is a plan to train them."""
    weights, deepisc_weights = (work / "actions" / f"{name}.safetensors" for name in ("stae", "deepisc"))
    models, about, out = StaeModels.load(weights), record("ut" if plan else "actions", weights), work / "profiles"
    for name, recovered in (("stae", True), ("fa-sa", False)):
        measure_video_profile(
            source,
            models,
            out,
            f"{prefix}-{name}",
            recovered=recovered,
            fold_plan=plan,
            record=about,
            progress=by_step(),
        )
    run = VideoMeasurement(source, models, plan, out, by_step())
    networks = DeepIscModels.load(deepisc_weights)
    about["deepisc_weights_sha256"] = sha256(deepisc_weights.read_bytes())
    measure_deepisc_profile(run, networks, f"{prefix}-deepisc", record=about)


def main() -> None:
    """Run one step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=("train", "deepisc", "actions", "ut"))
    parser.add_argument(
        "--work", type=Path, required=True, help="folder for all files; a stopped run continues from it"
    )
    parser.add_argument("--clips", type=Path, help="UT-Interaction, for the step ut")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.step == "train":
        train(arguments.work)
    elif arguments.step == "deepisc":
        deepisc(arguments.work)
    elif arguments.step == "actions":
        profiles(arguments.work, MEASURED, "video-actions", None)
    elif arguments.clips is None:
        parser.error("the step ut needs --clips")
    else:
        profiles(arguments.work, UTInteraction(arguments.clips), "video-ut", FOLD_PLAN)


if __name__ == "__main__":
    with one_line_errors():
        main()
