"""Paired rollouts: the same episode, continued by the same policy from states that differ. Source: ours.

All randomness of an episode is drawn at its start, so that two continuations differ only by what the difference in
their states causes. There are two pairs of them:

- with and without the request at the head of a queue, after a slot in which that camera sends nothing: the difference
  is a sample of what the request is worth if it waits;
- with a larger and a smaller battery: the difference is a sample of what the energy between them is worth.

The means of these samples over what a controller cannot know are the marginal values of the policy. To charge for
sending what it costs later is to improve the policy by one step.

All cameras of a cell are changed at once, each with a random sign. A camera is counted by its own right answers, less
the bandwidth that it used at the price that cleared each slot: to first order, that is what the others lost by it. What
the changes of other cameras do to it has mean 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.baselines.dynamic.price_view import PRICE_VIEW, at_prices, reference_prices
from edgevision.baselines.dynamic.priced import Priced
from edgevision.envs.allocation import Allocation
from edgevision.envs.dynamic.dynamic_simulator import DynamicSimulator
from edgevision.envs.problem import SlotProblem

#: Actions (N, U, 2) of `PRICE_VIEW` for N slots.
Act = Callable[[SlotProblem], FloatArray]

#: Share of the requests that may wait that are taken away in one of two continuations.
_ASKED = 0.75


@dataclass(frozen=True, eq=False)
class Samples:
    """M samples of marginal values, in cells of U cameras.

    Attributes:
        users: observation of the cameras, (M, U, F).
        cell: observation of the cell, (M, G).
        camera: which camera each sample is about, (M,).
        waits: whether its request was taken away, (M,).
        waiting_value: right answers that are lost without it, (M,); only noise where none was taken away.
        energy: difference in energy, (M,) [J].
        energy_value: right answers that it brings, (M,).
        reference: price of energy and value of waiting at action 0, (M, 2).
    """

    users: NDArray[np.float32]
    cell: NDArray[np.float32]
    camera: IntArray
    waits: BoolArray
    waiting_value: FloatArray
    energy: FloatArray
    energy_value: FloatArray
    reference: FloatArray


def paired_rollouts(
    simulator: DynamicSimulator, act: Act, slot: int, energy_step: float, gamma: float, rng: np.random.Generator
) -> tuple[Samples, int]:
    """Sample the marginal values of all U cameras of N environments in a slot.

    Args:
        simulator: simulator at the start of N episodes; it is left in the slot.
        act: the policy that plays them.
        slot: slot in which the continuations part.
        energy_step: share of the battery by which it is raised or lowered.
        gamma: discount factor of rewards after ``slot``.
        rng: draws the signs of the changes.

    Returns:
        N U samples, and the number of environment steps.
    """
    for _ in range(slot):
        simulator.step(Priced().act(at_prices(act(simulator.problem), simulator.problem)))
    problem, n = simulator.problem, simulator.n
    shape = problem.active.shape
    asked = (problem.future.slack > 1) & (rng.random(shape) < _ASKED)
    sign = np.where(rng.random(shape) < 0.5, 1.0, -1.0)
    nothing = np.zeros(shape, bool)
    dropped = np.concatenate([asked & (sign < 0), asked & (sign > 0), nothing, nothing])
    step = energy_step * sign
    factors = np.concatenate([np.ones((2 * n, shape[1])), 1.0 + step, 1.0 - step])
    silent = np.concatenate([asked, asked, nothing, nothing])
    branches = simulator.copies(np.tile(np.arange(n), 4))
    branches.intervene(dropped, branches.battery * factors)
    with_it, without_it, more, less = _worth(branches, act, silent, gamma).reshape(4, *shape)
    observation = PRICE_VIEW.observe(problem)
    samples = Samples(
        users=np.repeat(observation["users"], shape[1], axis=0),
        cell=np.repeat(observation["cell"], shape[1], axis=0),
        camera=np.tile(np.arange(shape[1]), n),
        waits=asked.ravel(),
        waiting_value=(sign * (with_it - without_it)).ravel(),
        energy=(2.0 * energy_step * simulator.battery).ravel(),
        energy_value=(sign * (more - less)).ravel(),
        reference=np.stack(reference_prices(problem), axis=-1).reshape(-1, 2),
    )
    return samples, n * slot + branches.n * (simulator.config.episode_slots - slot)


def _worth(simulator: DynamicSimulator, act: Act, silent: BoolArray, gamma: float) -> FloatArray:
    """Discounted right answers of each camera less the price of its bandwidth, to the end of the episodes, (N, U).

    Cameras in ``silent`` (N, U) send nothing in the first slot.
    """
    worth, weight = np.zeros(silent.shape), 1.0
    for later in range(simulator.config.episode_slots - int(simulator.slot[0])):
        problem = simulator.problem
        allocation, price = Priced().clear(at_prices(act(problem), problem))
        if later == 0:
            band, power = (np.where(silent, 0.0, part) for part in (allocation.bandwidth, allocation.power))
            allocation = Allocation(allocation.operating_point, band, power)
        outcome = simulator.step(allocation)
        right = outcome.in_time * outcome.accuracy
        # What is left of the band is given away, so that a camera may get more than it would pay for.
        paid = price[:, None] * allocation.bandwidth / problem.bandwidth_budget[:, None]
        worth += weight * (right - np.minimum(paid, right))
        weight *= gamma
    return worth
