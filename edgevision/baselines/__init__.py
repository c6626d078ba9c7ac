"""Policies that are not learned: Co-CRRA, the papers' baselines, simple heuristics and the solver ``joint``.

``make("co-crra").act(problem)`` allocates for every slot of a batch. This package needs NumPy only, except that
``solver="clarabel"`` of the policies which solve convex programs needs the extra ``convex``.
"""

from edgevision.baselines.clairvoyant import Clairvoyant, episode_bound
from edgevision.baselines.co_crra.co_crra import FCRRA, CoCRRA, CoCRRAExact
from edgevision.baselines.content_aware import CoCRRAContent, ContentAware, JointContent
from edgevision.baselines.dynamic.adaptive_price import Adaptive
from edgevision.baselines.dynamic.episode_bound import EpisodeBound
from edgevision.baselines.dynamic.lagrangian import Lagrangian
from edgevision.baselines.dynamic.look_ahead import LookAhead
from edgevision.baselines.dynamic.lyapunov import Lyapunov
from edgevision.baselines.dynamic.mpc import Mpc
from edgevision.baselines.dynamic.pace import Pace
from edgevision.baselines.dynamic.priced import Priced
from edgevision.baselines.heuristics import FRACR, Fixed, FRACRExact, Random
from edgevision.baselines.joint import Joint, JointSolution
from edgevision.baselines.joint.upper_bound import UpperBound, upper_bound
from edgevision.baselines.msvra import MSVRA
from edgevision.baselines.operating_points import FixedCompression, best_operating_points, tune_fixed_point
from edgevision.baselines.policy_registry import known, make, names, register
from edgevision.baselines.stream.convoy_filter import ConvoyFilter
from edgevision.baselines.stream.cusum import Cusum
from edgevision.baselines.stream.exact_filters import FourStateFilter, TwoStateFilter
from edgevision.baselines.stream.oracle_belief import OracleBelief
from edgevision.baselines.stream.rotation import MaxAge, RoundRobin
from edgevision.baselines.stream.street_bound import StreetBound
from edgevision.baselines.stream.street_filters import CoupledFilter, Tracker
from edgevision.baselines.video_policies import FixedBudget, FullOffload, Local, StaeBudget, StaeBudgetJoint

# Policies by name.
__all__ = ["known", "make", "names", "register"]
# Policies of the Co-CRRA paper, and simple ones.
__all__ += ["FCRRA", "FRACR", "MSVRA", "CoCRRA", "CoCRRAExact", "FRACRExact", "Fixed", "Random"]
# Policies for video profiles, most of them of the STAE paper.
__all__ += ["FixedBudget", "FullOffload", "Local", "StaeBudget", "StaeBudgetJoint"]
# Policies for sequential environments, and an upper bound on the value of any policy.
__all__ += [
    "Adaptive",
    "Clairvoyant",
    "EpisodeBound",
    "Lagrangian",
    "LookAhead",
    "Lyapunov",
    "Mpc",
    "Pace",
    "Priced",
    "episode_bound",
]
# Policies that keep answers fresh.
__all__ += [
    "ConvoyFilter",
    "CoupledFilter",
    "Cusum",
    "FourStateFilter",
    "MaxAge",
    "OracleBelief",
    "RoundRobin",
    "StreetBound",
    "Tracker",
    "TwoStateFilter",
]
# The solver `joint`, and an upper bound on the value of any policy.
__all__ += ["Joint", "JointSolution", "UpperBound", "upper_bound"]
# Policies that know the accuracy on each content.
__all__ += ["CoCRRAContent", "ContentAware", "JointContent"]
# The best operating points at given shares (P1), and policies with one point for all users.
__all__ += ["FixedCompression", "best_operating_points", "tune_fixed_point"]
