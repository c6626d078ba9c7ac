"""Classical controllers: Co-CRRA, its published baselines and simple heuristics, by name.

``make("co-crra").act(problem)`` allocates for every slot of a batch. Importing this package needs numpy only;
building a policy that solves convex programs needs the extra ``convex``.
"""

from edgevision.baselines import heuristics, joint, msvra, video_policies
from edgevision.baselines.co_crra import co_crra
from edgevision.baselines.joint import Joint, JointSolution
from edgevision.baselines.joint.upper_bound import UpperBound, upper_bound
from edgevision.baselines.operating_points import FixedCompression, best_operating_points, tune_fixed_point
from edgevision.baselines.policy_registry import known, make, names, register

__all__ = [
    "FixedCompression",
    "Joint",
    "JointSolution",
    "UpperBound",
    "best_operating_points",
    "co_crra",
    "heuristics",
    "joint",
    "known",
    "make",
    "msvra",
    "names",
    "register",
    "tune_fixed_point",
    "upper_bound",
    "video_policies",
]
