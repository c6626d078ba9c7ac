"""Lossy values of patch-shaped masks: prediction, cosine transform, quantisation, range coding.

Patch (frame f, row r, column c) belongs to step c + 2 r + 4 f; the patches that it is predicted from lie in earlier
steps. A prediction is a learned mode from the pixels around (see ``intra``) or comes from the kept frame before, from
the same place or from where a motion vector points. Where no patch is kept, a picture shows what the one before does.
Layout: quantisation step (1 byte), range coder's bytes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, FloatArray, IntArray
from edgevision.codecs.stae.bitstream import choosing, intra, motion
from edgevision.codecs.stae.bitstream.coefficients import LevelCoder
from edgevision.codecs.stae.bitstream.modes import STILL, Here, ModeCoder
from edgevision.codecs.stae.bitstream.range_coder import Coder, RangeReader, RangeWriter
from edgevision.codecs.stae.bitstream.transform import (
    BANDS,
    SIDE,
    UNIT,
    forward,
    inverse,
    to_rgb,
    to_ycc,
    whole_forward,
)
from edgevision.errors import BitstreamError

_PLANES = 3
_MAX_STEP = 63
_FINER = 2.0  # steps of patches that later frames are predicted from are smaller by
_LARGEST = 1 << 15  # coefficient
_PIXELS_PER_BYTE = 4096  # most; shorter bitstreams are filled up with zeros
# Pixels around a patch, (row, column) from its upper left one: corner, above, above to the right, left.
_BORDER = np.array([(-1, -1), *((-1, k) for k in range(2 * SIDE)), *((k, -1) for k in range(SIDE))])
_HAS = ((-1, -1), (-1, 0), (-1, 1), (0, -1))  # patches that these lie in


def pack(kept: NDArray[np.uint8], mask: BoolArray, step: float) -> bytes:
    """Code the patches of kept frames (a, H, W, 3) that the mask (a, H, W) keeps.

    Args:
        kept: kept frames.
        mask: constant on each patch of 8 x 8 pixels.
        step: quantisation step, in grey levels of the orthonormal transform.

    Raises:
        ValueError: the mask splits a patch, or the step is out of range.
    """
    if _split(mask):
        raise ValueError(f"dct needs a mask of whole {SIDE} x {SIDE} patches; make it with patch_mask")
    if not 1 <= step <= 2 ** (_MAX_STEP / 6):
        raise ValueError(f"step must be in [1, {2 ** (_MAX_STEP / 6):.0f}], got {step!r}")
    number = round(6 * float(np.log2(step)))
    writer = RangeWriter()
    Walk(mask, number, writer).run(Wanted(kept))
    return (bytes([number]) + writer.bytes()).ljust(_least_bytes(mask), b"\0")


def unpack(data: bytes, mask: BoolArray) -> NDArray[np.uint8]:
    """The kept values, zero elsewhere, (a, H, W, 3).

    Raises:
        BitstreamError: the bytes are not from ``pack`` with this mask.
    """
    if not data or data[0] > _MAX_STEP or _split(mask):
        raise BitstreamError("quantisation step is malformed, or the mask is not one of whole patches")
    if len(data) < _least_bytes(mask):
        raise BitstreamError(f"{len(data)} bytes cannot state {np.count_nonzero(mask)} pixels")
    walk = Walk(mask, data[0], RangeReader(data[1:]))
    walk.run(None)
    return walk.picture(mask)


class Wanted:
    """What the encoder knows of frames (a, H, W, 3).

    Attributes:
        coefficients: of all patches, borders repeated to whole ones, (a, rows, columns, 3, 64).
        vectors: motion vectors, (a, rows, columns, 2) [half pixel].
    """

    def __init__(self, frames: NDArray[np.uint8]) -> None:
        count, height, width, _ = frames.shape
        whole = to_ycc(np.pad(frames, ((0, 0), (0, -height % SIDE), (0, -width % SIDE), (0, 0)), mode="edge"))
        blocks = whole.reshape(count, whole.shape[1] // SIDE, SIDE, -1, SIDE, _PLANES).transpose(0, 1, 3, 5, 2, 4)
        self.coefficients = forward(blocks.reshape(*blocks.shape[:3], _PLANES, BANDS))
        self.vectors = motion.search(whole[..., 0])


class Walk:
    """All state of coding patches, the same for writer and reader.

    Frames, rows and columns of the arrays have a margin: one frame before, a patch on every side.
    """

    def __init__(self, mask: BoolArray, number: int, coder: Coder) -> None:
        grid = mask[:, ::SIDE, ::SIDE]
        frames, rows, columns = grid.shape
        size = (frames + 1, rows + 2, columns + 2)
        self._finest = 1.0 if frames == 1 else _FINER
        self._step = float(np.floor(UNIT * 2 ** (number / 6) + 0.5))
        self._shown = np.zeros(size, np.bool_)  # patches that a picture shows
        self._pictures = np.zeros((frames + 1, _PLANES, SIDE * (rows + 2), SIDE * (columns + 2)), np.uint8)
        self._levels = np.zeros((*size, _PLANES, BANDS), np.int32)
        self._kept = _by_step(np.argwhere(grid), size)
        self._dropped = _by_step(np.argwhere(~grid), size)
        self.coefficients, self.modes = LevelCoder(coder), ModeCoder(coder, size)

    def run(self, wanted: Wanted | None) -> None:
        """Pass all patches; ``wanted`` if writing."""
        for kept, dropped in zip(self._kept, self._dropped, strict=True):
            if len(dropped):
                self._repeat(_here(dropped))
            if len(kept):
                self._code(_here(kept), wanted)

    def _repeat(self, here: Here) -> None:
        frame, row, column = here
        self._shown[frame, row, column] = self._shown[frame - 1, row, column]
        self._show(here, motion.window(self._pictures, frame - 1, 2 * SIDE * row, 2 * SIDE * column))

    def _code(self, here: Here, wanted: Wanted | None) -> None:
        frame, row, column = here
        repeatable = self._shown[frame - 1, row, column]
        count = np.arange(len(frame))
        steps = np.where(repeatable, self._step, self._step / self._finest)[:, None, None]
        vectors, modes = np.zeros((len(frame), 2), np.int64), np.zeros(len(frame), np.int64)
        levels = np.zeros((len(frame), _PLANES, BANDS), np.int64)
        spatial = intra.predict(self._border(here))
        if wanted is not None:
            original = (frame - 1, row - 1, column - 1)
            vectors = wanted.vectors[original]
            predictions = np.concatenate(
                (spatial, *(self._timed(here, v)[:, :, None] for v in (0 * vectors, vectors))), 2
            )
            bits = self.modes.bits(here, repeatable, vectors)
            modes, levels = choosing.choose(wanted.coefficients[original], predictions, bits, steps, self.coefficients)
        modes, vectors = self.modes.code(modes, vectors, here, repeatable)
        timed = modes >= STILL
        prediction = np.where(
            timed[:, None, None], self._timed(here, vectors), spatial[count, :, np.minimum(modes, STILL - 1)]
        )
        beside = np.abs(self._levels[frame, row, column - 1]) + np.abs(self._levels[frame, row - 1, column])
        levels = self.coefficients.code(levels, timed.astype(np.int64), beside)
        decoded = prediction + np.floor(levels * steps + 0.5)
        self._levels[here], self._shown[here] = levels, True
        self._show(here, inverse(np.clip(decoded, -_LARGEST, _LARGEST)))

    def _timed(self, here: Here, vectors: IntArray) -> FloatArray:
        """Coefficients (n, 3, 64) of what vectors (n, 2) point to in the frame before."""
        frame, row, column = here
        return whole_forward(
            motion.window(self._pictures, frame - 1, 2 * SIDE * row + vectors[:, 0], 2 * SIDE * column + vectors[:, 1])
        )

    def _border(self, here: Here) -> FloatArray:
        frame, row, column = here
        y, x = (SIDE * place[:, None] + offset for place, offset in zip((row, column), _BORDER.T, strict=True))
        pixels = self._pictures[frame[:, None, None], np.arange(_PLANES)[:, None], y[:, None], x[:, None]]
        has = np.stack([self._shown[frame, row + r, column + c] for r, c in _HAS], axis=1)
        return intra.border(pixels.astype(np.float64), has)

    def _show(self, here: Here, pixels: FloatArray) -> None:
        frame, row, column = here
        span = np.arange(SIDE)
        y, x = SIDE * row[:, None] + span, SIDE * column[:, None] + span
        places = frame[:, None, None, None], np.arange(_PLANES)[:, None, None], y[:, None, :, None], x[:, None, None]
        self._pictures[places] = pixels.reshape(-1, _PLANES, SIDE, SIDE)

    def picture(self, mask: BoolArray) -> NDArray[np.uint8]:
        """The decoded pixels under the mask, (a, H, W, 3)."""
        _, height, width = mask.shape
        planes = np.moveaxis(self._pictures[1:, :, SIDE : SIDE + height, SIDE : SIDE + width], 1, -1)
        return np.where(mask[..., None], to_rgb(planes.astype(np.float64)), 0).astype(np.uint8)


def _here(places: IntArray) -> Here:
    frame, row, column = places.T
    return frame, row, column


def _least_bytes(mask: BoolArray) -> int:
    """What bounds the patches that a short bitstream can claim, and so the time to decode it."""
    return int(np.count_nonzero(mask)) // _PIXELS_PER_BYTE


def _split(mask: BoolArray) -> bool:
    """Whether a patch is kept in part."""
    rows, columns = (np.arange(size) // SIDE * SIDE for size in mask.shape[1:])
    return bool((mask != mask[:, rows[:, None], columns]).any())


def _by_step(patches: IntArray, size: tuple[int, int, int]) -> list[IntArray]:
    """Places (n, 3) of patches with the margin, by step."""
    frame, row, column = patches.T
    step = column + 2 * row + 4 * frame
    order = np.argsort(step, kind="stable")
    ends = np.cumsum(np.bincount(step, minlength=size[2] + 2 * size[1] + 4 * size[0]))
    return np.split(patches[order] + 1, ends[:-1])
