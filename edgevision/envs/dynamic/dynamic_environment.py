"""``EdgeVision/Dynamic-v0``: patrolling cameras with batteries decide when to send."""

from __future__ import annotations

from typing import Any

from edgevision.envs.dynamic.dynamic_config import DynamicConfig
from edgevision.envs.dynamic.dynamic_simulator import DynamicSimulator
from edgevision.envs.dynamic.dynamic_view import DYNAMIC_VIEW
from edgevision.envs.environment import OffloadingEnv
from edgevision.envs.vector_environment import OffloadingVectorEnv


class DynamicEnv(OffloadingEnv, common_page=False):
    """Patrolling cameras with small batteries share a narrow carrier, and requests may wait: a sequential problem.

    ## Description
    Six cameras move there and back on known routes through a 3GPP street-canyon cell. Requests arrive in bursts and
    wait in a queue for 2 to 12 seconds. In each slot of 0.5 s the controller decides which cameras send, how
    compressed, and with what bandwidth and energy. Battery, permission to wait and a channel that changes along the
    route make now and later compete, so that foresight pays. A discount factor of 0.98 is reasonable.

    One slot, in this order: new requests join the queues; the controller decides; a request that is sent leaves its
    queue, heard or not, and costs power x 0.5 s; all other requests are a slot older, and those whose time is over are
    lost. A camera sends at most one request in a slot, the one with the fewest slots left. When a request comes to a
    full queue, that one is dropped.

    Path loss and line of sight follow 3GPP TR 38.901 UMi; a camera sees the base station where the probability of line
    of sight exceeds its own draw. Shadowing (4 or 7.82 dB) is correlated over 13 m. Fading is Rayleigh, new in each
    slot. A scene is calm or busy for 24 or 8 slots on average, with 0.1 or 0.7 requests per slot.

    ## Action Space
    `Box(-1, 1, (U, 4))`, one row per camera:

    | Num | Action | Min | Max |
    |-----|--------|-----|-----|
    | 0 | send the request at the head of the queue if above 0 | -1 | 1 |
    | 1 | compression level: [-1, 1] cut into K equal cells, from least to most compressed | -1 | 1 |
    | 2 | bandwidth: 3 x this is a softmax logit among the cameras that send | -1 | 1 |
    | 3 | power: p_max x 10^(2 (a - 1)), and at most what the battery can give | -1 | 1 |

    Cameras that do not send get nothing, and energy that is not used stays in the battery. An action outside [-1, 1],
    of a wrong shape or with NaN raises `InvalidActionError`. `allocate` takes an `Allocation` (hertz and watts) instead
    of an action; a camera with bandwidth or power 0 does not send. There is no shared power budget: the problem's
    `max_power` holds the largest power of each camera.

    ## Observation Space
    `Dict(users=Box(-4, 4, (U, 21 + F)), cell=Box(-4, 4, (4,)), active=Box(0, 1, (U,)))`. F is 0, or with
    `accuracy="replay"` the number of content features of the profile. Mean gains along the route are known, as for a
    patrol that has been driven before; future shadowing and arrivals are not. The energy left is the battery and what
    the camera will harvest before the last slot.

    | Num | Observation (`users`) | Min | Max | Unit |
    |-----|-----------------------|-----|-----|------|
    | 0 | whether a request waits | -4 | 4 | 1 |
    | 1 | signal-to-noise ratio at the largest power over the whole bandwidth, minus 1 | -4 | 4 | 50 dB |
    | 2 | shadowing | -4 | 4 | 10 dB |
    | 3 | whether the camera sees the base station | -4 | 4 | 1 |
    | 4 | gain of the place without shadowing, plus 115 dB | -4 | 4 | 20 dB |
    | 5-8 | the same in 2, 4, 8 and 16 slots, relative to now | -4 | 4 | 20 dB |
    | 9-10 | the same in 32 and 64 slots, relative to now | -4 | 4 | 20 dB |
    | 11-12 | best and mean gain on the rest of the route, relative to now | -4 | 4 | 20 dB |
    | 13 | energy left per expected request over a slot at the largest power: log10 / 2 + 1 | -4 | 4 | 1 |
    | 14 | share of the battery that is left | -4 | 4 | 1 |
    | 15-16 | slots left for the head and for the request behind it | -4 | 4 | longest deadline |
    | 17 | requests waiting | -4 | 4 | length of the queue |
    | 18 | moving average of the arrivals | -4 | 4 | requests per slot |
    | 19-20 | payload at the least and at the most compressed level over what the band carries | -4 | 4 | log10 |
    | 21 .. 20 + F | features of the content, standardised | -4 | 4 | standard deviations |

    | Num | Observation (`cell`) | Min | Max | Unit |
    |-----|----------------------|-----|-----|------|
    | 0 | slots left plus 1 | -4 | 4 | log10, halved |
    | 1 | slots left, at most 10 | -4 | 4 | 10 slots |
    | 2 | share of the cameras with a request | -4 | 4 | 1 |
    | 3 | bandwidth | -4 | 4 | log10 of 1 MHz |

    | Num | Observation (`active`) | Min | Max | Unit |
    |-----|------------------------|-----|-----|------|
    | 0 .. U - 1 | always 1: a camera without a request still has a battery and a future | 1 | 1 | 1 |

    ## Rewards
    The sum over the cameras that send of P(in time) x the accuracy of the level, divided by the mean number of
    arrivals in a slot. The mean reward of an episode is therefore about the share of its requests that are answered
    right and in time. Evaluations report that share itself: right answers over requests that arrived.
    `accuracy="replay"` scores whether the recorded answer for the content was right, `transmission="sampled"` draws
    whether the payload is in time. `info` holds the terms: `arrivals`, `sent`, `dropped` and `expired` requests,
    `in_time` and `accuracy` (means over those that send), and per camera `user_in_time`, `user_accuracy`,
    `operating_point`, `bandwidth` [Hz], `power` [W], `energy` that was spent [J] and `harvested` energy [J].

    ## Starting State
    Places on the route are uniform, queues hold at most the first arrival, batteries are log-uniform in 12.5..125 mJ.
    `reset` draws all randomness of an episode, which does not depend on actions; `reset(options={"trace": trace})`
    replays a `DynamicTrace`.

    ## Episode End
    Truncation after `episode_slots` slots (100). Episodes never terminate. Energy that is left then is worth nothing.

    ## Arguments
    Every field of `edgevision.envs.DynamicConfig` is a keyword, and `preset` names a set of them: `patrol` is the
    default, `patrol-scarce` has a quarter of the energy. For example
    `gymnasium.make("EdgeVision/Dynamic-v0", preset="patrol-scarce", users=10)`.

    These options are off by default. With one of them on, the rest of the episode of a seed stays the same.

    * `harvest_mj_per_slot=(low, high)`: each camera has a solar cell, whose energy per slot is drawn uniformly from the
      range at reset and stays constant. The battery gains it after each slot. It holds at most its charge at the start;
      what does not fit is lost. Controllers know the harvest (`Outlook.harvest`), agents only as energy left.
    * `encoding_mj`: each request that is sent costs this energy beside radiation, heard or not. A camera whose battery
      holds no more than that cannot send: its `max_power` is 0.
    * `csi_delay_slots`, `csi_error_db`: controllers see the gain of some slots ago (at first, that of the first slot),
      times an error that is normal in decibel with this standard deviation and new in each slot. The true gain scores.
      Route and line of sight stay known.
    * `modulation="cqi"`: the rate is bandwidth x the efficiency of the highest of 15 steps (3GPP TS 38.214, table
      5.2.2.1-3) that Shannon's rate allows, instead of Shannon's rate itself. A payload that needs more than 7.4063
      bit/s/Hz never arrives. Codes are assumed to reach Shannon's rate at each step.

    ## Version History
    * v0: first version.
    """

    default_preset = "patrol"
    config_type = DynamicConfig
    simulator_type = DynamicSimulator
    view = DYNAMIC_VIEW

    def _scene(self) -> Any:
        from edgevision.envs.drawing.dynamic_rendering import DynamicScene

        simulator = self.simulator
        assert isinstance(simulator, DynamicSimulator)  # noqa: S101 - `simulator_type` says so
        return DynamicScene.of(simulator, self._last)

    def _as_text(self, scene: Any) -> str:
        from edgevision.envs.drawing.dynamic_rendering import dynamic_text

        return dynamic_text(scene)

    def _make_renderer(self, *, window: bool) -> Any:
        from edgevision.envs.drawing.dynamic_rendering import DynamicRenderer

        return DynamicRenderer(window=window)


class DynamicVectorEnv(OffloadingVectorEnv):
    """Vector environment of n `DynamicEnv`, whose docstring describes it: n sequential problems."""

    default_preset = "patrol"
    config_type = DynamicConfig
    simulator_type = DynamicSimulator
    view = DYNAMIC_VIEW
