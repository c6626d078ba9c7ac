"""``EdgeVision/Image-v0``: measured image compression in a 3GPP cell."""

from __future__ import annotations

from edgevision.envs.environment import OffloadingEnv
from edgevision.envs.vector_environment import OffloadingVectorEnv


class ImageEnv(OffloadingEnv):
    """Cameras in a 3GPP cell send compressed images: a contextual bandit that replays the answers of a classifier.

    ## Description
    Eight cameras share an LTE-M carrier (1.08 MHz, 200 mW in total) to an edge server. Positions, line of sight and
    shadowing follow 3GPP TR 38.901 UMi street canyon, drawn once per episode. Each request is an image that was
    compressed and classified at every operating point; a measured profile replays its bytes and whether the answer was
    right. The controller sees features of each image that the device knows before it compresses. The deadline covers
    sending and the measured device and edge times; `device` names the kind of device (`docs/reference-machine.md`).

    ## Action Space
    `Box(-1, 1, (U, 3))`, one row per user; A = 1:

    | Num | Action | Min | Max |
    |-----|--------|-----|-----|
    | 0 | compression level: [-1, 1] cut into K equal cells, from least to most compressed | -1 | 1 |

    ## Observation Space
    F is the profile's number of content features. The 4 points are spaced evenly from the least to the most
    compressed level; payloads are those of the requested image.

    ## Rewards
    The mean over the active users of P(t <= t0) times whether the classifier was right on this content at this
    level. `transmission="sampled"` draws arrival instead of scoring its probability, `accuracy="mean"` scores the
    population accuracy, `accuracy="live"` with `outcomes=` runs codec and classifier.

    ## Starting State
    Users are uniform on the cell's disc, images uniform over `content_split`, deadlines uniform in 50..100 ms.

    ## Arguments
    The preset is `umi-image`. Train on `content_split="train"` and report on `content_split="test"`: the same image is
    never in both.

    ## Version History
    * v0: first version.
    """

    default_preset = "umi-image"


class ImageVectorEnv(OffloadingVectorEnv):
    """Vector environment of n `ImageEnv`, whose docstring describes it: n contextual bandits."""

    default_preset = "umi-image"
