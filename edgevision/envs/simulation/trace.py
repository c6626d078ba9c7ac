"""`EpisodeTrace`: all randomness of episodes, drawn at reset and independent of actions.

Policies are therefore compared on common random numbers, and a recorded or measured trace can replace a random one.
An episode is a pure function of a block of uniform numbers, so that n episodes need few generator calls and array
operations.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.channel import propagation
from edgevision.envs.channel.gain_trace import windows
from edgevision.envs.config import ScenarioConfig
from edgevision.envs.randomisation import draw_settings, ever_positive, of_episodes, uniforms_needed
from edgevision.envs.simulation.random_processes import autoregressive, busy_slots, standard_normal
from edgevision.errors import ScenarioError, shown
from edgevision.profiles.profile import OperatingPointProfile
from edgevision.storage.disk_files import write_atomically
from edgevision.storage.storage_arrays import pack_arrays, read_arrays

MAX_TRACE_BYTES = 2**32
_WHAT = "episode trace"
#: Numbers that are drawn at a time: 1 MiB.
_MOST_UNIFORMS = 2**17
_WHOLE = ("length", "pool", "content")


class StoredTrace:
    """A dataclass of arrays that is stored as an ``.npz`` file."""

    def save(self, path: Path) -> None:
        """Write the trace to an ``.npz`` file, atomically."""
        write_atomically(Path(path), pack_arrays(vars(self)))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a trace of this kind that ``save`` wrote; arrays that have a default may be missing.

        Raises:
            ScenarioError: the file is missing, not such a trace, or inconsistent.
        """
        stored = read_arrays(Path(path), ScenarioError, MAX_TRACE_BYTES, _WHAT)
        fields = dataclasses.fields(cast(Any, cls))
        missing = [
            field.name for field in fields if field.name not in stored and field.default_factory is dataclasses.MISSING
        ]
        if missing:
            raise ScenarioError(f"{path}: not a readable {_WHAT} (it lacks {', '.join(missing)})")
        try:
            return cls(**{field.name: stored[field.name] for field in fields if field.name in stored})
        except ScenarioError as error:
            raise ScenarioError(f"{path}: not a readable {_WHAT} ({error})") from None


@dataclass(frozen=True, eq=False)
class EpisodeTrace(StoredTrace):
    """All random quantities of N episodes of up to T slots with U users.

    Arrays have one slot more than the longest episode, for the observation after its last step.

    Attributes:
        length: length of each episode, (N,) [slots].
        pool: number of each user's requests in the pool, including the current one, (N, T + 1, U).
        raw_size: raw size D, (N, T + 1, U) [bit].
        deadline: deadline t0, (N, T + 1, U) [s].
        gain_scale: scale delta of the channel gain, (N, T + 1, U) [linear].
        content: index of the content in the profile, (N, T + 1, U).
        fading: uniform in [0, 1); the payload arrives in time iff it is below the success probability, (N, T + 1, U).
        position: coordinates of the users, with the base station at the origin, (N, U, 2) [m].
        settings: settings that vary from episode to episode, (N, V); see `edgevision.envs.randomisation`. By default
            none does.
    """

    length: IntArray
    pool: IntArray
    raw_size: FloatArray
    deadline: FloatArray
    gain_scale: FloatArray
    content: IntArray
    fading: FloatArray
    position: FloatArray
    settings: FloatArray = field(default_factory=lambda: np.zeros(()))

    def __post_init__(self) -> None:
        for name in (part.name for part in dataclasses.fields(self)):
            kind = np.int64 if name in _WHOLE else np.float64
            object.__setattr__(self, name, typed(name, getattr(self, name), kind))
        shape = self.pool.shape
        if len(shape) != 3 or self.length.shape != shape[:1] or self.position.shape != (shape[0], shape[2], 2):
            raise ScenarioError(f"trace: pool must have shape (N, T + 1, U) and match length and position, got {shape}")
        if not self.settings.ndim:
            object.__setattr__(self, "settings", np.zeros((shape[0], 0)))
        if self.settings.ndim != 2 or len(self.settings) != shape[0]:
            raise ScenarioError(f"trace: settings must have shape ({shape[0]}, V), got {self.settings.shape}")
        for name, value in vars(self).items():
            if name not in ("length", "position", "settings") and value.shape != shape:
                raise ScenarioError(f"trace: {name} must have shape {shape}, got {value.shape}")
            least, most = (value.min(), value.max()) if value.size else (0, 0)  # both NaN if there is a NaN
            if not (-np.inf < least and most < np.inf) or (name not in ("position", "settings") and least < 0):
                raise ScenarioError(f"trace: {name} must be finite and >= 0")
        if (self.length < 1).any() or (self.length >= shape[1]).any():
            raise ScenarioError(
                f"trace: length must lie in 1..{shape[1] - 1} (one slot more than the episode is stored)"
            )

    @property
    def active(self) -> BoolArray:
        """Who has a request in each slot, (N, T + 1, U)."""
        return self.pool > 0


def typed(name: str, value: Any, kind: type[np.generic] = np.float64) -> NDArray[Any]:
    """A field of a trace as an array of a type: float64, int64 or bool.

    Raises:
        ScenarioError: it holds something else.
    """
    try:
        return np.asarray(value).astype(kind, casting="safe", copy=False)
    except (TypeError, ValueError):  # ValueError: lists of different lengths
        wanted = {np.int64: "whole numbers", np.bool_: "truth values"}.get(kind, "numbers")
        raise ScenarioError(f"trace: {name} must be an array of {wanted}, got {shown(value)}") from None


def draw_traces(
    config: ScenarioConfig,
    profile: OperatingPointProfile,
    members: IntArray,
    generators: Sequence[np.random.Generator],
    gains: FloatArray | None = None,
) -> EpisodeTrace:
    """Draw one episode from each generator.

    Args:
        config: the scenario.
        profile: the scenario's profile.
        members: indices of the contents that may be drawn.
        generators: one random generator per episode.
        gains: recorded gains of the scenario's ``gain_trace``, (L, M) [dB].
    """
    size = max(1, _MOST_UNIFORMS // (5 * (config.slots[1] + 1) * config.users))
    groups = [generators[start : start + size] for start in range(0, len(generators), size)]
    parts = [_draw_group(config, profile, members, group, gains) for group in groups]
    # Slots come first in memory, so that all environments' numbers of a slot lie in one piece.
    arrays = {
        name: np.concatenate([part[name].swapaxes(0, 1) for part in parts], axis=1).swapaxes(0, 1)
        if value.ndim == 3 and name != "position"
        else np.concatenate([part[name] for part in parts])
        for name, value in parts[0].items()
    }
    return EpisodeTrace(**arrays)


def _draw_group(
    config: ScenarioConfig,
    profile: OperatingPointProfile,
    members: IntArray,
    generators: Sequence[np.random.Generator],
    gains: FloatArray | None,
) -> dict[str, NDArray[Any]]:
    """The arrays of a trace of some episodes, few enough for the cache."""
    n, slots, users = len(generators), config.slots[1] + 1, config.users
    per_slot = 5 * slots * users
    uniforms = np.empty((n, per_slot + 5 * users + 1))
    # Drawn only if used, so that the episodes of scenarios without it do not depend on it.
    walk = np.empty((n, 2, slots, users) if ever_positive(config, "shadowing_walk_db") else (n, 0))
    bursts = np.empty((n, slots + 1 if ever_positive(config, "burst_share") else 0))
    varying = np.empty((n, uniforms_needed(config)))
    recorded = np.empty((n, 0 if gains is None else 2))
    for *blocks, generator in zip(uniforms, walk, bursts, varying, recorded, generators, strict=True):
        for block in blocks:
            generator.random(out=block)
    settings = draw_settings(config, varying)
    config = of_episodes(config, settings)
    by_slot = np.ascontiguousarray(uniforms[:, :per_slot].reshape(n, 5, slots, users).transpose(1, 2, 0, 3))
    arrivals, size, deadline, content, fading = by_slot.swapaxes(1, 2)
    place = uniforms[:, per_slot:-1].reshape(n, 5, 1, users).swapaxes(0, 1)
    low, high = config.slots
    chosen = members.take((content * len(members)).astype(np.int64))
    position, gain_scale = _place_users(config, place)
    gain_scale = _walk(config, walk, np.broadcast_to(gain_scale, fading.shape))
    if gains is not None:
        gain_scale = propagation.gain_scale_from_loss(-windows(gains, recorded, users, slots), config.fading)
    return {
        "length": low + np.floor(uniforms[:, -1] * (high - low + 1)).astype(np.int64),
        "pool": np.maximum(_request_pool(config, arrivals), _in_burst(config, bursts)[..., None]),
        "raw_size": _raw_sizes(config, profile, size, chosen),
        "deadline": _between(config.deadline_ms, deadline) * 1e-3,
        "gain_scale": gain_scale,
        "content": chosen,
        "fading": fading,
        "position": position[:, 0],
        "settings": settings,
    }


def _between(bounds: tuple[float, float], uniform: FloatArray) -> FloatArray:
    return bounds[0] + (bounds[1] - bounds[0]) * uniform


def _raw_sizes(
    config: ScenarioConfig, profile: OperatingPointProfile, uniform: FloatArray, content: IntArray
) -> FloatArray:
    """Raw sizes [bit]: drawn from the scenario's range if the profile is relative, else the sizes of the contents."""
    if profile.relative:
        return _between(config.size_mbit, uniform) * 1e6
    return (8.0 * profile.raw_size).take(content)


def _walk(config: ScenarioConfig, uniforms: FloatArray, gain_scale: FloatArray) -> FloatArray:
    """Gain scales (N, T, U) with shadowing that varies from slot to slot, from uniforms (N, 2, T, U).

    The shadowing in dB is a stationary autoregressive process of order 1: Gudmundson's model for users that move.
    """
    if not uniforms.size:
        return gain_scale
    radius, angle = np.ascontiguousarray(uniforms.transpose(1, 2, 0, 3)).swapaxes(1, 2)
    steps = standard_normal(radius, angle)
    walk = autoregressive(steps, np.reshape(config.shadowing_correlation, (-1, 1)))
    return gain_scale * 10.0 ** (0.1 * config.shadowing_walk_db * walk)


def _request_pool(config: ScenarioConfig, uniform: FloatArray) -> IntArray:
    """Requests waiting per user at the start of each slot, (N, T, U).

    In each slot, Poisson arrivals come and one request per user is served (Lindley's recursion).
    """
    if config.traffic == "full-buffer":
        return np.ones(uniform.shape, np.int64)
    pool = _poisson(config.arrivals_per_slot, uniform)
    for slot in range(1, pool.shape[1]):
        pool[:, slot] += np.maximum(pool[:, slot - 1] - 1, 0)
    return pool


def _in_burst(config: ScenarioConfig, uniforms: FloatArray) -> BoolArray:
    """Whether every user has a request, (N, T), from uniforms (N, T + 1); never, (N, 1), without them."""
    if not uniforms.size:
        return np.zeros((len(uniforms), 1), bool)
    share, busy = np.ravel(config.burst_share), np.ravel(config.burst_slots)
    calm_slots = busy * (1.0 - share) / np.maximum(share, 1e-300)
    return busy_slots((calm_slots, busy), uniforms[:, 0], uniforms[:, 1:])


def _poisson(mean: FloatArray | float, uniform: FloatArray) -> IntArray:
    """Poisson numbers from uniforms (N, T, U), by inversion: how many k have P(X <= k) <= u, for a mean below 1."""
    found = np.zeros(uniform.shape, np.int64)
    cumulative: FloatArray | float = 0.0
    for k in range(24):  # after which the probability is 1 in float64
        cumulative = cumulative + np.exp(-mean) * mean**k / math.factorial(k)
        above = uniform >= cumulative
        if not above.any():
            break
        found += above
    return found


def _place_users(config: ScenarioConfig, uniforms: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Positions (N, 1, U, 2) [m] and gain scales (N, 1, U) from 5 uniforms per user, (5, N, 1, U)."""
    radius, angle, sight, normal_radius, normal_angle = uniforms
    inner, outer = propagation.MIN_DISTANCE_M, config.cell_radius_m
    distance = np.sqrt(inner**2 + (outer**2 - inner**2) * radius)  # uniform on the ring
    direction = 2.0 * np.pi * angle
    position = np.stack([distance * np.cos(direction), distance * np.sin(direction)], axis=-1)
    if config.propagation == "fixed":
        return position, np.full(distance.shape, config.gain_scale)
    line_of_sight = sight < propagation.line_of_sight_probability(distance)
    loss = propagation.path_loss_db(
        distance, line_of_sight, config.carrier_ghz, config.base_station_height_m, config.user_height_m
    )
    normal = standard_normal(normal_radius, normal_angle)
    spread = np.where(line_of_sight, propagation.SHADOWING_LOS_DB, propagation.SHADOWING_NLOS_DB)
    return position, propagation.gain_scale_from_loss(loss + spread * normal, config.fading)
