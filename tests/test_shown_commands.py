"""Every command that the pages show runs as printed, with a few words more that make it small.

Folders and files have the names of the pages (``DIR``, ``photo.png``) and hold made-up contents. Two things cannot be
had in a test: HMDB51 (a folder of the same form, with two classes, stands in) and the weights of timm's models (random
weights stand in).
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="needs the extra 'codecs'")
pytest.importorskip("clarabel", reason="needs the extra 'convex'")
pytest.importorskip("stable_baselines3", reason="needs the extra 'agents'")

import timm
import torch

from edgevision.codecs.av1.avif_codec import AvifRaw
from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.codecs.spat_imco.theta import DistillationConfig, LargeNetwork, TrainingConfig
from edgevision.codecs.spat_imco.theta.cross_fitting import FOLDS, LARGE_FOLDS
from edgevision.codecs.spat_imco.theta.large_weights import save_heads
from edgevision.codecs.spat_imco.theta.theta_weights import SHIPPED_FOLDS, load_folds, save_folds
from edgevision.codecs.spat_imco.theta.train_theta import fresh_head
from edgevision.codecs.stae.training import train_stae
from edgevision.codecs.stae.training.fit_step import FitConfig
from edgevision.codecs.steered.spat_avif import SpatAvif
from edgevision.codecs.uniform import UniformJpeg
from edgevision.data.hmdb51 import SPLIT_FOLDER
from edgevision.data.images import ImageFolder
from edgevision.experiments.benchmark import suite as suites
from edgevision.experiments.benchmark.entries_table import BEGIN, END
from edgevision.experiments.benchmark.freeze import freeze
from edgevision.experiments.benchmark.suite import Suite
from edgevision.experiments.figures import FIGURES
from edgevision.experiments.figures.co_crra import fig4, fig5, gap, solver_sweep
from edgevision.experiments.figures.end_to_end import fig10, utility_sweep
from edgevision.measure import video_profile
from edgevision.profiles.content_models import train_content
from edgevision.profiles.video_grid import FRAMES, PIXELS
from tests.codecs.deepisc.conftest import CONFIG
from tests.codecs.stae.tiny import tiny_models, with_budgets
from tests.data.videos import moving, write
from tests.end_to_end.command import run
from tests.experiments.benchmark.tiny import CHOICE
from tests.pages import ROOT
from tests.shown import parse, shown_commands

BACKBONE = "mobilenet_v2-b0353104.pth"
SHORT = FitConfig(1, 8, 1e-3)

#: What makes a command small, by the first words of the command.
SMALLER = {
    "demo": "--steps 2048 --episodes 2 --processes 1 --set episode_slots=4",
    "benchmark run": "--processes 1",
    "benchmark run fracr-exact --ids image": "--processes 1 --episodes 1",
    "benchmark submit": "",
    "benchmark score": "--processes 1",
    "benchmark table": "entries --page page.md --plot plot.png",
    "train": "--steps 256 --set episode_slots=2",
    "train-belief": "--rounds 1 --set users=2 --set episode_slots=3",
    "train-sending": "--rounds 1",
    "train-content": "",
    "evaluate": "--episodes 1 --processes 1 --set users=2 --set episode_slots=2",
    "profile image": "--labels few.csv --codec uniform",
    "profile image --images DIR --codec my_codecs:Squares": "--labels few.csv",
    "profile choice": "",
    "profile from-arrays": "",
    "profile from-csv": "",
    "profile retime": "",
    "profile video": "--weights tiny.safetensors --count 1",
    "codec train-importance": "--views 1 --origin made-up",
    "codec train-stae": "--quick --count 9 --frames 1 --pixels 1",
    "codec bench": "--labels few.csv --codec uniform --resamples 100",
    "codec compare": "--resamples 100",
    "reproduce": "--resamples 100",
    "compress": "",
    "decompress": "",
    "inspect": "",
    "info": "",
    "python benchmarks/assumptions.py": "--episodes 1 EdgeVision/Paper-v0",
    "python benchmarks/bound_holds.py": "--slots 50 EdgeVision/Paper-v0",
    "python benchmarks/classical_entries.py": "fracr-exact --suite Tiny-1 --folder suites --entries entries",
    "python benchmarks/freeze_suite.py": "--suite Tiny-1 --folder suites",
    "python benchmarks/learned_entries.py": "--steps 64 --seeds 0 --set users=2 --set episode_slots=2",
    "python benchmarks/content_accuracy.py": "--episodes 1 image-lite0-spat-imco",
    "python benchmarks/episode_bound_holds.py": "--episodes 2",
    "python benchmarks/dynamic_agents.py": "--seeds 0 1 --steps 1 --episodes 1 --slots 4",
    "python benchmarks/dynamic_options.py": "--episodes 1 --slots 4",
    "python benchmarks/codec_scores.py": "--episodes 1 --device server --split test",
    "python benchmarks/codec_memory.py": "--megapixels 0.1",
    "python benchmarks/import_squeezenet.py": "--labels few.csv",
    "python benchmarks/foresight_curves.py": "--policies myopic",
    "python benchmarks/foresight.py": "--episodes 1 --slots 4 --policies myopic",
    "python benchmarks/shift_matrix.py": "--presets umi-image --tests crowded --steps 1 --episodes 1",
    "python benchmarks/stress_table.py": "--episodes 1 --slots 1 --policies fracr-exact",
    "python benchmarks/stream_table.py": "--episodes 1 --policies max-age:level=3 two-state-filter:rate=1,trust=1",
    "python benchmarks/convex_programs.py": "--programs 20 --quiet",
    "python benchmarks/joint_optimum.py": "--slots 2 --quiet",
    "python benchmarks/joint_solver.py": "--instances 2 --slots 2 --co-crra-slots 1 --batch 10 --quiet",
    "python benchmarks/shipped_profiles.py": "--labels few.csv --model tf_efficientnet_lite0 --codec uniform",
    "python benchmarks/spatial_gain.py": "--labels few.csv --model tf_efficientnet_lite0",
    "python benchmarks/fuzz_codecs.py": "--count 20",
    "python benchmarks/fuzz_video.py": "--count 20",
    "python benchmarks/frame_choice.py": "--count 6 --folds 2",
    "python benchmarks/steered_codecs.py": "--labels few.csv",
    "python benchmarks/codec_throughput.py": "--sides 64 --repeats 1",
    "python benchmarks/stae_recovery.py": "--count 2",
    "python benchmarks/stae_training.py": "--clips 8 --size 32",
    "python benchmarks/stae_bytes.py": "--count 2",
    "python benchmarks/theta_maps.py agreement": "--labels few.csv",
    "python benchmarks/theta_maps.py cost": "--labels few.csv",
    "python benchmarks/theta_worth.py": "--labels few.csv --model tf_efficientnet_lite0 --pictures 2",
    "python benchmarks/theta_picture.py": "",
}


#: Modules of the reader's that commands name; some are blocks of the page.
_BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/your-own.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
OWN = {
    "my_codecs": "".join(block for block in _BLOCKS if "class Squares" in block),
    "my_classifiers": "".join(block for block in _BLOCKS if "class Tiny" in block or "class Detector" in block),
    "my_policies": """
import numpy as np
from edgevision.envs import Allocation, equal_shares

class Hardest:
    name = "hardest"

    def act(self, problem):
        return Allocation(np.where(problem.active, problem.points - 1, 0), *equal_shares(problem))
""",
    "my_cells": """
import gymnasium

gymnasium.registry.pop("Lab/Crowded-v0", None)
gymnasium.register(
    "Lab/Crowded-v0",
    entry_point="edgevision.envs.image:ImageEnv",
    vector_entry_point="edgevision.envs.image:ImageVectorEnv",
)
""",
}


def whole_commands(program: str) -> list[str]:
    """The shown commands that leave nothing out."""
    lines = shown_commands(program)
    if program == "edgevision":
        lines = [line for line in lines if parse(shlex.split(line)) is not None]
    return list(dict.fromkeys(line.removesuffix(" ...") for line in lines))


def smaller(line: str) -> list[str]:
    """The words of a command, with those that make it small."""
    rule = max((start for start in SMALLER if f"{line} ".startswith(f"{start} ")), key=len)
    return shlex.split(f"{line} {SMALLER[rule]}")


def pictures(folder: Path, source: Path) -> None:
    """Labelled pictures, in ``DIR``."""
    shutil.copytree(source, folder / "DIR")
    rows = (source / "labels.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "few.csv").write_text("".join(rows[:4]), encoding="utf-8")


def videos(folder: Path) -> None:
    """Two classes of one video each, in ``DIR``."""
    for number in range(2):
        write(folder / "DIR" / ("push", "wave")[number] / f"{number}.mp4", moving(18, seed=number))


def measured_elsewhere(folder: Path) -> None:
    """Numbers of five contents at two points, as ``measured.csv`` and ``measured.npz``."""
    rows = [f"{content},{point},{1000 // point},{point % 2}" for content in range(5) for point in (1, 2)]
    (folder / "measured.csv").write_text("\n".join(["content,point,bytes,correct", *rows]))
    np.savez(folder / "measured.npz", bytes=np.full((5, 2), (1000, 500)), correct=np.ones((5, 2)))


def hmdb51(folder: Path) -> None:
    """HMDB51 with two classes, in ``DIR``."""
    for name in ("push", "wave"):
        rows = []
        for number in range(2):
            file = f"film{number}_{name}_f_cm_np1_fr_med_{number}.avi"
            write(folder / "DIR" / name / file, moving(18, seed=number))
            rows.append(f"{file} {number + 1} \n")
        lists = folder / "DIR" / SPLIT_FOLDER
        lists.mkdir(exist_ok=True)
        (lists / f"{name}_test_split1.txt").write_text("".join(rows), encoding="ascii")


def networks(folder: Path, dataset: ImageFolder) -> None:
    """Cross-fitted networks, as an earlier command leaves them; training some takes a minute."""
    folder.mkdir()
    record = {"data_set_fingerprint": dataset.identity(), "config": dataclasses.asdict(TrainingConfig())}
    save_heads([fresh_head(TrainingConfig()) for _ in range(FOLDS)], folder / LARGE_FOLDS, record)
    distilled = {**record, "distillation": dataclasses.asdict(DistillationConfig())}
    save_folds(load_folds(), folder / SHIPPED_FOLDS.name, distilled)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """What no option makes small: plans of training, instances of figures, and networks from the network."""
    plan = dataclasses.replace(
        train_stae.QUICK_PLAN, vit=SHORT, second_vit=None, fa=SHORT, sa=SHORT, fr=SHORT, first_fr=SHORT
    )
    monkeypatch.setattr(train_stae, "QUICK_PLAN", plan)
    monkeypatch.setattr(video_profile, "FOLD_PLAN", dataclasses.replace(plan, frames=(1,), pixels=(1.0,)))
    for name, values in {"DEPTHS": (3,), "RATES": (0.1,), "LEAST_ROWS": (5,), "TREES": (40,), "REPEATS": 1}.items():
        monkeypatch.setattr(train_content, name, values)
    monkeypatch.setattr("edgevision.cli.video_commands._HELD_BACK", 3)
    monkeypatch.setattr("edgevision.data.hmdb51.CLASSES", 2)
    monkeypatch.setattr(solver_sweep, "INSTANCES", 2)
    monkeypatch.setattr(solver_sweep, "TUNING_INSTANCES", 2)
    monkeypatch.setattr(gap, "INSTANCES", 2)
    monkeypatch.setattr(gap, "STARTS", 2)
    monkeypatch.setattr(gap, "SETTINGS", gap.SETTINGS[1:2])
    for figure in (fig4, fig5):
        sweep = figure._SWEEP
        monkeypatch.setattr(figure, "_SWEEP", dataclasses.replace(sweep, values=(sweep.values[0], sweep.values[-1])))
    monkeypatch.setattr(utility_sweep, "EPISODES", 2)
    monkeypatch.setattr(fig10, "SWEEPS", tuple(dataclasses.replace(s, values=s.values[:1]) for s in fig10.SWEEPS))
    monkeypatch.setattr(fig10, "VARIANTS", {})
    for module in ("image_times", "retiming"):
        monkeypatch.setattr(f"edgevision.measure.times.{module}.TIMED_PICTURES", 1, raising=False)
    for codec in (UniformJpeg, SpatImco):
        monkeypatch.setattr(codec, "levels", (1.0, 10.0))
    for codec in (SpatAvif, AvifRaw):
        monkeypatch.setattr(codec, "levels", (60.0, 90.0))
    create: Callable[..., Any] = timm.create_model

    def untrained(name: str, **options: Any) -> Any:
        shallow = {"depth": 2} if "vit" in name or "deit" in name else {}
        return create(name, **options | shallow | {"pretrained": False})

    monkeypatch.setattr(timm, "create_model", untrained)


@pytest.fixture(scope="module")
def tiny_suite() -> Suite:
    """A suite that is scored in a second, in the place of the shipped one."""
    return freeze(CHOICE)


def entry_of_the_benchmark(line: str) -> None:
    """What the commands before this one leave: results, an entry, and a page for tables."""
    steps = ("run fracr-exact", "submit runs/benchmark/fracr-exact/results.json --who me --out entries/fracr-exact")
    before = {"submit": steps[:1], "score": steps, "table": steps}.get(line.split()[1], ())
    for step in before:
        assert run(*smaller(f"benchmark {step}")) == 0
    Path("page.md").write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")


@pytest.fixture
def here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labelled_folder: Path, request: pytest.FixtureRequest
) -> Path:
    """A working folder with the files that the command of this test reads."""
    monkeypatch.chdir(tmp_path)
    line: str = request.getfixturevalue("line")
    if "hmdb51" in line:
        hmdb51(tmp_path)
    elif "--clips DIR" in line:
        videos(tmp_path)
    else:
        pictures(tmp_path, labelled_folder)
    for module, text in OWN.items():
        if module in line:
            (tmp_path / f"{module}.py").write_text(text, encoding="utf-8")
            monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
            monkeypatch.setitem(sys.modules, module, importlib.import_module(module))
    if "spatial_gain.py" in line:
        networks(tmp_path / "OUT", ImageFolder(tmp_path / "DIR", tmp_path / "few.csv"))
    if BACKBONE in line:
        torch.save(LargeNetwork().backbone.state_dict(), tmp_path / BACKBONE)
    if line.startswith("profile video"):
        with_budgets(tiny_models(), FRAMES, PIXELS[1:]).save(tmp_path / "tiny.safetensors", {"clips": 3})
    photo = next((tmp_path / "DIR").glob("*.jpg"), None)
    for name in {"photo.png", *re.findall(r"\S+\.png|\S+\.jpg", line.partition("--out")[0])} if photo else ():
        if not line.endswith(name):
            Image.open(photo).resize((96, 64)).save(tmp_path / name)
    if line.startswith("profile from-"):
        measured_elsewhere(tmp_path)
    for name in re.findall(r"--importance (\S+)", line):
        weights = np.linspace(0, 1, 12).reshape(3, 4)
        if name.endswith(".npy"):
            np.save(tmp_path / name, weights)
        else:
            Image.fromarray(np.rint(255 * weights).astype(np.uint8)).save(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("line", whole_commands("edgevision"), ids=str)
def test_commands_run(
    line: str,
    here: Path,
    small: None,
    short_timing: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    if line.startswith("train-content"):
        pytest.importorskip("sklearn", reason="needs the extra 'content'")
    words = smaller(line)
    if line.startswith("benchmark "):
        suite: Suite = request.getfixturevalue("tiny_suite")
        monkeypatch.setattr(suites, "load_suite", lambda name: suite)
        entry_of_the_benchmark(line)
    if line.startswith(("decompress", "inspect")):
        target, *own = ("photo.bin", "--codec", "my_codecs:Squares") if "my_codecs" in line else ("photo.jpg",)
        assert run("compress", "photo.png", target, "--level", "4", *own) == 0
    if "--profiles runs/codecs" in line:
        assert run(*smaller("codec bench --images DIR --out runs/codecs"), "--codec", "spat-imco") == 0
    if line.startswith("evaluate") and "runs/crowded" in line:
        assert run(*smaller("train my_cells:Lab/Crowded-v0 --out runs/crowded"), "--set", "users=2") == 0
    if line.startswith("evaluate") and "runs/agent" in line:
        assert run(*smaller("train EdgeVision/Image-v0 --out runs/agent")) == 0
    if line.startswith("evaluate") and "runs/mixed" in line:
        assert run(*smaller("train EdgeVision/Image-v0 --set preset=bursts,shadowing --out runs/mixed")) == 0
    if line.startswith("evaluate") and "runs/street-belief" in line:
        assert run(*smaller("train-belief --out runs/street-belief")) == 0
    if "runs/battery" in line and not line.startswith("train-belief"):
        assert run(*smaller("train-belief --set preset=street-battery --out runs/battery-belief")) == 0
    if line.startswith("evaluate") and "runs/battery-sending" in line:
        assert run(*smaller("train-sending runs/battery-belief --out runs/battery-sending")) == 0
    if "deepisc" in line:
        networks = DeepIscModels(CONFIG)
        for alpha, beta in np.ndindex(len(FRAMES), len(PIXELS)):
            networks.add(FRAMES[alpha], PIXELS[beta])
        networks.save(here / "tiny-deepisc.safetensors", {})
        words += ["--deepisc-weights", "tiny-deepisc.safetensors"]
    assert run(*words) == 0, capsys.readouterr().err
    if line.startswith("reproduce"):
        assert set(words) & set(FIGURES)


@pytest.mark.parametrize("line", [f"python {line}" for line in whole_commands("python")], ids=str)
def test_benchmarks_run(line: str, here: Path, request: pytest.FixtureRequest) -> None:
    if "--suite Tiny-1" in shlex.join(smaller(line)):
        tiny: Suite = request.getfixturevalue("tiny_suite")
        tiny.save(here / "suites")
    if "runs/patrol-0" in line:
        run_of = "train EdgeVision/Dynamic-Price-v0 --algo marginal --out runs/patrol-0"
        assert run(*smaller(run_of), "--set", "users=2") == 0
    _, script, *words = smaller(line)
    done = subprocess.run(
        [sys.executable, ROOT / script, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=here,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
