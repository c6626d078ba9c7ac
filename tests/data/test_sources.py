"""Folders of classes, HMDB51 in its official layout, UT-Interaction: order, classes, groups, and what is malformed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgevision.data.clips import ClipSource, LabelledClip
from edgevision.data.hmdb51 import HMDB51, SPLIT_FOLDER, source_video
from edgevision.data.ut_interaction import UTInteraction
from edgevision.data.video_folder import VideoFolder
from edgevision.errors import ClipError, UnreadableClipError
from tests.data.videos import moving, write

pytestmark = pytest.mark.usefixtures("two_classes")

HAIR = {
    "April_09_brush_hair_u_nm_np1_ba_goo_0.avi": "121",
    "April_09_brush_hair_u_nm_np1_ba_goo_1.avi": "121",
    "Prelinger_HabitPat1954_brush_hair_h_nm_np1_fr_med_6.avi": "211",
}
CARTWHEEL = {
    "(Rad)Schlag_die_Bank!_cartwheel_f_cm_np1_le_med_0.avi": "112",
    "Acrobacias(Parkour)cartwheel_f_cm_np1_ri_bad_3.avi": "210",
    "April_09_cartwheel_f_cm_np1_fr_med_2.avi": "012",
}


def official_tree(folder: Path, *, videos: bool = True) -> Path:
    """HMDB51 as its archives unpack, with two classes; a name's digits are its marks in the three splits."""
    for action, clips in (("brush_hair", HAIR), ("cartwheel", CARTWHEEL)):
        (folder / action).mkdir(parents=True)
        for split in (1, 2, 3):
            path = folder / SPLIT_FOLDER / f"{action}_test_split{split}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text("".join(f"{name} {marks[split - 1]} \n" for name, marks in clips.items()))
        for seed, name in enumerate(clips if videos else ()):
            write(folder / action / name, moving(20, 32, 48, seed=seed))
    return folder


@pytest.mark.parametrize("split", [1, 2, 3])
def test_hmdb51_follows_the_official_lists(tmp_path: Path, split: int) -> None:
    folder = official_tree(tmp_path, videos=False)
    for subset, mark in (("train", "1"), ("test", "2")):
        source = HMDB51(folder, split, subset)  # type: ignore[arg-type]
        expected = [f"brush_hair/{name}" for name, marks in HAIR.items() if marks[split - 1] == mark]
        expected += [f"cartwheel/{name}" for name, marks in CARTWHEEL.items() if marks[split - 1] == mark]
        assert [item.content_id for item in source.items] == expected
        assert all(source.classes[item.class_index] == item.content_id.split("/")[0] for item in source.items)
    assert source.classes == ("brush_hair", "cartwheel")


def test_hmdb51_groups_are_source_videos_alike_in_all_splits(tmp_path: Path) -> None:
    folder = official_tree(tmp_path, videos=False)
    numbers: dict[str, set[int]] = {}
    for split in (1, 2, 3):
        for subset in ("train", "test"):
            for item in HMDB51(folder, split, subset).items:  # type: ignore[arg-type]
                numbers.setdefault(item.content_id.split("/")[1][:8], set()).add(item.group)
    assert all(len(group) == 1 for group in numbers.values())  # both classes' clips of April_09 in one group
    assert len(set.union(*numbers.values())) == len(numbers) == 4


@pytest.mark.parametrize(
    ("name", "action", "video"),
    [
        ("April_09_brush_hair_u_nm_np1_ba_goo_0.avi", "brush_hair", "April_09"),
        ("A_Beautiful_Mind_2_smile_h_nm_np1_fr_goo_2.avi", "smile", "A_Beautiful_Mind_2"),
        ("20060723sfjffbartsinger_wave_f_cm_np1_ba_med_0.avi", "wave", "20060723sfjffbartsinger"),
        ("Eisbaden_(2007)hit_f_cm_np1_le_bad_3.avi", "hit", "Eisbaden_(2007)"),
        ("Faith_Rewarded_catch_f_cm_np1_fr_med_10.avi", "catch", "Faith_Rewarded"),
        ("unlike.avi", "catch", "unlike"),
    ],
)
def test_hmdb51_names_are_taken_apart(name: str, action: str, video: str) -> None:
    assert source_video(name, action) == video


def test_hmdb51_clips_load(tmp_path: Path) -> None:
    source = HMDB51(official_tree(tmp_path), 1, "train")
    assert isinstance(source, ClipSource)
    clips = [source.load(item, frames=4, size=16) for item in source.items]
    assert all(clip.shape == (4, 16, 16, 3) for clip in clips)
    assert not np.array_equal(clips[0], clips[1])
    assert source.load(source.items[0]).shape == (16, 112, 112, 3)


def test_missing_hmdb51_says_where_to_get_it(tmp_path: Path) -> None:
    where = "https://serre-lab.clps.brown.edu/resource/hmdb-a-large-human-motion-database/"
    (tmp_path / "empty").mkdir()
    half = official_tree(tmp_path / "half", videos=False)
    (half / "cartwheel").rmdir()
    for folder in (tmp_path / "nowhere", tmp_path / "empty", half):
        with pytest.raises(ClipError, match=r"\.rar") as caught:
            HMDB51(folder)
        assert where in str(caught.value)
        assert "\n" not in str(caught.value)
    assert "no cartwheel/" in str(caught.value)


@pytest.mark.parametrize("line", ["a.avi 3", "a.avi", "../../a.avi 1", "/a.avi 1", " 1", "a b"])
def test_malformed_hmdb51_lists_are_explained(tmp_path: Path, line: str) -> None:
    folder = official_tree(tmp_path, videos=False)
    (folder / SPLIT_FOLDER / "cartwheel_test_split1.txt").write_text(f"x.avi 1 \n{line}\n")
    with pytest.raises(ClipError, match=r"cartwheel_test_split1.txt, line 2"):
        HMDB51(folder)


@pytest.mark.parametrize(("split", "subset"), [(0, "train"), (4, "test"), (1, "validation")])
def test_unknown_splits_are_refused(tmp_path: Path, split: int, subset: str) -> None:
    with pytest.raises(ClipError, match="split must be 1, 2 or 3"):
        HMDB51(tmp_path, split, subset)  # type: ignore[arg-type]


def test_hmdb51_with_too_few_lists_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = official_tree(tmp_path, videos=False)
    (folder / SPLIT_FOLDER / "brush_hair_test_split2.txt").unlink()
    assert HMDB51(folder, 1).classes == HMDB51(folder, 3).classes == ("brush_hair", "cartwheel")
    with pytest.raises(ClipError, match=r"holds 1 lists of split 2, not 2 \(1 are missing\)"):
        HMDB51(folder, 2)
    monkeypatch.undo()
    with pytest.raises(ClipError, match=r"not 51 \(49 are missing\)"):
        HMDB51(folder)


@pytest.mark.parametrize("mark", "12")
def test_hmdb51_clips_that_are_listed_twice_are_refused(tmp_path: Path, mark: str) -> None:
    folder = official_tree(tmp_path, videos=False)
    (folder / SPLIT_FOLDER / "cartwheel_test_split1.txt").write_text(f"x.avi 1 \ny.avi 2 \nx.avi {mark} \n")
    with pytest.raises(ClipError, match=r"cartwheel_test_split1.txt, line 3: 'x.avi' is listed twice"):
        HMDB51(folder)


def labelled(folder: Path, text: str) -> Path:
    (folder / "labels.csv").write_text(text, encoding="utf-8")
    return folder


def test_ut_interaction_groups_by_sequence(tmp_path: Path) -> None:
    text = "file,sequence,class_index,name\nb.avi,7,1,hug\nsub/a.avi,3,0,kick\nc.avi,7,0,kick\n"
    source = UTInteraction(labelled(tmp_path, text))
    assert source.classes == ("kick", "hug")
    assert source.items == (LabelledClip("b.avi", 1, 7), LabelledClip("sub/a.avi", 0, 3), LabelledClip("c.avi", 0, 7))


def test_a_byte_order_mark_is_no_part_of_the_label_file(tmp_path: Path) -> None:
    source = UTInteraction(labelled(tmp_path, "\ufefffile,sequence,class_index,name\na.avi,1,0,hug\n"))
    assert source.items == (LabelledClip("a.avi", 0, 1),)


@pytest.mark.parametrize("name", ["a" * 300 + ".avi", "no/where.avi"])
def test_names_that_no_file_can_have_are_files_that_are_missing(tmp_path: Path, name: str) -> None:
    source = UTInteraction(labelled(tmp_path, f"file,sequence,class_index,name\n{name},1,0,hug\n"))
    assert source.fingerprint() == UTInteraction(tmp_path).fingerprint()
    with pytest.raises(UnreadableClipError):
        source.load(source.items[0])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file,sequence,name\na.avi,1,hug\n", "column missing: class_index"),
        ("file,sequence,class_index,name\n../a.avi,1,0,hug\n", "line 2: file '../a.avi' must lie inside"),
        ("file,sequence,class_index,name\na.avi,x,0,hug\n", "line 2: sequence 'x' is not a whole number"),
        ("file,sequence,class_index,name\na.avi,1,-1,hug\n", "class_index '-1' is not a whole number"),
        ("file,sequence,class_index,name\na.avi,1,99999999999999999999,hug\n", "is not a whole number"),
        ("file,sequence,class_index,name\na.avi,1\n", "class_index '' is not"),
        ("file,sequence,class_index,name\na.avi,1,0,\n", "line 2: class 0 has no name$"),
        ("file,sequence,class_index,name\na.avi,1,0,hug\nb.avi,1,0,\n", "line 3: class 0 has no name$"),
        (
            "file,sequence,class_index,name\na.avi,1,0,hug\nb.avi,1,0,kick\n",
            "line 3: class 0 is called 'kick', and 'hug'",
        ),
        ("file,sequence,class_index,name\na.avi,1,1,hug\n", "without gaps"),
        ("file,sequence,class_index,name\na.avi,1,0,hug\na.avi,2,0,hug\n", "listed twice"),
        ("file,sequence,class_index,name\n", "no videos"),
        ("", "column missing"),
    ],
)
def test_malformed_label_files_are_explained(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(ClipError, match=message):
        UTInteraction(labelled(tmp_path, content))


def test_missing_ut_interaction_is_explained(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="no folder at"):
        UTInteraction(tmp_path / "nowhere")
    with pytest.raises(ClipError, match=r"no labels\.csv in"):
        UTInteraction(tmp_path)
    (tmp_path / "labels.csv").write_bytes(b"\x00\x81")
    with pytest.raises(ClipError, match="not a readable text file"):
        UTInteraction(tmp_path)


def test_real_ut_interaction(data_folder: Path) -> None:
    source = UTInteraction(data_folder / "ut-interaction")
    assert source.classes == ("handshake", "hug", "kick", "point", "punch", "push")
    assert len(source) == 89
    assert len({item.group for item in source.items}) == 15
    clip = source.load(source.items[0])
    assert clip.shape == (16, 112, 112, 3)
    assert 20 < clip.mean() < 235
    assert clip.std() > 10


def test_subfolders_are_classes_in_sorted_order(tmp_path: Path) -> None:
    for name in ("zebra/1.mkv", "ant/2.mp4", "ant/deep/1.AVI"):
        write(tmp_path / name.replace("AVI", "avi"), moving(3)).rename(tmp_path / name)
    (tmp_path / "zebra/notes.txt").write_text("x")
    (tmp_path / ".cache").mkdir()
    source = VideoFolder(tmp_path)
    assert source.classes == ("ant", "zebra")
    assert [(i.content_id, i.class_index) for i in source.items] == [
        ("ant/2.mp4", 0),
        ("ant/deep/1.AVI", 0),
        ("zebra/1.mkv", 1),
    ]
    assert len({item.group for item in source.items}) == 3
    assert source.name == tmp_path.name
    assert all(source.load(item, frames=2, size=8).shape == (2, 8, 8, 3) for item in source.items)


def test_empty_and_missing_folders_are_explained(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="no folder at"):
        VideoFolder(tmp_path / "nowhere")
    with pytest.raises(ClipError, match="one sub-folder per class"):
        VideoFolder(tmp_path)


def test_unreadable_clips_are_named(tmp_path: Path) -> None:
    write(tmp_path / "a/1.avi", moving(3)).write_bytes(b"RIFF")
    source = VideoFolder(tmp_path)
    with pytest.raises(UnreadableClipError, match=r"a/1\.avi: not a video"):
        source.load(source.items[0])


def test_fingerprint_changes_with_the_data(tmp_path: Path) -> None:
    write(tmp_path / "a/1.avi", moving(3))
    write(tmp_path / "b/1.avi", moving(3))
    first = VideoFolder(tmp_path).fingerprint()
    assert VideoFolder(tmp_path).fingerprint() == first
    (tmp_path / "b").rename(tmp_path / "c")
    second = VideoFolder(tmp_path).fingerprint()
    with (tmp_path / "a/1.avi").open("ab") as stream:
        stream.write(b"x")
    assert len({first, second, VideoFolder(tmp_path).fingerprint()}) == 3
