"""``EdgeVision/Stream-v0``: cameras along a street send frames so that the edge's answers stay right."""

from __future__ import annotations

from typing import Any

from edgevision.envs.environment import OffloadingEnv
from edgevision.envs.stream.stream_config import StreamConfig
from edgevision.envs.stream.stream_simulator import StreamSimulator
from edgevision.envs.stream.stream_view import STREAM_VIEW
from edgevision.envs.vector_environment import OffloadingVectorEnv


class StreamEnv(OffloadingEnv, common_page=False):
    """Cameras along a street keep the edge's answers fresh, and see only noisy signs of change: a sequential problem.

    ## Description
    Twelve cameras along a street watch what passes. The edge keeps the last answer of each camera. In every slot of
    0.5 s a camera scores if that answer is right for what it sees now. Nobody tells the controller that a scene has
    changed. It knows a noisy change score of each camera, and what the edge reported with each answer. Convoys pass
    from camera to camera, so that what one camera saw, the next will see a few slots later. The problem is when to
    send, and how well: filtering for video analytics, scored by the time for which answers are right. A discount factor
    of 0.9 to 0.95 is reasonable.

    One slot, in this order: scenes change; each camera gets a change score; the controller decides; a frame that
    arrives within the slot is answered, and the edge keeps the answer; each camera scores.

    *Scenes.* A scene changes by itself with probability 0.01 per slot. Traffic is busy or calm for 20 or 40 slots on
    average. Per direction a convoy enters with probability 0.03 per slot (busy) or 0.00375 (calm). It takes 2 to 6
    slots from camera to camera, and is in view for 1 slot plus a geometric number with mean 5, the same at all cameras.
    A camera sees it with probability 0.95. The scene changes when it comes into view, and again when it leaves. Each
    new scene has a content of the profile, and contents of one camera are alike in difficulty.

    *Signs.* The change score is normal noise, plus about 1 if the scene is not that of the last frame that was
    delivered. Scenes differ in that mean, and cameras in the level of the noise; both are unknown.

    *Channel.* Path loss follows 3GPP TR 38.901 UMi without line of sight, for a base station behind the houses.
    Shadowing has 4 dB and a correlation of 0.95 from slot to slot. Fading is Rayleigh, new in each slot. All cameras
    share the band; each has its own power. The bytes of a frame are those of its content, which are known only after
    encoding: controllers plan with the mean bytes of a level.

    *Batteries.* By default no battery runs empty. With `battery_frames`, the battery of each camera lasts for a number
    of frames in the whole episode, and each frame that is sent costs one of them, whatever its power: waking and
    encoding dominate. A frame that is spent on a doubtful sign is then missing later.

    *Reports.* A frame that is lost changes nothing, and the device knows that it is lost. With an answer the edge
    reports a noisy confidence, whether the answer differs from the one before (wrong with probability 0.03), and
    whether an event is in view (0.05). The device itself knows a feature of the frame that it encoded.

    ## Action Space
    `Box(-1, 1, (U, 4))`, one row per camera:

    | Num | Action | Min | Max |
    |-----|--------|-----|-----|
    | 0 | send a frame if above 0 | -1 | 1 |
    | 1 | compression level: [-1, 1] cut into K equal cells, from least to most compressed | -1 | 1 |
    | 2 | bandwidth: 3 x this is a softmax logit among the cameras that send | -1 | 1 |
    | 3 | power: p_max x 10^(2 (a - 1)) | -1 | 1 |

    Cameras that do not send get nothing. An action outside [-1, 1], of a wrong shape or with NaN raises
    `InvalidActionError`. `allocate` takes an `Allocation` (hertz and watts) instead of an action; a camera with
    bandwidth or power 0 does not send. The largest power of a camera whose battery is empty is 0.

    ## Observation Space
    `Dict(users=Box(-4, 4, (U, 43)), cell=Box(-4, 4, (4,)), active=Box(0, 1, (U,)))`. "Changed" means that the scene is
    not that of the last frame that was delivered. Probabilities 11-14 are those of the filter of a single camera with
    the mean rates of the scenario, `edgevision.envs.stream.four_states`.

    | Num | Observation (`users`) | Min | Max | Unit |
    |-----|-----------------------|-----|-----|------|
    | 0-7 | the newest 8 change scores, newest first | -4 | 4 | 2 noise levels |
    | 8-10 | moving averages of the score, weights 0.5, 0.25 and 0.08 | -4 | 4 | noise level |
    | 11-14 | log probability: same background, same event, changed background, changed event | -4 | 4 | 4 |
    | 15 | whether the edge has no answer yet | -4 | 4 | 1 |
    | 16 | slots since the last delivery, at most 40 | -4 | 4 | 20 slots |
    | 17-18 | whether a frame was delivered, or lost, in the slot before | -4 | 4 | 1 |
    | 19 | 1 if its answer differs from the one before, -1 if not, 0 without a delivery | -4 | 4 | 1 |
    | 20 | 1 if the newest answer says that an event is in view, else -1 | -4 | 4 | 1 |
    | 21 | exp(-slots since an answer said so / 6) | -4 | 4 | 1 |
    | 22 | confidence of the newest answer, minus 0.5 | -4 | 4 | 1 |
    | 23 | feature of its frame | -4 | 4 | 2 standard deviations |
    | 24 | its level: 1 is the most compressed, -1 the least | -4 | 4 | 1 |
    | 25 | probability that it is right if the scene is the same | -4 | 4 | 1 |
    | 26-27 | share of the band that the middle and the most compressed level need, plus 0.5 | -4 | 4 | log10, halved |
    | 28 | place along the street: -1 is the first camera, 1 the last | -4 | 4 | 1 |
    | 29 | frames that the battery still lasts for, at most 20 | -4 | 4 | 10 frames |
    | 30 | the same per slot left, at most 1 | -4 | 4 | 1 |
    | 31-42 | half the score, probability of a change and of an event, of the cameras at -2, -1, 1 and 2 | -4 | 4 | 1 |

    | Num | Observation (`cell`) | Min | Max | Unit |
    |-----|----------------------|-----|-----|------|
    | 0 | share of the episode that is over | -4 | 4 | 1 |
    | 1 | mean probability of a changed scene | -4 | 4 | 1 |
    | 2 | mean probability of an event | -4 | 4 | 1 |
    | 3 | slots left, at most 10 | -4 | 4 | 10 slots |

    | Num | Observation (`active`) | Min | Max | Unit |
    |-----|------------------------|-----|-----|------|
    | 0 .. U - 1 | 1: every camera can send in every slot | 0 | 1 | 1 |

    ## Rewards
    The mean over the cameras of w x whether the answer that the edge holds is right for the scene now, over the mean
    of w. The weight w is 10 while an event is in view, else 1, and its mean is that of the scenario, so that an episode
    with many events can score above 1. `info` holds the terms: `in_time` and `accuracy`, here
    whether the answer held is for the present scene and whether it is right (means over the cameras, and per camera as
    `user_in_time` and `user_accuracy`); `sent`, the number of frames; and per camera `operating_point`,
    `bandwidth` [Hz], `power` [W], `energy` [J], `probability` that a frame arrives, and `delivered`.

    `privileged` in `info` is the truth that a controller must not use, and from which a belief can be learned: an index
    into the four states of observations 11-14, in the slot just decided and before anything was sent.

    ## Starting State
    The edge has no answers. Traffic is stationary: convoys enter from 60 slots before the episode on. The place of the
    base station along the street is uniform. `reset` draws all randomness of an episode, which does not depend on
    actions; `reset(options={"trace": trace})` replays a `StreamTrace`.

    ## Episode End
    Truncation after `episode_slots` slots (150). Episodes never terminate.

    ## Arguments
    Every field of `edgevision.envs.StreamConfig` is a keyword, and `preset` names a set of them. `street` is the
    default. `street-hard` has two thirds of the band, weaker scores, and convoys that are faster and shorter. With
    `street-battery` the batteries last for 3 to 12 frames.
    `independent` is a control: events at one camera say nothing about another, and the filter of a single camera knows
    all rates. Train on `content_split="train"` and report on `content_split="test"`.

    ## Version History
    * v0: first version.
    """

    default_preset = "street"
    config_type = StreamConfig
    simulator_type = StreamSimulator
    view = STREAM_VIEW

    def _scene(self) -> Any:
        from edgevision.envs.drawing.stream_rendering import StreamScene

        simulator = self.simulator
        assert isinstance(simulator, StreamSimulator)  # noqa: S101 - `simulator_type` says so
        return StreamScene.of(simulator, self._last)

    def _as_text(self, scene: Any) -> str:
        from edgevision.envs.drawing.stream_rendering import stream_text

        return stream_text(scene)

    def _make_renderer(self, *, window: bool) -> Any:
        from edgevision.envs.drawing.stream_rendering import StreamRenderer

        return StreamRenderer(window=window)


class StreamVectorEnv(OffloadingVectorEnv):
    """Vector environment of n `StreamEnv`, whose docstring describes it: n sequential problems."""

    default_preset = "street"
    config_type = StreamConfig
    simulator_type = StreamSimulator
    view = STREAM_VIEW
