"""Long measurements of clips in parts: each part is stored when it is done, so a killed run continues with the next."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from edgevision.arrays import IntArray
from edgevision.measure.video_outcomes import Outcomes
from edgevision.part_store import PartStore
from edgevision.progress import Progress

_PART = 20  # clips per part


def stored_or_made(
    store: PartStore, label: str, description: Mapping[str, Any], make: Callable[[], Outcomes]
) -> Outcomes:
    """The outcomes that ``store`` holds under a label and a description; if there are none, make and store them."""
    names = [field.name for field in fields(Outcomes)]
    found = store.load_arrays(label, {**description, "arrays": names})
    if found is not None:
        return Outcomes(**found)
    made = make()
    store.save_arrays(label, {**description, "arrays": names}, vars(made))
    return made


def by_parts(
    store: PartStore,
    label: str,
    description: Mapping[str, Any],
    clips: int,
    measure: Callable[[IntArray, Progress], Outcomes],
    progress: Progress,
) -> Outcomes:
    """Measure ``clips`` clips, a few at a time; parts that ``store`` holds are not measured again.

    Args:
        store: where outcomes are kept.
        label: of the parts; the index of a part's first clip is added.
        description: what outcomes depend on, besides the clips' indices.
        clips: number of all clips.
        measure: called with the indices of a part's clips, and a function to report how many of them are done.
        progress: called with clips done and all of them.
    """
    parts: list[Outcomes] = []
    for rows in np.split(np.arange(clips), range(_PART, clips, _PART)):
        first = int(rows[0])
        progress(first, clips)
        make = functools.partial(measure, rows, _after(first, clips, progress))
        parts.append(stored_or_made(store, f"{label}-{first:06d}", {**description, "rows": rows.tolist()}, make))
    progress(clips, clips)
    return Outcomes.join(parts)


def by_groups(
    store: PartStore,
    label: str,
    description: Mapping[str, Any],
    groups: IntArray,
    measure: Callable[[int, IntArray, IntArray], Outcomes],
    progress: Progress,
) -> Outcomes:
    """Measure the clips of one group after another; groups that ``store`` holds are not measured again.

    Args:
        store: where outcomes are kept.
        label: of the parts; the group is added.
        description: what outcomes depend on, besides the clips' indices.
        groups: group of each clip, (n,). A negative group is of test clips, which no other group's measurement sees.
        measure: called with a group, the indices of its clips, and the indices of all other clips but test clips.
        progress: called with groups done and all of them.

    Returns:
        Outcomes of all clips, in the order of ``groups``.
    """
    names = np.unique(groups)
    parts: list[Outcomes] = []
    for done, group in enumerate(names):
        progress(done, len(names))
        rows, others = np.flatnonzero(groups == group), np.flatnonzero((groups != group) & (groups >= 0))
        make = functools.partial(measure, group, rows, others)
        known = {**description, "rows": rows.tolist()}
        parts.append(stored_or_made(store, f"{label}-{group_name(group)}", known, make))
    progress(len(names), len(names))
    in_order = np.argsort(np.argsort(groups, kind="stable"))
    return Outcomes(**{name: values[in_order] for name, values in vars(Outcomes.join(parts)).items()})


def group_name(group: int) -> str:
    """A group in the name of a file."""
    return "test" if group < 0 else str(group)


def _after(first: int, clips: int, progress: Progress) -> Progress:
    """Report the progress of a part that begins with clip ``first`` of ``clips``."""
    return lambda done, _: progress(first + done, clips)
