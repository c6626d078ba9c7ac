"""`street_bound`: no policy scores more in an episode of ``EdgeVision/Stream-v0``, whatever it knows. Source: ours.

The bandwidth of slot t couples the cameras, and the battery of camera u its slots. Prices lambda_t of the band and mu_u
of a frame, both >= 0, relax them, and then the cameras separate. Who knows scenes, answers and channels faces for each
camera a decision process with two states, right and wrong, in which only the fading is random. With A the value after
the decision and w the weight of a right answer in the slot,

    A(right) = w + V'(right),   A(wrong) = V'(wrong),
    B = A(wrong) + max(0, max_b [F(b) (A(right) - A(wrong)) - lambda_t b - mu_u]),

where F(b) is the probability that a right frame arrives with a share b of the band. V(right) is A(right) while the
scene lasts; all else is B. For any prices the sum of V over the cameras, plus the prices of all bands and of all frames
in the batteries, is at least the expected score of any policy: Lagrangian duality. Prices are found by multiplicative
subgradient steps.

*The maximum over b.* A right frame has F(b) = exp(-c(b)) with c(b) = nu b (e^(a / b) - 1), which is convex. Tangents of
c therefore give upper bounds of F that are exponential between the points where two tangents meet. What is maximised is
then convex between these points, so that its largest value at them is an upper bound. All levels with a right answer
have the same nu; the one with the smallest a is the best for every b.

*One episode.* A score of one episode depends on luck with the fading. With

    luck = sum over frames of (arrived - F) x (value of the answer if it arrives - value of the one held),

whose mean is 0 for every policy, score - luck is at most the bound in every single episode (Brown, Smith and Sun,
Information relaxations and duality in stochastic dynamic programs, 2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgevision.arrays import BoolArray, FloatArray
from edgevision.envs.stream.stream_simulator import StreamSimulator
from edgevision.envs.stream.stream_trace import StreamTrace

_STEPS = 40
_FIRST_PRICE, _FIRST_FRAME_PRICE, _LEAST_PRICE, _LARGEST_PRICE = 0.04, 0.02, 1e-7, 10.0
#: Success probabilities at which tangents are laid.
_TANGENTS = (0.001, 0.03, 0.2, 0.45, 0.65, 0.78, 0.86, 0.91, 0.945, 0.965, 0.98, 0.99, 0.997)
_HARDEST = 700.0  # exponents beyond it mean that nothing arrives
_COSTLIEST = 1e300  # so are costs beyond it, and sums of a few of them are finite
_SLACK = 1e-9
_EPISODES_AT_A_TIME = 32


@dataclass(frozen=True, eq=False)
class StreetBound:
    """Upper bounds on N episodes of T slots with U cameras.

    Attributes:
        value: no policy has a larger sum of rewards, in expectation over the fading, (N,).
        slots: slots of each episode, (N,).
        bandwidth_price: lambda of the whole band in each slot, (N, T) [reward].
        frame_price: mu, (N, U) [reward].
        answer_value: A(right) - A(wrong): what a right answer is worth from each slot on, (N, T, U) [reward].
    """

    value: FloatArray
    slots: FloatArray
    bandwidth_price: FloatArray
    frame_price: FloatArray
    answer_value: FloatArray

    @property
    def score(self) -> FloatArray:
        """Bound on the mean reward per slot, (N,)."""
        return self.value / self.slots

    def luck(
        self, slot: int, delivered: BoolArray, probability: FloatArray, right: BoolArray, right_if: BoolArray
    ) -> FloatArray:
        """What the fading of a slot gave by luck, (N,) [reward]; its mean is 0 for every policy.

        Args:
            slot: index of the slot.
            delivered: which frames arrived, (N, U).
            probability: with which they arrive, 0 for cameras that do not send, (N, U).
            right: whether the answer held before was right for the scene, (N, U).
            right_if: whether the answer to the frame is right, (N, U).
        """
        change = right_if.astype(np.float64) - right
        return ((delivered - probability) * change * self.answer_value[:, slot]).sum(axis=1)


def street_bound(simulator: StreamSimulator, steps: int = _STEPS) -> StreetBound:
    """Bound the episodes that have begun in a simulator.

    Args:
        simulator: simulator whose environments have episodes; it is not changed.
        steps: steps that improve the prices; more make the bound tighter, slightly.

    Raises:
        gymnasium.error.ResetNeeded: no episode has begun.
    """
    trace: StreamTrace = simulator.trace
    groups = [slice(start, start + _EPISODES_AT_A_TIME) for start in range(0, simulator.n, _EPISODES_AT_A_TIME)]
    parts = [_bound_group(_Episodes.of(simulator, trace, group), steps) for group in groups]
    columns = ([getattr(part, name) for part in parts] for name in StreetBound.__dataclass_fields__)
    return StreetBound(*map(np.concatenate, columns))


@dataclass(frozen=True, eq=False)
class _Episodes:
    """What the bound needs of N episodes.

    Attributes:
        changes: whether the scene is a new one, (T, N, U).
        weight: what a right answer adds to the reward, (T, N, U).
        share: bandwidth of each choice, (T, J, N, U).
        success: upper bound on the probability that a right frame arrives with it, (T, J, N, U).
        battery: frames that each camera may send, (N, U).
    """

    changes: BoolArray
    weight: FloatArray
    share: FloatArray
    success: FloatArray
    battery: FloatArray

    @classmethod
    def of(cls, simulator: StreamSimulator, trace: StreamTrace, group: slice) -> _Episodes:
        config, slots = simulator.config, simulator.config.episode_slots
        scene, event = trace.scene[group, :slots], trace.event[group, :slots]
        changes = np.diff(scene, axis=1, prepend=scene[:, :1] - 1) != 0
        exponent = frame_exponents(simulator).min(axis=1)[trace.content[group, :slots]]
        noise = config.noise_density * config.bandwidth / (config.power * trace.gain_scale[group, :slots])
        share, success = choices(exponent, noise)
        weight = np.where(event, config.event_weight, 1.0) / (config.mean_weight * config.users)
        share, success = (np.ascontiguousarray(np.moveaxis(part, (1, 3), (0, 1))) for part in (share, success))
        battery = np.minimum(trace.battery[group], slots).astype(np.float64)
        return cls(changes.swapaxes(0, 1), weight.swapaxes(0, 1), share, success, battery)


def frame_exponents(simulator: StreamSimulator) -> FloatArray:
    """a = S ln 2 / (B t) of each content and level, (J, K); infinite where the answer is wrong or always late."""
    config, profile = simulator.config, simulator.profile
    airtime = config.slot_time - simulator.compute_time
    assert profile.correct is not None  # noqa: S101 - the simulator requires recorded answers
    with np.errstate(divide="ignore"):
        exponent = np.log(2.0) * 8.0 * profile.size / (config.bandwidth * np.maximum(airtime, 0.0))
    return np.where(profile.correct, exponent, np.inf)


def success_of(exponent: FloatArray, noise: FloatArray, share: FloatArray) -> FloatArray:
    """F(b) = exp(-c(b)) for a = ``exponent``, nu = ``noise`` and b = ``share``."""
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(-noise * share * np.expm1(np.minimum(exponent / share, _HARDEST))))


def choices(exponent: FloatArray, noise: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shares of the band at which an upper bound on F(b) has its corners, and its values there, (..., J) each.

    Args:
        exponent: a, (...); infinite if no answer is right.
        noise: nu = N0 B / (p g), (...).
    """
    possible = np.isfinite(exponent)
    a, nu = np.where(possible, exponent, 1.0)[..., None], noise[..., None]
    at = shares_with(a, nu, -np.log(np.asarray(_TANGENTS)))
    ratio = np.minimum(a / at, _HARDEST)
    # Less noise only raises F: where nothing arrives anyway, it keeps costs and slopes finite.
    nu = np.minimum(nu, _COSTLIEST / (np.exp(ratio) * (1.0 + ratio)))
    cost, slope = nu * at * np.expm1(ratio), nu * (np.exp(ratio) * (1.0 - ratio) - 1.0)
    start = cost - slope * at  # tangents of c: start + slope b
    with np.errstate(divide="ignore", invalid="ignore"):
        meet = (start[..., :-1] - start[..., 1:]) / (slope[..., 1:] - slope[..., :-1])
    meet = np.clip(np.where(np.isfinite(meet), meet, at[..., 1:]), at[..., :-1], at[..., 1:])
    # The last tangent bounds F up to the whole band, or to where it reaches 1.
    with np.errstate(divide="ignore", invalid="ignore"):
        certain = -start[..., -1:] / slope[..., -1:]
    last = np.where(certain < 1.0, certain, 1.0)
    share = np.concatenate([np.zeros(last.shape), meet, last], axis=-1)
    # Rounding may move a corner away from where two tangents meet; the smaller cost is then the safe one.
    corner = np.minimum(start[..., :-1] + slope[..., :-1] * meet, start[..., 1:] + slope[..., 1:] * meet)
    cost = np.concatenate([start[..., :1], corner, start[..., -1:] + slope[..., -1:] * last], axis=-1)
    success = np.exp(-cost)
    return share, np.where(possible[..., None], success, 0.0)


def shares_with(exponent: FloatArray, noise: FloatArray, cost: FloatArray) -> FloatArray:
    """Shares b in (0, 1] with about c(b) = ``cost``, by bisection on log b; tangents are valid wherever they touch."""
    low, high = np.broadcast_arrays(np.full(exponent.shape, -12.0), np.zeros(cost.shape))
    low, high = (np.array(end) for end in (low, high))
    for _ in range(24):
        middle = 0.5 * (low + high)
        share = np.exp(middle)
        with np.errstate(over="ignore"):
            too_little = noise * share * np.expm1(np.minimum(exponent / share, _HARDEST)) > cost
        low, high = np.where(too_little, middle, low), np.where(too_little, high, middle)
    return np.exp(high)


def _bound_group(episodes: _Episodes, steps: int) -> StreetBound:
    slots, n = episodes.changes.shape[:2]
    price = np.full((slots, n), _FIRST_PRICE)
    limited = episodes.battery < slots
    frame_price = np.where(limited, _FIRST_FRAME_PRICE, 0.0)
    best, best_price, best_frame_price = np.full(n, np.inf), price, frame_price
    for step in range(steps):
        value, _, choice = _backward(episodes, price, frame_price)
        better = value < best
        best, best_price = np.where(better, value, best), np.where(better, price, best_price)
        best_frame_price = np.where(better[:, None], frame_price, best_frame_price)
        band, frames = _forward(episodes, choice)
        pace = 0.5 / (1.0 + step / 15.0)
        over = np.clip(band - 1.0, -1.0, 2.0)
        price = np.clip(price * np.exp(pace * over), _LEAST_PRICE, _LARGEST_PRICE)
        over = np.clip(np.log(np.maximum(frames, 1e-9) / np.maximum(episodes.battery, 1e-9)), -1.0, 1.0)
        raised = np.clip(frame_price * np.exp(pace * over), _LEAST_PRICE, _LARGEST_PRICE)
        frame_price = np.where(limited, raised, 0.0)
    value, answer_value, _ = _backward(episodes, best_price, best_frame_price)
    return StreetBound(
        value=value * (1.0 + _SLACK) + _SLACK,
        slots=np.full(n, float(slots)),
        bandwidth_price=best_price.T.copy(),
        frame_price=best_frame_price,
        answer_value=np.ascontiguousarray(answer_value.swapaxes(0, 1)),
    )


def _backward(
    episodes: _Episodes, price: FloatArray, frame_price: FloatArray
) -> tuple[FloatArray, FloatArray, np.ndarray]:
    """The bound (N,), the value of a right answer (T, N, U), and the best choice, -1 for none, (T, N, U)."""
    slots, n, users = episodes.changes.shape
    right, wrong = np.zeros((2, n, users))
    answer_value, choice = np.zeros((slots, n, users)), np.zeros((slots, n, users), np.int64)
    for slot in range(slots - 1, -1, -1):
        right = right + episodes.weight[slot]
        answer_value[slot] = right - wrong
        net = episodes.success[slot] * answer_value[slot] - price[slot][:, None] * episodes.share[slot]
        picked = net.argmax(axis=0)
        gain = np.take_along_axis(net, picked[None], axis=0)[0] - frame_price
        choice[slot] = np.where(gain > 0, picked, -1)
        wrong = wrong + np.maximum(gain, 0.0)
        right = np.where(episodes.changes[slot], wrong, right)
    return wrong.sum(axis=1) + price.sum(axis=0) + (frame_price * episodes.battery).sum(axis=1), answer_value, choice


def _forward(episodes: _Episodes, choice: np.ndarray) -> tuple[FloatArray, FloatArray]:
    """Mean share of the band that the best choices use, (T, N), and their mean number of frames, (N, U)."""
    right, used = np.zeros(choice.shape[1:]), np.zeros(choice.shape[:2])
    frames = np.zeros(choice.shape[1:])
    for slot in range(len(choice)):
        right = np.where(episodes.changes[slot], 0.0, right)
        sends = np.where(choice[slot] >= 0, 1.0 - right, 0.0)
        picked = np.maximum(choice[slot], 0)[None]
        share, success = (
            np.take_along_axis(part[slot], picked, axis=0)[0] for part in (episodes.share, episodes.success)
        )
        used[slot] = (sends * share).sum(axis=1)
        right = right + sends * success
        frames += sends
    return used, frames
