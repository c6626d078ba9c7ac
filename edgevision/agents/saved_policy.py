"""`load_policy`: a learned policy of any kind, from its folder."""

from __future__ import annotations

from pathlib import Path

from edgevision.agents.belief.belief_policy import BeliefPolicy
from edgevision.agents.belief.street_network import NETWORKS
from edgevision.agents.flat_policy import ARCHITECTURE as FLAT
from edgevision.agents.flat_policy import FlatPolicy
from edgevision.agents.learned_policy import LearnedPolicy
from edgevision.errors import LearnedPolicyError
from edgevision.storage.disk_files import read_json


def load_policy(folder: Path) -> LearnedPolicy | BeliefPolicy | FlatPolicy:
    """Read the policy that ``edgevision train`` or ``edgevision train-belief``, or a policy's ``save``, wrote.

    Raises:
        LearnedPolicyError: there is no policy, or it is damaged, of another format or made for other observations.
    """
    path = Path(folder) / "policy.json"
    architecture = read_json(path, LearnedPolicyError).get("architecture") if path.exists() else None
    if architecture in list(NETWORKS):
        return BeliefPolicy.load(folder)
    return FlatPolicy.load(folder) if architecture == FLAT else LearnedPolicy.load(folder)
