"""Labelled clips of two figures who act, made from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, ByteClip
from edgevision.checks import whole_number
from edgevision.data.actions.poses import ACTIONS
from edgevision.data.actions.scenery import draw_camera, draw_light, draw_passers, draw_scene, expose
from edgevision.data.actions.timeline import draw_bystander, draw_moment, draw_pair
from edgevision.data.actions.wardrobe import draw_wardrobe, dress
from edgevision.data.clips import FRAMES, SIZE, LabelledClip
from edgevision.errors import ClipError, CodecInputError, UnreadableClipError
from edgevision.storage.disk_files import sha256

NAME = "generated-actions"  # of the data set, in records
MAX_CLIPS = 10**6
_MAX_SEED = 2**63
MIN_SIZE = 16  # smallest side of a frame [pixel]
MAX_PIXELS = 2**24  # over all frames of a clip; 16 frames of side 1024
_BYSTANDERS = 0.5  # share of clips
_LAMP = (0.02, 0.09)  # light that the action switches on, relative


@dataclass(frozen=True, eq=False)
class ActionTruth:
    """What the generator knows of a clip.

    Attributes:
        frames: indices of the decisive frames, increasing.
        figures: which pixels show one of the two acting figures, (F, S, S).
    """

    frames: NDArray[np.int_]
    figures: BoolArray


class GeneratedActions:
    """Clips of articulated figures, whose class shows in a few frames and in the figures' pixels only.

    A clip depends on the seed, its number and the asked shape: sources of different length share their first clips.

    Attributes:
        name: name of the data set.
        version: changes whenever the clips of a seed do.
        classes: names of the actions; the first six are those of UT-Interaction, in its order.
        items: the clips; every run of ``len(classes)`` from the first has each class once, in random order.
    """

    version = "3"

    def __init__(self, clips: int = 1200, seed: int = 0) -> None:
        """Set up the list of clips; nothing is drawn yet.

        Args:
            clips: number of clips.
            seed: which clips.

        Raises:
            ClipError: no clip, too many, or a negative seed.
        """
        self.name = NAME
        self.classes = tuple(ACTIONS)
        self.seed = whole_number("seed", seed, 0, _MAX_SEED, ClipError)
        self.items: Sequence[LabelledClip] = self._list(whole_number("clips", clips, 1, MAX_CLIPS, ClipError))

    def __len__(self) -> int:
        return len(self.items)

    def load(self, item: LabelledClip, *, frames: int = FRAMES, size: int = SIZE) -> ByteClip:
        """Draw a clip, (F, S, S, 3) uint8.

        Raises:
            UnreadableClipError: not a clip of this source.
            CodecInputError: a shape out of range.
        """
        return self._draw(item, frames, size)[0]

    def truth(self, item: LabelledClip, *, frames: int = FRAMES, size: int = SIZE) -> ActionTruth:
        """Where the class of a clip shows.

        Raises:
            UnreadableClipError: not a clip of this source.
            CodecInputError: a shape out of range.
        """
        return self._draw(item, frames, size)[1]

    def fingerprint(self) -> str:
        """SHA-256 over version, seed and number of clips."""
        return sha256(f"{self.name}\0{self.version}\0{self.seed}\0{len(self)}".encode())

    def _list(self, clips: int) -> list[LabelledClip]:
        count = len(self.classes)
        runs = -(-clips // count)
        orders = [np.random.default_rng([self.seed, run, 0]).permutation(count) for run in range(runs)]
        classes = np.concatenate(orders)[:clips]
        return [LabelledClip(f"action-{number:06d}", int(label), number) for number, label in enumerate(classes)]

    def _draw(self, item: LabelledClip, frames: int, size: int) -> tuple[ByteClip, ActionTruth]:
        if not (0 <= item.group < len(self) and self.items[item.group] == item):
            raise UnreadableClipError(f"{item.content_id}: not a clip of this source")
        if frames < 1 or size < MIN_SIZE or frames * size**2 > MAX_PIXELS:
            raise CodecInputError(
                f"{frames} frames of side {size}; give at least 1 frame, sides of at least {MIN_SIZE} and at most "
                f"{MAX_PIXELS} pixels in all"
            )
        moment_rng, pair_rng, camera_rng, scene_rng, clothes_rng, light_rng, noise_rng = map(
            np.random.default_rng, np.random.SeedSequence([self.seed, item.group, 1]).spawn(7)
        )
        moment = draw_moment(moment_rng, frames)
        camera = draw_camera(camera_rng, frames)
        canvas = draw_scene(scene_rng, camera, size)
        draw_passers(scene_rng, canvas, camera)
        if scene_rng.uniform() < _BYSTANDERS:
            dress([draw_bystander(scene_rng, frames)], [draw_wardrobe(scene_rng)], canvas, camera.shake)
        pair = draw_pair(pair_rng, self.classes[item.class_index], moment)
        clothes = [draw_wardrobe(clothes_rng, moment.envelope) for _ in pair]
        figures = dress(pair, clothes, canvas, camera.shake)
        light = draw_light(light_rng, frames) * (1 + light_rng.uniform(*_LAMP) * moment.envelope)
        return expose(noise_rng, canvas, light), ActionTruth(moment.frames, figures > 0.5)
