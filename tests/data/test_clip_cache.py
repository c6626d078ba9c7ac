"""Clips kept on disk: equal to the source's, made once, made again when damaged, never half written."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from edgevision.arrays import ByteClip
from edgevision.data.clip_cache import cached_clips
from edgevision.data.clips import FRAMES, SIZE, LabelledClip
from edgevision.errors import ClipError, UnreadableClipError
from edgevision.locking import only_writer
from tests.data.videos import moving


class Source:
    """Clips made on the spot, of which some cannot be read."""

    name = "made"
    classes = ("a", "b")

    def __init__(self, broken: frozenset[int] = frozenset(), count: int = 5) -> None:
        self.items = [LabelledClip(f"clip-{n}", n % 2, n) for n in range(count)]
        self.broken = broken
        self.loads = 0

    def __len__(self) -> int:
        return len(self.items)

    def load(self, item: LabelledClip, *, frames: int = FRAMES, size: int = SIZE) -> ByteClip:
        self.loads += 1
        if item.group in self.broken:
            raise UnreadableClipError(f"{item.content_id}: broken")
        return moving(frames, size, size, seed=item.group)

    def fingerprint(self) -> str:
        return f"{len(self.items):064x}"


def test_the_array_holds_the_clips_that_can_be_read(tmp_path: Path) -> None:
    source = Source(frozenset({1, 3}))
    told: list[tuple[int, int]] = []
    cached = cached_clips(source, tmp_path / "new", frames=3, size=8, progress=lambda *done: told.append(done))
    assert told == [(n, 5) for n in range(1, 6)]
    assert [item.group for item in cached.items] == [0, 2, 4]
    assert cached.skipped == {"clip-1": "clip-1: broken", "clip-3": "clip-3: broken"}
    np.testing.assert_array_equal(cached.clips, [moving(3, 8, 8, seed=n) for n in (0, 2, 4)])
    assert not cached.clips.flags.writeable


def test_clips_are_decoded_once_per_fingerprint_frames_and_size(tmp_path: Path) -> None:
    source = Source()
    first = cached_clips(source, tmp_path, frames=3, size=8)
    again = cached_clips(source, tmp_path, frames=3, size=8)
    assert source.loads == 5
    np.testing.assert_array_equal(first.clips, again.clips)
    for frames, size in ((4, 8), (3, 10)):
        assert cached_clips(source, tmp_path, frames=frames, size=size).clips.shape == (5, frames, size, size, 3)
    other = Source(count=6)
    assert len(cached_clips(other, tmp_path, frames=3, size=8).clips) == 6
    assert (source.loads, other.loads) == (15, 6)


@pytest.mark.parametrize("ending", [".npy", ".json"])
@pytest.mark.parametrize("content", [b"", b"[1, 2]", b"\x93NUMPY\x01\x00", "cut", "pickle"])
def test_damaged_files_are_made_again(tmp_path: Path, ending: str, content: bytes | str) -> None:
    source = Source(frozenset({2}))
    expected = np.array(cached_clips(source, tmp_path, frames=3, size=8).clips)
    (path,) = tmp_path.glob(f"*{ending}")
    if content == "cut":
        path.write_bytes(path.read_bytes().rstrip()[:-1])
    elif content == "pickle":
        np.save(path.with_suffix(".npy"), np.array([{}], object), allow_pickle=True)
    else:
        path.write_bytes(content)  # type: ignore[arg-type]
    cached = cached_clips(source, tmp_path, frames=3, size=8)
    assert source.loads == 10
    np.testing.assert_array_equal(cached.clips, expected)


def test_an_interruption_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupt(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached_clips(Source(), tmp_path, frames=3, size=8, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_that_locks_the_folder(tmp_path: Path) -> None:
    def kill(done: int, total: int) -> None:
        (unfinished,) = tmp_path.iterdir()
        copies.append(unfinished.name)
        raise KeyboardInterrupt

    copies: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        cached_clips(Source(), tmp_path, frames=3, size=8, progress=kill)
    (tmp_path / copies[0]).write_bytes(b"what a kill leaves")
    with only_writer(tmp_path):
        assert [path.name for path in tmp_path.iterdir()] == [".lock"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_others_may_read_the_array_where_the_user_lets_them(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        cached_clips(Source(), tmp_path, frames=3, size=8)
    finally:
        os.umask(before)
    (array,) = tmp_path.glob("*.npy")
    assert array.stat().st_mode & 0o777 == mode


def test_a_source_without_one_readable_clip_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="no clip of made can be read"):
        cached_clips(Source(frozenset(range(5))), tmp_path, frames=3, size=8)
