"""`DynamicTrace`: all randomness of episodes of ``EdgeVision/Dynamic-v0``, drawn at reset and independent of actions.

Routes are chords of a disc around the base station. A camera moves along its chord and back at constant speed. It sees
the base station where 3GPP TR 38.901's probability of line of sight exceeds a number that it keeps for the episode, so
that sight depends on the place only. Shadowing is an autoregressive process whose correlation falls with the distance
covered (Gudmundson, Correlation model for shadow fading in mobile radio systems, 1991). Scenes are calm or busy, a
Markov chain with two states.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.channel import propagation
from edgevision.envs.dynamic.dynamic_config import DynamicConfig
from edgevision.envs.simulation.random_processes import autoregressive, busy_slots, standard_normal
from edgevision.envs.simulation.trace import StoredTrace, typed
from edgevision.errors import ScenarioError

#: Routes pass the base station at least this far away [m], and reach at most this share of the radius.
_NEAREST_M = 10.0
_FARTHEST = 0.95
_PER_SLOT, _PER_CAMERA = 7, 7
#: Types of the arrays of a trace; the others hold numbers.
_TYPES: dict[str, type[np.generic]] = {
    "arrives": np.bool_,
    "line_of_sight": np.bool_,
    "window": np.int64,
    "content": np.int64,
}


@dataclass(frozen=True, eq=False)
class DynamicTrace(StoredTrace):
    """All random quantities of N episodes of T slots with U cameras.

    Arrays have one slot more than the episode, for the observation after its last step. Those with a default belong to
    options of the environment: a file without them is a trace without these options.

    Attributes:
        arrives: whether a new request comes at the start of each slot, (N, T + 1, U).
        window: slots in which that request may be sent, its slot of arrival included, (N, T + 1, U).
        content: index of its content in the profile, (N, T + 1, U).
        route_gain: mean gain at each place of the route, without shadowing, (N, T + 1, U) [linear].
        gain_scale: mean gain with shadowing, (N, T + 1, U) [linear].
        line_of_sight: whether the camera sees the base station, (N, T + 1, U).
        fading: uniform in [0, 1); the payload arrives in time iff it is below the success probability, (N, T + 1, U).
        position: coordinates, with the base station at the origin, (N, T + 1, U, 2) [m].
        correlation: correlation of the shadowing between one slot and the next, (N, U).
        battery: energy at the start, which is also the most that the battery holds, (N, U) [J].
        harvest: energy that each camera gains after every slot, (N, U) [J]; by default 0.
        gain_error: factor on the gain of each slot by which a controller sees it, (N, T + 1, U); by default 1.
    """

    arrives: BoolArray
    window: IntArray
    content: IntArray
    route_gain: FloatArray
    gain_scale: FloatArray
    line_of_sight: BoolArray
    fading: FloatArray
    position: FloatArray
    correlation: FloatArray
    battery: FloatArray
    harvest: FloatArray = field(default_factory=lambda: np.zeros(()))
    gain_error: FloatArray = field(default_factory=lambda: np.ones(()))

    def __post_init__(self) -> None:
        for name in (part.name for part in dataclasses.fields(self)):
            object.__setattr__(self, name, typed(name, getattr(self, name), _TYPES.get(name, np.float64)))
        shape = self.content.shape
        if len(shape) != 3 or shape[1] < 2:
            raise ScenarioError(f"trace: content must have shape (N, T + 1, U) with T >= 1, got {shape}")
        per_camera = (shape[0], shape[2])
        other = {"position": (*shape, 2), **dict.fromkeys(("correlation", "battery", "harvest"), per_camera)}
        for part in dataclasses.fields(self):
            name, value, expected = part.name, getattr(self, part.name), other.get(part.name, shape)
            if value.ndim == 0 and part.default_factory is not dataclasses.MISSING:
                value = np.full(expected, value)
                object.__setattr__(self, name, value)
            if value.shape != expected:
                raise ScenarioError(f"trace: {name} must have shape {expected}, got {value.shape}")
            if not np.isfinite(value).all() or (name != "position" and (value < 0).any()):
                raise ScenarioError(f"trace: {name} must be finite and >= 0")
        if not all((getattr(self, name) > 0).all() for name in ("window", "route_gain", "gain_scale", "gain_error")):
            raise ScenarioError("trace: window, route_gain, gain_scale and gain_error must be > 0")
        if (self.correlation > 1).any():
            raise ScenarioError("trace: correlation must be at most 1")


def draw_dynamic_traces(
    config: DynamicConfig, members: IntArray, generators: Sequence[np.random.Generator]
) -> DynamicTrace:
    """Draw one episode from each generator.

    Args:
        config: the scenario.
        members: indices of the contents that may be drawn.
        generators: one random generator per episode.
    """
    n, slots, users = len(generators), config.episode_slots + 1, config.users
    uniforms = np.empty((n, (_PER_SLOT * slots + _PER_CAMERA) * users))
    # Drawn last and only if used, so that the rest of an episode does not depend on the options.
    harvests = np.empty((n, users if config.harvest_mj_per_slot[1] > 0 else 0))
    errors = np.empty((n, 2, slots, users) if config.csi_error_db > 0 else (n, 0))
    for row, harvest, error, generator in zip(uniforms, harvests, errors, generators, strict=True):
        generator.random(out=row)
        generator.random(out=harvest)
        generator.random(out=error)
    per_slot = uniforms[:, : _PER_SLOT * slots * users].reshape(n, _PER_SLOT, slots, users).swapaxes(0, 1)
    radius, angle, scene, arrival, content, deadline, fading = per_slot
    nearest, speed, phase, direction, sight, first_scene, energy = (
        uniforms[:, _PER_SLOT * slots * users :].reshape(n, _PER_CAMERA, users).swapaxes(0, 1)
    )
    speeds = config.speed_m_per_s[0] + (config.speed_m_per_s[1] - config.speed_m_per_s[0]) * speed
    position = _positions(config, nearest, speeds, phase, direction, slots)
    distance = np.hypot(position[..., 0], position[..., 1])
    line_of_sight = sight[:, None] < propagation.line_of_sight_probability(distance)
    loss = propagation.path_loss_db(
        distance, line_of_sight, config.carrier_ghz, config.base_station_height_m, config.user_height_m
    )
    correlation = np.exp(-speeds * config.slot_time / config.decorrelation_m)
    shadowing = shadowing_db(config, line_of_sight) * autoregressive(standard_normal(radius, angle), correlation)
    low, high = config.deadline_slots
    return DynamicTrace(
        arrives=arrival
        < np.where(busy_slots(config.mean_stay_slots, first_scene, scene), *config.arrivals_per_slot[::-1]),
        window=low + np.floor(deadline * (high - low + 1)).astype(np.int64),
        content=members[np.floor(content * len(members)).astype(np.int64)],
        route_gain=propagation.gain_scale_from_loss(loss, "rayleigh"),
        gain_scale=propagation.gain_scale_from_loss(loss + shadowing, "rayleigh"),
        line_of_sight=line_of_sight,
        fading=fading,
        position=position,
        correlation=correlation,
        battery=1e-3 * config.battery_mj[0] * (config.battery_mj[1] / config.battery_mj[0]) ** energy,
        harvest=_harvest(config, harvests),
        gain_error=_gain_error(config, errors),
    )


def shadowing_db(config: DynamicConfig, line_of_sight: BoolArray) -> FloatArray:
    """Standard deviation of the shadowing with and without line of sight [dB]."""
    spread = np.where(line_of_sight, propagation.SHADOWING_LOS_DB, propagation.SHADOWING_NLOS_DB)
    return config.shadowing_scale * spread


def _harvest(config: DynamicConfig, uniform: FloatArray) -> FloatArray:
    """Energy that each camera gains after every slot [J], (N, U) from uniforms; 0 if there are none."""
    low, high = config.harvest_mj_per_slot
    return 1e-3 * (low + (high - low) * uniform) if high > 0 else np.zeros(())


def _gain_error(config: DynamicConfig, uniform: FloatArray) -> FloatArray:
    """Factor by which controllers see the gains wrong, (N, slots, U) from uniforms (N, 2, slots, U); 1 if none."""
    if not config.csi_error_db > 0:
        return np.ones(())
    return np.asarray(10.0 ** (0.1 * config.csi_error_db * standard_normal(uniform[:, 0], uniform[:, 1])))


def _positions(
    config: DynamicConfig,
    nearest: FloatArray,
    speed: FloatArray,
    phase: FloatArray,
    direction: FloatArray,
    slots: int,
) -> FloatArray:
    """Coordinates (N, slots, U, 2) [m] on chords, from uniforms (N, U) and speeds (N, U) [m/s]."""
    offset = _NEAREST_M + (_FARTHEST * config.cell_radius_m - _NEAREST_M) * nearest
    half = np.sqrt(config.cell_radius_m**2 - offset**2)
    elapsed = np.arange(slots)[:, None] * config.slot_time
    covered = (4.0 * half * phase)[:, None] + speed[:, None] * elapsed
    lap = np.mod(covered, (4.0 * half)[:, None])
    along = np.where(lap < 2.0 * half[:, None], lap - half[:, None], 3.0 * half[:, None] - lap)
    cosine, sine = (np.asarray(part(2.0 * np.pi * direction))[:, None] for part in (np.cos, np.sin))
    return np.stack([along * cosine - offset[:, None] * sine, along * sine + offset[:, None] * cosine], axis=-1)
