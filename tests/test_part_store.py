"""Parts of long jobs: found under an equal description only, and never when damaged."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevision.part_store import PartStore

OF = {"seeds": [1, 2], "versions": {"numpy": "2"}}
VALUES = {"score": [0.1, 1 / 3], "note": "\u00fc"}
ARRAYS = {"score": np.array([[0.1, 1 / 3]]), "right": np.array([True, False]), "half": np.ones(3, np.float16)}
OTHERS = [{**OF, "seeds": [1]}, {**OF, "versions": {}}, {}]

DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda payload: b"",
    "cut": lambda payload: payload[:-30],
    "half": lambda payload: payload[: len(payload) // 2],
    "noise": lambda payload: b"\xff" * 400,
    "other bytes inside": lambda payload: payload[:100] + bytes(9) + payload[109:],
    "deeply nested": lambda payload: b"[" * 100_000,
}


def assert_equal(found: dict[str, Any] | None, expected: dict[str, Any]) -> None:
    assert found is not None and found.keys() == expected.keys()
    for name, values in expected.items():
        assert found[name].dtype == values.dtype
        np.testing.assert_array_equal(found[name], values)


def test_parts_are_found_under_an_equal_description_and_label_only(tmp_path: Path) -> None:
    store = PartStore(tmp_path / "parts")
    store.save("a part", OF, VALUES)
    store.save_arrays("a part", OF, ARRAYS)
    again = PartStore(tmp_path / "parts")
    assert again.load("a part", dict(reversed(OF.items()))) == VALUES
    assert_equal(again.load_arrays("a part", dict(reversed(OF.items()))), ARRAYS)
    for other in OTHERS:
        assert again.load("a part", other) is None and again.load_arrays("a part", other) is None
    assert again.load("b", OF) is None and again.load_arrays("b", OF) is None


def test_a_part_under_another_ones_name_is_not_taken_up(tmp_path: Path) -> None:
    store = PartStore(tmp_path)
    for description in (OF, OTHERS[0]):
        store.save("x", description, VALUES)
        store.save_arrays("x", description, ARRAYS)
    for ending in (".json", ".npz"):
        first, second = sorted(tmp_path.glob(f"*{ending}"))
        first.write_bytes(second.read_bytes())
    found = [load("x", description) for load in (store.load, store.load_arrays) for description in (OF, OTHERS[0])]
    assert [part is None for part in found].count(True) == 2


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_part_counts_as_not_there(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    store = PartStore(tmp_path)
    store.save("x", OF, VALUES)
    store.save_arrays("x", OF, ARRAYS)
    for path in tmp_path.iterdir():
        path.write_bytes(damage(path.read_bytes()))
    assert store.load("x", OF) is None and store.load_arrays("x", OF) is None
    store.save("x", OF, VALUES)
    assert store.load("x", OF) == VALUES


def test_without_a_folder_nothing_is_kept() -> None:
    store = PartStore(None)
    store.save("x", OF, VALUES)
    store.save_arrays("x", OF, ARRAYS)
    assert store.load("x", OF) is None and store.load_arrays("x", OF) is None
