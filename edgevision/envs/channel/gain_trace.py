"""Recorded channel gains: a CSV file of times, users and gains, resampled to slots.

Episodes are windows of such a recording, instead of the cell of `edgevision.envs.channel.propagation`. The recorded
gain is that of the slot's mean; fading within the slot is drawn around it, as in a cell.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.checks import real_number
from edgevision.errors import ScenarioError, shown
from edgevision.storage.csv_reading import read_table
from edgevision.storage.disk_files import check_file

#: Columns of the file, with the time since any start [s], any name of a user, and the power gain in dB, which is
#: negative for a loss.
COLUMNS = ("time_s", "user", "gain_db")
MAX_BYTES = 2**24
MAX_NUMBERS = 2**26  # resampled gains
_TIME_RANGE = (-1e12, 1e12)
_GAIN_RANGE = (-300.0, 100.0)


def load_gain_trace(path: Path, slot_time: float, users: int, slots: int) -> FloatArray:
    """Power gains [dB] of all recorded users in all slots, (L, M), linear in dB between two samples of a user.

    Args:
        path: of a CSV file with the columns ``COLUMNS``.
        slot_time: time from one slot to the next [s].
        users: number of users that an episode needs.
        slots: number of slots that an episode needs.

    Raises:
        ScenarioError: the file cannot be read, a sample is wrong, or the users are not recorded together for so long.
    """
    samples = _samples(path)
    if len(samples) < users:
        raise ScenarioError(f"{path.name} holds {len(samples)} users, the scenario has {users}; set users")
    start, end = (choose(times[place] for times, _ in samples.values()) for choose, place in ((max, 0), (min, -1)))
    count = math.floor((end - start) / slot_time + 1e-9) + 1
    if count < slots:
        raise ScenarioError(
            f"{path.name}: all {len(samples)} users are recorded together for {max(end - start, 0.0):g} s, an episode "
            f"of {slots - 1} slots of {1e3 * slot_time:g} ms needs {(slots - 1) * slot_time:g} s; set slot_ms or "
            "episode_slots"
        )
    if count * len(samples) > MAX_NUMBERS:
        raise ScenarioError(f"{path.name}: {count} slots x {len(samples)} users are too many; set a longer slot_ms")
    times = start + slot_time * np.arange(count)
    return np.stack([np.interp(times, *sample) for sample in samples.values()], axis=1)


def windows(gains: FloatArray, uniforms: FloatArray, users: int, slots: int) -> FloatArray:
    """Gains [dB] of N episodes, (N, T, U): windows of T slots of neighbouring users, from ``uniforms`` (N, 2).

    Args:
        gains: the recording, (L, M).
        uniforms: where each window begins, in time and among the users, in [0, 1).
        users: number of users U.
        slots: number of slots T.
    """
    recorded, known = gains.shape
    first = np.floor(uniforms[:, 0] * (recorded - slots + 1)).astype(np.int64)
    user = np.floor(uniforms[:, 1] * known).astype(np.int64)
    row = first[:, None] + np.arange(slots)
    column = (user[:, None] + np.arange(users)) % known
    return gains[row[:, :, None], column[:, None, :]]


def _samples(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Times and gains of each user, in the order of the file."""
    check_file(path, ScenarioError, MAX_BYTES)
    samples: dict[str, tuple[list[float], list[float]]] = {}
    for line, cells in read_table(path, COLUMNS, ScenarioError)[1]:
        where = f"{path.name}, line {line}:"
        time = _number(f"{where} time_s", cells["time_s"], _TIME_RANGE)
        gain = _number(f"{where} gain_db", cells["gain_db"], _GAIN_RANGE)
        if not cells["user"]:
            raise ScenarioError(f"{where} user is empty")
        times, gains = samples.setdefault(cells["user"], ([], []))
        if times and time <= times[-1]:
            raise ScenarioError(f"{where} time_s of user {shown(cells['user'])} must rise from line to line")
        times.append(time)
        gains.append(gain)
    if not samples:
        raise ScenarioError(f"{path.name} holds no samples")
    return samples


def _number(name: str, cell: str, bounds: tuple[float, float]) -> float:
    try:
        number: object = float(cell)
    except ValueError:
        number = cell
    return real_number(name, number, *bounds, ScenarioError)
