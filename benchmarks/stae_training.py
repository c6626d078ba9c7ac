"""Compare step-by-step training of STAE (Algorithm 1) with end-to-end training, on generated clips, for one budget.

    python benchmarks/stae_training.py [--clips N] [--size PIXELS] [--frames ALPHA] [--pixels BETA] [--seed SEED]

Both start from the same weights and use the same clips. End-to-end training runs twice: for as many gradient steps as
Algorithm 1, and for as much processor time. Prints steps, processor seconds, and the accuracy of ViT_STAE on test
clips with its 95 % bootstrap interval over these clips; the difference to Algorithm 1 is paired. The intervals do not
show how much another seed of the training would change. Uses one thread, so that times can be compared.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from one_line import one_line_errors

from edgevision.arrays import FloatArray
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import StaeConfig
from edgevision.codecs.stae.training.algorithm1 import Plan, StepByStep, per_frame
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.codecs.stae.training.end_to_end import EndToEndPlan, train_end_to_end
from edgevision.codecs.stae.training.fit_step import FitConfig
from edgevision.codecs.stae.training.recognition import correct_on_grid
from edgevision.codecs.stae.training.train_stae import clip_set
from edgevision.codecs.stae.vit import VitConfig
from edgevision.data.actions import GeneratedActions
from edgevision.data.clip_cache import cached_clips
from edgevision.statistics import bootstrap_interval

END_TO_END = FitConfig(1, 16, 1e-3, 0.05)


def main() -> None:
    """Run all three and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=400)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--frames", type=int, default=2)
    parser.add_argument("--pixels", type=float, default=0.4)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    if not 1 <= given.frames <= 16 or not 0 < given.pixels < 1:
        parser.error(f"--frames must be in 1..16 and --pixels between 0 and 1, got {given.frames} and {given.pixels}")
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        data, test = (
            clip_set(cached_clips(GeneratedActions(given.clips, given.seed + held), Path(folder), size=given.size))
            for held in (0, 1)
        )
        compare(given, data, test)


def compare(given: argparse.Namespace, data: ClipSet, test: ClipSet) -> None:
    """Print the table, a line per training."""
    budget = given.frames, given.pixels
    base = Plan()
    plan = replace(
        base,
        frames=budget[:1],
        pixels=(1.0, budget[1]),
        sa=replace(base.sa, clips=None),
        first_fr=replace(base.first_fr, clips=None),
        seed=given.seed,
    )

    answers: list[FloatArray] = []

    def measured(name: str, steps: int, train: Callable[[StaeModels], StaeModels]) -> float:
        models, start = fresh(given.size, given.seed), time.process_time()
        train(models)
        seconds = time.process_time() - start
        right = correct_on_grid(models, test, test.rows, budget[:1], budget[1:], ("ViT_STAE",))["ViT_STAE"]
        answers.append(np.asarray(right, np.float64).reshape(len(test)))
        behind = f"  {with_interval(answers[-1] - answers[0])}" if len(answers) > 1 else ""
        print(f"{name:34} {steps:6d} {seconds:9.0f}  {with_interval(answers[-1])}{behind}", flush=True)
        return seconds

    def end_to_end(name: str, epochs: int) -> float:
        wanted = EndToEndPlan(*budget, replace(END_TO_END, epochs=epochs), given.seed)
        steps = epochs * wanted.fit.steps(len(data))
        return measured(name, steps, lambda models: train_end_to_end(models, data, wanted))

    print(f"{len(data)} clips of side {given.size}, {budget[0]} of 16 frames, {100 * budget[1]:.0f} % of the pixels;")
    print(f"{'':34} {'steps':>6} {'seconds':>9} {'accuracy':>9} ({len(test)} test clips), minus Algorithm 1")
    steps = gradient_steps(plan, len(data))
    seconds = measured("step by step (Algorithm 1)", steps, lambda models: StepByStep(models, data, plan).run())
    epochs = math.ceil(steps / END_TO_END.steps(len(data)))
    spent = end_to_end("end to end, as many steps", epochs)
    end_to_end("end to end, as much time", max(1, round(epochs * seconds / spent)))


def with_interval(values: FloatArray) -> str:
    """The mean over the clips and its interval, as text."""
    found = bootstrap_interval(values)
    return f"{found.estimate:.3f} [{found.low:.3f}, {found.high:.3f}]"


def fresh(size: int, seed: int) -> StaeModels:
    """Untrained networks on the pretrained stem."""
    torch.manual_seed(seed)
    classes = GeneratedActions(1).classes
    return StaeModels(StaeConfig(len(classes), VitConfig(size=size)), classes)


def gradient_steps(plan: Plan, rows: int) -> int:
    """Number of gradient steps of Algorithm 1 for one budget."""
    alpha = plan.frames[0]
    twice = 2 if plan.second_vit else 1
    configs = [plan.vit, *([plan.second_vit] if plan.second_vit else []), *[plan.fa] * twice]
    configs += [per_frame(plan.sa, alpha), per_frame(plan.first_fr, alpha)]
    return sum(config.epochs * config.steps(rows) for config in configs)


if __name__ == "__main__":
    with one_line_errors():
        main()
