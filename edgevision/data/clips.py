"""What every source of labelled clips offers: class, group and frames of each clip; light to import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from edgevision.arrays import ByteClip, IntArray
from edgevision.errors import CodecInputError

FRAMES, SIZE = 16, 112  # frames a clip and side of a frame [pixel], where the caller names none
MAX_CLIP_FRAMES = 2**12
MAX_CLIP_PIXELS = 2**27  # over all frames: 16 frames of 2896 x 2896, or 4096 of 181 x 181


@dataclass(frozen=True)
class LabelledClip:
    """One clip of a source.

    Attributes:
        content_id: its name inside the source; a path with forward slashes where it is a file.
        class_index: index of its class in the source's ``classes``.
        group: number of what must never be split between training and testing, such as the recording that the clip
            was cut from; clips of one source with equal numbers belong together.
    """

    content_id: str
    class_index: int
    group: int


@runtime_checkable
class ClipSource(Protocol):
    """Labelled clips, read one at a time.

    Attributes:
        name: for records.
        classes: names of the classes, by index.
        items: the clips.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def classes(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def items(self) -> Sequence[LabelledClip]: ...  # noqa: D102

    def __len__(self) -> int: ...

    def load(self, item: LabelledClip, *, frames: int = FRAMES, size: int = SIZE) -> ByteClip:
        """Read one clip as (frames, size, size, 3) uint8.

        Raises:
            UnreadableClipError: names the clip and says why.
        """

    def fingerprint(self) -> str:
        """Hexadecimal digest that changes when names, classes or groups do.

        Of changed contents it tells what can be told at once: of generated clips every change, of video files
        that of their sizes and times of change.
        """


def check_clip(clip: ByteClip) -> None:
    """Refuse what is not an (F, H, W, 3) uint8 clip within the limits.

    Raises:
        CodecInputError: names the rule that is broken.
    """
    if not isinstance(clip, np.ndarray) or clip.dtype != np.uint8:
        raise CodecInputError(f"clip must be a uint8 array, got {getattr(clip, 'dtype', type(clip).__name__)}")
    if clip.ndim != 4 or clip.shape[3] != 3 or not clip.size:
        raise CodecInputError(f"clip must have shape (F, H, W, 3), none of them 0, got {clip.shape}")
    if len(clip) > MAX_CLIP_FRAMES or clip.size > 3 * MAX_CLIP_PIXELS:
        raise CodecInputError(
            f"clip of shape {clip.shape}; limits are {MAX_CLIP_FRAMES} frames and {MAX_CLIP_PIXELS} pixels"
        )


def sample_indices(total: int, frames: int) -> IntArray:
    """Which of ``total`` frames stand for a clip: the centre frame of each of ``frames`` equal segments.

    Frame i is floor((i + 1/2) total / frames), so a clip with too few frames repeats them, evenly.

    Args:
        total: frames there are, at least 1.
        frames: frames wanted, at least 1.

    Returns:
        Indices in 0..total - 1, in time order, (frames,).

    Raises:
        CodecInputError: a number below 1.
    """
    if total < 1 or frames < 1:
        raise CodecInputError(f"cannot take {frames} of {total} frames; both must be at least 1")
    return (2 * np.arange(frames, dtype=np.int64) + 1) * total // (2 * frames)


def indices_at_times(starts: Sequence[int], end: int, frames: int) -> IntArray:
    """Which frames are on show at the centres of ``frames`` equal segments of a video's duration.

    Where frames follow each other at a constant rate this is ``sample_indices``: their times, rounded to ticks of the
    container's clock, then say nothing that their numbers do not say better. So it is where times do not increase.

    Args:
        starts: when each frame is shown first, in time order [tick], (total,).
        end: when the last frame is shown no longer [tick].
        frames: frames wanted, at least 1.

    Returns:
        Indices in 0..total - 1, in time order, (frames,).

    Raises:
        CodecInputError: no frame there, or none wanted.
    """
    numbers = sample_indices(len(starts), frames)
    times = np.array([time - starts[0] for time in (*starts, end)], np.float64)
    even = np.linspace(0, times[-1], len(times))
    if (np.diff(times) <= 0).any() or (np.abs(times - even) <= 1).all():
        return numbers
    centres = (2 * np.arange(frames) + 1) * times[-1] / (2 * frames)
    return np.searchsorted(times[:-1], centres, side="right").astype(np.int64) - 1
