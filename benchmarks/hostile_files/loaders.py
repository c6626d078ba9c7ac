"""The loaders of the package: what each reads, and how to write valid files for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import stable_baselines3  # noqa: F401 - imported here once, and not in each child process
import timm  # noqa: F401
import torch

from edgevision.errors import EdgeVisionError
from edgevision.storage.disk_files import sha256

#: The files of a folder by name.
Files = dict[str, bytes]

_SHA256 = re.compile(rb'("sha256": ")[0-9a-f]{64}(")')


def unchanged(files: Files) -> Files:
    """The same files: for formats without a checksum."""
    return files


def resealed(files: Files) -> Files:
    """The files with the payload's checksum in the JSON file beside it, so that a change gets past it."""
    found = dict(files)
    for name, payload in files.items():
        sidecar = str(Path(name).with_suffix(".json"))
        if sidecar != name and sidecar in found:
            found[sidecar] = _SHA256.sub(rb"\g<1>" + sha256(payload).encode() + rb"\2", found[sidecar])
    return found


@dataclass(frozen=True)
class Loader:
    """One loader.

    Attributes:
        seeds: valid files.
        load: reads a folder of them, and uses what it read; raises EdgeVisionError, and nothing else.
        renew: makes checksums right again.
        mib: memory that loading may use beyond that at the start [MiB].
        seconds: longest time of a processor for one call [s].
    """

    seeds: tuple[Files, ...]
    load: Callable[[Path], object]
    renew: Callable[[Files], Files] = unchanged
    mib: int = 512
    seconds: float = 5.0


class NothingReadableError(EdgeVisionError):
    """A loader that takes damaged files for missing ones found nothing to read."""


def _present(found: object) -> object:
    if found is None:
        raise NothingReadableError("nothing readable")
    return found


def _files(folder: Path) -> Files:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def profile(work: Path) -> Loader:
    """Profiles: ``load_profile``, and an environment that replays the profile."""
    import gymnasium

    import edgevision  # noqa: F401 - registers the environments
    from edgevision.profiles import load_profile, published_eta, save_profile
    from edgevision.profiles.profile import OperatingPointProfile, _read_once

    random, J, K = np.random.default_rng(0), 10, 3
    measured = OperatingPointProfile(
        name="measured",
        size=np.sort(random.uniform(100, 5000, (J, K)))[:, ::-1],
        raw_size=np.full(J, 150_528.0),
        accuracy=np.array([0.9, 0.7, 0.4]),
        parameter=np.array([1.0, 2.0, 4.0]),
        device_time=np.full(K, 0.01),
        edge_time=np.full(K, 0.01),
        correct=random.random((J, K)) < 0.7,
        features=random.normal(size=(J, 2)),
        feature_names=("a", "b"),
        split=np.resize(np.array([0, 0, 0, 1, 2], np.int8), J),
        content_ids=tuple(f"image-{j}" for j in range(J)),
        metadata={"data_set": "none", "skipped": {}},
    )
    seeds = []
    for number, made in enumerate((measured, published_eta())):
        folder = work / str(number)
        path = save_profile(made, folder)
        seeds.append({f"p{path.suffix}": path.read_bytes(), "p.json": path.with_suffix(".json").read_bytes()})

    def load(folder: Path) -> None:
        _read_once.cache_clear()
        found = load_profile(str(folder / "p.npz"))
        settings: dict[str, Any] = {} if found.correct is not None else {"accuracy": "mean"}
        env = gymnasium.make("EdgeVision/Image-v0", profile=str(folder / "p.npz"), disable_env_checker=True, **settings)
        env.reset(seed=0)
        env.step(np.zeros(env.action_space.shape))  # type: ignore[arg-type]

    return Loader(tuple(seeds), load, resealed)


def trace(work: Path) -> Loader:
    """Traces: ``EpisodeTrace.load``, and an environment that replays the trace."""
    import gymnasium

    import edgevision  # noqa: F401 - registers the environments
    from edgevision.envs.config import ScenarioConfig
    from edgevision.envs.simulation.trace import EpisodeTrace, draw_traces
    from edgevision.profiles import published_eta

    for slots in (3, 4):
        config = ScenarioConfig(users=2, episode_slots=slots)
        made = draw_traces(config, published_eta(), np.arange(1), [np.random.default_rng(0)])
        made.save(work / str(slots) / "trace.npz")
    env = gymnasium.make("EdgeVision/Paper-v0", users=2, episode_slots=4, disable_env_checker=True)

    def load(folder: Path) -> None:
        env.reset(seed=0, options={"trace": EpisodeTrace.load(folder / "trace.npz")})
        env.step(np.zeros(env.action_space.shape))  # type: ignore[arg-type]

    return Loader(tuple(_files(work / str(slots)) for slots in (3, 4)), load)


def policy(work: Path) -> Loader:
    """Learned policies: ``LearnedPolicy.load``, and a decision."""
    import gymnasium

    import edgevision  # noqa: F401 - registers the environments
    from edgevision.agents import LearnedPolicy
    from edgevision.agents.learned_policy import PolicyDescription

    env = gymnasium.make("EdgeVision/Paper-v0", users=3, disable_env_checker=True)
    env.reset(seed=0)
    problem: Any = env.unwrapped.problem  # type: ignore[attr-defined]
    description = PolicyDescription("p", 8, problem.grid, (), provenance={"algorithm": "ppo", "settings": {"users": 3}})
    LearnedPolicy(description, description.network()).save(work)

    def load(folder: Path) -> None:
        LearnedPolicy.load(folder).act(problem).check(problem)

    def renew(files: Files) -> Files:
        found = {}
        for name, payload in files.items():
            digest = sha256(payload)
            found[f"policy-{digest[:16]}.safetensors" if name.startswith("policy-") else name] = payload
            if name.startswith("policy-"):
                files = {
                    **files,
                    "policy.json": _SHA256.sub(rb"\g<1>" + digest.encode() + rb"\2", files["policy.json"]),
                }
        return found | {"policy.json": files["policy.json"]}

    return Loader((_files(work),), load, renew)


def _trained(folder: Path) -> Path:
    """A run of two steps."""
    from edgevision.agents import TrainConfig, train

    hyperparameters = {"n_envs": 2, "batch_size": 8, "width": 8, "buffer_size": 32, "learning_starts": 8}
    options: dict[str, Any] = {"settings": {"users": 2, "episode_slots": 4}, "hyperparameters": hyperparameters}
    train(TrainConfig("EdgeVision/Paper-v0", folder, "sac", 2, evaluation_episodes=1, evaluation_interval=2, **options))
    return folder


def run(work: Path) -> Loader:
    """A run's settings: ``agents.training.read_run``."""
    from edgevision.agents.run_folder import RunFolder
    from edgevision.agents.training import read_run

    config = (_trained(work / "run") / "config.json").read_bytes()
    return Loader(({"config.json": config},), lambda folder: read_run(RunFolder(folder)))


def checkpoint(work: Path) -> Loader:
    """A run's checkpoint: ``agents.checkpoint.load_checkpoint``."""
    from edgevision.agents.algorithms import build_model
    from edgevision.agents.callback import RunProgress
    from edgevision.agents.checkpoint import checkpoints, load_checkpoint
    from edgevision.agents.run_folder import RunFolder
    from edgevision.agents.training import read_run

    folder = RunFolder(_trained(work / "run"))
    config, hyperparameters, env, _ = read_run(folder)
    model = build_model(hyperparameters, env, config.seed)
    (stored,) = checkpoints(folder.checkpoints)
    return Loader((_files(stored),), lambda path: RunProgress.from_json(load_checkpoint(model, path)))


def belief(work: Path) -> Loader:
    """Learned beliefs: ``agents.load_policy``, and what they decide."""
    import gymnasium

    import edgevision  # noqa: F401 - registers the environments
    from edgevision import agents
    from edgevision.agents.belief.belief_policy import BeliefDescription
    from edgevision.agents.belief.sending_network import SendingNetwork
    from edgevision.agents.belief.street_network import StreetNetwork

    env = gymnasium.make("EdgeVision/Stream-v0", users=3, disable_env_checker=True)
    env.reset(seed=0)
    problem: Any = env.unwrapped.problem  # type: ignore[attr-defined]
    network, described = StreetNetwork(), BeliefDescription("b", "street-gru", 0.0, 0.7, corrected=True)
    agents.BeliefPolicy(described, network, SendingNetwork(network.width)).save(work)

    def load(folder: Path) -> None:
        agents.load_policy(folder).act(problem).check(problem)

    return Loader((_files(work),), load, resealed)


def belief_run(work: Path) -> Loader:
    """The checkpoint of a belief in training: ``RoundCheckpoint.load``, put back into network and optimiser."""
    from edgevision.agents.belief import round_checkpoint
    from edgevision.agents.belief.street_network import LaggedRegression

    network = LaggedRegression()
    optimiser = torch.optim.Adam(network.parameters())
    sum(parameter.sum() for parameter in network.parameters()).backward()  # type: ignore[union-attr]
    optimiser.step()
    tensors = round_checkpoint.grouped("network", network.state_dict())
    tensors |= round_checkpoint.grouped("optimiser", round_checkpoint.optimiser_tensors(optimiser))
    random = np.random.default_rng(0).bit_generator.state
    round_checkpoint.RoundCheckpoint(work, "run").save(round_checkpoint.Saved(tensors, random, (0.5,)))

    def load(folder: Path) -> None:
        saved = _present(round_checkpoint.RoundCheckpoint(folder, "run").load())
        assert isinstance(saved, round_checkpoint.Saved)
        with round_checkpoint.restoring():
            round_checkpoint.restore(network, optimiser, saved)
            round_checkpoint.generator(saved).random()

    return Loader((_files(work),), load)


def hyperparameters(work: Path) -> Loader:
    """Hyperparameters: ``load_hyperparameters``."""
    from edgevision.agents import hyperparameters as package

    text = (Path(package.__file__).parent / "sac.yaml").read_bytes()
    return Loader(
        ({"h.yaml": text},),
        lambda folder: package.load_hyperparameters("sac", "EdgeVision/Paper-v0", file=folder / "h.yaml"),
    )


def labels(work: Path) -> Loader:
    """Lists of labels: ``ImageFolder``, and the class numbers."""
    from edgevision.data.class_labels import class_indices
    from edgevision.data.images import ImageFolder

    tables = (
        "file,class_index\na.png,1\nb.png,2\nd.png,999\n",
        'file;class;note\na.png;tench;x\nb.png;tabby cat;"y;z"\n',
        "file\tlabel\nä.png\t3\n\nb.png\t4\n",
    )

    def load(folder: Path) -> None:
        found = ImageFolder(folder, folder / "labels.csv")
        found.fingerprint()
        class_indices([item.label for item in found.items], 1000, [["tench"], ["tabby cat", "tabby"]])

    pictures = dict.fromkeys(("a.png", "b.png", "ä.png"), b"")
    return Loader(tuple({"labels.csv": table.encode(), **pictures} for table in tables), load)


def clip_list(work: Path) -> Loader:
    """Lists of clips: the official splits of HMDB51."""
    from edgevision.data.hmdb51 import _read

    text = "a_b_run_f_cm_np1_ba_med_1.avi 1\nx y_walk.avi 2 \nz.avi 0\n"
    return Loader(({"list.txt": text.encode()},), lambda folder: _read(folder / "list.txt"))


def theta(work: Path) -> Loader:
    """Weights of theta's folds: ``load_folds``."""
    from edgevision.codecs.spat_imco.theta.theta_network import ThetaNetwork
    from edgevision.codecs.spat_imco.theta.theta_weights import load_folds, save_folds

    save_folds([ThetaNetwork(4), ThetaNetwork(4)], work / "w.safetensors", {"command": "none"})
    return Loader((_files(work),), lambda folder: load_folds(folder / "w.safetensors"), resealed)


def stae(work: Path) -> Loader:
    """Weights of STAE: ``StaeModels.load``."""
    from edgevision.codecs.stae.stae_model_set import StaeModels
    from edgevision.codecs.stae.stae_network import StaeConfig
    from edgevision.codecs.stae.vit import VitConfig

    tiny = VitConfig("test_vit", size=32, pretrained=False)
    hybrid = VitConfig(size=32, embed_dim=16, depth=1, heads=2, pretrained=False)  # takes much longer to build
    for name, vit in (("tiny", tiny), ("hybrid", hybrid)):
        models = StaeModels(StaeConfig(classes=2, vit=vit, frames=4, recovery_width=4), ("a", "b"))
        models.model(2, 0.4)
        models.save(work / name / "w.safetensors", {"data_set": "none", "plan": {"seed": 0}})
    seeds = (_files(work / "tiny"),) * 9 + (_files(work / "hybrid"),)
    return Loader(seeds, lambda folder: StaeModels.load(folder / "w.safetensors"), resealed)


def deepisc(work: Path) -> Loader:
    """Weights of DeepISC: ``DeepIscModels.load``."""
    from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
    from edgevision.codecs.deepisc.deepisc_network import DeepIscConfig

    models = DeepIscModels(DeepIscConfig(width=2, latent_channels=1, segments=2))
    models.add(1, 0.4)
    models.add(2, 1.0)
    models.save(work / "w.safetensors", {"data_set": "none"})
    return Loader((_files(work),), lambda folder: DeepIscModels.load(folder / "w.safetensors"), resealed)


def fit(work: Path) -> Loader:
    """Checkpoints of the codecs' trainings: ``codecs.training_checkpoint.load_checkpoint``."""
    from edgevision.codecs.spat_imco.theta import fit_head
    from edgevision.codecs.spat_imco.theta.large_network import RefiningHead
    from edgevision.codecs.training_checkpoint import load_checkpoint, save_checkpoint

    head = RefiningHead(2)
    optimiser = torch.optim.AdamW(head.parameters())
    sum(parameter.sum() for parameter in head.parameters()).backward()  # type: ignore[union-attr]
    optimiser.step()
    stored = {"head": head.state_dict(), "best": head.state_dict()}
    save_checkpoint(
        work / "c.safetensors", stored, optimiser, {"state": {"epoch": 1, "best_epoch": 0, "scores": [0.1, 0.2]}}
    )

    def load(folder: Path) -> None:
        fresh = torch.optim.AdamW(head.parameters())
        _present(load_checkpoint(folder / "c.safetensors", stored, fresh, {"state": fit_head._state}))

    return Loader((_files(work),), load)


def backbone(work: Path) -> Loader:
    """Weights in PyTorch's own format, for ``--backbone`` and the classifiers: ``read_checkpoint``."""
    from edgevision.errors import WeightsError
    from edgevision.storage.storage_torch import read_checkpoint

    tensors = {"a.weight": torch.ones(4, 3, 2, 2), "a.bias": torch.zeros(4), "n": torch.tensor(3)}
    work.mkdir(parents=True, exist_ok=True)
    torch.save(tensors, work / "w.pth")
    torch.save(tensors, work / "old.pth", _use_new_zipfile_serialization=False)
    seeds = ({"w.pth": (work / "w.pth").read_bytes()}, {"w.pth": (work / "old.pth").read_bytes()})
    return Loader(seeds, lambda folder: read_checkpoint(folder / "w.pth", WeightsError))


def parts(work: Path) -> Loader:
    """Stored parts of an evaluation: ``PartStore``, read as a rollout."""
    from edgevision import baselines
    from edgevision.experiments.evaluation.rollout import Rollout, run_episodes
    from edgevision.experiments.evaluation.scenario import Scenario
    from edgevision.part_store import PartStore, readable

    scenario, seeds = Scenario("EdgeVision/Paper-v0", {"users": 2, "episode_slots": 3}), (20_000, 20_001)
    description = {"policy": "fracr", "seeds": list(seeds)}
    found = run_episodes(baselines.make("fracr"), scenario, seeds)
    PartStore(work).save_arrays("part", description, vars(found))
    sizes = {"points": len(found.points), "contents": found.content_score.shape[1]}

    def load(folder: Path) -> None:
        stored = PartStore(folder).load_arrays("part", description)
        read = _present(readable(stored, lambda arrays: Rollout.from_arrays(arrays, seeds, **sizes)))
        assert isinstance(read, Rollout)
        Rollout.joined([read, found]).to_json()

    return Loader((_files(work),), load)


def json_parts(work: Path) -> Loader:
    """Stored parts of JSON values: ``PartStore``, read as a tuned operating point."""
    from edgevision.experiments.evaluation import tuning
    from edgevision.part_store import PartStore, readable
    from edgevision.provenance import digest

    description = {"policy": "fixed", "tuned on": "validation"}
    PartStore(work).save("tune", description, {"operating_point": 3, "tuned_on": "120 validation slots"})

    def load(folder: Path) -> None:
        stored = PartStore(folder).load("tune", description)
        _present(readable(stored, lambda found: tuning.checked(found, {"operating_point": range(20)})))

    def renew(files: Files) -> Files:
        def sealed(data: bytes) -> bytes:
            try:
                part = json.loads(data)
                return json.dumps(part | {"digest": digest([description, part["payload"]])}).encode()
            except (ValueError, KeyError, TypeError, RecursionError):
                return data

        return {name: sealed(data) for name, data in files.items()}

    return Loader((_files(work),), load, renew)


def accuracy_model(work: Path) -> Loader:
    """Models of the accuracy on each content: ``AccuracyModel.load``, and a prediction."""
    from edgevision.profiles.content_models.accuracy_model import AccuracyModel

    random = np.random.default_rng(0)
    lower = random.normal(size=(4, 2))
    model = AccuracyModel(
        lower=lower,
        upper=lower + 1,
        value=random.normal(size=(4, 3)),
        mean=np.array([0.9, 0.7, 0.5]),
        weight=0.5,
        content_fingerprint="0" * 64,
        feature_names=("a", "b"),
        metadata={"command": "none"},
    )
    model.save(work / "m.npz")
    return Loader(
        (_files(work),),
        lambda folder: AccuracyModel.load(folder / "m.npz").predict(np.zeros((2, 2))).sum(),
        resealed,
    )


def clips(work: Path) -> Loader:
    """Cached clips: ``data.clip_cache``."""
    from edgevision.data import clip_cache
    from edgevision.data.actions import GeneratedActions

    source = GeneratedActions(2, 0)
    clip_cache.cached_clips(source, work, frames=2, size=16)
    (array,) = work.glob("*.npy")
    names = array.name, f"{array.stem}.json"

    def load(folder: Path) -> None:
        found = clip_cache._read(source, folder / names[0], folder / names[1], (2, 16, 16, 3))
        _present(found)
        assert found is not None
        found.clips.sum()

    return Loader((_files(work),), load)


def section(work: Path) -> Loader:
    """Results of ``reproduce``: the page of the figures that a folder holds."""
    from edgevision.experiments.figures.figures_page import render_page
    from edgevision.experiments.figures.section import read_sections

    record = {
        "format_version": 1,
        "figure": "fig4",
        "heading": "Fig. 4",
        "lead": "A result.",
        "tables": [{"caption": "c", "heads": ["a", "b"], "rows": [["1", "2"], ["3", "4"]], "texts": 1}],
        "plots": [{"file": "fig4.png", "caption": "p"}],
        "differences": ["one", "two"],
        "numbers": {"x": [1.0]},
        "command": "edgevision reproduce fig4",
        "created": "2025-01-01T00:00:00+00:00",
        "versions": {"python": "3.12"},
    }

    def load(folder: Path) -> None:
        found = list(read_sections(folder, ("fig4",)))
        _present(found or None)
        render_page(found).encode()

    return Loader(({"fig4.json": json.dumps(record).encode(), "fig4.png": b"\x89PNG"},), load)


def picture(work: Path) -> Loader:
    """Pictures of a data set: ``data.image_reading.read_image``."""
    import io

    from PIL import Image

    from edgevision.data.image_reading import read_image

    pixels = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)
    seeds = []
    for kind, mode in (("PNG", "RGBA"), ("JPEG", "RGB"), ("WEBP", "RGB"), ("BMP", "P"), ("TIFF", "L"), ("PPM", "RGB")):
        buffer = io.BytesIO()
        Image.fromarray(pixels).convert(mode).save(buffer, kind)
        seeds.append({"picture": buffer.getvalue()})
    return Loader(tuple(seeds), lambda folder: read_image(folder / "picture"), mib=2048)


LOADERS: dict[str, Callable[[Path], Loader]] = {
    make.__name__.replace("_", "-"): make
    for make in (
        *(profile, trace, policy, run, checkpoint, hyperparameters, labels, clip_list, theta, stae, deepisc, fit),
        *(backbone, parts, json_parts, clips, section, picture, accuracy_model, belief, belief_run),
    )
}
