"""`episode_bound`: no policy gets more right answers in an episode, not even one that knows the future. Source: ours.

A camera sends at most one request in a slot and each request at most once: a matching of requests to the slots of their
windows. Bandwidth of slot t and energy of camera u are limited, which prices lambda_t and mu_u >= 0 relax. For any
prices, with v the best net value of a request in a slot,

    v = max over k, b, p of [eta_k P_k(b, p) - lambda_t b - mu_u (p slot + encoding energy)],

    g = sum_u (best matching of camera u under max(v, 0)) + sum_t lambda_t B + sum_u mu_u E_u

is at least the expected number of right answers of any policy: Lagrangian duality. E_u is the charge at the start and
what is harvested before the last slot. The values are bounded on intervals of bandwidth, not sampled
(`edgevision.baselines.joint.inner_bound`); the matchings are solved exactly. The prices are found by multiplicative
subgradient steps on sampled values, which need no certificate, because any prices are valid. Some rules are dropped,
which only raises g: the request with the fewest slots left goes first, a queue has a limit, a full battery gains
nothing, a controller sees old or wrong gains, and modulation has steps: the rate is always Shannon's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.baselines.dynamic.send_values import SHARES, best_at, thresholds
from edgevision.baselines.joint.inner_bound import Users, inner_maxima
from edgevision.baselines.joint.power_table import power_table
from edgevision.envs.dynamic.dynamic_simulator import DynamicSimulator
from edgevision.envs.dynamic.dynamic_trace import DynamicTrace
from edgevision.imports import require

_TOLERANCE = 2e-5
_SLACK = 1e-7  # per request; covers rounding and the relative excess of 1e-9 that ``Allocation.check`` tolerates
_SAMPLED = SHARES[::2]
_STEPS = 14
_EPISODES_AT_A_TIME = 16
_PAIRS_AT_A_TIME = 8192


@dataclass(frozen=True, eq=False)
class EpisodeBound:
    """Upper bounds on N episodes of T slots with U cameras.

    Attributes:
        value: no policy gets more right answers, in expectation over the fading, (N,).
        requests: number of requests that arrive, (N,).
        bandwidth_price: lambda of the whole band in each slot, (N, T) [successes].
        energy_price: mu, (N, U) [successes / J].
        planned: the slots in which the best matching lets each camera send, (N, T, U).
    """

    value: FloatArray
    requests: IntArray
    bandwidth_price: FloatArray
    energy_price: FloatArray
    planned: BoolArray

    @property
    def score(self) -> FloatArray:
        """Bound on the share of the requests that are answered right, (N,)."""
        return self.value / np.maximum(self.requests, 1)


def episode_bound(simulator: DynamicSimulator, steps: int = _STEPS) -> EpisodeBound:
    """Bound the episodes that have begun in a simulator.

    Args:
        simulator: simulator whose environments have episodes; it is not changed.
        steps: steps that improve the prices; more make the bound tighter, slightly.

    Raises:
        gymnasium.error.ResetNeeded: no episode has begun.
        MissingExtraError: SciPy is not installed (extra ``convex``).
    """
    trace: DynamicTrace = simulator.trace
    groups = [slice(start, start + _EPISODES_AT_A_TIME) for start in range(0, simulator.n, _EPISODES_AT_A_TIME)]
    parts = [_bound_group(simulator, _part(trace, group), steps) for group in groups]
    columns = ([getattr(part, name) for part in parts] for name in EpisodeBound.__dataclass_fields__)
    return EpisodeBound(*map(np.concatenate, columns))


def _part(trace: DynamicTrace, group: slice) -> DynamicTrace:
    return DynamicTrace(**{name: value[group] for name, value in vars(trace).items()})


@dataclass(frozen=True, eq=False)
class _Pairs:
    """All M pairs of a request and a slot in which it may be sent.

    Attributes:
        episode: (M,).
        camera: (M,).
        slot: (M,).
        request: index of the request, (M,).
        users: the pair as a user of its slot, in units of the band and of a camera's largest power.
    """

    episode: IntArray
    camera: IntArray
    slot: IntArray
    request: IntArray
    users: Users


def _pairs(simulator: DynamicSimulator, trace: DynamicTrace) -> _Pairs:
    config, profile = simulator.config, simulator.profile
    episode, arrival, camera = np.nonzero(trace.arrives[:, : config.episode_slots])
    window = np.minimum(trace.window[episode, arrival, camera], config.episode_slots - arrival)
    request = np.repeat(np.arange(len(window)), window)
    later = np.arange(len(request)) - np.repeat(np.cumsum(window) - window, window)
    content = trace.content[episode, arrival, camera][request]
    episode, camera, slot = episode[request], camera[request], arrival[request] + later
    accuracy = np.broadcast_to(profile.accuracy, (len(request), profile.points))
    if config.accuracy == "replay" and profile.correct is not None:
        accuracy = profile.correct[content].astype(np.float64)
    airtime = config.slot_time - simulator.compute_time
    with np.errstate(divide="ignore"):
        exponent = np.log(2.0) * 8.0 * profile.size[content] / (config.bandwidth * np.maximum(airtime, 0.0))
    nothing, everything = np.zeros(len(request)), np.ones(len(request))
    gain = trace.gain_scale[episode, slot, camera]
    users = Users(
        exponent=exponent,
        accuracy=accuracy,
        noise=config.noise_density * config.bandwidth / (gain * config.power),
        least=(nothing, nothing),
        most=(everything, everything),
        table=power_table("rayleigh", "exact"),
    )
    return _Pairs(episode, camera, slot, request, users)


def _bound_group(simulator: DynamicSimulator, trace: DynamicTrace, steps: int) -> EpisodeBound:
    config, pairs = simulator.config, _pairs(simulator, trace)
    n, slots = len(trace.content), config.episode_slots
    per_power = config.slot_time * config.power  # energy of a slot at the largest power
    energy = trace.battery + (slots - 1) * trace.harvest
    bandwidth_price = np.full((n, slots), 0.3)
    energy_price = 0.01 * slots * config.arrival_rate / np.maximum(energy, 1e-30) + 1e-9
    best, prices = np.full(n, np.inf), (bandwidth_price, energy_price)
    rough = replace(pairs.users, exponent=pairs.users.exponent[:, ::2], accuracy=pairs.users.accuracy[:, ::2])
    sampled = thresholds(rough, np.broadcast_to(_SAMPLED, (len(pairs.slot), len(_SAMPLED))), slice(None))
    for step in range(steps):
        value, band, power = _sampled_values(pairs, rough, sampled, bandwidth_price, energy_price * per_power)
        value = value - config.encoding_energy * energy_price[pairs.episode, pairs.camera]
        total, chosen = _match(pairs, value, n, slots)
        bound = total + bandwidth_price.sum(axis=1) + (energy_price * energy).sum(axis=1)
        better = bound < best
        best = np.where(better, bound, best)
        prices = tuple(
            np.where(better[:, None], new, old)
            for new, old in zip((bandwidth_price, energy_price), prices, strict=True)
        )  # type: ignore[assignment]
        used = np.zeros((n, slots))
        np.add.at(used, (pairs.episode[chosen], pairs.slot[chosen]), band[chosen])
        spent = np.zeros(energy.shape)
        np.add.at(
            spent, (pairs.episode[chosen], pairs.camera[chosen]), power[chosen] * per_power + config.encoding_energy
        )
        pace = 1.0 / (1.0 + step / 6.0)
        over = np.log(np.maximum(spent, 1e-300) / np.maximum(energy, 1e-300))
        bandwidth_price = np.clip(bandwidth_price * np.exp(0.8 * pace * np.clip(used - 1.0, -1.0, 1.0)), 1e-5, 5.0)
        energy_price = np.clip(energy_price * np.exp(pace * np.clip(over, -1.0, 1.0)), 1e-9, 1e12)
    bandwidth_price, energy_price = prices
    certified = _certified_values(pairs, bandwidth_price, energy_price * per_power)
    certified = certified - config.encoding_energy * energy_price[pairs.episode, pairs.camera]
    total, chosen = _match(pairs, certified, n, slots)
    requests = trace.arrives[:, :slots].sum(axis=(1, 2))
    planned = np.zeros((n, slots, config.users), bool)
    planned[pairs.episode[chosen], pairs.slot[chosen], pairs.camera[chosen]] = True
    value = total + bandwidth_price.sum(axis=1) + (energy_price * energy).sum(axis=1) + _SLACK * requests
    return EpisodeBound(value, requests, bandwidth_price, energy_price, planned)


def _sampled_values(
    pairs: _Pairs, users: Users, sampled: FloatArray, bandwidth_price: FloatArray, power_price: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Net value, bandwidth and power (shares) of the best sampled choice of each pair, (M,) each."""
    value, _, power = best_at(users, sampled, power_price[pairs.episode, pairs.camera])
    net = value - bandwidth_price[pairs.episode, pairs.slot][:, None] * _SAMPLED
    best = net.argmax(axis=1)
    rows = np.arange(len(best))
    return net[rows, best], _SAMPLED[best], power[rows, best]


def _certified_values(pairs: _Pairs, bandwidth_price: FloatArray, power_price: FloatArray) -> FloatArray:
    """Upper bounds on the net value of each pair, (M,)."""
    prices = np.stack([bandwidth_price[pairs.episode, pairs.slot], power_price[pairs.episode, pairs.camera]])
    parts = []
    for start in range(0, len(pairs.episode), _PAIRS_AT_A_TIME):
        group = slice(start, start + _PAIRS_AT_A_TIME)
        users = pairs.users
        part = Users(
            users.exponent[group],
            users.accuracy[group],
            users.noise[group],
            (users.least[0][group], users.least[1][group]),
            (users.most[0][group], users.most[1][group]),
            users.table,
        )
        parts.append(inner_maxima(part, prices[:, group], _TOLERANCE)[0])
    return np.concatenate(parts) if parts else np.zeros(0)


def _match(pairs: _Pairs, value: FloatArray, episodes: int, slots: int) -> tuple[FloatArray, IntArray]:
    """Value of the best matchings of each episode, (N,), and the pairs that they choose."""
    assign: Any = require("scipy.optimize", "convex").linear_sum_assignment
    total, chosen = np.zeros(episodes), [np.zeros(0, np.int64)]
    useful = np.flatnonzero(value > 0)
    owner = pairs.episode[useful] * (int(pairs.camera.max(initial=0)) + 1) + pairs.camera[useful]
    useful = useful[np.argsort(owner, kind="stable")]
    for group in np.split(useful, np.flatnonzero(np.diff(np.sort(owner))) + 1):
        if not len(group):
            continue
        _, row = np.unique(pairs.request[group], return_inverse=True)
        gains = np.zeros((int(row.max()) + 1, slots))
        index = np.full(gains.shape, -1)
        gains[row, pairs.slot[group]], index[row, pairs.slot[group]] = value[group], group
        matched = assign(gains, maximize=True)
        total[pairs.episode[group[0]]] += gains[matched].sum()
        picked = index[matched]
        chosen.append(picked[picked >= 0])
    return total, np.concatenate(chosen)
