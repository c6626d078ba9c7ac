"""Image folders: both layouts, malformed label files, damaged and dangerous pictures."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edgevision.data.images import ImageFolder
from edgevision.errors import DataSetError, DataSetWarning, UnreadableImageError
from tests.codecs.pictures import picture


def save(path: Path, seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(24, 32, seed=seed)).save(path)


def huge_png(path: Path) -> None:
    """A few bytes that claim to be 60000 x 60000 pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b""))


def test_label_file_gives_order_and_classes(tmp_path: Path) -> None:
    for name in ("b.png", "sub/a.png"):
        save(tmp_path / name)
    labels = tmp_path / "labels.csv"
    labels.write_text("name,file,class_index\nx,sub/a.png,7\ny,b.png,0\n", encoding="utf-8")
    folder = ImageFolder(tmp_path, labels)
    assert [(item.content_id, item.label) for item in folder.items] == [("sub/a.png", "7"), ("b.png", "0")]
    assert folder.name == tmp_path.name
    np.testing.assert_array_equal(folder.load(folder.items[0]), picture(24, 32))


def test_subfolders_are_classes_and_their_names_the_labels(tmp_path: Path) -> None:
    for name in ("zebra/1.png", "ant/2.png", "ant/1.PNG", ".cache/1.png", "zebra/notes.txt"):
        save(tmp_path / name) if name.lower().endswith("png") else (tmp_path / name).write_text("x")
    items = ImageFolder(tmp_path).items
    assert [(item.content_id, item.label) for item in items] == [
        ("ant/1.PNG", "ant"),
        ("ant/2.png", "ant"),
        ("zebra/1.png", "zebra"),
    ]


@pytest.mark.parametrize(
    ("header", "label"),
    [("file,class", "tench"), ("label;file", "tench"), ("file,label,class_index", "0"), ("file,label,class", "tench")],
)
def test_labels_may_be_names_and_numbers_come_first(tmp_path: Path, header: str, label: str) -> None:
    delimiter = ";" if ";" in header else ","
    cells = {"file": "a.png", "class": "tench", "label": "tench" if "class" not in header else "x", "class_index": "0"}
    row = delimiter.join(f" {cells[column]} " for column in header.split(delimiter))
    (tmp_path / "a.png").touch()
    (tmp_path / "labels.csv").write_text(f"{header}\n{row}\n", encoding="utf-8-sig")
    (item,) = ImageFolder(tmp_path, tmp_path / "labels.csv").items
    assert (item.content_id, item.label) == ("a.png", label)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file,remark\na.png,1\n", "column missing: class_index or class or label"),
        ("file,class\na.png, \n", "line 2: class is empty"),
        ("file,class_index\n../a.png,1\n", "line 2: file '../a.png' must lie inside"),
        ("file,class_index\n/etc/passwd,1\n", "must lie inside"),
        ("file,class_index\na.png,-1\n", "line 2: class_index '-1' is not a whole number"),
        ("file,class_index\na.png\n", "line 2: class_index '' is not"),
        ("file,class_index\na.png,1\na.png,2\n", "listed twice"),
        ("file,class_index\n", "no images"),
        ("file,class_index\na.png,1\nb.png,2\n", "all of 2 pictures in labels.csv are not in .*: 'a.png', 'b.png'"),
        ("", "column missing"),
    ],
)
def test_malformed_label_files_are_explained(tmp_path: Path, content: str, message: str) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text(content, encoding="utf-8")
    with pytest.raises(DataSetError, match=message):
        ImageFolder(tmp_path, labels)


def test_listed_pictures_that_are_missing_are_named_at_once(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("file,class\n" + "".join(f"{number}.png,x\n" for number in range(9)))
    (tmp_path / "3.png").touch()
    with pytest.warns(DataSetWarning) as warned:
        assert len(ImageFolder(tmp_path, labels)) == 9
    said = str(warned[0].message)
    assert said.startswith("8 of 9 pictures in labels.csv are not in ")
    assert said.endswith(": '0.png', '1.png', '2.png', '4.png', '5.png' and 3 more")


def test_label_file_that_is_no_text_is_explained(tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_bytes(b"\x00\x81")
    with pytest.raises(DataSetError, match="not a readable text file"):
        ImageFolder(tmp_path, labels)


def test_missing_folder_and_empty_folder_are_explained(tmp_path: Path) -> None:
    with pytest.raises(DataSetError, match="no folder at"):
        ImageFolder(tmp_path / "nowhere")
    with pytest.raises(DataSetError, match="one sub-folder per class"):
        ImageFolder(tmp_path)


def test_unreadable_pictures_are_named(tmp_path: Path) -> None:
    save(tmp_path / "c" / "good.png")
    whole = (tmp_path / "c" / "good.png").read_bytes()
    (tmp_path / "c" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "c" / "text.jpg").write_text("no picture")
    huge_png(tmp_path / "c" / "huge.png")
    (tmp_path / "c" / "folder.png").mkdir()
    Image.new("RGB", (2, 200)).save(tmp_path / "c" / "thin.png")
    folder = ImageFolder(tmp_path)
    unreadable = []
    for item in folder.items:
        try:
            folder.load(item)
        except UnreadableImageError as error:
            assert item.content_id in str(error)
            unreadable.append(item.content_id)
    assert unreadable == ["c/cut.png", "c/folder.png", "c/huge.png", "c/text.jpg", "c/thin.png"]


def test_fingerprint_changes_with_the_data(tmp_path: Path) -> None:
    save(tmp_path / "a" / "1.png")
    before = ImageFolder(tmp_path).fingerprint()
    assert ImageFolder(tmp_path).fingerprint() == before
    save(tmp_path / "a" / "2.png", seed=1)
    assert ImageFolder(tmp_path).fingerprint() != before


def test_a_sample_is_spread_over_the_list(tmp_path: Path) -> None:
    for number in range(10):
        save(tmp_path / "a" / f"{number}.png")
    folder = ImageFolder(tmp_path)
    assert [item.content_id for item in folder.sample(3).items] == ["a/0.png", "a/3.png", "a/6.png"]
    assert len(folder.sample(99)) == len(folder) == 10
    assert folder.sample(3).fingerprint() != folder.fingerprint()
