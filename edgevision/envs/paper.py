"""``EdgeVision/Paper-v0``: the published system model."""

from __future__ import annotations

from edgevision.envs.environment import OffloadingEnv
from edgevision.envs.vector_environment import OffloadingVectorEnv


class PaperEnv(OffloadingEnv):
    """The system model of the Co-CRRA paper: analytic success probability with the published accuracy curve.

    ## Description
    U cameras share an uplink of B_max [Hz] and P_max [W] to an edge server. In every slot those with a request
    choose a compression ratio o, a bandwidth b and a power p. The payload S = D (1 - o) arrives within the deadline
    t0 with probability P(t <= t0) = 2 Q(x), x = (2^(S / (b t0)) - 1) N0 b / (p delta) (eq. 2); the answer is then
    right with probability eta(o). Slots are independent of each other: a contextual bandit with U + 2 budgets.

    ## Action Space
    `Box(-1, 1, (U, 3))`, one row per user:

    | Num | Action | Min | Max |
    |-----|--------|-----|-----|
    | 0 | compression: [-1, 1] cut into 99 equal cells, o = 0.01 .. 0.99 | -1 | 1 |
    | 1 | bandwidth: 4 x this is a softmax logit for what is left of B_max after every active user's B_min | -1 | 1 |
    | 2 | power: the same for P_max and P_min | -1 | 1 |

    ## Observation Space
    `Dict(users=Box(-4, 4, (U, 7)), cell=Box(-4, 4, (5,)), active=MultiBinary(U))`. Rows of inactive users are zero.

    | Num | Observation (`users`) | Min | Max |
    |-----|-----------------------|-----|-----|
    | 0 | signal-to-noise ratio delta P_max / (N0 B_max) [50 dB], minus 1 | -4 | 4 |
    | 1 | log10 of raw size over an equal share's capacity within the deadline | -4 | 4 |
    | 2 | log10 of the deadline over 100 ms | -4 | 4 |
    | 3-6 | log10 of payload over an equal share's capacity at 4 evenly spaced operating points | -4 | 4 |

    | Num | Observation (`cell`) | Min | Max |
    |-----|----------------------|-----|-----|
    | 0 | share of users that are active | -4 | 4 |
    | 1 | log10 of B_max [MHz] | -4 | 4 |
    | 2 | log10 of P_max [100 mW] | -4 | 4 |
    | 3 | U B_min / B_max | -4 | 4 |
    | 4 | U P_min / P_max | -4 | 4 |

    ## Rewards
    The mean of Phi = eta(o) P(t <= t0) over the active users (eqs. 3, 4); 0 in a slot without requests.
    `info` holds the terms `in_time`, `accuracy`, `task_success`, `active_users` and, per user, `user_in_time`,
    `user_accuracy`, `operating_point`, `bandwidth` [Hz] and `power` [W].

    ## Starting State
    Sizes D uniform in 10..20 Mbit, deadlines uniform in 50..100 ms, Poisson arrivals into a request pool from which
    one request per user is scheduled in each slot.

    ## Episode End
    Truncation after `episode_slots` slots (50). Episodes never terminate.

    ## Arguments
    Every field of `edgevision.envs.ScenarioConfig` is a keyword, and `preset` names a set of them:
    `gymnasium.make("EdgeVision/Paper-v0", users=10, bandwidth_mhz=15.0, success_model="chernoff")`.

    ## Version History
    * v0: first version.
    """

    default_preset = "paper"


class PaperVectorEnv(OffloadingVectorEnv):
    """`PaperEnv`, n at a time."""

    default_preset = "paper"
