"""The files of a learned policy: listed with their SHA-256, copied into an entry, and checked before they are loaded.

A policy is ``policy.json`` and its weights as safetensors, which cannot run code; an agent with several training seeds
has a folder for each, ``0``, ``1`` and so on. What a stranger sent is read once, checked, and loaded from a copy, so
that links, other files in the folder and later changes have no effect.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from edgevision.agents.policy_files import policy_files
from edgevision.errors import BenchmarkError, LearnedPolicyError, shown
from edgevision.experiments.evaluation.policy_spec import PolicySpec
from edgevision.storage.disk_files import read_bytes, read_json, sha256, write_atomically

MAX_FILE_BYTES = 64 * 2**20
_MOST_FILES = 64
_FILE = re.compile(r"(?:\d{1,2}/)?policy(?:\.json|\.safetensors|-[0-9a-f]{16}\.safetensors)")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def _folders(spec: PolicySpec) -> dict[str, Path]:
    """The folder of each training seed, by what stands before the names of its files."""
    if spec.members:
        return {f"{number}/": Path(str(member.source)) for number, member in enumerate(spec.members)}
    return {"": Path(str(spec.source))} if isinstance(spec.source, Path) else {}


def bundle_of(spec: PolicySpec) -> dict[str, tuple[Path, str]]:
    """Each file of a learned policy by its name in a submission: where it is, and its SHA-256."""
    found: dict[str, tuple[Path, str]] = {}
    for start, folder in _folders(spec).items():
        for path in policy_files(folder):
            payload = read_bytes(path, LearnedPolicyError, MAX_FILE_BYTES)
            found[start + path.name] = (path, sha256(payload))
    return found


def training_of(spec: PolicySpec) -> tuple[Mapping[str, Any], ...]:
    """How each training seed of a learned policy was made, as its files say it; empty for other policies.

    ``seconds`` is what the learning curve of its run folder says, if there is one.
    """
    stated = []
    for folder in _folders(spec).values():
        provenance = read_json(folder / "policy.json", LearnedPolicyError).get("provenance")
        record = dict(provenance) if isinstance(provenance, dict) else {}
        seconds = _seconds(folder / "curve.json")
        stated.append(record if seconds is None or "seconds" in record else {**record, "seconds": seconds})
    return tuple(stated)


def _seconds(curve: Path) -> float | None:
    """Seconds of training at the end of a learning curve."""
    try:
        return round(float(json.loads(read_bytes(curve, LearnedPolicyError, MAX_FILE_BYTES))[-1]["seconds"]), 1)
    except (LearnedPolicyError, LookupError, TypeError, ValueError):
        return None


def copy_bundle(spec: PolicySpec, files: Mapping[str, str], out: Path) -> None:
    """Copy the files of a policy to ``out``, if they still are those that were scored.

    Raises:
        BenchmarkError: they are not.
    """
    bundle = bundle_of(spec)
    if {name: digest for name, (_, digest) in bundle.items()} != dict(files):
        raise BenchmarkError(
            f"{spec.source} holds another policy than the one that was scored; run the benchmark again"
        )
    for name, (path, _) in bundle.items():
        write_atomically(out / name, read_bytes(path, LearnedPolicyError, MAX_FILE_BYTES))


@contextmanager
def opened_bundle(folder: Path, files: Any) -> Iterator[Path]:
    """A private copy of the files of a submission, whose names, sizes and checksums are right.

    Args:
        folder: where they are.
        files: SHA-256 by name, as the submission says it.

    Raises:
        BenchmarkError: a name leads elsewhere, a file is a link or missing or too large, or a checksum does not match.
    """
    payloads = {name: _checked_payload(folder, name, digest) for name, digest in _checked_names(files).items()}
    with TemporaryDirectory(prefix="edgevision-benchmark-") as private:
        for name, payload in payloads.items():
            write_atomically(Path(private) / name, payload)
        yield Path(private)


def _checked_names(files: Any) -> dict[str, str]:
    if not isinstance(files, dict) or not 1 <= len(files) <= _MOST_FILES:
        raise BenchmarkError(f"files must name 1 to {_MOST_FILES} files, got {shown(files)}")
    for name, digest in files.items():
        if not _FILE.fullmatch(name):
            raise BenchmarkError(
                f"{shown(name)} is no file of a policy: only policy.json and its .safetensors can be submitted, "
                "in one folder per training seed"
            )
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise BenchmarkError(f"the SHA-256 of {name} must be 64 hexadecimal digits, got {shown(digest)}")
    return files


def _checked_payload(folder: Path, name: str, digest: str) -> bytes:
    path = folder / name
    if path.is_symlink() or path.parent.is_symlink():
        raise BenchmarkError(f"{name} is a link; send the file itself")
    payload = read_bytes(path, BenchmarkError, MAX_FILE_BYTES)
    if sha256(payload) != digest:
        raise BenchmarkError(f"{name} does not match its SHA-256 in the submission; pack it again")
    return payload
