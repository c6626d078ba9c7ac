"""Recorded channel gains: resampling, windows, and files that are wrong."""

from __future__ import annotations

from pathlib import Path

import gymnasium
import numpy as np
import pytest

import edgevision  # noqa: F401 - registers the ids
from edgevision.envs.channel.gain_trace import MAX_BYTES, load_gain_trace
from edgevision.errors import ScenarioError
from tests.envs.strategies import BANDIT_IDS

SMALL = {"users": 2, "episode_slots": 3}


def written(folder: Path, rows: str, header: str = "time_s,user,gain_db") -> Path:
    path = folder / "gains.csv"
    path.write_text(f"{header}\n{rows}", encoding="utf-8")
    return path


def ramp(users: int = 3, seconds: int = 10) -> str:
    """User u has the gain -80 - u - t / 10 dB at second t."""
    return "".join(f"{t},u{u},{-80 - u - t / 10}\n" for t in range(seconds + 1) for u in range(users))


def test_gains_are_linear_in_decibel_between_samples(tmp_path: Path) -> None:
    gains = load_gain_trace(written(tmp_path, ramp()), 0.25, 3, 4)
    assert gains.shape == (41, 3)
    np.testing.assert_allclose(gains, -80 - np.arange(3) - 0.025 * np.arange(41)[:, None])


def test_only_the_time_in_which_all_users_are_recorded_counts(tmp_path: Path) -> None:
    rows = "0,a,-80\n10,a,-90\n4.5,b,-70\n6,b,-73\n8,b,-73\n"
    np.testing.assert_allclose(load_gain_trace(written(tmp_path, rows), 1.0, 2, 2)[:, 0], [-84.5, -85.5, -86.5, -87.5])


@pytest.mark.parametrize("env_id", BANDIT_IDS)
def test_episodes_are_windows_of_the_recording(env_id: str, tmp_path: Path) -> None:
    path = written(tmp_path, ramp())
    settings = {**SMALL, "gain_trace": str(path), "slot_ms": 500.0}
    env = gymnasium.make_vec(env_id, num_envs=300, **settings).unwrapped
    env.reset(seed=1)
    trace = env.simulator.trace
    factor = np.sqrt(np.pi / 2) if env.config.fading == "half-normal" else 1.0
    decibel = 10 * np.log10(trace.gain_scale / factor)
    np.testing.assert_allclose(np.diff(decibel, axis=1), -0.05, atol=1e-9)
    step = (decibel[:, 0, 1] - decibel[:, 0, 0]).round(6)
    assert set(step.tolist()) == {-1.0, 2.0}  # the user after the last is the first
    assert len(np.unique(decibel[:, 0, 0].round(6))) > 40
    scalar = gymnasium.make(env_id, **settings).unwrapped
    for seed in (1, 2):
        scalar.reset(seed=seed)
        np.testing.assert_array_equal(scalar.simulator.trace.gain_scale[0], trace.gain_scale[seed - 1])


def test_a_recording_changes_only_the_gains(tmp_path: Path) -> None:
    plain = gymnasium.make("EdgeVision/Video-v0", **SMALL).unwrapped
    recorded = gymnasium.make("EdgeVision/Video-v0", **SMALL, gain_trace=str(written(tmp_path, ramp()))).unwrapped
    for env in (plain, recorded):
        env.reset(seed=5)
    for name, value in vars(plain.simulator.trace).items():
        same = np.array_equal(value, getattr(recorded.simulator.trace, name))
        assert same == (name != "gain_scale"), name


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("", "holds no samples"),
        ("0,a,-80\n1,a,nan\n", "line 3: gain_db must be a number from -300 to 100, got nan"),
        ("0,a,-80\n1,a,inf\n", "line 3: gain_db must be a number"),
        ("0,a,-80\n1,a,\n", "line 3: gain_db must be a number from -300 to 100, got ''"),
        ("now,a,-80\n", "line 2: time_s must be a number"),
        ("0,,-80\n", "line 2: user is empty"),
        ("1,a,-80\n0,a,-80\n", "line 3: time_s of user 'a' must rise"),
        ("1,a,-80\n1,a,-80\n", "line 3: time_s of user 'a' must rise"),
        ("0,a,-80\n9,a,-80\n", "holds 1 users, the scenario has 2"),
        ("0,a,-80\n1,a,-80\n2,b,-80\n3,b,-80\n", "all 2 users are recorded together for 0 s"),
        (
            "0,a,-80\n0.2,a,-80\n0,b,-80\n0.2,b,-80\n",
            r"together for 0.2 s, an episode of 3 slots of 100 ms needs 0.3 s",
        ),
        ("0,a,-80\n1e12,a,-80\n0,b,-80\n1e12,b,-80\n", "too many; set a longer slot_ms"),
        ("0,a,-80,9\n", "4 cells under 3 columns"),
    ],
)
def test_wrong_samples_are_named_in_one_line(rows: str, said: str, tmp_path: Path) -> None:
    path = written(tmp_path, rows)
    with pytest.raises(ScenarioError, match=said) as caught:
        gymnasium.make("EdgeVision/Image-v0", **SMALL, gain_trace=str(path))
    assert "\n" not in str(caught.value)


def test_wrong_files_are_named_in_one_line(tmp_path: Path) -> None:
    def refused(path: object, said: str) -> None:
        with pytest.raises(ScenarioError, match=said) as caught:
            gymnasium.make("EdgeVision/Image-v0", **SMALL, gain_trace=path)
        assert "\n" not in str(caught.value)

    refused(str(tmp_path / "none.csv"), "there is no such file")
    refused(str(tmp_path), "it is not a file")
    refused(3, "gain_trace must be a name or a path, got 3")
    refused(b"gains.csv", "gain_trace must be a name or a path")
    refused("a\0b", "cannot be read")
    refused(str(written(tmp_path, ramp(), header="time,user,gain")), "column missing: gain_db, time_s")
    other = tmp_path / "latin.csv"
    other.write_bytes("time_s,user,gain_db\n0,Zoë,-80\n".encode("latin-1"))
    refused(str(other), "is not UTF-8")
    huge = tmp_path / "huge.csv"
    with huge.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    refused(str(huge), "huge.csv")
