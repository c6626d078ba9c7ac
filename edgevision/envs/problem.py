"""`SlotProblem`: the input of every policy, ``act(problem) -> Allocation``, for N slots with U users each."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import Array, BoolArray, FloatArray, IntArray, library, sum_of_users
from edgevision.envs.allocation import Allocation
from edgevision.envs.channel import radio
from edgevision.envs.channel.modulation import Modulation
from edgevision.envs.config import Fading, SuccessModel
from edgevision.envs.content_rows import ContentRows, GatheredField
from edgevision.envs.outlook import Outlook
from edgevision.envs.stream.stream_outlook import StreamOutlook
from edgevision.errors import SlotProblemError

Number = TypeVar("Number", bound=np.generic)

_POSITIVE = ("bandwidth_budget", "power_budget", "noise_density")
#: Fields that environments do not gather before they are read.
_GATHERED = ("size_fraction", "accuracy", "compute_time", "features")
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

    def __len__(self) -> int:
        return self.slots

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
        return self.changed(energy_price=energy_price, waiting_value=waiting_value)

    def changed(self, **fields: Any) -> SlotProblem:
        """The same slots with other values of some fields."""
        return SlotProblem(**{**{name: self._stored(name) for name in _FIELDS}, **fields})

    def freeze(self) -> None:
        """Make every array read-only: a policy must not change what it is scored by."""
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
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
            name: value[index] for name in _FIELDS if isinstance(value := self._stored(name), np.ndarray | ContentRows)
        }
        outlook = None if self.outlook is None else self.outlook[index]
        return self.changed(**arrays, outlook=outlook)

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
        x = radio.threshold(
            self.payload,
            self.airtime,
            bandwidth[..., None],
            power[..., None],
            self.gain_scale[..., None],
            self.noise_density[:, None, None],
            self.modulation,
        )
        return np.asarray(radio.probability_above(x, self.fading, model or self.success_model))

    def log_threshold(self, allocation: Allocation, payload: FloatArray | None = None) -> FloatArray:
        """log x of eq. 2 for each user under ``allocation``, (N, U).

        ``payload`` (N, U) [bit] replaces the size that the profile gives for the operating point.
        """
        return radio.log_threshold(
            self.raw_size * self.chosen("size_fraction", allocation.operating_point) if payload is None else payload,
            self.deadline - self.chosen("compute_time", allocation.operating_point),
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
        point = allocation.operating_point
        x = radio.threshold(
            self.raw_size * self.chosen("size_fraction", point) if payload is None else payload,
            self.deadline - self.chosen("compute_time", point),
            allocation.bandwidth,
            allocation.power,
            self.gain_scale,
            self.noise_density[:, None],
            self.modulation,
        )
        probability = radio.probability_above(x, self.fading, model or self.success_model)
        return library(probability).where(self.active, probability, 0.0)

    def chosen(self, name: str, point: Array) -> Array:
        """Entries of a field (N, U, K) for one operating point per user, (N, U)."""
        value = self._stored(name)
        if isinstance(value, ContentRows):
            return value.at(point)
        return library(value).take_along_axis(value, point[..., None], axis=2)[..., 0]

    def columns(self, name: str, points: list[int]) -> Array:
        """Entries of a field (N, U, K) for P operating points, (P, N, U), or (P, 1, 1) if they are all alike."""
        value = self._stored(name)
        if isinstance(value, ContentRows):
            return value.columns(points)
        xp = library(value)
        return xp.stack([value[..., point] for point in points])

    def known_features(self, blank: int, limit: float) -> Array:
        """``features`` of the active users after some blank columns, (N, U, blank + F) float32.

        Columns that are blank and users that are not active have zeros; features are clipped at +-``limit``.
        """
        features = self._stored("features")
        if not isinstance(features, ContentRows):
            xp, (N, U, F) = library(features), features.shape
            table = xp.reshape(features, (N * U, F))
            features = ContentRows(table, xp.reshape(xp.arange(N * U, device=table.device), (N, U)))
        return features.known(self.active, blank, limit)

    @property
    def count(self) -> Array:
        """Number of active users, (N,), as a number of the type of the other arrays."""
        # Kept by hand: ``functools.cached_property`` holds a lock in Python 3.11, which torch.compile does not take.
        if "_count" not in vars(self):
            count = sum_of_users(library(self.active).astype(self.active, self.gain_scale.dtype))
            if isinstance(count, np.ndarray):
                count.flags.writeable = False
            vars(self)["_count"] = count
        return vars(self)["_count"]

    def _stored(self, name: str) -> Any:
        """A field as it was given: an array, or `ContentRows`."""
        return vars(self)[f"_{name}" if name in _GATHERED else name]

    def task_success(self, allocation: Allocation, model: SuccessModel | None = None) -> FloatArray:
        """Phi = eta(o) P(t <= t0) of each user (eq. 3), (N, U); inactive users get 0."""
        return self.chosen("accuracy", allocation.operating_point) * self.success_probability(allocation, model)

    def value(self, allocation: Allocation, model: SuccessModel | None = None) -> FloatArray:
        """Mean Phi over the active users of each slot (eq. 4 divided by their number), (N,)."""
        return self.mean_over_active(self.task_success(allocation, model))

    def mean_over_active(self, per_user: FloatArray) -> FloatArray:
        """Mean of an (N, U) array over the active users, (N,); 0 if no user is active."""
        return sum_of_users(np.where(self.active, per_user, 0.0)) / np.maximum(self.count, 1.0)

    @staticmethod
    def at(allocation: Allocation, table: NDArray[Number]) -> NDArray[Number]:
        """Entries of an (N, U, K) table at the allocated operating points, (N, U)."""
        point = allocation.operating_point
        slots, users = (np.arange(size) for size in point.shape)
        return np.asarray(table[slots[:, None], users, point])


# Set after the class is made: as a default, fields without one could not follow.
for _name in _GATHERED:
    setattr(SlotProblem, _name, GatheredField(_name))
_FIELDS = tuple(field.name for field in dataclasses.fields(SlotProblem))


def equal_shares(problem: SlotProblem) -> tuple[FloatArray, FloatArray]:
    """Bandwidth [Hz] and power [W] split equally among the active users of each slot, (N, U) each.

    A user whose largest power is less gets its largest power.
    """
    share = problem.active / np.maximum(problem.active.sum(axis=1, keepdims=True), 1)
    power = share * problem.power_budget[:, None]
    if problem.max_power is not None:
        power = np.minimum(power, problem.max_power)
    return share * problem.bandwidth_budget[:, None], power
