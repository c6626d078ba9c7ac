"""Files of a stranger: whatever is wrong with them, each loader refuses them with its own error, in one line."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from edgevision.agents import LearnedPolicy, TrainConfig, resume, train
from edgevision.agents.checkpoint import checkpoints
from edgevision.agents.learned_policy import PolicyDescription
from edgevision.codecs.deepisc.deepisc_model_set import DeepIscModels
from edgevision.codecs.deepisc.deepisc_network import DeepIscConfig
from edgevision.codecs.spat_imco.theta.late_stages import LateStages, load_stages, save_stages
from edgevision.codecs.spat_imco.theta.theta_network import ThetaNetwork
from edgevision.codecs.spat_imco.theta.theta_weights import load_folds, load_weights, save_folds, save_weights
from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.simulation.trace import EpisodeTrace, draw_traces
from edgevision.errors import (
    AccuracyModelError,
    EdgeVisionError,
    LearnedPolicyError,
    ProfileError,
    ScenarioError,
    TrainingError,
    UnknownNameError,
    WeightsError,
)
from edgevision.experiments.evaluation.policy_spec import resolve
from edgevision.profiles import AccuracyModel, load_profile, published_eta, save_profile
from edgevision.profiles.profile import _read_once
from edgevision.storage import disk_files
from edgevision.storage.disk_files import sha256
from edgevision.storage.storage_torch import read_checkpoint
from tests.codecs.stae.tiny import tiny_models


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two steps."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    hyperparameters = {"n_envs": 2, "batch_size": 8, "width": 8, "buffer_size": 32, "learning_starts": 8}
    options = {"settings": {"users": 2, "episode_slots": 4}, "hyperparameters": hyperparameters}
    train(TrainConfig("EdgeVision/Paper-v0", folder, "sac", 2, evaluation_episodes=1, evaluation_interval=2, **options))
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    """A folder with a copy of the run."""
    shutil.copytree(trained, tmp_path / "run")
    return tmp_path


@dataclass(frozen=True)
class Files:
    """What one loader reads.

    Attributes:
        load: reads the files.
        error: what it raises.
        json: the JSON file, if any.
        payload: the archive or the tensors.
        renew: writes the payload's checksum where it belongs, and returns where the payload belongs then.
    """

    load: Callable[[], object]
    error: type[EdgeVisionError]
    json: Path | None
    payload: Path

    def replace(self, payload: bytes) -> None:
        """Put other bytes in the payload's place, and their checksum into the description."""
        self.payload.write_bytes(payload)
        if self.json is not None and "sha256" in (known := json.loads(self.json.read_text())):
            self.json.write_text(json.dumps(known | {"sha256": sha256(payload)}))
            if self.json.name == "policy.json":
                self.payload.rename(self.payload.with_name(f"policy-{sha256(payload)[:16]}.safetensors"))

    def refuse(self) -> str:
        """The message of the refusal."""
        with pytest.raises(self.error) as refused:
            self.load()
        assert "\n" not in str(refused.value)
        return str(refused.value)


def profile(folder: Path) -> Files:
    path = save_profile(published_eta(), folder)
    _read_once.cache_clear()
    return Files(lambda: load_profile(str(path)), ProfileError, path.with_suffix(".json"), path)


def accuracy_model(folder: Path) -> Files:
    path = folder / "model.npz"
    AccuracyModel(np.zeros((1, 1)), np.ones((1, 1)), np.ones((1, 2)), np.full(2, 0.5), 1.0, "", ("a",)).save(path)
    return Files(lambda: AccuracyModel.load(path), AccuracyModelError, path.with_suffix(".json"), path)


def trace(folder: Path) -> Files:
    path = folder / "trace.npz"
    draw_traces(ScenarioConfig(), published_eta(), np.arange(1), [np.random.default_rng(0)]).save(path)
    return Files(lambda: EpisodeTrace.load(path), ScenarioError, None, path)


def weights(path: Path, load: Callable[[Path], object]) -> Files:
    return Files(lambda: load(path), WeightsError, path.with_suffix(".json"), path)


def theta(folder: Path) -> Files:
    save_weights(ThetaNetwork(8), folder / "theta.safetensors", {})
    return weights(folder / "theta.safetensors", load_weights)


def folds(folder: Path) -> Files:
    save_folds([ThetaNetwork(8)], folder / "folds.safetensors", {})
    return weights(folder / "folds.safetensors", load_folds)


def late_stages(folder: Path) -> Files:
    network = ThetaNetwork(8)
    save_stages(LateStages(), network, folder / "stages.safetensors", {})
    return weights(folder / "stages.safetensors", lambda path: load_stages(network, path))


def stae(folder: Path) -> Files:
    tiny_models().save(folder / "stae.safetensors", {})
    return weights(folder / "stae.safetensors", StaeModels.load)


def deepisc(folder: Path) -> Files:
    models = DeepIscModels(DeepIscConfig(width=8))
    models.add(1, 0.4)
    models.save(folder / "deepisc.safetensors", {})
    return weights(folder / "deepisc.safetensors", DeepIscModels.load)


def policy(folder: Path) -> Files:
    description = PolicyDescription("p", 8, (99,), ())
    LearnedPolicy(description, description.network()).save(folder)
    (path,) = folder.glob("*.safetensors")
    return Files(lambda: LearnedPolicy.load(folder), LearnedPolicyError, folder / "policy.json", path)


def run(folder: Path, payload: str) -> Files:
    """A run's checkpoint, whose arrays or tensors are called ``payload``."""
    checkpoint = checkpoints(folder / "run" / "checkpoints")[-1]
    return Files(lambda: resume(folder / "run"), TrainingError, checkpoint / "state.json", checkpoint / payload)


def checkpoint_tensors(folder: Path) -> Files:
    return run(folder, "tensors.safetensors")


def checkpoint_arrays(folder: Path) -> Files:
    return run(folder, "replay.npz")


def configuration(folder: Path) -> Files:
    files = run(folder, "tensors.safetensors")
    return Files(files.load, TrainingError, folder / "run" / "config.json", files.payload)


ARCHIVES = [profile, accuracy_model, trace, checkpoint_arrays]
TENSORS = [theta, folds, late_stages, stae, deepisc, policy, checkpoint_tensors]
DESCRIBED = [
    profile,
    accuracy_model,
    theta,
    folds,
    late_stages,
    stae,
    deepisc,
    policy,
    checkpoint_tensors,
    configuration,
]

BROKEN_JSON: dict[str, tuple[bytes, str]] = {
    "deeply nested": (b"[" * 100_000, "nested too deeply"),
    "deeply nested in an entry": (b'{"metadata": ' + b'{"a":' * 100_000, "nested too deeply"),
    "not UTF-8": (b'{"name": "\xff\xfe"}', "not valid JSON"),
    "UTF-16": ("{}".encode("utf-16"), "not valid JSON"),
    "a number too long to convert": (b'{"format": ' + b"9" * 10_000 + b"}", "not valid JSON"),
    "nested deeper than anything needs": (b'{"a": ' * 40 + b"1" + b"}" * 40, "nested too deeply"),
    "half a character": (b'{"name": "\\ud800"}', "not valid JSON"),
    "a list": (b"[]", "must hold an object"),
    "nothing": (b"", "not valid JSON"),
    "half": (b'{"format": 1, "sha', "not valid JSON"),
}


@pytest.mark.parametrize("make", DESCRIBED)
def test_json_that_is_none_is_refused(make: Callable[[Path], Files], folder: Path) -> None:
    files = make(folder)
    files.load()
    assert files.json is not None
    for name, (payload, message) in BROKEN_JSON.items():
        _read_once.cache_clear()
        files.json.write_bytes(payload)
        assert message in files.refuse(), name


@pytest.mark.parametrize("make", DESCRIBED)
def test_json_above_the_limit_is_refused_unread(
    make: Callable[[Path], Files], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = make(folder)
    monkeypatch.setattr(disk_files, "MAX_JSON_BYTES", 20)
    assert "larger than 20 bytes, refusing to load" in files.refuse()


@pytest.mark.parametrize("make", DESCRIBED)
def test_a_folder_in_place_of_json_is_refused(make: Callable[[Path], Files], folder: Path) -> None:
    files = make(folder)
    assert files.json is not None
    files.json.unlink()
    files.json.mkdir()
    assert "not a file" in files.refuse()


@pytest.mark.parametrize("make", [trace, *TENSORS, checkpoint_arrays])
def test_a_folder_in_place_of_the_payload_is_refused(make: Callable[[Path], Files], folder: Path) -> None:
    files = make(folder)
    files.payload.unlink()
    files.payload.mkdir()
    assert "not a file" in files.refuse()


def entries(payload: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(payload)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def packed(contents: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def with_first(payload: bytes, content: bytes) -> bytes:
    """The archive with other bytes in its first entry."""
    contents = entries(payload)
    return packed({**contents, next(iter(contents)): content})


def header(text: str, version: int = 1) -> bytes:
    """An ``.npy`` file that holds nothing but this header."""
    return b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(2 * version, "little") + text.encode()


def patched(payload: bytes, local: int, central: int, value: int) -> bytes:
    """Set a two-byte field of the first entry in its local header and in the directory."""
    changed = bytearray(payload)
    for position in (payload.index(b"PK\x03\x04") + local, payload.index(b"PK\x01\x02") + central):
        changed[position : position + 2] = value.to_bytes(2, "little")
    return bytes(changed)


def patched_size(payload: bytes, size: int) -> bytes:
    """State another size of the first entry in the directory."""
    changed = bytearray(payload)
    position = payload.index(b"PK\x01\x02") + 24
    changed[position : position + 4] = size.to_bytes(4, "little")
    return bytes(changed)


def doubled_entry(payload: bytes) -> bytes:
    """The directory of an archive, with its first entry twice, and its end."""
    directory = payload[payload.index(b"PK\x01\x02") : -22]
    first = directory[: directory.index(b"PK\x01\x02", 1)]
    end = bytearray(payload[-22:])
    for place, added in ((8, 1), (10, 1), (12, len(first))):
        width = 4 if place == 12 else 2
        end[place : place + width] = (int.from_bytes(end[place : place + width], "little") + added).to_bytes(
            width, "little"
        )
    return first + directory + bytes(end)


def corrupt_deflate(payload: bytes) -> bytes:
    changed = bytearray(packed(entries(payload)))
    start = 30 + int.from_bytes(changed[26:28], "little") + int.from_bytes(changed[28:30], "little")
    changed[start : start + 8] = b"\xff" * 8
    return bytes(changed)


def pickled(payload: bytes) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([print], object), allow_pickle=True)
    return with_first(payload, buffer.getvalue())


EIGHT_TEBIBYTE = "{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }\n"

BROKEN_ARCHIVES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda payload: b"",
    "no archive": lambda payload: b"PK\x03\x04 not a zip",
    "truncated": lambda payload: payload[: len(payload) // 2],
    "truncated by a byte": lambda payload: payload[:-1],
    "corrupt deflate": corrupt_deflate,
    "encrypted": lambda payload: patched(payload, 6, 8, 1),
    "unknown method": lambda payload: patched(payload, 8, 10, 99),
    "lzma": lambda payload: packed(entries(payload), zipfile.ZIP_LZMA),
    "eight tebibyte": lambda payload: with_first(payload, header(EIGHT_TEBIBYTE)),
    "more numbers than bytes": lambda payload: with_first(payload, header(EIGHT_TEBIBYTE) + bytes(800)),
    "endlessly many items of no size": lambda payload: with_first(
        payload, header(EIGHT_TEBIBYTE.replace("<f8", "|V0"))
    ),
    "negative shape": lambda payload: with_first(
        payload, header(EIGHT_TEBIBYTE.replace("1099511627776,", "-2, -2")) + bytes(32)
    ),
    "deeply nested header": lambda payload: with_first(payload, header("(" * 9_000)),
    "long header": lambda payload: with_first(payload, header("{" + " " * 2**20 + "}", 2)),
    "header of another version": lambda payload: with_first(payload, header(EIGHT_TEBIBYTE, 1)[:6] + b"\x07\x00"),
    "ten thousand arrays": lambda payload: packed({f"{'x' * 99}{number}": b"" for number in range(10_000)}),
    "a kilobyte that claims a gigabyte": lambda payload: patched_size(payload, 2**30),
    "two arrays of one name": lambda payload: payload[: payload.index(b"PK\x01\x02")] + doubled_entry(payload),
    "no array": lambda payload: with_first(payload, b"import os"),
    "pickled objects": pickled,
    "missing array": lambda payload: packed(dict(list(entries(payload).items())[1:])),
}


@pytest.mark.parametrize("make", ARCHIVES)
def test_broken_archives_are_refused(make: Callable[[Path], Files], folder: Path) -> None:
    files = make(folder)
    whole = files.payload.read_bytes()
    for change in BROKEN_ARCHIVES.values():
        _read_once.cache_clear()
        files.replace(change(whole))
        files.refuse()
    _read_once.cache_clear()
    files.replace(whole)
    files.load()


def test_an_archive_that_claims_terabytes_reserves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = trace(tmp_path)
    monkeypatch.setattr(np.lib.format, "read_array", None)
    files.replace(with_first(files.payload.read_bytes(), header(EIGHT_TEBIBYTE)))
    assert "not as long as its shape says" in files.refuse()


def test_a_trace_larger_than_the_limit_is_refused_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = trace(tmp_path)
    size = files.payload.stat().st_size
    monkeypatch.setattr("edgevision.envs.simulation.trace.MAX_TRACE_BYTES", size)
    assert "unpacks to more than" in files.refuse()
    monkeypatch.setattr("edgevision.envs.simulation.trace.MAX_TRACE_BYTES", size - 1)
    assert "refusing to load" in files.refuse()


def stated(dtype: str, bits: int, shape: tuple[int, ...] = (8,)) -> bytes:
    """A safetensors file of one tensor, ``x``."""
    text = json.dumps({"x": {"dtype": dtype, "shape": shape, "data_offsets": [0, bits]}}).encode()
    return len(text).to_bytes(8, "little") + text + bytes(bits)


BROKEN_TENSORS: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda payload: b"",
    "truncated": lambda payload: payload[: len(payload) // 2],
    "truncated by a byte": lambda payload: payload[:-1],
    "a header longer than the file": lambda payload: (2**62).to_bytes(8, "little") + payload[8:],
    "deeply nested header": lambda payload: (9_000).to_bytes(8, "little") + b"{" + b'"a":{' * 1_799 + b"    ",
    "four-bit numbers": lambda payload: stated("F4", 4),
    "eight tebibyte": lambda payload: stated("F32", 32, (2**41,)),
    "no numbers of endlessly many rows": lambda payload: stated("F32", 0, (2**62, 0)),
    "another tensor": lambda payload: stated("F32", 32),
    "shapes of others": lambda payload: safetensors.torch.save(
        {key: value.reshape(1, *value.shape).contiguous() for key, value in safetensors.torch.load(payload).items()}
    ),
}


@pytest.mark.parametrize("make", TENSORS)
def test_broken_tensors_are_refused(make: Callable[[Path], Files], folder: Path) -> None:
    files = make(folder)
    whole = files.payload.read_bytes()
    for change in BROKEN_TENSORS.values():
        files.replace(change(whole))
        files.refuse()
    files.replace(whole)
    files.load()


@pytest.mark.parametrize(
    "change",
    [
        {"num_timesteps": float("inf")},
        {"num_timesteps": "many"},
        {"n_updates": None},
        {"curve": []},
        {"curve": [{"steps": "1", "seconds": "2", "score": "3", "in_time": "4", "accuracy": "5"}]},
        {"curve": 3},
        {"seconds": []},
        {"seconds": 10**400},
        {"seconds": -1.0},
        {"num_timesteps": 2.5},
        {"num_timesteps": -3},
        {"n_updates": "7"},
        {"curve": [{"steps": 1, "seconds": 10**400, "score": 1.0, "in_time": 1.0, "accuracy": 1.0}]},
        {"curve": [{"steps": 1, "seconds": 1.0, "score": float("nan"), "in_time": 1.0, "accuracy": 1.0}]},
    ],
)
def test_counters_that_are_none_are_refused(change: dict[str, Any], folder: Path) -> None:
    files = checkpoint_tensors(folder)
    assert files.json is not None
    files.json.write_text(json.dumps(json.loads(files.json.read_text()) | change))
    files.refuse()


@pytest.mark.parametrize("name", ["settings", "hyperparameters"])
@pytest.mark.parametrize("value", [[], [["users", 2]], 3, "text", None])
def test_settings_of_a_run_that_are_no_mapping_are_refused(name: str, value: Any, folder: Path) -> None:
    files = configuration(folder)
    assert files.json is not None
    document = json.loads(files.json.read_text())
    document["training"][name] = value
    files.json.write_text(json.dumps(document))
    files.refuse()


def test_messages_are_one_line_that_prints_whatever_a_file_puts_into_them() -> None:
    error = ProfileError("a\nb\u2028c\x1b[31m \udcff é " + "x" * 5000)
    text = str(error)
    assert text.startswith("a b c\\x1b[31m \\udcff é xxx")
    assert len(text) < 1100
    assert text.encode().decode() == text


@pytest.mark.skipif(not Path("/proc/version").is_file(), reason="needs a file of the system that states no size")
def test_files_that_state_no_size_are_refused() -> None:
    with pytest.raises(ProfileError, match="grows while it is read"):
        disk_files.read_bytes(Path("/proc/version"), ProfileError, 2**20)


@pytest.mark.parametrize(
    ("entry", "value", "said"),
    [
        ("provenance", None, "provenance must be an object, got None"),
        ("provenance", [["seed", 1]], "provenance must be an object"),
        ("name", None, "name must be a text"),
        ("grid", [3.5], "grid must hold positive whole numbers"),
        ("grid", None, "must be lists"),
        ("width", True, "width must be 1.."),
    ],
)
def test_entries_of_a_policy_that_are_none_are_refused(entry: str, value: Any, said: str, tmp_path: Path) -> None:
    files = policy(tmp_path)
    assert files.json is not None
    files.json.write_text(json.dumps(json.loads(files.json.read_text()) | {entry: value}))
    assert said in files.refuse()
    with pytest.raises(LearnedPolicyError, match=re.escape(said)):
        resolve([str(tmp_path)])


@pytest.mark.parametrize("name", ["self", "cls", "num_envs", "n_envs", "env_id", "id", "users "])
def test_settings_of_a_run_that_are_no_settings_are_refused(name: str, folder: Path) -> None:
    files = configuration(folder)
    assert files.json is not None
    document = json.loads(files.json.read_text())
    document["training"]["settings"][name] = 1
    files.json.write_text(json.dumps(document))
    with pytest.raises(UnknownNameError, match=f"unknown scenario setting '{name}'"):
        files.load()


def test_checkpoints_of_pytorch_state_no_more_than_they_hold(tmp_path: Path) -> None:
    zipped, old = tmp_path / "zipped.pth", tmp_path / "old.pth"
    torch.save({"a": torch.ones(300)}, zipped)
    torch.save({"a": torch.ones(300)}, old, _use_new_zipfile_serialization=False)
    for path in (zipped, old):
        assert torch.equal(read_checkpoint(path, WeightsError)["a"], torch.ones(300))
    (large,) = (name for name in entries(zipped.read_bytes()) if name.endswith("data/0"))
    with zipfile.ZipFile(zipped) as archive:
        offset = archive.getinfo(large).header_offset
    changed = bytearray(zipped.read_bytes())
    central = changed.rindex(large.encode()) - 46
    for place in (offset + 18, offset + 22, central + 20, central + 24):
        changed[place : place + 4] = (2**31).to_bytes(4, "little")
    zipped.write_bytes(bytes(changed))
    claim = (300).to_bytes(2, "little")
    old.write_bytes(old.read_bytes().replace(b"M" + claim, b"J" + (2**30).to_bytes(4, "little")))
    for path in (zipped, old):
        with pytest.raises(WeightsError, match="states more numbers than it has"):
            read_checkpoint(path, WeightsError)
    torch.save([1, 2], zipped)
    with pytest.raises(WeightsError, match="something else than tensors by name"):
        read_checkpoint(zipped, WeightsError)
    torch.save(print, zipped)
    with pytest.raises(WeightsError, match="not a file of PyTorch's tensors"):
        read_checkpoint(zipped, WeightsError)
    with pytest.raises(WeightsError, match=r"zipped.pth is not the file that was released"):
        read_checkpoint(zipped, WeightsError, expected="0" * 64)
