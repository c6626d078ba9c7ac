"""Videos to clips: which frames, how they are made square, and files that are short, broken, hostile or too large."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevision.data import video_decoding as decoding
from edgevision.data.clips import check_clip, sample_indices
from edgevision.data.video_decoding import fit_clip, load_frames
from edgevision.errors import CodecInputError, UnreadableClipError
from tests.data.videos import moving, numbered, write


def brute_force_indices(total: int, frames: int) -> list[int]:
    """The frame on show at the centre of each segment, if each is shown for one second."""
    chosen = []
    for segment in range(frames):
        centre = (segment + 0.5) * total / frames
        chosen.append(next(frame for frame in range(total) if frame <= centre + 1e-9 < frame + 1))
    return chosen


@given(total=st.integers(1, 60), frames=st.integers(1, 40))
def test_sampled_frames_are_the_centres_of_equal_segments(total: int, frames: int) -> None:
    indices = sample_indices(total, frames)
    assert indices.tolist() == brute_force_indices(total, frames)
    counts = np.bincount(indices, minlength=total)
    assert counts.max() - counts.min() <= 1  # short clips repeat frames evenly, long ones skip evenly


@pytest.mark.parametrize(("total", "frames"), [(0, 4), (4, 0), (-1, 3)])
def test_no_frames_cannot_be_sampled(total: int, frames: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        sample_indices(total, frames)


@pytest.mark.parametrize(
    "clip", [np.zeros((2, 4, 4, 3)), np.zeros((4, 4, 3), np.uint8), np.zeros((0, 4, 4, 3), np.uint8), [1, 2]]
)
def test_what_is_no_clip_is_refused(clip: object) -> None:
    with pytest.raises(ValueError, match="clip must"):
        check_clip(clip)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ending", "codec"),
    [
        (".avi", "mpeg4"),
        (".mp4", "libx264"),
        (".mkv", "ffv1"),
        (".ts", "mpeg2video"),
        (".webm", "libvpx"),
        (".gif", "gif"),
    ],
)
def test_containers_give_the_right_frames(tmp_path: Path, ending: str, codec: str) -> None:
    path = write(tmp_path / f"clip{ending}", numbered(50), codec)
    clip = load_frames(path, frames=5, size=8)
    assert clip.shape == (5, 8, 8, 3)
    assert clip.dtype == np.uint8
    tolerance = 40 if ending == ".gif" else 4  # eight levels of grey at most in a GIF of this format
    np.testing.assert_allclose(clip.mean((1, 2, 3)), 2 * np.array([5, 15, 25, 35, 45]), atol=tolerance)
    np.testing.assert_array_equal(clip, load_frames(path.read_bytes(), frames=5, size=8))


def test_a_clip_shorter_than_asked_repeats_its_frames(tmp_path: Path) -> None:
    clip = load_frames(write(tmp_path / "c.mkv", numbered(3), "ffv1"), frames=6, size=4)
    np.testing.assert_array_equal(clip[:, 0, 0, 0], [0, 0, 2, 2, 4, 4])


def test_frames_are_stretched_by_averaging_areas(tmp_path: Path) -> None:
    source = np.random.default_rng(0).integers(0, 256, (2, 48, 96, 3), dtype=np.uint8)
    clip = load_frames(write(tmp_path / "c.mkv", source, "ffv1"), frames=2, size=12)
    means = source.reshape(2, 12, 4, 12, 8, 3).mean((2, 4))
    np.testing.assert_allclose(clip, means, atol=1)


def test_a_turned_camera_is_turned_back(tmp_path: Path) -> None:
    source = moving(2, 64, 64)
    upright = load_frames(write(tmp_path / "a.mp4", source, "libx264"), 2, 64)
    turned = load_frames(write(tmp_path / "b.mp4", source, "libx264", rotation=90), 2, 64)
    np.testing.assert_array_equal(turned, np.rot90(upright, axes=(1, 2)))


def test_a_file_that_breaks_off_gives_what_decodes(tmp_path: Path) -> None:
    data = write(tmp_path / "c.avi", numbered(100), "mpeg4", g="1").read_bytes()
    whole = load_frames(data, frames=4, size=8).mean((1, 2, 3))
    levels = load_frames(data[: len(data) * 3 // 4], frames=4, size=8).mean((1, 2, 3))
    assert (np.diff(levels) > 10).all()
    assert levels[-1] < whole[-1] - 10  # spread over the part that is there


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 5000, b"RIFF\x10\0\0\0AVI LIST", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n" * 9]
)
def test_what_is_no_video_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableClipError):
        load_frames(data)


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    write(tmp_path / "c.ts", numbered(20), "mpeg2video")
    for text in (
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nc.ts\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile c.ts\n",
    ):
        (tmp_path / "list.avi").write_text(text)
        with pytest.raises(UnreadableClipError, match="not a video"):
            load_frames(tmp_path / "list.avi")


def test_files_without_video_or_missing_are_explained(tmp_path: Path) -> None:
    with pytest.raises(UnreadableClipError, match="no such file"):
        load_frames(tmp_path / "nowhere.avi")
    os.mkfifo(tmp_path / "pipe.avi")
    with pytest.raises(UnreadableClipError, match="no such file"):
        load_frames(tmp_path / "pipe.avi")


def test_limits_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "c.avi", numbered(20))
    monkeypatch.setattr(decoding, "MAX_FRAMES", 20)
    load_frames(path)
    monkeypatch.setattr(decoding, "MAX_FRAMES", 19)
    with pytest.raises(UnreadableClipError, match="too long"):
        load_frames(path)
    monkeypatch.setattr(decoding, "MAX_FRAMES", 20)
    monkeypatch.setattr(decoding, "MAX_VIDEO_PIXELS", 19 * 32 * 40)
    with pytest.raises(UnreadableClipError, match="too long"):
        load_frames(path)


def test_frames_beyond_the_limit_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "c.avi", numbered(3))
    monkeypatch.setattr(decoding, "_LIMIT", {"max_pixels": "1000"})
    with pytest.raises(UnreadableClipError):
        load_frames(path)


@pytest.mark.parametrize(
    ("frames", "size"),
    [(0, 8), (16, 0), (2**13, 8), (16, 2**13), (-1, 8), (10**400, 8), ("5", 8), (1.5, 8), (16, True)],
)
def test_clips_out_of_range_are_refused_before_anything_is_read(frames: Any, size: Any) -> None:
    with pytest.raises(ValueError, match=r"clip of shape|must be a whole number"):
        load_frames(b"", frames, size)


@settings(max_examples=150, deadline=None)
@given(data=st.data(), ending=st.sampled_from([".avi", ".mp4", ".mkv"]))
def test_damaged_videos_give_a_clip_or_one_error(
    data: st.DataObject, ending: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = write(tmp_path_factory.mktemp("damaged") / f"c{ending}", moving(6, 32, 32), "mpeg4").read_bytes()
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=20)):
        if place < len(damaged):
            damaged[place] = data.draw(st.integers(0, 255))
    try:
        clip = load_frames(bytes(damaged), 4, 8)
    except UnreadableClipError:
        return
    assert clip.shape == (4, 8, 8, 3)


@pytest.mark.parametrize(("frames", "size"), [(0, 8), (8, 0), (2**12 + 1, 8), (8, 2**14), (2**12, 2**11), ("4", 8)])
def test_clips_of_no_possible_shape_are_refused(frames: Any, size: int, tmp_path: Path) -> None:
    with pytest.raises(CodecInputError):
        fit_clip(np.zeros((3, 10, 20, 3), np.uint8), frames, size)
    with pytest.raises(CodecInputError):
        load_frames(tmp_path / "absent.avi", frames, size)
