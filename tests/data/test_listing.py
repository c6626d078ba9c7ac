"""What belongs to a data set: no clutter at any depth, names that are text, files that were replaced."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from edgevision.data.clip_cache import cached_clips
from edgevision.data.hmdb51 import HMDB51, SPLIT_FOLDER
from edgevision.data.images import ImageFolder
from edgevision.data.listing import inner_path
from edgevision.data.video_folder import VideoFolder
from edgevision.errors import ClipError, DataSetError
from edgevision.experiments.figures.spat_imco.photographs import find_photographs
from tests.codecs.pictures import picture
from tests.data.test_sources import official_tree
from tests.data.videos import moving, write

CLUTTER = ("__MACOSX", ".ipynb_checkpoints", "._ant", "@eaDir", ".hidden", "$RECYCLE.BIN", "__pycache__")
BAD_NAME = os.fsdecode(b"caf\xe9")


def save(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".png":
        Image.fromarray(picture(24, 32, seed=seed)).save(path)
    else:
        write(path, moving(3))


def litter(folder: Path, ending: str) -> None:
    """Leave beside each class, and inside it, what systems and programs leave."""
    for name in CLUTTER:
        save(folder / name / f"1{ending}")
        save(folder / name / "ant" / f"2{ending}")
        save(folder / "ant" / name / f"3{ending}")
    for inside in (folder, folder / "ant"):
        (inside / f"._1{ending}").write_bytes(b"\0\5\x16\7")
        (inside / "Thumbs.db").write_bytes(b"x")
        (inside / ".DS_Store").write_bytes(b"x")


def test_clutter_is_no_class_and_no_picture(tmp_path: Path) -> None:
    folder = tmp_path / ".data"  # the data set itself may lie in a hidden folder
    for name in ("ant/1.png", "ant/sub/2.png", "bee/1.png"):
        save(folder / name)
    litter(folder, ".png")
    items = ImageFolder(folder).items
    assert [(item.content_id, item.label) for item in items] == [
        ("ant/1.png", "ant"),
        ("ant/sub/2.png", "ant"),
        ("bee/1.png", "bee"),
    ]


def test_clutter_is_no_class_and_no_clip(tmp_path: Path) -> None:
    for name in ("ant/1.avi", "ant/sub/2.avi", "bee/1.avi"):
        save(tmp_path / name)
    litter(tmp_path, ".avi")
    source = VideoFolder(tmp_path)
    assert source.classes == ("ant", "bee")
    assert [(item.content_id, item.class_index) for item in source.items] == [
        ("ant/1.avi", 0),
        ("ant/sub/2.avi", 0),
        ("bee/1.avi", 1),
    ]


@pytest.mark.usefixtures("two_classes")
def test_clutter_is_no_list_of_hmdb51(tmp_path: Path) -> None:
    folder = official_tree(tmp_path, videos=False)
    expected = HMDB51(folder).items
    for path in list((folder / SPLIT_FOLDER).iterdir()):
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    assert HMDB51(folder).items == expected


def test_clutter_is_no_photograph(tmp_path: Path) -> None:
    save(tmp_path / "1.png")
    litter(tmp_path, ".png")
    assert find_photographs([tmp_path]) == [tmp_path / "1.png"]


@pytest.mark.parametrize("place", ["ant/{}.png", "{}/1.png", "ant/{}/1.png"])
def test_names_that_are_no_text_are_refused_at_once(tmp_path: Path, place: str) -> None:
    save(tmp_path / place.format(BAD_NAME))
    with pytest.raises(DataSetError, match="is not UTF-8; rename it") as caught:
        ImageFolder(tmp_path)
    assert r"caf\udce9" in str(caught.value).encode().decode()
    video = tmp_path / "videos" / place.format(BAD_NAME).replace("png", "avi")
    save(video)
    with pytest.raises(ClipError, match="is not UTF-8; rename it"):
        VideoFolder(tmp_path / "videos")


def test_a_data_set_whose_own_name_is_no_text_is_refused(tmp_path: Path) -> None:
    save(tmp_path / BAD_NAME / "ant" / "1.png")
    save(tmp_path / BAD_NAME / "ant" / "1.avi")
    for kind, error in ((ImageFolder, DataSetError), (VideoFolder, ClipError)):
        with pytest.raises(error, match="not UTF-8"):
            kind(tmp_path / BAD_NAME)


def test_other_files_may_be_called_anything(tmp_path: Path) -> None:
    save(tmp_path / "ant" / "1.png")
    (tmp_path / "ant" / BAD_NAME).write_text("x")
    assert len(ImageFolder(tmp_path)) == 1


@pytest.mark.parametrize("name", ["", "/a.png", "../a.png", "a/../../b.png"])
def test_paths_out_of_the_folder_are_refused(name: str) -> None:
    with pytest.raises(ClipError, match=r"list, line 3: file .* must lie inside"):
        inner_path(name, "list, line 3", ClipError)


def replace_in_place(path: Path) -> None:
    """Other contents of the same size, a moment later."""
    before = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert path.stat().st_size == before.st_size


def test_a_replaced_picture_of_the_same_size_is_seen(tmp_path: Path) -> None:
    save(tmp_path / "ant" / "1.png")
    folder = ImageFolder(tmp_path)
    before, identity = folder.fingerprint(), folder.identity()
    assert folder.fingerprint() == before
    replace_in_place(tmp_path / "ant" / "1.png")
    assert folder.fingerprint() != before
    assert folder.identity() == identity


def test_a_replaced_clip_of_the_same_size_is_decoded_again(tmp_path: Path) -> None:
    for name in ("ant/1.mkv", "bee/1.mkv"):
        write(tmp_path / "data" / name, moving(3), "ffv1")
    first = cached_clips(VideoFolder(tmp_path / "data"), tmp_path / "cache", frames=2, size=8)
    assert not first.skipped
    video = tmp_path / "data" / "ant" / "1.mkv"
    before = video.stat()
    video.write_bytes(bytes(before.st_size))
    os.utime(video, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    second = cached_clips(VideoFolder(tmp_path / "data"), tmp_path / "cache", frames=2, size=8)
    assert list(second.skipped) == ["ant/1.mkv"]


def test_identity_is_that_of_a_copy_elsewhere(tmp_path: Path) -> None:
    save(tmp_path / "a" / "pictures" / "ant" / "1.png")
    shutil.copytree(tmp_path / "a" / "pictures", tmp_path / "b" / "pictures", copy_function=shutil.copyfile)
    one, other = (ImageFolder(tmp_path / place / "pictures") for place in "ab")
    assert one.identity() == other.identity()
