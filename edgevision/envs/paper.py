"""``EdgeVision/Paper-v0``: the published system model."""

from __future__ import annotations

from edgevision.envs.environment import OffloadingEnv
from edgevision.envs.vector_environment import OffloadingVectorEnv


class PaperEnv(OffloadingEnv):
    """The system model of the Co-CRRA paper as a contextual bandit: analytic success, published accuracy curve.

    ## Description
    U cameras share an uplink of B_max [Hz] and P_max [W] to an edge server. In every slot the users with a request
    get a compression ratio o, a bandwidth b and a power p. The payload S = D (1 - o) arrives within the deadline
    t0 with probability P(t <= t0) = 2 Q(x), x = (2^(S / (b t0)) - 1) N0 b / (p delta) (eq. 2); the answer is then
    right with probability eta(o).

    ## Action Space
    `Box(-1, 1, (U, 3))`, one row per user; A = 1:

    | Num | Action | Min | Max |
    |-----|--------|-----|-----|
    | 0 | compression: [-1, 1] cut into 99 equal cells, o = 0.01 .. 0.99 | -1 | 1 |

    ## Observation Space
    F = 0: requests have no content, only a size. The 4 points are spaced evenly from o = 0.01 to 0.99.

    ## Rewards
    The mean of Phi = eta(o) P(t <= t0) over the active users (eqs. 3, 4).

    ## Starting State
    Sizes D are uniform in 10..20 Mbit, deadlines uniform in 50..100 ms; all users have the same gain scale delta.

    ## Arguments
    The preset is `paper`; `paper-printed` has the sizes exactly as the paper prints them. For example
    `gymnasium.make("EdgeVision/Paper-v0", users=10, bandwidth_mhz=15.0, success_model="chernoff")`.

    ## Version History
    * v0: first version.
    """

    default_preset = "paper"


class PaperVectorEnv(OffloadingVectorEnv):
    """Vector environment of n `PaperEnv`, whose docstring describes it: n contextual bandits."""

    default_preset = "paper"
