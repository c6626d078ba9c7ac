from __future__ import annotations

import hashlib
import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import safetensors.torch
import torch

from edgevision.agents import LearnedPolicy, LearnedPolicyError, TrainingSummary
from edgevision.agents.learned_policy import PolicyDescription
from edgevision.envs import SlotProblem
from edgevision.envs.action import encode
from edgevision.envs.policy import is_batched, kind_of


def problem(n: int = 6, **settings: Any) -> SlotProblem:
    env = gymnasium.make_vec("EdgeVision/Paper-v0", num_envs=n, **settings).unwrapped
    env.reset(seed=5)
    return env.problem


def fresh() -> LearnedPolicy:
    torch.manual_seed(0)
    description = PolicyDescription("toy", width=8, grid=(99,), content_features=())
    actor = description.network()
    torch.nn.init.normal_(actor.head.weight)
    return LearnedPolicy(description, actor)


def test_decides_the_same_after_a_round_trip(tmp_path: Path) -> None:
    policy, slots = fresh(), problem()
    policy.save(tmp_path)
    loaded, expected = LearnedPolicy.load(tmp_path), policy.act(slots)
    decided = loaded.act(slots)
    for name, value in vars(expected).items():
        np.testing.assert_array_equal(getattr(decided, name), value)
    assert (loaded.name, is_batched(loaded), kind_of(loaded)) == ("toy", True, "learned")


@pytest.mark.parametrize("users", [1, 4, 12])
def test_decides_feasibly_for_any_number_of_users(users: int) -> None:
    slots = problem(users=users, arrivals_per_slot=0.4)
    fresh().act(slots).check(slots)


def test_one_slot_alone_is_decided_as_in_the_batch() -> None:
    policy, slots = fresh(), problem()
    whole = policy.act(slots)
    for i in range(slots.slots):
        alone = policy.act(slots[np.array([i])])
        np.testing.assert_array_equal(alone.operating_point[0], whole.operating_point[i])
        np.testing.assert_allclose(alone.bandwidth[0], whole.bandwidth[i], rtol=1e-5)


def test_actions_survive_the_action_map() -> None:
    slots = problem()
    allocation = fresh().act(slots)
    assert np.abs(encode(allocation, slots)).max() <= 1.0


def test_saving_over_a_policy_leaves_only_the_new_one(tmp_path: Path) -> None:
    policy = fresh()
    policy.save(tmp_path)
    with torch.no_grad():
        policy.actor.head.bias += 0.5
    policy.save(tmp_path)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".safetensors"]
    np.testing.assert_array_equal(
        LearnedPolicy.load(tmp_path).act(problem()).bandwidth, policy.act(problem()).bandwidth
    )


def test_acting_needs_no_reinforcement_learning_library(finished_run: TrainingSummary) -> None:
    program = (
        "import sys; sys.modules['stable_baselines3'] = None\n"
        "import gymnasium, edgevision.agents\n"
        "env = gymnasium.make('EdgeVision/Paper-v0', users=2); env.reset(seed=0)\n"
        "policy = edgevision.agents.LearnedPolicy.load(sys.argv[1])\n"
        "policy.act(env.unwrapped.problem).check(env.unwrapped.problem)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(finished_run.folder)], check=True)


@pytest.mark.parametrize("settings", [{"profile": "toy"}, {}])
def test_refuses_another_environment(settings: dict[str, Any], measured_profile: Path) -> None:
    policy = fresh()
    if settings:
        slots = problem(profile=measured_profile)
    else:
        slots = problem()
        slots = replace(slots, features=np.zeros((*slots.active.shape, 2)))
    with pytest.raises(LearnedPolicyError, match="evaluate it where it was trained"):
        policy.act(slots)


def edit(folder: Path, **changes: Any) -> None:
    document = json.loads((folder / "policy.json").read_text())
    (folder / "policy.json").write_text(json.dumps({**document, **changes}))


def put_weights(folder: Path, payload: bytes) -> None:
    """Replace the weights and declare their checksum, as an attacker would."""
    for old in folder.glob("*.safetensors"):
        old.unlink()
    digest = hashlib.sha256(payload).hexdigest()
    (folder / f"policy-{digest[:16]}.safetensors").write_bytes(payload)
    edit(folder, sha256=digest)


class Exploit:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("exploited"),)


def _flip_a_byte(folder: Path) -> None:
    (path,) = folder.glob("*.safetensors")
    payload = bytearray(path.read_bytes())
    payload[-1] ^= 1
    path.write_bytes(payload)


def _weights(change: Callable[[dict[str, torch.Tensor]], Any]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (path,) = folder.glob("*.safetensors")
        tensors = safetensors.torch.load_file(path)
        change(tensors)
        put_weights(folder, safetensors.torch.save(tensors))

    return damage


DAMAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no folder": (shutil.rmtree, "policy.json is missing"),
    "no weights": (lambda f: [p.unlink() for p in f.glob("*.safetensors")], "safetensors is missing"),
    "not JSON": (lambda f: (f / "policy.json").write_text("{"), "not valid JSON"),
    "not text": (lambda f: (f / "policy.json").write_bytes(b"\x80\x04\xff"), "not valid JSON"),
    "deeply nested": (lambda f: (f / "policy.json").write_text("[" * 100_000), "not valid JSON"),
    "pickled JSON file": (lambda f: (f / "policy.json").write_bytes(pickle.dumps(Exploit())), "not valid JSON"),
    "a list": (lambda f: (f / "policy.json").write_text("[]"), "must hold an object"),
    "version": (lambda f: edit(f, format_version=2), "format_version must be 1"),
    "architecture": (lambda f: edit(f, architecture="transformer"), "unknown architecture 'transformer'"),
    "extra entry": (lambda f: edit(f, code="print(1)"), "entries must be"),
    "width": (lambda f: edit(f, width=10**9), "width must be"),
    "width as text": (lambda f: edit(f, width="8"), "width must be"),
    "other width": (lambda f: edit(f, width=16), "other weights"),
    "grid": (lambda f: edit(f, grid=[]), "grid must hold"),
    "grid type": (lambda f: edit(f, grid="99"), "must be lists"),
    "path as checksum": (lambda f: edit(f, sha256="../" * 21 + "x"), "64 hexadecimal digits"),
    "observation": (lambda f: edit(f, cell_features=["x"]), "other observations"),
    "content features": (lambda f: edit(f, content_features=["x"]), "other weights"),
    "checksum": (_flip_a_byte, "does not match the checksum"),
    "pickled weights": (lambda f: put_weights(f, pickle.dumps(Exploit())), "not a safetensors file"),
    "empty weights": (lambda f: put_weights(f, b""), "not a safetensors file"),
    "missing tensor": (_weights(lambda t: t.pop("head.bias")), "other weights"),
    "precision": (_weights(lambda t: t.update({"head.bias": t["head.bias"].double()})), "other weights"),
    "NaN": (_weights(lambda t: t["head.bias"].fill_(float("nan"))), "NaN or infinity"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_or_malicious_folders_are_refused(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "policy"
    fresh().save(folder)
    apply, message = DAMAGES[damage]
    apply(folder)
    with pytest.raises(LearnedPolicyError, match=message) as caught:
        LearnedPolicy.load(folder)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "exploited").exists()


def test_refuses_giant_files(tmp_path: Path) -> None:
    fresh().save(tmp_path)
    with (tmp_path / "policy.json").open("r+b") as stream:
        stream.truncate(2**27)
    with pytest.raises(LearnedPolicyError, match="refusing to load"):
        LearnedPolicy.load(tmp_path)
