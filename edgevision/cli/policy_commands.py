"""Commands on policies: ``demo``, ``train``, ``train-belief``, ``train-sending`` and ``evaluate``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, cast

import typer

from edgevision.imports import require

_ENV = typer.Argument(
    help="Environment id, such as EdgeVision/Image-v0, or MODULE:ID for one that your module registers.",
    show_default=False,
)
_SET = typer.Option("--set", help="Scenario setting key=value, repeatable: --set users=10 --set deadline_ms=50,100.")
_PROCESSES = typer.Option(help="Worker processes for policies that solve an optimisation in every slot.")
_CORES = min(2, os.cpu_count() or 1)


def demo(
    what: Annotated[
        str, typer.Argument(help="image, video or dynamic: EdgeVision/Image-v0, Video-v0 or Dynamic-Price-v0.")
    ] = "image",
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder to write to, by default runs/demo or runs/demo-WHAT. A stopped run continues from it."
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Environment steps to train for; by default as many as the demonstration needs.")
    ] = None,
    episodes: Annotated[int, typer.Option(help="Test episodes (at most 1000).")] = 100,
    seed: Annotated[int, typer.Option(help="Seed of the training.")] = 0,
    processes: Annotated[int, _PROCESSES] = _CORES,
    settings: Annotated[list[str] | None, _SET] = None,
) -> None:
    """Train an agent and compare it with the classical controllers: on images (the default), video or over time.

    Takes a few minutes on two cores. Writes OUT/report.html with tables and plots, OUT/evaluation.json, CSV files,
    plots/, and the trained agent with its TensorBoard logs. A second run uses finished parts again.

    Example: **edgevision demo --out runs/demo** or **edgevision demo dynamic**
    """
    from edgevision.experiments.demo import DemoConfig, run_demo
    from edgevision.experiments.evaluation.scenario import parse_settings

    folder = Path("runs") / ("demo" if what == "image" else f"demo-{what}")
    run_demo(DemoConfig(out or folder, steps, episodes, seed, processes, parse_settings(settings or ()), what))


def train(
    env: Annotated[str, _ENV],
    algo: Annotated[
        str | None,
        typer.Option(help="ppo (the default), sac, or marginal (for EdgeVision/Dynamic-Price-v0).", show_default=False),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Environment steps; by default the number in the hyperparameters.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of networks, exploration and episodes; 0 by default.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; by default runs/ID-ALGO-seedN.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the stopped run in OUT.")] = False,
    settings: Annotated[list[str] | None, _SET] = None,
) -> None:
    """Train an agent. On a measured profile it sees the contents of the train split only.

    Writes to OUT the policy that scored best on the validation seeds (policy.json, .safetensors), checkpoints,
    curve.json and TensorBoard logs. 'edgevision evaluate' takes the folder OUT as a policy.

    Example: **edgevision train EdgeVision/Paper-v0 --steps 200000 --out runs/paper-ppo**
    """
    for module in ("torch", "stable_baselines3", "safetensors", "tensorboard", "matplotlib", "yaml"):
        require(module, "agents")
    from edgevision import agents
    from edgevision.agents.hyperparameters import Algorithm
    from edgevision.agents.run_folder import RunFolder
    from edgevision.envs.registration import import_id
    from edgevision.experiments.evaluation.scenario import parse_settings

    env = import_id(env)
    name, asked = algo or "ppo", steps
    folder = out or Path("runs") / f"{Path(env).name}-{name}-seed{seed or 0}"
    if resume:
        if (algo, steps, seed, settings) != (None, None, None, None):
            raise typer.BadParameter("--resume takes every setting from the run; give only the id and --out")
        training = RunFolder(folder).read_config().get("training")
        training = training if isinstance(training, dict) else {}
        if training.get("env_id") != env:
            raise typer.BadParameter(f"the run in {folder} was trained on {training.get('env_id')}, not on {env}")
        summary, asked = agents.resume(folder), training.get("steps")
        if not summary.taken:
            typer.echo(
                f"{folder}: the run was finished already, so nothing was trained; for more steps begin a new run"
            )
    else:
        config = agents.TrainConfig(
            env, folder, cast(Algorithm, name), steps, seed or 0, parse_settings(settings or ())
        )
        summary = agents.train(config)
    if asked is not None and summary.steps > asked:
        typer.echo(f"{folder}: {asked} steps became {summary.steps}, because training goes on to the end of a rollout")
    typer.echo(
        f"{folder}: {summary.steps} steps in {summary.seconds:.0f} s; best on validation {summary.best.score:.4f} "
        f"after {summary.best.steps} steps\nTensorBoard: tensorboard --logdir {folder / 'tensorboard'}"
    )


def train_belief(
    out: Annotated[Path | None, typer.Option(help="Folder to write to; by default runs/NETWORK-seedN.")] = None,
    network: Annotated[str, typer.Option(help="street-gru, camera-gru (no neighbours) or lagged-regression.")] = (
        "street-gru"
    ),
    rounds: Annotated[int, typer.Option(help="Rounds of 48 training episodes.")] = 120,
    seed: Annotated[int, typer.Option(help="Seed of weights and episodes.")] = 0,
    settings: Annotated[list[str] | None, _SET] = None,
) -> None:
    """Train a belief for EdgeVision/Stream-v0: what each camera sees, from signs, reports and neighbours.

    It learns from the truth that info holds as 'privileged', on contents of the train split only. The slot solver then
    decides. Writes policy.json and policy.safetensors to OUT when it is finished; 'edgevision evaluate' takes the
    folder as a policy. Takes a few minutes on one core. The same command goes on with a run that was stopped.

    Example: **edgevision train-belief --out runs/street-belief**
    """
    for module in ("torch", "safetensors"):
        require(module, "agents")
    from edgevision import agents
    from edgevision.agents.belief.round_checkpoint import only_run
    from edgevision.experiments.evaluation.scenario import parse_settings
    from edgevision.progress import stage_bars

    folder = out or Path("runs") / f"{network}-seed{seed}"
    config = agents.BeliefConfig(rounds, seed, network, parse_settings(settings or ()))
    with only_run(folder):
        with stage_bars() as report:
            summary = agents.train_belief(
                config, lambda done, total: report("train the belief (rounds)", done, total), folder
            )
        summary.policy.save(folder)
    typer.echo(
        f"{folder}: cross-entropy {summary.cross_entropy[0]:.4f} in the first round, {summary.cross_entropy[-1]:.4f} "
        f"in the last; {summary.score:.4f} on validation"
    )


def train_sending(
    belief: Annotated[Path, typer.Argument(help="Folder that 'edgevision train-belief' wrote.")],
    out: Annotated[Path | None, typer.Option(help="Folder to write to; by default BELIEF-sending-seedN.")] = None,
    rounds: Annotated[int, typer.Option(help="Rounds of 384 training episodes.")] = 12,
    seed: Annotated[int, typer.Option(help="Seed of weights and episodes.")] = 0,
    settings: Annotated[list[str] | None, _SET] = None,
) -> None:
    """Train what it is worth to send a frame in EdgeVision/Stream-v0, with a trained belief.

    It pays where a frame that is sent now is missing later: with batteries (preset=street-battery). Each round plays
    the same episodes with and without a frame, and fits a network to the difference. The settings are those of the
    belief, unless --set changes them. Writes policy.json and policy.safetensors to OUT when it is finished; 'edgevision
    evaluate' takes the folder as a policy. Takes about five minutes on one core. The same command goes on with a run
    that was stopped.

    Example: **edgevision train-sending runs/battery-belief --out runs/battery-sending**
    """
    for module in ("torch", "safetensors"):
        require(module, "agents")
    from edgevision import agents
    from edgevision.agents.belief.round_checkpoint import only_run
    from edgevision.errors import TrainingError
    from edgevision.experiments.evaluation.scenario import parse_settings
    from edgevision.progress import stage_bars

    folder = out or belief.with_name(f"{belief.name}-sending-seed{seed}")
    config = agents.SendingConfig(rounds, seed, parse_settings(settings or ()))
    trained = agents.load_policy(belief)
    if not isinstance(trained, agents.BeliefPolicy):
        raise TrainingError(f"{belief} holds another policy than a belief; 'edgevision train-belief' makes one")
    config.scenario(trained)  # wrong settings are named before a folder is made
    with only_run(folder):
        with stage_bars() as report:
            summary = agents.train_sending(
                trained, config, lambda done, total: report("train what sending is worth (rounds)", done, total), folder
            )
        summary.policy.save(folder)
    kept = "" if summary.policy.sending is not None else ", which is no better, so that the belief is stored as it was"
    typer.echo(
        f"{folder}: {summary.scores[0]:.4f} on validation without, {max(summary.scores[1:]):.4f} with what it has "
        f"learned{kept}"
    )


def evaluate(
    env: Annotated[str, _ENV],
    policies: Annotated[
        list[str] | None,
        typer.Argument(
            help="Names, names with options (fixed:operating_point=7), run folders, or MODULE:CLASS for your own. "
            "Default: all for this environment."
        ),
    ] = None,
    episodes: Annotated[
        int, typer.Option(help="Number of episodes, from the first seed of the split on (at most 1000).")
    ] = 100,
    split: Annotated[str, typer.Option(help="test, or validation (to select models).")] = "test",
    settings: Annotated[list[str] | None, _SET] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            help="The one of POLICIES that the others are compared with. Default: co-crra, or another usual one, or "
            "else the first.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the report. A stopped run continues from it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    processes: Annotated[int, _PROCESSES] = _CORES,
) -> None:
    """Compare policies on common random numbers: scores with intervals, and decision times.

    Writes nothing. With --out it writes report.html, evaluation.json, summary.csv, episodes.csv and plots/.

    Example: **edgevision evaluate EdgeVision/Paper-v0 co-crra fracr-exact --episodes 50 --out runs/paper**

    Example: **edgevision evaluate EdgeVision/Image-v0 joint co-crra fixed --reference joint**
    """
    import json

    from edgevision.envs.registration import import_id
    from edgevision.experiments.evaluation.evaluate import EvaluationConfig
    from edgevision.experiments.evaluation.evaluate import evaluate as run
    from edgevision.experiments.evaluation.scenario import Scenario, parse_settings
    from edgevision.experiments.evaluation.summary import summarise
    from edgevision.experiments.report.data import as_json as record
    from edgevision.experiments.report.table import print_table
    from edgevision.protocol import Split

    env, chosen = import_id(env), parse_settings(settings or ())
    known = policies or Scenario(env, chosen).classical_policies()
    config = EvaluationConfig(env, known, episodes, cast(Split, split), chosen, reference)
    if out is not None:
        require("matplotlib", "report")  # before the evaluation, which takes long
    evaluation = run(config, out, processes=processes)
    if as_json:
        typer.echo(json.dumps(record(evaluation, summarise(evaluation), episodes=False), indent=1, default=str))
    else:
        print_table(evaluation)
    if out is not None:
        from edgevision.experiments.report.files import write_report

        typer.echo(f"report: {write_report(evaluation, out)}", err=as_json)
