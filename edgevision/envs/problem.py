"""`SlotProblem` and `Allocation`: input and output of every policy, ``act(problem) -> Allocation``.

Both describe a batch of N slots with U users each.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.envs.channel import radio
from edgevision.envs.channel.modulation import Modulation
from edgevision.envs.config import Fading, SuccessModel
from edgevision.envs.content_rows import ContentRows, GatheredField
from edgevision.envs.outlook import Outlook
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.errors import AllocationError, SlotProblemError, shown

Number = TypeVar("Number", bound=np.generic)

_POSITIVE = ("bandwidth_budget", "power_budget", "noise_density")
_OPTIONAL = ("max_power", "energy_price", "waiting_value", "encoding_energy")


@dataclass(frozen=True, eq=False)
class SlotProblem:
    """Everything that a controller may know in the current slot; it holds no future and no hidden outcome.

    N slots, U users, K operating points, F content features.

    Attributes:
        active: who has a request, (N, U).
        raw_size: size D of the uncompressed content, (N, U) [bit].
        deadline: deadline t0, (N, U) [s].
        gain_scale: scale delta of the channel gain, (N, U) [linear].
        size_fraction: share 1 - o of this content's raw size that each operating point sends, (N, U, K).
        accuracy: population accuracy eta of each operating point, (N, U, K).
        compute_time: device plus edge time of each operating point, (N, U, K) [s].
        features: features of the content that the device knows, (N, U, F).
        bandwidth_budget: B_max, (N,) [Hz].
        power_budget: P_max, (N,) [W].
        min_bandwidth: B_min, (N,) [Hz].
        min_power: P_min, (N,) [W].
        noise_density: N0, (N,) [W/Hz].
        grid: sizes of the axes that the K operating points enumerate in row-major order.
        fading: distribution of the channel gain.
        success_model: how the environment scores success probability.
        modulation: what limits the rate at a given signal-to-noise ratio: Shannon's formula, or the steps of real
            modulation and coding.
        content_fingerprint: tells which profile's contents and features these are
            (``OperatingPointProfile.content_fingerprint``); empty if unknown.
        max_power: largest power of each user, (N, U) [W]; ``None`` if only P_max limits it.
        energy_price: what a joule costs each user, (N, U) [successes / J]; ``None`` is 0. Policies set it to save
            energy for later slots.
        waiting_value: what each user's request is worth if it waits, (N, U) [successes]; ``None`` is 0.
        encoding_energy: energy that a user's request costs if it is sent, beside radiation, (N, U) [J]; ``None`` is 0.
        outlook: what is known beyond this slot, an `Outlook` or a `StreamOutlook`; ``None`` if no decision changes a
            later slot.
    """

    active: BoolArray
    raw_size: FloatArray
    deadline: FloatArray
    gain_scale: FloatArray
    size_fraction: FloatArray
    accuracy: FloatArray
    compute_time: FloatArray
    features: FloatArray
    bandwidth_budget: FloatArray
    power_budget: FloatArray
    min_bandwidth: FloatArray
    min_power: FloatArray
    noise_density: FloatArray
    grid: tuple[int, ...]
    fading: Fading = "half-normal"
    success_model: SuccessModel = "exact"
    modulation: Modulation = "shannon"
    content_fingerprint: str = ""
    max_power: FloatArray | None = None
    energy_price: FloatArray | None = None
    waiting_value: FloatArray | None = None
    encoding_energy: FloatArray | None = None
    outlook: Outlook | StreamOutlook | None = None

    @property
    def slots(self) -> int:
        """Number of slots N in the batch."""
        return int(self.active.shape[0])

    @property
    def users(self) -> int:
        """Number of users U."""
        return int(self.active.shape[1])

    @property
    def points(self) -> int:
        """Number of operating points K."""
        return int(self.accuracy.shape[2])

    @property
    def payload(self) -> FloatArray:
        """Bits to send at each operating point, S = D (1 - o), (N, U, K) [bit]."""
        return self.raw_size[..., None] * self.size_fraction

    @property
    def airtime(self) -> FloatArray:
        """Time left for sending at each operating point, (N, U, K) [s]; negative if computing takes longer."""
        return self.deadline[..., None] - self.compute_time

    @property
    def future(self) -> Outlook:
        """The outlook, for policies that plan routes and batteries.

        Raises:
            SlotProblemError: these are no slots of ``EdgeVision/Dynamic-v0``.
        """
        if not isinstance(self.outlook, Outlook):
            raise SlotProblemError(
                "this policy plans over the slots of an episode; run it on EdgeVision/Dynamic-v0, or on another "
                "environment with queues and batteries"
            )
        return self.outlook

    @property
    def street(self) -> StreamOutlook:
        """The outlook, for policies that follow scenes.

        Raises:
            SlotProblemError: these are no slots of ``EdgeVision/Stream-v0``.
        """
        if not isinstance(self.outlook, StreamOutlook):
            raise SlotProblemError("this policy follows the scenes of cameras; run it on EdgeVision/Stream-v0")
        return self.outlook

    def priced(self, energy_price: FloatArray, waiting_value: FloatArray) -> SlotProblem:
        """The same slots at other prices, (N, U) each."""
        return dataclasses.replace(self, energy_price=energy_price, waiting_value=waiting_value)

    def freeze(self) -> None:
        """Make every array read-only: a policy must not change what it is scored by."""
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
        if self.outlook is not None:
            self.outlook.freeze()

    def check(self) -> None:
        """Check shapes and ranges of the arrays, for problems built by hand; solvers call this.

        Raises:
            SlotProblemError: an array has a wrong shape, or a number that is not finite or out of range.
        """
        N, U, K = self.slots, self.users, self.points
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("raw_size", "deadline", "gain_scale"), (N, U))
        shapes |= dict.fromkeys(("size_fraction", "accuracy", "compute_time"), (N, U, K))
        shapes |= dict.fromkeys(("min_bandwidth", "min_power", *_POSITIVE), (N,))
        shapes |= {name: (N, U) for name in _OPTIONAL if getattr(self, name) is not None}
        for name, shape in shapes.items():
            values = getattr(self, name)
            if values.shape != shape:
                raise SlotProblemError(f"{name} must have shape {shape}, got {values.shape}")
            if not np.isfinite(values).all():
                raise SlotProblemError(f"{name} must be finite")
            if name in _POSITIVE and not (values > 0).all():
                raise SlotProblemError(f"{name} must be > 0, got {values.min():g}")
            if name != "deadline" and (values < 0).any():
                raise SlotProblemError(f"{name} must be >= 0, got {values.min():g}")

    def __getitem__(self, index: slice | BoolArray | IntArray) -> SlotProblem:
        """The sub-batch of slots that ``index`` selects along N."""
        arrays: dict[str, Any] = {
            name.removeprefix("_"): value[index]
            for name, value in vars(self).items()
            if isinstance(value, np.ndarray | ContentRows)
        }
        outlook = None if self.outlook is None else self.outlook[index]
        return dataclasses.replace(self, **arrays, outlook=outlook)

    @staticmethod
    def joined(problems: Sequence[SlotProblem]) -> SlotProblem:
        """The slots of several batches of one environment as one batch, without their outlook."""
        names = [field.name for field in dataclasses.fields(SlotProblem)]
        arrays: dict[str, Any] = {
            name: np.concatenate([getattr(problem, name) for problem in problems])
            for name in names
            if isinstance(getattr(problems[0], name), np.ndarray)
        }
        return dataclasses.replace(problems[0], **arrays, outlook=None)

    def success_probabilities(
        self, bandwidth: FloatArray, power: FloatArray, model: SuccessModel | None = None
    ) -> FloatArray:
        """P(t <= t0) at every operating point for given (N, U) resources, (N, U, K).

        ``model`` replaces the scenario's success model; Co-CRRA optimises the paper's approximation this way while the
        environment scores exactly.
        """
        log_x = radio.log_threshold(
            self.payload,
            self.airtime,
            bandwidth[..., None],
            power[..., None],
            self.gain_scale[..., None],
            self.noise_density[:, None, None],
            self.modulation,
        )
        return radio.success_probability(log_x, self.fading, model or self.success_model)

    def log_threshold(self, allocation: Allocation, payload: FloatArray | None = None) -> FloatArray:
        """log x of eq. 2 for each user under ``allocation``, (N, U).

        ``payload`` (N, U) [bit] replaces the size that the profile gives for the operating point.
        """
        return radio.log_threshold(
            self.raw_size * self.size_fraction_at(allocation.operating_point) if payload is None else payload,
            self.deadline - self.at(allocation, self.compute_time),
            allocation.bandwidth,
            allocation.power,
            self.gain_scale,
            self.noise_density[:, None],
            self.modulation,
        )

    def success_probability(
        self, allocation: Allocation, model: SuccessModel | None = None, payload: FloatArray | None = None
    ) -> FloatArray:
        """P(t <= t0) of each user under ``allocation``, (N, U); inactive users get 0.

        ``payload`` is as for ``log_threshold``.
        """
        log_x = self.log_threshold(allocation, payload)
        probability = radio.success_probability(log_x, self.fading, model or self.success_model)
        return np.where(self.active, probability, 0.0)

    def size_fraction_at(self, point: IntArray) -> FloatArray:
        """Entries of ``size_fraction`` for one operating point per user, (N, U)."""
        rows = self._rows
        if rows is not None:
            return rows.at(point)
        slots, users = np.ogrid[: point.shape[0], : point.shape[1]]
        return np.asarray(self.size_fraction[slots, users, point])

    def size_fraction_columns(self, points: IntArray | list[int]) -> FloatArray:
        """Entries of ``size_fraction`` for P operating points, the same for all users, (N, U, P)."""
        rows = self._rows
        return np.asarray(self.size_fraction[..., points]) if rows is None else rows.columns(points)

    @property
    def _rows(self) -> ContentRows | None:
        """What ``size_fraction`` will be made of, if it was not read yet."""
        stored = vars(self)["_size_fraction"]
        return stored if isinstance(stored, ContentRows) else None

    def task_success(self, allocation: Allocation, model: SuccessModel | None = None) -> FloatArray:
        """Phi = eta(o) P(t <= t0) of each user (eq. 3), (N, U); inactive users get 0."""
        return self.at(allocation, self.accuracy) * self.success_probability(allocation, model)

    def value(self, allocation: Allocation, model: SuccessModel | None = None) -> FloatArray:
        """Mean Phi over the active users of each slot (eq. 4 divided by their number), (N,)."""
        return self.mean_over_active(self.task_success(allocation, model))

    def mean_over_active(self, per_user: FloatArray) -> FloatArray:
        """Mean of an (N, U) array over the active users, (N,); 0 if no user is active."""
        total = np.where(self.active, per_user, 0.0).sum(axis=1)
        return total / np.maximum(self.active.sum(axis=1), 1)

    @staticmethod
    def at(allocation: Allocation, table: NDArray[Number]) -> NDArray[Number]:
        """Entries of an (N, U, K) table at the allocated operating points, (N, U)."""
        point = allocation.operating_point
        slots, users = (np.arange(size) for size in point.shape)
        return np.asarray(table[slots[:, None], users, point])


# Set after the class is made: as a default, fields without one could not follow.
SlotProblem.size_fraction = GatheredField("size_fraction")  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class Allocation:
    """A controller's answer for N slots of U users.

    Attributes:
        operating_point: index into the K operating points, (N, U).
        bandwidth: b, (N, U) [Hz]; 0 for inactive users.
        power: p, (N, U) [W]; 0 for inactive users.
    """

    operating_point: IntArray
    bandwidth: FloatArray
    power: FloatArray

    def __getitem__(self, index: slice | BoolArray | IntArray) -> Allocation:
        """The sub-batch of slots that ``index`` selects along N."""
        return Allocation(self.operating_point[index], self.bandwidth[index], self.power[index])

    def check(self, problem: SlotProblem, tolerance: float = 1e-9) -> None:
        """Check constraints C1..C5 (eqs. 5-9) to a relative ``tolerance``.

        Raises:
            AllocationError: a constraint is broken, or an array has a wrong shape or type.
        """
        shape = problem.active.shape
        for name, kinds in (("operating_point", "iu"), ("bandwidth", "fiu"), ("power", "fiu")):
            value = getattr(self, name)
            if not isinstance(value, np.ndarray) or value.dtype.kind not in kinds:
                numbers = "whole numbers" if kinds == "iu" else "numbers"
                raise AllocationError(f"{name} must be an array of {numbers}, got {shown(value)}")
            if value.shape != shape:
                raise AllocationError(f"{name} must have shape {shape}, got {value.shape}")
        if (
            self.operating_point.size
            and not 0 <= self.operating_point.min() <= self.operating_point.max() < problem.points
        ):
            raise AllocationError(f"C5: operating points must lie in 0..{problem.points - 1}")
        for label, used, budget, least in (
            ("C1, C3: bandwidth", self.bandwidth, problem.bandwidth_budget, problem.min_bandwidth),
            ("C2, C4: power", self.power, problem.power_budget, problem.min_power),
        ):
            _check_budget(label, used.sum(axis=1, dtype=np.float64), budget, tolerance)
            # A negative amount of an inactive user would let the others exceed the budget.
            enough = used >= np.where(problem.active, least[:, None] * (1 - tolerance), 0.0)
            if not enough.all():
                slot, user = np.argwhere(~enough)[0].tolist()
                raise AllocationError(f"{label} of user {user} in slot {slot} is below its minimum")
        if problem.max_power is not None and (self.power > problem.max_power * (1 + tolerance)).any():
            slot, user = np.argwhere(self.power > problem.max_power * (1 + tolerance))[0].tolist()
            raise AllocationError(
                f"power of user {user} in slot {slot} is {self.power[slot, user]:.12g}, "
                f"its largest is {problem.max_power[slot, user]:.12g}"
            )


def _check_budget(label: str, total: FloatArray, budget: FloatArray, tolerance: float) -> None:
    within = total <= budget * (1 + tolerance)  # false for NaN and for infinity
    if not within.all():
        slot = int(np.argmin(within))
        if not np.isfinite(total[slot]):
            raise AllocationError(f"{label} of slot {slot} holds NaN or infinity")
        raise AllocationError(f"{label} of slot {slot} sums to {total[slot]:.12g}, budget {budget[slot]:.12g}")


def equal_shares(problem: SlotProblem) -> tuple[FloatArray, FloatArray]:
    """Bandwidth [Hz] and power [W] split equally among the active users of each slot, (N, U) each.

    A user whose largest power is less gets its largest power.
    """
    share = problem.active / np.maximum(problem.active.sum(axis=1, keepdims=True), 1)
    power = share * problem.power_budget[:, None]
    if problem.max_power is not None:
        power = np.minimum(power, problem.max_power)
    return share * problem.bandwidth_budget[:, None], power
