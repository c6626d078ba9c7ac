"""Running every image through codecs and classifiers at every level, in parts that survive a kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from multiprocessing.reduction import ForkingPickler
from typing import Any

import numpy as np

from edgevision.codecs.base import ImageCodec
from edgevision.data.images import ImageFolder
from edgevision.errors import ProfileError, UnreadableImageError
from edgevision.measure.image_outcomes import ContentRecord, Outcome, measure_content
from edgevision.measure.picture_answers import targets
from edgevision.part_store import PartStore
from edgevision.profiles.profile import check_name
from edgevision.progress import StageProgress
from edgevision.vision.own_classifier import Recogniser
from edgevision.worker_pool import run_in_processes

_PART = 20  # images per part on disk


@dataclass(frozen=True, eq=False)
class ProfileRequest:
    """A profile to measure.

    Attributes:
        name: of the profile.
        codec: encodes and decodes the images.
        classifier: classifies the decoded images.
        levels: the ladder of K levels, least to most compressed; ``None`` for the codec's own.
    """

    name: str
    codec: ImageCodec
    classifier: Recogniser
    levels: Sequence[float] | None = None

    def __post_init__(self) -> None:
        check_name(self.name)
        if not self.ladder or (np.diff(self.ladder) <= 0).any():
            raise ProfileError(f"levels must increase, got {self.ladder}")

    @property
    def ladder(self) -> tuple[float, ...]:
        """The K levels."""
        return tuple(float(level) for level in (self.codec.levels if self.levels is None else self.levels))


@dataclass(frozen=True, eq=False)
class Answers:
    """What was measured for one profile.

    Attributes:
        records: of each readable image, in the data set's order.
        skipped: why each other image cannot be read, by content id.
    """

    records: tuple[ContentRecord, ...]
    skipped: dict[str, str]


@dataclass(frozen=True)
class _Part:
    """Images ``first`` to before ``last`` for one job, given by its index."""

    job: int
    first: int
    last: int


class ImageJob:
    """A profile's request, the images, and what the answer for each image should be."""

    def __init__(self, dataset: ImageFolder, request: ProfileRequest) -> None:
        """Look up the labels.

        Raises:
            DataSetError: the classifier does not know a label.
        """
        self.dataset, self.request = dataset, request
        self._targets = targets(request.classifier, (item.label for item in dataset.items))

    def key(self, part: _Part) -> tuple[str, dict[str, Any]]:
        """Label and description of a part in the ``PartStore``."""
        items = self.dataset.items[part.first : part.last]
        return f"answers-{part.first:05d}", {"images": [item.content_id for item in items]}

    def measure(self, part: _Part) -> Iterator[tuple[str, Any]]:
        """For each image of a part, ``records`` and its record, or ``skipped`` and its name and why."""
        request = self.request
        for index, item in enumerate(self.dataset.items[part.first : part.last], part.first):
            try:
                record = measure_content(
                    self.dataset, item, self._targets[index], request.codec, request.classifier, request.ladder
                )
                yield "records", asdict(record)
            except UnreadableImageError as error:
                yield "skipped", (item.content_id, str(error))


def measure_answers(
    jobs: Sequence[ImageJob], stores: Sequence[PartStore], progress: StageProgress, processes: int = 1
) -> list[Answers]:
    """Measure all images of all jobs.

    Args:
        jobs: what to measure.
        stores: where the parts of each job are kept.
        progress: called with the name of a profile, its finished images and all of them.
        processes: how many processes share the work.

    Raises:
        ProfileError: a worker process died.
    """
    parts = [
        _Part(index, first, min(first + _PART, len(job.dataset)))
        for index, job in enumerate(jobs)
        for first in range(0, len(job.dataset), _PART)
    ]
    found = {part: stores[part.job].load(*jobs[part.job].key(part)) for part in parts}
    missing = [part for part, payload in found.items() if payload is None]
    done = [0] * len(jobs)

    def report(part: _Part, images: int) -> None:
        done[part.job] += images
        progress(jobs[part.job].request.name, done[part.job], len(jobs[part.job].dataset))

    for part, payload in found.items():
        if payload is not None:
            report(part, part.last - part.first)
    for part, payload in _measured(jobs, missing, report, processes):
        stores[part.job].save(*jobs[part.job].key(part), payload)
        found[part] = payload
    return [
        _joined([payload for part, payload in found.items() if part.job == index and payload is not None])
        for index in range(len(jobs))
    ]


def _measured(
    jobs: Sequence[ImageJob], parts: Sequence[_Part], report: Callable[[_Part, int], None], processes: int
) -> Iterator[tuple[_Part, dict[str, Any]]]:
    """Each part with its payload; the images of this process are reported one by one, those of others by parts."""
    if processes > 1 and len(parts) > 1:
        _check_sendable(jobs)
        finished = run_in_processes(_measure_here, parts, processes, ProfileError, _prepare, (list(jobs),))
        for part, payload in finished:
            report(part, part.last - part.first)
            yield part, payload
        return
    for part in parts:
        entries = []
        report(part, 0)
        for entry in jobs[part.job].measure(part):
            entries.append(entry)
            report(part, 1)
        yield part, _payload(entries)


def _check_sendable(jobs: Sequence[ImageJob]) -> None:
    """Check that other processes can have codecs and classifiers.

    Raises:
        ProfileError: one of the user's own cannot be sent to them, such as a function within a function.
    """
    try:
        ForkingPickler.dumps(list(jobs))
    except Exception as error:  # objects of the user may raise anything
        raise ProfileError(
            f"a codec or classifier cannot be sent to other processes ({error}); measure with one process"
        ) from None


_worker_jobs: list[ImageJob] = []


def _prepare(jobs: list[ImageJob]) -> None:
    _worker_jobs[:] = jobs


def _measure_here(part: _Part) -> dict[str, Any]:
    return _payload(list(_worker_jobs[part.job].measure(part)))


def _payload(entries: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    return {
        "records": [value for kind, value in entries if kind == "records"],
        "skipped": dict(value for kind, value in entries if kind == "skipped"),
    }


def _joined(payloads: Sequence[Mapping[str, Any]]) -> Answers:
    records = tuple(_record(**values) for payload in payloads for values in payload["records"])
    skipped = {name: why for payload in payloads for name, why in payload["skipped"].items()}
    return Answers(records, skipped)


def _record(outcomes: Sequence[dict[str, Any]], **values: Any) -> ContentRecord:
    return ContentRecord(outcomes=tuple(Outcome(**outcome) for outcome in outcomes), **values)
