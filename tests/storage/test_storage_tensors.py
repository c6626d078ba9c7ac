"""Weights on disk: what half precision cannot hold, and types that are none of ours."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import torch

from edgevision.errors import WeightsError
from edgevision.storage.storage_tensors import read_weights, unpack_metadata, unpack_tensors, write_weights


def test_numbers_beyond_half_precision_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    with pytest.raises(WeightsError, match="big has numbers too large for half precision"):
        write_weights(path, {"small": torch.ones(2, 2), "big": torch.full((2, 2), 1e5)}, {}, version=1)
    assert not list(tmp_path.iterdir())
    write_weights(path, {"vector": torch.full((2,), 1e5)}, {}, version=1)
    assert (read_weights(path, version=1)[1]["vector"] == 1e5).all()


@pytest.mark.parametrize("kind", ["F4", "F6_E2M3", "F8_E8M0", "C64", "F8_E5M2", "I8", "F64"])
def test_tensors_of_other_types_are_refused(kind: str, tmp_path: Path) -> None:
    bits = {"F4": 4, "F6_E2M3": 6, "C64": 64, "F64": 64}.get(kind, 8)
    header = json.dumps({"x": {"dtype": kind, "shape": [8], "data_offsets": [0, bits]}}).encode()
    payload = len(header).to_bytes(8, "little") + header + bytes(bits)
    path = tmp_path / "x.safetensors"
    path.write_bytes(payload)
    path.with_suffix(".json").write_text(json.dumps({"format": 1, "sha256": hashlib.sha256(payload).hexdigest()}))
    with pytest.raises(WeightsError, match=r"damaged|not in half or single precision"):
        read_weights(path, version=1)


@pytest.mark.parametrize("header", [{}, {"__metadata__": None}, {"__metadata__": {}}])
def test_a_header_may_hold_no_texts(header: dict[str, object]) -> None:
    text = json.dumps(header).encode()
    payload = len(text).to_bytes(8, "little") + text
    assert unpack_tensors(payload, Path("x"), WeightsError) == {}
    assert unpack_metadata(payload, Path("x"), WeightsError) == {}
