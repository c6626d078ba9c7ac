"""Data sets by name: which clips train, which test, and what is said when one cannot be opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from edgevision.data.actions import GeneratedActions
from edgevision.data.clips import ClipSource, LabelledClip
from edgevision.data.sources import NAMES, SomeClips, Subset, WithTest, held_apart, open_source
from edgevision.errors import ClipError, UnknownNameError
from tests.data.test_sources import official_tree
from tests.data.videos import moving, write

pytestmark = pytest.mark.usefixtures("two_classes")


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six videos of two classes, and a list that makes UT-Interaction of them, three sequences."""
    folder = tmp_path_factory.mktemp("videos")
    rows = ["file,sequence,class_index,name"]
    for number in range(6):
        name = ("hug", "kick")[number % 2]
        write(folder / name / f"{number}.mp4", moving(20, 32, 48, seed=number))
        rows.append(f"{name}/{number}.mp4,{number // 2},{number % 2},{name}")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n")
    return folder


def ids(source: ClipSource) -> list[str]:
    return [item.content_id for item in source.items]


def test_actions_that_do_not_train_are_of_the_next_seed() -> None:
    train, test, every = (open_source("actions", clips=9, seed=4, subset=subset) for subset in get_args(Subset))
    assert len(train) == len(test) == len(every) == 9
    assert train.fingerprint() == GeneratedActions(9, 4).fingerprint()
    assert test.fingerprint() == every.fingerprint() == GeneratedActions(9, 5).fingerprint() != train.fingerprint()


@pytest.mark.parametrize("name", ["folder", "ut-interaction"])
def test_other_data_is_divided_by_groups(name: str, videos: Path) -> None:
    train, test, every = (open_source(name, videos, subset=subset) for subset in ("train", "test", "all"))
    assert len(every) == 6 and sorted(ids(train) + ids(test)) == sorted(ids(every))
    assert not {item.group for item in train.items} & {item.group for item in test.items}
    assert len(test) == (1 if name == "folder" else 2)
    assert train.classes == test.classes == every.classes == ("hug", "kick")
    assert len({source.fingerprint() for source in (train, test, every)}) == 3
    assert isinstance(train, ClipSource) and test.name == f"{every.name}-test"
    item = test.items[0]
    np.testing.assert_array_equal(test.load(item, frames=4, size=16), every.load(item, frames=4, size=16))


def test_hmdb51_comes_with_its_official_splits(tmp_path: Path) -> None:
    folder = official_tree(tmp_path, videos=False)
    for split in (1, 2, 3):
        train, test = (open_source("hmdb51", folder, split=split, subset=subset) for subset in ("train", "test"))
        assert train.name == f"hmdb51-split{split}-train" and test.name == f"hmdb51-split{split}-test"
        assert not set(ids(train)) & set(ids(test))
    with pytest.raises(ClipError, match="choose the subset train or test"):
        open_source("hmdb51", folder, subset="all")


@pytest.mark.parametrize("groups", [2, 4, 5, 14, 15])
def test_every_fifth_group_is_held_back(groups: int) -> None:
    items = [LabelledClip(f"{n}", 0, 7 * (n % groups)) for n in range(3 * groups)]
    source = SomeClips(GeneratedActions(1), items, "made up")
    held = {item.group for item in held_apart(source, "test").items}
    assert held == ({7 * n for n in range(4, groups, 5)} if groups >= 5 else {7 * (groups - 1)})
    assert len(held_apart(source, "train")) == 3 * (groups - len(held))


@pytest.mark.parametrize(
    ("name", "given", "error", "said"),
    [
        ("hmdb-51", {}, UnknownNameError, "did you mean 'hmdb51'"),
        ("nothing", {}, UnknownNameError, ", ".join(sorted(NAMES))),
        ("hmdb51", {}, ClipError, "read from a folder"),
        ("ut-interaction", {}, ClipError, "read from a folder"),
        ("folder", {}, ClipError, "read from a folder"),
        ("folder", {"folder": Path("no/where")}, ClipError, "no folder at 'no/where'"),
        ("hmdb51", {"folder": Path("no/where")}, ClipError, "serre-lab"),
        ("ut-interaction", {"folder": Path("no/where")}, ClipError, "labels.csv"),
        ("actions", {"folder": Path("no/where")}, ClipError, "need no folder"),
        ("actions", {"clips": 0}, ClipError, "from 1 to"),
        ("actions", {"seed": -1}, ClipError, "from 0 to"),
        ("actions", {"subset": "validation"}, ClipError, "subset must be one of train, test, all"),
    ],
)
def test_what_cannot_be_opened_is_said_in_one_line(
    name: str, given: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said) as refused:
        open_source(name, **given)
    assert "\n" not in str(refused.value)


def test_clips_of_one_group_cannot_be_divided() -> None:
    source = SomeClips(GeneratedActions(3), [LabelledClip(f"{n}", 0, 1) for n in range(3)], "one")
    assert len(held_apart(source, "all")) == 3
    with pytest.raises(ClipError, match="one group"):
        held_apart(source, "train")


def test_a_source_with_test_clips_has_the_clips_of_both(videos: Path) -> None:
    first, second = (open_source(name, videos, subset="all") for name in ("ut-interaction", "folder"))
    both = WithTest(first, second)
    assert isinstance(both, ClipSource) and len(both) == 12 and both.classes == first.classes
    assert ids(both)[:6] == ids(first) and ids(both)[6:] == [f"test/{name}" for name in ids(second)]
    assert both.tested == set(ids(both)[6:])
    assert not {item.group for item in both.items[:6]} & {item.group for item in both.items[6:]}
    for item, original in zip(both.items[6:], second.items, strict=True):
        assert both.classes[item.class_index] == second.classes[original.class_index]
    np.testing.assert_array_equal(
        both.load(both.items[6], frames=4, size=16), second.load(second.items[0], frames=4, size=16)
    )
    assert both.fingerprint() not in (first.fingerprint(), second.fingerprint())
    with pytest.raises(ClipError, match=r"of a class 'bow' that .* does not have"):
        WithTest(second, GeneratedActions(8))
