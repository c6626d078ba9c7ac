"""`policy_files`: which files a learned policy of any kind consists of."""

from __future__ import annotations

from pathlib import Path

from edgevision.errors import LearnedPolicyError
from edgevision.storage.disk_files import read_json


def policy_files(folder: Path) -> tuple[Path, ...]:
    """The description and the weights of the policy in a folder.

    Raises:
        LearnedPolicyError: there is no policy, or it is damaged.
    """
    path = Path(folder) / "policy.json"
    digest = str(read_json(path, LearnedPolicyError).get("sha256"))
    names = [f"policy-{digest[:16]}.safetensors"] if digest.isalnum() else []
    for name in (*names, "policy.safetensors"):
        if path.with_name(name).is_file():
            return path, path.with_name(name)
    raise LearnedPolicyError(f"no learned policy in {str(folder)!r}: its weights are missing")
