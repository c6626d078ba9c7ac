"""Sources of labelled clips by name, and which of their clips train and which test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, get_args

from edgevision.arrays import ByteClip
from edgevision.data.clips import FRAMES, SIZE, ClipSource, LabelledClip
from edgevision.errors import ClipError, shown, unknown_name
from edgevision.imports import require
from edgevision.storage.disk_files import sha256

Subset = Literal["train", "test", "all"]
#: Names that ``open_source`` knows; the first needs no folder.
NAMES = ("actions", "hmdb51", "ut-interaction", "folder")
_HELD_BACK = 5  # one group of so many tests, where a data set has no official split


class SomeClips:
    """Some of the clips of another source, which keep their classes and groups.

    Attributes:
        name: for records.
        classes: names of all the classes of the other source.
        items: the clips.
    """

    def __init__(self, source: ClipSource, items: Sequence[LabelledClip], name: str) -> None:
        self._source = source
        self.name = name
        self.classes = source.classes
        self.items: Sequence[LabelledClip] = tuple(items)

    def __len__(self) -> int:
        return len(self.items)

    def load(self, item: LabelledClip, *, frames: int = FRAMES, size: int = SIZE) -> ByteClip:
        """See ``ClipSource.load``."""
        return self._source.load(item, frames=frames, size=size)

    def fingerprint(self) -> str:
        """SHA-256 over the other source's fingerprint and the names of the clips."""
        names = "\0".join(item.content_id for item in self.items)
        return sha256(f"{self._source.fingerprint()}\0{names}".encode())


class WithTest:
    """A source followed by one that tests, whose classes are those of the first.

    Attributes:
        name: for records.
        classes: names of the classes of the first source.
        items: the clips of both; the names of testing ones begin with ``test/``, and their groups are new.
        tested: names of the clips that test.
    """

    def __init__(self, source: ClipSource, test: ClipSource) -> None:
        """Put two sources together.

        Raises:
            ClipError: a clip that tests is of a class that the first source does not have.
        """
        strange = sorted({test.classes[item.class_index] for item in test.items} - set(source.classes))
        if strange:
            raise ClipError(
                f"the test clips are of a class {strange[0]!r} that {source.name} does not have "
                f"({', '.join(source.classes)})"
            )
        self._source, self._test = source, test
        self.name = f"{source.name}+{test.name}"
        self.classes = tuple(source.classes)
        after = 1 + max((item.group for item in source.items), default=0)
        self._origin = {f"test/{item.content_id}": item for item in test.items}
        tests = tuple(
            LabelledClip(name, self.classes.index(test.classes[item.class_index]), after + item.group)
            for name, item in self._origin.items()
        )
        taken = {item.content_id for item in source.items} & self._origin.keys()
        if taken:
            raise ClipError(f"{source.name} has a clip {min(taken)!r}; rename its folder test, which is for test clips")
        self.items: Sequence[LabelledClip] = (*source.items, *tests)
        self.tested = frozenset(self._origin)

    def __len__(self) -> int:
        return len(self.items)

    def load(self, item: LabelledClip, *, frames: int = FRAMES, size: int = SIZE) -> ByteClip:
        """See ``ClipSource.load``."""
        original = self._origin.get(item.content_id)
        if original is None:
            return self._source.load(item, frames=frames, size=size)
        return self._test.load(original, frames=frames, size=size)

    def fingerprint(self) -> str:
        """SHA-256 over the fingerprints of both sources."""
        return sha256(f"{self._source.fingerprint()}\0{self._test.fingerprint()}".encode())


def open_source(
    name: str,
    folder: Path | None = None,
    *,
    clips: int = 1200,
    seed: int = 0,
    split: int = 1,
    subset: Subset = "train",
) -> ClipSource:
    """Open a data set.

    ``actions`` are generated: those that test, which are also ``all``, from the seed after the training's, so that only
    ``train`` ever names clips that networks were trained on. ``hmdb51`` comes with official splits. Of
    ``ut-interaction`` and of any other ``folder`` of videos every fifth group of clips tests.

    Args:
        name: one of ``NAMES``.
        folder: where the data set lies; none for ``actions``.
        clips: how many ``actions`` are generated.
        seed: of the ``actions`` that train.
        split: of ``hmdb51``, 1 to 3.
        subset: the clips that train, those that test, or all (not of ``hmdb51``).

    Raises:
        UnknownNameError: no such data set.
        ClipError: the folder is missing, not needed, malformed or empty; a number is out of range; or there is no such
            subset.
        MissingExtraError: PyAV (extra ``codecs``) is not installed.
    """
    if name not in NAMES:
        raise unknown_name("data set", name, NAMES)
    if subset not in get_args(Subset):
        raise ClipError(f"subset must be one of {', '.join(get_args(Subset))}, got {shown(subset)}")
    if name == "actions":
        return _actions(folder, clips, seed + (subset != "train"))
    if folder is None:
        raise ClipError(f"data set {name!r} is read from a folder; say which (--clips DIR)")
    require("av", "codecs")
    if name == "hmdb51":
        from edgevision.data.hmdb51 import HMDB51

        if subset == "all":
            raise ClipError("of 'hmdb51' choose the subset train or test: its official splits do not cover all clips")
        return HMDB51(folder, split, subset)
    return held_apart(_open_folder(name)(folder), subset)


def held_apart(source: ClipSource, subset: Subset) -> ClipSource:
    """The clips of every fifth group (``test``; the last, where there are fewer), those of the others, or all.

    Raises:
        ClipError: all clips are of one group.
    """
    if subset == "all":
        return source
    groups = list(dict.fromkeys(item.group for item in source.items))
    if len(groups) < 2:
        raise ClipError(f"all clips of {source.name} are of one group, so that none can be held back for testing")
    testing = set(groups[_HELD_BACK - 1 :: _HELD_BACK] or groups[-1:])
    items = [item for item in source.items if (item.group in testing) == (subset == "test")]
    return SomeClips(source, items, f"{source.name}-{subset}")


def _actions(folder: Path | None, clips: int, seed: int) -> ClipSource:
    from edgevision.data.actions import GeneratedActions

    if folder is not None:
        raise ClipError("'actions' are generated and need no folder; name the data set that lies in it (--data)")
    return GeneratedActions(clips, seed)


def _open_folder(name: str) -> Callable[[Path], ClipSource]:
    from edgevision.data.ut_interaction import UTInteraction
    from edgevision.data.video_folder import VideoFolder

    return UTInteraction if name == "ut-interaction" else VideoFolder
