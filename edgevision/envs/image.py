"""``EdgeVision/Image-v0``: measured image compression in a 3GPP cell."""

from __future__ import annotations

from edgevision.envs.environment import OffloadingEnv
from edgevision.envs.vector_environment import OffloadingVectorEnv


class ImageEnv(OffloadingEnv):
    """Cameras in a 3GPP street-canyon cell send compressed images; rewards replay what a real classifier answered.

    ## Description
    Eight cameras share an LTE-M carrier (1.08 MHz, 200 mW in total) to an edge server. Positions, line of sight and
    shadowing follow 3GPP TR 38.901 UMi street canyon, drawn once per episode. Each request is an image that was
    really compressed at every operating point and really classified: its bytes, and whether the answer was right,
    are replayed from a measured profile. Content differs per request, and the controller sees features of it that
    the device knows before it compresses. The deadline covers measured device and edge times besides sending.

    ## Action Space
    `Box(-1, 1, (U, 3))`, one row per user:

    | Num | Action | Min | Max |
    |-----|--------|-----|-----|
    | 0 | compression level: [-1, 1] cut into K equal cells, from least to most compressed | -1 | 1 |
    | 1 | bandwidth: 4 x this is a softmax logit for what is left of B_max after every active user's B_min | -1 | 1 |
    | 2 | power: the same for P_max and P_min | -1 | 1 |

    ## Observation Space
    `Dict(users=Box(-4, 4, (U, 7 + F)), cell=Box(-4, 4, (5,)), active=MultiBinary(U))` with the F content features of
    the profile (`env.unwrapped.simulator.profile.feature_names`). Rows of inactive users are zero.

    | Num | Observation (`users`) | Min | Max |
    |-----|-----------------------|-----|-----|
    | 0 | signal-to-noise ratio delta P_max / (N0 B_max) [50 dB], minus 1 | -4 | 4 |
    | 1 | log10 of raw size over an equal share's capacity within the deadline | -4 | 4 |
    | 2 | log10 of the deadline over 100 ms | -4 | 4 |
    | 3-6 | log10 of this content's payload over an equal share's capacity at 4 evenly spaced levels | -4 | 4 |
    | 7.. | content features, standardised | -4 | 4 |

    | Num | Observation (`cell`) | Min | Max |
    |-----|----------------------|-----|-----|
    | 0 | share of users that are active | -4 | 4 |
    | 1 | log10 of B_max [MHz] | -4 | 4 |
    | 2 | log10 of P_max [100 mW] | -4 | 4 |
    | 3 | U B_min / B_max | -4 | 4 |
    | 4 | U P_min / P_max | -4 | 4 |

    ## Rewards
    The mean over the active users of P(t <= t0) times whether the classifier was right on this content at this
    level; 0 in a slot without requests. `transmission="sampled"` draws arrival instead of scoring its probability,
    `accuracy="mean"` scores the population accuracy, `accuracy="live"` with `outcomes=` runs codec and classifier.
    `info` holds the terms, as for `EdgeVision/Paper-v0`.

    ## Starting State
    Users uniform on the cell's disc; Poisson arrivals into a request pool; contents uniform over `content_split`.

    ## Episode End
    Truncation after `episode_slots` slots (50). Episodes never terminate.

    ## Arguments
    Every field of `edgevision.envs.ScenarioConfig` is a keyword, and `preset` names a set of them. Train on
    `content_split="train"` and report on `content_split="test"`: the same image is never in both.

    ## Version History
    * v0: first version.
    """

    default_preset = "umi-image"


class ImageVectorEnv(OffloadingVectorEnv):
    """`ImageEnv`, n at a time."""

    default_preset = "umi-image"
