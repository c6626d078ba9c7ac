"""Profiles from numbers that were measured elsewhere: both files give the same profile, and wrong ones are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.errors import ProfileError
from edgevision.measure.given_numbers import profile_from_arrays
from edgevision.measure.given_table import profile_from_csv
from edgevision.profiles import load_profile
from tests.end_to_end.command import run

CONTENTS, POINTS = 6, 3
SPLITS = ("train", "train", "train", "validation", "test", "test")


@pytest.fixture
def arrays() -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {
        "bytes": rng.integers(100, 200, (CONTENTS, POINTS)) * np.array([1, 9, 3]),
        "correct": rng.integers(0, 2, (CONTENTS, POINTS)),
        "point": np.array([90.0, 10.0, 30.0]),
        "log_probability": -rng.uniform(size=(CONTENTS, POINTS)),
        "raw_bytes": np.arange(5000.0, 5000 + CONTENTS),
        "device_ms": rng.uniform(1, 5, (CONTENTS, POINTS)),
        "edge_ms": np.tile(rng.uniform(1, 5, POINTS), (CONTENTS, 1)),
        "split": np.array([0, 0, 0, 1, 2, 2]),
    }


def table(arrays: dict[str, Any], columns: tuple[str, ...]) -> str:
    lines = [",".join(("content", "point", *columns))]
    for j in range(CONTENTS):
        for k in range(POINTS):
            cells = [f"content-{j}", f"{arrays['point'][k]:g}"]
            for column in columns:
                value = arrays[column][j] if column in ("raw_bytes", "split") else arrays[column][j, k]
                cells.append(SPLITS[j] if column == "split" else repr(value.item()))
            lines.append(",".join(cells))
    return "\n".join(lines) + "\n"


def test_table_and_arrays_give_the_same_profile(arrays: dict[str, Any], tmp_path: Path) -> None:
    columns = tuple(key for key in arrays if key != "point")
    (tmp_path / "a.csv").write_text(table(arrays, columns))
    np.savez(tmp_path / "a.npz", **arrays)
    first, second = profile_from_csv(tmp_path / "a.csv", "mine"), profile_from_arrays(tmp_path / "a.npz", "mine")
    for name in ("size", "raw_size", "parameter", "device_time", "edge_time", "correct", "log_probability", "split"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), rtol=1e-12, err_msg=name)
    assert first.content_ids == second.content_ids
    assert first.parameter.tolist() == [10, 30, 90]
    np.testing.assert_array_equal(first.size, arrays["bytes"][:, [1, 2, 0]])
    np.testing.assert_allclose(first.device_time, arrays["device_ms"].mean(axis=0)[[1, 2, 0]] / 1e3)
    assert first.correct is not None
    np.testing.assert_allclose(first.accuracy, first.correct[:3].mean(axis=0))


def test_the_least_that_is_needed(arrays: dict[str, Any], tmp_path: Path) -> None:
    text = table(arrays, ("bytes", "correct")).replace(",90,", ",hard,")
    (tmp_path / "least.csv").write_text(text)
    found = profile_from_csv(tmp_path / "least.csv", "least")
    assert found.metadata["points"] == ["hard", "10", "30"] and found.parameter.tolist() == [1, 2, 0]
    np.testing.assert_array_equal(found.raw_size, found.size.max(axis=1))
    assert not found.device_time.any() and found.split.tolist() == [0, 0, 0, 1, 2, 0]


@pytest.mark.parametrize("kind", ["csv", "npz"])
def test_an_environment_replays_the_profile(kind: str, arrays: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / f"mine.{kind}"
    if kind == "csv":
        file.write_text(table(arrays, ("bytes", "correct")))
    else:
        np.savez(file, bytes=arrays["bytes"], correct=arrays["correct"])
    command = {"csv": "from-csv", "npz": "from-arrays"}[kind]
    assert run("profile", command, str(file), "--out", str(tmp_path / "out")) == 0
    path = str(tmp_path / "out" / "mine.npz")
    np.testing.assert_array_equal(load_profile(path).size, arrays["bytes"][:, [1, 2, 0]])
    env = gymnasium.make("EdgeVision/Image-v0", profile=path, content_split="train")
    env.reset(seed=0)
    reward = env.step(env.action_space.sample())[1]
    assert 0 <= float(reward) <= 1


def test_the_file_that_is_read_is_not_replaced(
    arrays: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.npz"
    np.savez(file, **arrays)
    before = file.read_bytes()
    assert run("profile", "from-arrays", str(file), "--out", str(tmp_path)) == 2
    assert "would be replaced" in capsys.readouterr().err and file.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("bytes,", "size,", "column missing: bytes"),
        ("correct", "correct,latency_ms", "column 'latency_ms' is not known"),
        ("content-0,90,1", "content-0,90,-1", "bytes must be > 0"),
        ("content-0,90,", "content-0,90,x", "line 2: bytes must be a number, got 'x"),
        ("content-0,90,", "content-0,90,nan", "line 2: bytes must be a number, got 'nan"),
        ("content-0,90,", "content-0,90,1_0", "line 2: bytes must be a number, got '1_0"),
        (",0\n", ",2\n", "correct must be 0 or 1, got '2'"),
        (",0\n", ",\n", "correct must be 0 or 1, got ''"),
        ("content-0,90,", "content-0,10,", "line 3: content and point are those of line 2"),
        ("content-0,90,", "content-9,90,", "content 'content-9' has no row for point '10'"),
        ("content-0,90,", ",90,", "line 2: content or point is empty"),
    ],
)
def test_wrong_tables_are_told_where(
    old: str, new: str, message: str, arrays: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.csv").write_text(table(arrays, ("bytes", "correct")).replace(old, new, 1))
    assert run("profile", "from-csv", str(tmp_path / "a.csv"), "--out", str(tmp_path / "out")) == 2
    said = capsys.readouterr().err.strip()
    assert message in said and "\n" not in said and not (tmp_path / "out").exists()


def test_other_wrong_tables(arrays: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("content,point,bytes,correct\n")
    with pytest.raises(ProfileError, match="no row below the header"):
        profile_from_csv(file, "a")
    file.write_text(table(arrays, ("bytes", "correct", "split")).replace("train", "test", 1))
    with pytest.raises(ProfileError, match="split of content 'content-0' is not always the same"):
        profile_from_csv(file, "a")
    file.write_text(table(arrays, ("bytes", "correct", "split")).replace("validation", "train"))
    with pytest.raises(ProfileError, match="no content is in split validation"):
        profile_from_csv(file, "a")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bytes": np.ones(3)}, r"bytes must have shape \(contents, points\)"),
        ({"bytes": np.ones((0, 3))}, r"bytes must have shape \(contents, points\)"),
        ({"bytes": None}, "array 'bytes' is missing"),
        ({"correct": np.ones((6, 2))}, r"correct must have shape \(6, 3\)"),
        ({"correct": np.full((6, 3), 0.5)}, "correct must hold 0 and 1 only"),
        ({"size": np.ones(3)}, "array 'size' is not known"),
        ({"edge_ms": np.ones(6)}, r"edge_ms must have shape \(3,\) or \(6, 3\)"),
        ({"edge_ms": -np.ones(3)}, "times must be >= 0"),
        ({"device_ms": np.full(3, np.inf)}, "device_ms holds NaN or infinity"),
        ({"split": np.zeros(6, int)}, "no content is in split validation"),
        ({"split": np.array([0, 1, 2, 3, 0, 0])}, "split must hold whole numbers from 0 to 2"),
        ({"log_probability": np.ones((6, 3))}, "logarithms of probabilities must be <= 0"),
        ({"raw_bytes": np.zeros(6)}, "raw sizes > 0"),
        ({"bytes": np.full((6, 3), "a")}, "is not numeric"),
    ],
)
def test_wrong_arrays_are_refused(change: dict[str, Any], message: str, arrays: dict[str, Any], tmp_path: Path) -> None:
    kept = {key: value for key, value in (arrays | change).items() if value is not None}
    np.savez(tmp_path / "a.npz", **kept)
    with pytest.raises(ProfileError, match=message):
        profile_from_arrays(tmp_path / "a.npz", "a")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_text_gives_a_profile_or_one_line(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    cells = st.sampled_from(["a", "b", "", "0", "1", "2.5", "-1", "1e400", "train", '"', "\u00e9", "true"])
    rows = data.draw(st.lists(st.lists(cells, min_size=3, max_size=5), max_size=12))
    file = tmp_path_factory.mktemp("any") / "a.csv"
    file.write_text("content,point,bytes,correct\n" + "\n".join(map(",".join, rows)), encoding="utf-8")
    try:
        assert profile_from_csv(file, "a").contents >= 5
    except ProfileError as error:
        assert "\n" not in str(error)
