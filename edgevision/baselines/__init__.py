"""Classical controllers: Co-CRRA, its published baselines and simple heuristics, by name.

``make("co-crra").act(problem)`` allocates for every slot of a batch. Importing this package needs numpy only;
building a policy that solves convex programs needs the extra ``convex``.
"""

from edgevision.baselines import co_crra, heuristics, msvra
from edgevision.baselines.compression import FixedCompression, best_operating_points, tune_fixed_point
from edgevision.baselines.registry import make, names, register

__all__ = [
    "FixedCompression",
    "best_operating_points",
    "co_crra",
    "heuristics",
    "make",
    "msvra",
    "names",
    "register",
    "tune_fixed_point",
]
