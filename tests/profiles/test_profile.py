from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevision.errors import ProfileError, UnknownNameError
from edgevision.profiles import OperatingPointProfile, load_profile, published_eta, save_profile, shipped_profiles
from edgevision.profiles.profile import _read_once, check_name


@pytest.fixture
def copied(measured_profile: Path, tmp_path: Path) -> Path:
    for suffix in (".npz", ".json"):
        (tmp_path / f"toy{suffix}").write_bytes(measured_profile.with_suffix(suffix).read_bytes())
    return tmp_path / "toy.npz"


def rewrite(path: Path, **changes: Any) -> None:
    """Replace arrays (None removes one) and renew the checksum, as a careless author would."""
    with np.load(path) as archive:
        arrays = {key: archive[key] for key in archive.files}
    for key, value in changes.items():
        arrays.pop(key) if value is None else arrays.update({key: value})
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    path.write_bytes(buffer.getvalue())
    renew_checksum(path)


def renew_checksum(path: Path) -> None:
    description = json.loads(path.with_suffix(".json").read_text())
    description["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".json").write_text(json.dumps(description))


def test_published_curve() -> None:
    raw, normalised = published_eta(normalised=False), published_eta()
    assert raw.points == normalised.points == 99
    assert raw.accuracy[49] == pytest.approx(0.6 * np.exp(-0.15) + 0.8 * np.exp(-0.2))
    np.testing.assert_allclose(normalised.accuracy, raw.accuracy / 1.4)
    np.testing.assert_allclose(raw.size_fraction[0], 1 - raw.parameter)


def test_round_trip(measured_profile: Path, tmp_path: Path) -> None:
    profile = load_profile(str(measured_profile))
    again = load_profile(str(save_profile(profile, tmp_path)))
    for name in ("size", "raw_size", "accuracy", "correct", "features", "split", "device_time"):
        np.testing.assert_array_equal(getattr(again, name), getattr(profile, name))
    assert again.content_ids == profile.content_ids
    assert sorted(path.name for path in tmp_path.iterdir()) == ["toy.json", "toy.npz"]


def test_log_probabilities_survive_the_disk(measured_profile: Path, tmp_path: Path) -> None:
    profile = load_profile(str(measured_profile))
    assert profile.log_probability is None
    values = -np.random.default_rng(0).exponential(size=profile.size.shape)
    saved = save_profile(dataclasses.replace(profile, log_probability=values), tmp_path)
    np.testing.assert_array_equal(load_profile(str(saved)).log_probability, values)


@pytest.mark.parametrize("name", shipped_profiles())
def test_shipped_profiles_load_and_say_where_they_come_from(name: str) -> None:
    profile = load_profile(name)
    assert profile.metadata
    if len(profile.grid) == 1:
        assert (np.diff(profile.size.mean(axis=0)) <= 0).all()
    if profile.correct is not None:
        train = profile.members("train")
        np.testing.assert_allclose(profile.accuracy, profile.correct[train].mean(axis=0))
        parts = [set(profile.members(split)) for split in ("train", "validation", "test")]
        assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])
        assert set().union(*parts) == set(range(profile.contents))


@pytest.mark.parametrize("name", ["published-eta", "stae-hmdb51-published"])
def test_closed_forms_survive_the_disk(name: str, tmp_path: Path) -> None:
    profile = load_profile(name)
    again = load_profile(str(save_profile(profile, tmp_path)))
    assert (again.relative, again.grid, again.axis_names) == (profile.relative, profile.grid, profile.axis_names)
    np.testing.assert_array_equal(again.size, profile.size)


def test_files_without_the_entry_relative_are_read_as_they_were(tmp_path: Path, copied: Path) -> None:
    closed_form = save_profile(published_eta(), tmp_path / "closed")
    for path, relative in ((closed_form, True), (copied, False)):
        sidecar = path.with_suffix(".json")
        description = json.loads(sidecar.read_text())
        del description["relative"]
        sidecar.write_text(json.dumps(description))
        assert load_profile(str(path)).relative is relative


def test_wrong_checksum(copied: Path) -> None:
    copied.write_bytes(copied.read_bytes() + b"x")
    with pytest.raises(ProfileError, match="checksum"):
        load_profile(str(copied))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"size": None}, "arrays missing: size"),
        ({"accuracy": np.full(6, np.nan)}, "accuracy"),
        ({"size": np.geomspace(1, 9, 6) * np.ones((40, 1))}, "not sorted"),
        ({"raw_size": np.zeros(40)}, "raw sizes"),
        ({"accuracy": np.ones(5)}, r"accuracy must have shape \(6,\)"),
        ({"split": np.full(40, 9, np.int8)}, "split"),
        ({"size": np.array([["a"]])}, "not numeric"),
        ({"size": np.ones((40, 6), complex)}, "not numeric"),
        ({"correct": np.full((40, 6), 7)}, "correct must hold whole numbers from 0 to 1"),
        ({"correct": np.full((40, 6), 0.5)}, "correct must hold whole numbers from 0 to 1"),
        ({"accuracy": np.full(6, 1.2)}, r"accuracy must lie in \[0, 1\]"),
        ({"accuracy": np.full(6, 1.5), "correct": None}, r"accuracy must lie in \[0, 1\.4\]"),
        ({"device_time": np.full(6, -1e-9)}, "times must be >= 0"),
        ({"features": np.full((40, 3), np.inf)}, "features"),
        ({"log_probability": np.full((40, 6), 0.1)}, "logarithms of probabilities must be <= 0"),
        ({"log_probability": np.full((40, 6), -np.inf)}, "log_probability"),
        ({"log_probability": np.zeros((40, 5))}, r"log_probability must have shape \(40, 6\)"),
    ],
)
def test_inconsistent_arrays_are_named(copied: Path, changes: dict[str, Any], message: str) -> None:
    rewrite(copied, **changes)
    with pytest.raises(ProfileError, match=message):
        load_profile(str(copied))


def test_outcomes_may_be_written_as_zeros_and_ones(copied: Path) -> None:
    expected = load_profile(str(copied)).correct
    assert expected is not None
    _read_once.cache_clear()
    rewrite(copied, correct=expected.astype(np.int64))
    np.testing.assert_array_equal(load_profile(str(copied)).correct, expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"grid": [6.0]}, "malformed entry 'grid'"),
        ({"grid": [-2, -3], "axis_names": ["a", "b"]}, "does not make 6 points"),
        ({"grid": [1] * 99 + [6], "axis_names": ["a"] * 100}, "grid has 100 axes"),
        ({"content_ids": "x" * 40}, "malformed entry 'content_ids'"),
        ({"feature_names": [1, 2, 3]}, "malformed entry 'feature_names'"),
        ({"axis_names": None}, "malformed entry 'axis_names'"),
        ({"metadata": []}, "metadata must be an object"),
        ({"format_version": 2}, "format_version must be 1"),
    ],
)
def test_malformed_entries_are_named(copied: Path, change: dict[str, Any], message: str) -> None:
    sidecar = copied.with_suffix(".json")
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | change))
    with pytest.raises(ProfileError, match=message):
        load_profile(str(copied))


def test_missing_sidecar_and_malformed_json(copied: Path) -> None:
    copied.with_suffix(".json").write_text("{")
    with pytest.raises(ProfileError, match="JSON"):
        load_profile(str(copied))
    copied.with_suffix(".json").unlink()
    with pytest.raises(ProfileError, match=r"toy\.json is missing"):
        load_profile(str(copied))


def test_pickled_arrays_are_refused(copied: Path) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, size=np.array([print], dtype=object))
    copied.write_bytes(buffer.getvalue())
    renew_checksum(copied)
    with pytest.raises(ProfileError, match="not a readable"):
        load_profile(str(copied))


def test_zip_bomb_is_refused_before_unpacking(copied: Path) -> None:
    with zipfile.ZipFile(copied, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("size.npy", bytes(300 * 2**20))
    renew_checksum(copied)
    with pytest.raises(ProfileError, match="unpacks to more"):
        load_profile(str(copied))


@pytest.mark.parametrize("cut", [0, 10, 200, -5])
def test_truncated_file(copied: Path, cut: int) -> None:
    copied.write_bytes(copied.read_bytes()[:cut])
    renew_checksum(copied)
    with pytest.raises(ProfileError, match="not a readable"):
        load_profile(str(copied))


def test_unknown_profile_suggests(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'published-eta'"):
        load_profile("published-et")
    with pytest.raises(UnknownNameError, match="no profile file"):
        load_profile(str(tmp_path / "absent.npz"))
    for name in ("x" * 300, "a\0b", ".", "..", f"{'x' * 300}.npz", str(tmp_path)):
        with pytest.raises(UnknownNameError, match=r"profile"):
            load_profile(name)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/a", "a\0b", "x" * 300, "가" * 67, "b\udcff", 3])
def test_names_of_profiles_are_plain_file_names(name: Any) -> None:
    with pytest.raises(ProfileError, match="plain file name"):
        check_name(name)
    check_name("my-cameras")


def test_closed_form_ignores_splits() -> None:
    assert list(published_eta().members("test")) == [0]


def test_empty_split_is_named() -> None:
    profile = OperatingPointProfile(
        name="one-split",
        size=np.array([[2.0, 1.0]]),
        raw_size=np.array([4.0]),
        accuracy=np.array([1.0, 0.5]),
        parameter=np.array([0.0, 1.0]),
        device_time=np.zeros(2),
        edge_time=np.zeros(2),
        correct=np.array([[True, False]]),
    )
    with pytest.raises(ProfileError, match="no content in split 'test'"):
        profile.members("test")


def test_a_profile_that_is_replaced_is_read_anew(measured_profile: Path, tmp_path: Path) -> None:
    first = load_profile(str(measured_profile))
    path = save_profile(replace(first, name="mine"), tmp_path)
    assert load_profile(str(path)).accuracy[0] == first.accuracy[0]
    assert load_profile(str(path)) is load_profile(str(path))
    save_profile(replace(first, name="mine", accuracy=first.accuracy / 2), tmp_path)
    assert load_profile(str(path)).accuracy[0] == first.accuracy[0] / 2


@pytest.mark.parametrize(
    "changes",
    [
        {"size": np.ones((1, 99), complex)},
        {"size": np.full((1, 99), "3")},
        {"size": 10**400},
        {"grid": "x"},
        {"grid": (None,)},
        {"grid": np.zeros(0)},
        {"content_ids": None},
        {"content_ids": (1,)},
        {"feature_names": 3},
        {"axis_names": (b"x",)},
        {"relative": "false"},
        {"metadata": None},
    ],
)
def test_profiles_that_are_made_in_python_are_checked_too(changes: dict[str, Any]) -> None:
    with pytest.raises(ProfileError):
        replace(load_profile("published-eta"), **changes)


@pytest.mark.parametrize("value", ["no", 1, None, []])
def test_relative_is_a_truth_value(value: object, measured_profile: Path, tmp_path: Path) -> None:
    for ending in (".npz", ".json"):
        shutil.copy(measured_profile.with_suffix(ending), tmp_path)
    sidecar = tmp_path / "toy.json"
    sidecar.write_text(json.dumps({**json.loads(sidecar.read_text()), "relative": value}))
    with pytest.raises(ProfileError, match="relative must be true or false"):
        load_profile(str(tmp_path / "toy.npz"))
