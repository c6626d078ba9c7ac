"""``EdgeVision/Video-v0``: clips compressed in time and space, offloaded or classified on the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgevision.envs.environment import OffloadingEnv
from edgevision.envs.vector_environment import OffloadingVectorEnv
from edgevision.errors import ScenarioError
from edgevision.profiles.video_grid import AXES, GRID

if TYPE_CHECKING:
    from edgevision.envs.rendering import Renderer, Scene
    from edgevision.envs.video_rendering import ContentPictures
    from edgevision.profiles.profile import OperatingPointProfile


class VideoEnv(OffloadingEnv):
    """Cameras send the frames and pixels of a clip that matter, or classify it themselves, before a deadline.

    ## Description
    The system model of the STAE paper (section II) with several users. Each request is a clip. Its camera keeps
    alpha of 16 frames and a share beta of their pixels, and sends these as bytes (`plain`) or entropy-coded
    (`entropy`); or it sends nothing and runs the classifier itself on the kept frames (`local`). The deadline covers
    communication and computation (eqs. 2-4): t = S / gamma + tFA + tSA + tEE + tED + tFR + tViT, with sizes, times and
    accuracies of a profile. The rate gamma varies in time: shadowing is an autoregressive process from slot to slot,
    fading is drawn anew in each. All users share B_max and P_max; one that computes locally still holds the minimum.

    ## Action Space
    `Box(-1, 1, (U, 5))`, one row per user:

    | Num | Action | Min | Max |
    |-----|--------|-----|-----|
    | 0 | frames: [-1, 1] cut into 5 equal cells, 16, 8, 4, 2, 1 | -1 | 1 |
    | 1 | pixels: 7 equal cells, 100 %, 90 % .. 40 %; without effect for `local` | -1 | 1 |
    | 2 | mode: 3 equal cells, `plain`, `entropy`, `local` | -1 | 1 |
    | 3 | bandwidth: 4 x this is a softmax logit for what is left of B_max after every active user's B_min | -1 | 1 |
    | 4 | power: the same for P_max and P_min | -1 | 1 |

    ## Observation Space
    `Dict(users=Box(-4, 4, (U, 7 + F)), cell=Box(-4, 4, (5,)), active=MultiBinary(U))` with the F content features of
    the profile (`env.unwrapped.simulator.profile.feature_names`). Rows of inactive users are zero.

    | Num | Observation (`users`) | Min | Max |
    |-----|-----------------------|-----|-----|
    | 0 | signal-to-noise ratio delta P_max / (N0 B_max) [50 dB], minus 1 | -4 | 4 |
    | 1 | log10 of raw size over an equal share's capacity within the deadline | -4 | 4 |
    | 2 | log10 of the deadline over 100 ms | -4 | 4 |
    | 3-6 | log10 of payload, `entropy`, over an equal share's capacity in the time left, at 4 budgets | -4 | 4 |
    | 7.. | content features, standardised | -4 | 4 |

    The 4 budgets are 16 frames x 100 %, 16 x 40 %, 1 x 100 % and 1 x 40 %; the time left is what computing leaves.

    | Num | Observation (`cell`) | Min | Max |
    |-----|----------------------|-----|-----|
    | 0 | share of users that are active | -4 | 4 |
    | 1 | log10 of B_max [MHz] | -4 | 4 |
    | 2 | log10 of P_max [100 mW] | -4 | 4 |
    | 3 | U B_min / B_max | -4 | 4 |
    | 4 | U P_min / P_max | -4 | 4 |

    ## Rewards
    The mean over the active users of P(t <= t0) times the accuracy at the operating point; 0 in a slot without
    requests. What is computed locally is in time if computing is. `transmission="sampled"` draws arrival instead of
    scoring its probability; with a measured profile `accuracy="replay"` scores whether the classifier was right on
    this clip, `accuracy="live"` with `outcomes=` runs codec and classifier.
    `info` holds the terms, as for `EdgeVision/Paper-v0`.

    ## Starting State
    Users uniform on the cell's disc; Poisson arrivals into a request pool; clips uniform over `content_split`.

    ## Episode End
    Truncation after `episode_slots` slots (50). Episodes never terminate.

    ## Arguments
    Every field of `edgevision.envs.ScenarioConfig` is a keyword, and `preset` names a set of them: `stae-video`, or
    `stae-published` for the setting of the paper's Fig. 5(b). `pictures=` (a `ContentPictures`) lets `render` show
    what is kept of each clip; without it the budgets are drawn.

    ## Version History
    * v0: first version.
    """

    default_preset = "stae-video"

    def __init__(self, *, pictures: ContentPictures | None = None, **settings: Any) -> None:
        """Build the environment.

        Args:
            pictures: shows what is kept of a clip, for ``render``; ``None`` draws the budgets.
            **settings: as for `OffloadingEnv`.

        Raises:
            UnknownNameError: no such preset, setting or profile.
            ScenarioError: the settings contradict each other, or the profile is not one of videos.
        """
        super().__init__(**settings)
        _check_axes(self.simulator.profile)
        self._pictures = pictures

    def _as_text(self, scene: Scene) -> str:
        from edgevision.envs.rendering import as_text
        from edgevision.envs.video_rendering import budget_texts

        return as_text(scene, "frames, pixels, mode", budget_texts(scene.operating_point.tolist()))

    def _make_renderer(self, *, window: bool) -> Renderer:
        from edgevision.envs.video_rendering import VideoRenderer

        return VideoRenderer(window=window, pictures=self._pictures)


class VideoVectorEnv(OffloadingVectorEnv):
    """`VideoEnv`, n at a time."""

    default_preset = "stae-video"

    def __init__(self, num_envs: int = 1, **settings: Any) -> None:
        """Build ``num_envs`` environments; see `OffloadingVectorEnv`, and `VideoEnv` for all but ``pictures``."""
        super().__init__(num_envs, **settings)
        _check_axes(self.simulator.profile)


def _check_axes(profile: OperatingPointProfile) -> None:
    if profile.grid != GRID or profile.axis_names != AXES:
        raise ScenarioError(
            f"EdgeVision/Video-v0 needs a profile of {' x '.join(AXES)} {GRID}, {profile.name!r} has "
            f"{' x '.join(profile.axis_names)} {profile.grid}; use a video profile or another environment id"
        )
