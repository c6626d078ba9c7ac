"""``EdgeVision/Video-v0``: clips are compressed in time and space and offloaded, or classified on the device."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgevision.envs.environment import OffloadingEnv
from edgevision.envs.vector_environment import OffloadingVectorEnv
from edgevision.errors import ScenarioError
from edgevision.profiles.video_grid import AXES, GRID, video_coder

if TYPE_CHECKING:
    from edgevision.envs.drawing.rendering import Renderer, Scene
    from edgevision.envs.drawing.video_rendering import ContentPictures
    from edgevision.profiles.profile import OperatingPointProfile


class VideoEnv(OffloadingEnv):
    """Cameras send parts of a clip before a deadline, or classify it themselves: a contextual bandit.

    ## Description
    The system model of the STAE paper (section II) with several users. Each request is a clip. Its camera keeps
    alpha of 16 frames and a share beta of their pixels, and sends these as bytes (`plain`) or entropy-coded
    (`entropy`); or it sends nothing and runs the classifier itself on the kept frames (`local`). The deadline covers
    communication and computation (eqs. 2-4): t = S / gamma + tFA + tSA + tEE + tED + tFR + tViT, with sizes, times and
    accuracies of a profile. The rate gamma varies in time: shadowing is an autoregressive process from slot to slot,
    and each slot has new fading. All users share B_max and P_max; a user that computes locally still gets the minimum.
    Cameras are `raspberry-pi-like` (9 times the profile's device times), and the edge takes 0.25 times its edge times;
    `docs/reference-machine.md` tells what these times are, and where both factors come from.

    ## Action Space
    `Box(-1, 1, (U, 5))`, one row per user; A = 3:

    | Num | Action | Min | Max |
    |-----|--------|-----|-----|
    | 0 | frames: [-1, 1] cut into 5 equal cells, 16, 8, 4, 2, 1 | -1 | 1 |
    | 1 | pixels: 7 equal cells, 100 %, 90 % .. 40 %; no effect for `local` | -1 | 1 |
    | 2 | mode: 3 equal cells, `plain`, `entropy`, `local` | -1 | 1 |

    A profile of a video codec has the mode `h264` or `h265` in place of `entropy`. Its second number is the quality of
    the video, from best to worst; it has no effect for `plain`, which sends whole frames, and for `local`.

    ## Observation Space
    F is the profile's number of content features. The 4 points are 16 frames x 100 % of the pixels, 16 x 40 %,
    1 x 100 % and 1 x 40 %, all `entropy`.

    ## Rewards
    The mean over the active users of P(t <= t0) times whether the classifier was right on this clip at this operating
    point. A local answer is in time if its computing time meets the deadline. `transmission="sampled"` draws arrival
    instead of scoring its probability, `accuracy="mean"` scores the population accuracy, `accuracy="live"` with
    `outcomes=` runs codec and classifier.

    ## Starting State
    Users are uniform on the cell's disc, clips uniform over `content_split`, deadlines uniform in 50..200 ms.

    ## Arguments
    The preset is `stae-video`; `stae-published` is the setting of the paper's Fig. 5(b) and scores population
    accuracies. With `pictures=` (a `ContentPictures`), `render` shows the kept parts of each clip; without it, the
    budgets.

    ## Version History
    * v0: first version.
    """

    default_preset = "stae-video"

    def __init__(self, *, pictures: ContentPictures | None = None, **settings: Any) -> None:
        """Build the environment.

        Args:
            pictures: makes pictures of compressed clips for ``render``; ``None`` draws the budgets.
            **settings: as for `OffloadingEnv`.

        Raises:
            UnknownNameError: no such preset, setting or profile.
            ScenarioError: the settings contradict each other, or the profile is not for video.
        """
        super().__init__(**settings)
        _check_axes(self.simulator.profile)
        self._pictures = pictures

    def _as_text(self, scene: Scene) -> str:
        from edgevision.envs.drawing.rendering import as_text
        from edgevision.envs.drawing.video_rendering import budget_texts

        return as_text(
            scene,
            "frames, pixels, mode",
            budget_texts(scene.operating_point.tolist(), video_coder(self.simulator.profile)),
        )

    def _make_renderer(self, *, window: bool) -> Renderer:
        from edgevision.envs.drawing.video_rendering import VideoRenderer

        return VideoRenderer(window=window, pictures=self._pictures, coder=video_coder(self.simulator.profile))


class VideoVectorEnv(OffloadingVectorEnv):
    """Vector environment of n `VideoEnv`, whose docstring describes it: n contextual bandits."""

    default_preset = "stae-video"

    def __init__(self, num_envs: int = 1, **settings: Any) -> None:
        """Build the environment; arguments and errors as for `OffloadingVectorEnv`.

        Raises:
            ScenarioError: the profile is not for video, or another setting is wrong.
        """
        super().__init__(num_envs, **settings)
        _check_axes(self.simulator.profile)


def _check_axes(profile: OperatingPointProfile) -> None:
    if profile.grid != GRID or profile.axis_names != AXES:
        raise ScenarioError(
            f"EdgeVision/Video-v0 needs a profile of {' x '.join(AXES)} {GRID}, {profile.name!r} has "
            f"{' x '.join(profile.axis_names)} {profile.grid}; use a video profile or another environment id"
        )
