"""`StreamTrace`: all randomness of episodes of ``EdgeVision/Stream-v0``, drawn at reset and independent of actions.

A scene lasts until it changes by itself, or until an event begins or ends. Each new scene has a content; contents are
ordered by difficulty, and a Gaussian copula makes the scenes of one camera alike in it. Shadowing is an autoregressive
process of order 1, and fading is Rayleigh, new in each slot.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.channel import propagation
from edgevision.envs.simulation.random_processes import autoregressive, standard_normal
from edgevision.envs.simulation.trace import StoredTrace, typed
from edgevision.envs.stream.convoys import passages, uniforms_needed
from edgevision.envs.stream.stream_config import StreamConfig
from edgevision.errors import ScenarioError

_PER_SLOT, _PER_CAMERA, _PER_EPISODE = 14, 4, 1
#: Types of the arrays of a trace; the others hold numbers.
_TYPES: dict[str, type[np.generic]] = {
    "scene": np.int64,
    "event": np.bool_,
    "content": np.int64,
    "battery": np.int64,
}
_SIGNED = ("score", "noise", "confidence_noise", "position")


@dataclass(frozen=True, eq=False)
class StreamTrace(StoredTrace):
    """All random quantities of N episodes of T slots with U cameras.

    Arrays have one slot more than the episode, for the observation after its last step.

    Attributes:
        scene: number of each camera's scene, counted from 0, (N, T + 1, U).
        event: whether an event is in view, (N, T + 1, U).
        content: index of the scene's content in the profile, (N, T + 1, U).
        score: mean change score while the scene is not that of the last frame that was delivered,
            (N, T + 1, U).
        noise: noise of the change score, (N, T + 1, U).
        gain_scale: mean gain with shadowing, (N, T + 1, U) [linear].
        fading: uniform in [0, 1); a frame arrives in time iff it is below the success probability, (N, T + 1, U).
        confidence_noise: standard normal noise of the confidence that the edge reports, (N, T + 1, U).
        change_report: uniform in [0, 1); small values make the edge report a wrong change, (N, T + 1, U).
        event_report: the same for events, (N, T + 1, U).
        position: coordinates of the cameras, with the base station at the origin, (N, U, 2) [m].
        battery: frames that the battery of each camera lasts for, (N, U).
    """

    scene: IntArray
    event: BoolArray
    content: IntArray
    score: FloatArray
    noise: FloatArray
    gain_scale: FloatArray
    fading: FloatArray
    confidence_noise: FloatArray
    change_report: FloatArray
    event_report: FloatArray
    position: FloatArray
    battery: IntArray

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = typed(field.name, getattr(self, field.name), _TYPES.get(field.name, np.float64))
            object.__setattr__(self, field.name, value)
        shape = self.content.shape
        if len(shape) != 3 or shape[1] < 2:
            raise ScenarioError(f"trace: content must have shape (N, T + 1, U) with T >= 1, got {shape}")
        other = {"position": (shape[0], shape[2], 2), "battery": (shape[0], shape[2])}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            expected = other.get(field.name, shape)
            if value.shape != expected:
                raise ScenarioError(f"trace: {field.name} must have shape {expected}, got {value.shape}")
            if not np.isfinite(value).all() or (field.name not in _SIGNED and (value < 0).any()):
                raise ScenarioError(f"trace: {field.name} must be finite, and >= 0 unless it is a score or a place")
        if not (self.gain_scale > 0).all():
            raise ScenarioError("trace: gain_scale must be > 0")


def draw_stream_traces(
    config: StreamConfig, by_difficulty: IntArray, generators: Sequence[np.random.Generator]
) -> StreamTrace:
    """Draw one episode from each generator.

    Args:
        config: the scenario.
        by_difficulty: indices of the contents that may be drawn, in the order of their difficulty.
        generators: one random generator per episode.
    """
    n, slots, users = len(generators), config.episode_slots + 1, config.users
    cameras, traffic = _PER_CAMERA * users, uniforms_needed(config, slots)
    sizes = (_PER_SLOT * slots * users, cameras, _PER_EPISODE, traffic, users)
    uniforms = np.empty((n, sum(sizes)))
    for row, generator in zip(uniforms, generators, strict=True):
        generator.random(out=row)
    parts = np.split(uniforms, np.cumsum(sizes[:-1]), axis=1)
    changes, *pairs, fading, change_report, event_report = parts[0].reshape(n, _PER_SLOT, slots, users).swapaxes(0, 1)
    difficulty, strength, noise, shadow, confidence = (
        standard_normal(radius, angle) for radius, angle in zip(pairs[::2], pairs[1::2], strict=True)
    )
    own_difficulty, loudness = (
        standard_normal(*pair) for pair in parts[1].reshape(n, 2, 2, users).transpose(1, 2, 0, 3)
    )
    event, edge = passages(config, parts[3], slots).mark((n, slots, users))
    change = edge | (changes < config.changes_per_slot)
    change[:, 0] = True
    latent = np.sqrt(config.alike) * own_difficulty[:, None] + np.sqrt(1.0 - config.alike) * difficulty
    rank = np.minimum((_normal_cdf(latent) * len(by_difficulty)).astype(np.int64), len(by_difficulty) - 1)
    position = _positions(config, parts[2][:, 0])
    return StreamTrace(
        scene=np.cumsum(change, axis=1) - 1,
        event=event,
        content=_held(by_difficulty[rank], change),
        score=_held(config.score_mean * _lognormal(strength, config.score_spread, mean=True), change),
        noise=noise * _lognormal(loudness, config.noise_spread)[:, None],
        gain_scale=_gains(config, position, shadow),
        fading=fading,
        confidence_noise=confidence,
        change_report=change_report,
        event_report=event_report,
        position=position,
        battery=_log_uniform(*config.battery_frames, parts[4]),
    )


def _log_uniform(least: int, most: int, uniform: FloatArray) -> IntArray:
    """Whole numbers from ``least`` to ``most``, whose logarithms are about uniform."""
    return np.minimum((least * ((most + 1) / least) ** uniform).astype(np.int64), most)


def _held(new: np.ndarray, change: BoolArray) -> np.ndarray:
    """The value of ``new`` in the slot of the last change, (N, slots, U)."""
    slot = np.where(change, np.arange(change.shape[1])[:, None], 0)
    return np.take_along_axis(new, np.maximum.accumulate(slot, axis=1), axis=1)


def _lognormal(normal: FloatArray, spread: float, *, mean: bool = False) -> FloatArray:
    """Log-normal variables of median 1, or of mean 1."""
    return np.asarray(np.exp(spread * normal - (0.5 * spread**2 if mean else 0.0)))


def _normal_cdf(value: FloatArray) -> FloatArray:
    """The normal distribution function, to 3e-4: it only ranks contents. Source: Page, 1977."""
    return np.asarray(0.5 * (1.0 + np.tanh(np.sqrt(2.0 / np.pi) * (value + 0.044715 * value**3))))


def _positions(config: StreamConfig, uniform: FloatArray) -> FloatArray:
    """Coordinates (N, U, 2) [m]; the base station is at the origin, at a place that ``uniform`` (N,) draws."""
    along = config.spacing_m * np.arange(config.users)
    station = along[-1] * uniform[:, None]
    return np.stack(np.broadcast_arrays(along - station, -config.setback_m), axis=-1)


def _gains(config: StreamConfig, position: FloatArray, steps: FloatArray) -> FloatArray:
    """Mean gain with shadowing, (N, slots, U) [linear], without line of sight, from normal steps."""
    loss = propagation.path_loss_db(
        np.hypot(position[..., 0], position[..., 1]),
        False,
        config.carrier_ghz,
        config.base_station_height_m,
        config.user_height_m,
    )
    shadow = autoregressive(steps, config.shadowing_correlation)
    return propagation.gain_scale_from_loss(loss[:, None] + config.shadowing_db * shadow, "rayleigh")
