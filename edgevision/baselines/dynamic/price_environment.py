"""``EdgeVision/Dynamic-Price-v0``: ``EdgeVision/Dynamic-v0`` with prices as actions."""

from __future__ import annotations

from edgevision.baselines.dynamic.price_view import PRICE_VIEW
from edgevision.envs.dynamic.dynamic_environment import DynamicEnv, DynamicVectorEnv


class DynamicPriceEnv(DynamicEnv, common_page=False):
    """`EdgeVision/Dynamic-v0` with prices as actions, a sequential problem: an agent prices, and a solver allocates.

    ## Description
    Episodes, rewards and settings are those of `EdgeVision/Dynamic-v0`. Only the action differs, and the observation
    has seven features more. A solver (`edgevision.baselines.Priced`) maximises in each slot the sum of
    P(in time) x accuracy - price x energy - value of waiting over the cameras that send.

    ## Action Space
    `Box(-1, 1, (U, 2))`, one row per camera. Action 0 is the policy `mpc` with its defaults:

    | Num | Action | Min | Max |
    |-----|--------|-----|-----|
    | 0 | price of energy: that of `mpc` times exp(1.6 a) | -1 | 1 |
    | 1 | value of waiting: that of `mpc` plus a / 2, at least 0; 0 for a request in its last slot | -1 | 1 |

    ## Observation Space
    `Dict(users=Box(-4, 4, (U, 28 + F)), cell=Box(-4, 4, (4,)), active=Box(0, 1, (U,)))`: rows 0 to 20 and the other
    parts are those of `EdgeVision/Dynamic-v0`.

    | Num | Observation (`users`) | Min | Max | Unit |
    |-----|-----------------------|-----|-----|------|
    | 21-26 | net value of the request at the price of `mpc` now and in 1, 2, 4, 8, 16 slots | -4 | 4 | successes |
    | 27 | value of waiting of `mpc` | -4 | 4 | successes |
    | 28 .. 27 + F | features of the content, standardised | -4 | 4 | standard deviations |

    ## Rewards
    Those of `EdgeVision/Dynamic-v0`.

    ## Starting State
    That of `EdgeVision/Dynamic-v0`; equal seeds give equal episodes.

    ## Episode End
    Truncation after `episode_slots` slots (100). Episodes never terminate.

    ## Arguments
    Those of `EdgeVision/Dynamic-v0`.

    ## Version History
    * v0: first version.
    """

    view = PRICE_VIEW


class DynamicPriceVectorEnv(DynamicVectorEnv):
    """Vector environment of n `DynamicPriceEnv`, whose docstring describes it: n sequential problems."""

    view = PRICE_VIEW
