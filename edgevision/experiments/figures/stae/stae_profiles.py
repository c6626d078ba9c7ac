"""Measured video profiles of STAE, of STAE without recovery, and of DeepISC, by data set."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.errors import ProfileError, ReproductionError
from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Table
from edgevision.profiles import OperatingPointProfile, load_profile, shipped_profiles
from edgevision.profiles.video_grid import AXES, FRAMES, GRID, MODES, PIXELS
from edgevision.statistics import GroupBootstrap

#: Names of the methods in the paper (section IV-A), by the end of the name of their profiles.
METHODS = {"stae": "ViT_STAE", "fa-sa": "ViT_FA+SA", "deepisc": "ViT_DeepISC"}
#: Names of the data sets, by the middle of the name of their profiles.
DATA_SETS = {"actions": "generated actions", "ut": "UT-Interaction"}
NOT_MEASURED = "not measured"
PLAIN, ENTROPY, LOCAL = map(MODES.index, ("plain", "entropy", "local"))
_TABLE = GRID[:2]
_MEASURE = (
    "edgevision profile video --name video-actions-stae --out runs/video (on UT-Interaction: --name video-ut-stae "
    "--data ut-interaction --clips DIR --folds; without recovery: --codec fa-sa; DeepISC: --codec deepisc)"
)


@dataclass(frozen=True, eq=False)
class Measured:
    """The profile of a method on one data set. Tables are frames x pixels, (5, 7), in the order of the grid."""

    profile: OperatingPointProfile

    @functools.cached_property
    def correct(self) -> FloatArray:
        """1 if a clip is recognised at an operating point, else 0, (J, 5, 7, 3)."""
        return np.asarray(self.profile.correct, np.float64).reshape(-1, *GRID)

    @functools.cached_property
    def size(self) -> FloatArray:
        """Mean bytes sent per operating point, (5, 7, 3)."""
        return self.profile.size.mean(axis=0).reshape(GRID)

    @functools.cached_property
    def computing(self) -> FloatArray:
        """Computing time of device and edge together per operating point [s], (5, 7, 3)."""
        return (self.profile.device_time + self.profile.edge_time).reshape(GRID)

    @property
    def raw_bytes(self) -> float:
        """Mean bytes of a whole clip as uint8 values."""
        return float(self.profile.raw_size.mean())

    @property
    def groups(self) -> IntArray:
        """Group of each clip, (J,). The bootstrap resamples whole groups."""
        return np.asarray(self.profile.metadata["groups"], np.int64)

    @property
    def entropy(self) -> FloatArray:
        """Entropy of the sent uint8 values [bit], (5, 7)."""
        bits = _table(self.profile, self.profile.metadata, "entropy_bits_per_value")
        if (bits <= 0).any():
            raise ProfileError(f"profile {self.profile.name!r}: entropies must be > 0; measure it again")
        return bits

    def part(self, name: str) -> FloatArray:
        """Time of a part such as ``t_vit`` [s], (5, 7).

        Raises:
            ProfileError: the metadata has no such table.
        """
        return _table(self.profile, self.profile.metadata["parts"], name)

    def mean_bytes(self, name: str) -> FloatArray:
        """Mean bytes of a part of the bitstream such as ``mask``, (5, 7).

        Raises:
            ProfileError: the metadata has no such table.
        """
        return _table(self.profile, self.profile.metadata["mean_bytes"], name)


@dataclass(frozen=True, eq=False)
class VideoSet:
    """The measured profiles of one data set.

    Attributes:
        name: one of ``DATA_SETS``.
        measured: profiles by method; methods without a profile are missing.
        draws: bootstrap samples of the clips, for intervals.
    """

    name: str
    measured: Mapping[str, Measured]
    draws: GroupBootstrap

    @property
    def title(self) -> str:
        """The data set in words."""
        return DATA_SETS[self.name]

    @property
    def description(self) -> str:
        """The data set, its number of clips, and how training and test clips were divided."""
        one = next(iter(self.measured.values()))
        folds = one.profile.metadata.get("folds")
        groups = len(np.unique(one.groups))
        how = f"{folds} folds by group" if folds else "networks trained on other clips"
        return f"{self.title}: {one.profile.contents} clips in {groups} groups, {how}"

    def cell(self, method: str, say: Callable[[Measured], str]) -> str:
        """A table cell: ``say`` of the profile of a method, or ``NOT_MEASURED``."""
        return say(self.measured[method]) if method in self.measured else NOT_MEASURED

    def accuracy(self, method: str, mode: int = PLAIN) -> FloatArray:
        """Accuracy of a measured method, with the ends of its interval, (3, 5, 7)."""
        return self.draws.mean(self.measured[method].correct[..., mode])

    def gain(self, ours: str, theirs: str) -> FloatArray | None:
        """Accuracy of method ``ours`` minus that of ``theirs``, paired, (3, 5, 7); ``None`` if one was not measured."""
        if ours not in self.measured or theirs not in self.measured:
            return None
        return self.draws.mean(self.measured[ours].correct[..., PLAIN] - self.measured[theirs].correct[..., PLAIN])


#: Makes a table cell from the profiles of a data set.
Say = Callable[[VideoSet], str]


def find_sets(request: Request) -> list[VideoSet]:
    """The data sets with at least one profile in the folder of the request, or among the shipped profiles.

    Raises:
        ReproductionError: the folder does not exist.
        ProfileError: a profile is damaged or lacks metadata, or two profiles of a data set are not of the same clips.
    """
    folder = request.profiles
    if folder is not None and not folder.is_dir():
        raise ReproductionError(f"no folder of profiles at {str(folder)!r}")
    shipped = shipped_profiles() if folder is None else []
    sets = []
    for data_set in DATA_SETS:
        measured = {}
        for method in METHODS:
            name = f"video-{data_set}-{method}"
            path = None if folder is None else folder / f"{name}.npz"
            if name in shipped or (path and path.is_file()):
                measured[method] = Measured(_checked(load_profile(str(path or name))))
        if measured:
            first = _check_same_clips(list(measured.values()))
            sets.append(VideoSet(data_set, measured, GroupBootstrap(first.groups, request.resamples)))
    return sets


def how_to_measure(figure: str) -> str:
    """The commands that make missing profiles and then the figure."""
    return f"Make them: {_MEASURE} - and then: edgevision reproduce {figure} --profiles runs/video"


def missing_profiles(sets: Sequence[VideoSet]) -> list[str]:
    """Names of the profiles that are missing."""
    there = {(found.name, method) for found in sets for method in found.measured}
    return [
        f"video-{data_set}-{method}" for data_set in DATA_SETS for method in METHODS if (data_set, method) not in there
    ]


def differences(figure: str, sets: Sequence[VideoSet]) -> list[str]:
    """Notes for every table and figure from these profiles: how they were measured."""
    said = []
    for found in sets:
        one = next(iter(found.measured.values())).profile
        said.append(
            f"{found.description}. The paper: HMDB51, 6 849 clips of 51 classes, ViT-B/16 at 224 x 224; here "
            f"{_classifier(one)}, clips of "
            f"{one.raw_size.mean() / 1e3:.0f} kB as uint8 values."
        )
    if sets:
        said.append(
            "Device and edge are the same processor here, which other work may have shared. The paper uses a Raspberry "
            "Pi 4B and an RTX 2080TI. Compare our times with each other only."
        )
        said.append("Intervals come from resampling groups of clips that belong together, not single clips.")
    if missing := missing_profiles(sets):
        said.append(f"Not measured: {', '.join(missing)}. {how_to_measure(figure)}")
    return said


def _classifier(profile: OperatingPointProfile) -> str:
    networks = profile.metadata.get("networks")
    vit = networks.get("vit") if isinstance(networks, Mapping) else None
    if not isinstance(vit, Mapping):
        return "a classifier that the profile does not name"
    return f"ViT '{vit.get('name')}' at {vit.get('size')} x {vit.get('size')}"


def budgets(frame: int, pixel: int) -> str:
    """A cell of the tables in words, such as ``4 x 40 %``."""
    return f"{FRAMES[frame]} x {100 * PIXELS[pixel]:.0f} %"


def table_by_set(
    caption: str,
    heads: Sequence[str],
    sets: Sequence[VideoSet],
    rows: Iterable[tuple[Sequence[str], Say]],
    *,
    words: bool = False,
) -> Table:
    """A table whose last columns are the data sets, or one column of ``NOT_MEASURED`` if there is none.

    Args:
        caption: what the table shows.
        heads: headings of the first columns.
        sets: the measured data sets.
        rows: the first cells of each row, and the function that makes the cell of a data set.
        words: whether the cells hold words, not numbers.
    """
    all_heads = (*heads, *(found.title for found in sets)) if sets else (*heads, "ours")
    cells = tuple((*first, *(say(found) for found in sets)) if sets else (*first, NOT_MEASURED) for first, say in rows)
    return Table(caption, all_heads, cells, texts=len(all_heads) if words else 1)


def _checked(profile: OperatingPointProfile) -> OperatingPointProfile:
    if profile.grid != GRID or profile.axis_names != AXES or profile.correct is None:
        raise ProfileError(f"profile {profile.name!r} is not a measured one of {' x '.join(AXES)} {GRID}")
    for name in ("parts", "mean_bytes"):
        if not isinstance(profile.metadata.get(name), Mapping):
            raise ProfileError(f"profile {profile.name!r}: its metadata lacks the tables {name!r}; measure it again")
    groups = profile.metadata.get("groups")
    listed = isinstance(groups, Sequence) and all(isinstance(group, int) and abs(group) < 2**63 for group in groups)
    if groups is None or not listed or len(groups) != profile.contents:
        raise ProfileError(f"profile {profile.name!r}: its metadata needs a group per clip; measure it again")
    return profile


def _check_same_clips(measured: Sequence[Measured]) -> Measured:
    first = measured[0]
    for one in measured[1:]:
        if one.profile.content_ids != first.profile.content_ids:
            raise ProfileError(f"profiles {first.profile.name!r} and {one.profile.name!r} are not of the same clips")
    return first


def _table(profile: OperatingPointProfile, tables: Mapping[str, Any], name: str) -> FloatArray:
    try:
        table = np.array(tables[name], np.float64)
    except (KeyError, TypeError, ValueError):
        table = np.empty(0)
    if table.shape != _TABLE or not np.isfinite(table).all():
        raise ProfileError(
            f"profile {profile.name!r}: its metadata needs a table {name!r} of {_TABLE} numbers; measure it again"
        )
    return table
