"""The array of a clip's values while they are coded: their places, their steps, and the filling of missing values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, Float32Array, IntArray
from edgevision.codecs.stae.bitstream.neighbours import PLACES, PLANES

Places = NDArray[np.int32]
_ABOVE, _BELOW, _SIDE = 2, 1, 2  # margin [pixel]
_FRAME_LAG, _ROW_LAG, _PLANE_LAG = 4, 2, 4  # steps
_GREY = 128.0  # green above the first row


@dataclass(frozen=True, eq=False)
class Steps:
    """Places in ``Volume.values``, ordered by step.

    Attributes:
        places: indices into ``Volume.values``, (n,).
        steps: step of each place, increasing, (n,).
        ends: end of each step in ``places``, (T,).
        order: for each entry of ``places``, its index in the list of all places ordered by plane, (n,).
    """

    places: Places
    steps: NDArray[np.int16]
    ends: IntArray
    order: IntArray


class Volume:
    """The planes of the kept frames with margins, and the order in which their values are coded.

    A pixel that was not kept gets the value of the same pixel in the frame before. In the first frame, it gets that of
    its left neighbour; in the left margin, of its upper right neighbour; in the lower margin, of its upper neighbour.

    Attributes:
        values: the planes (3, a + 1, H + 3, W + 4), flattened.
        kept: places and steps of the values that are coded.
        group: kind * 3 + plane of each coded value, (n,).
        broken: whether one of its four neighbours coded before it was not kept, for each coded value, (n,).
    """

    def __init__(self, mask: BoolArray) -> None:
        frames, height, width = mask.shape
        self._shape = (PLANES, frames + 1, height + _ABOVE + _BELOW, width + 2 * _SIDE)
        sizes = np.cumprod((1, *self._shape[:0:-1]))[::-1]  # strides of plane, frame, row, column
        self._strides = sizes.astype(np.int32)
        self.values: Float32Array = np.zeros(self._shape, np.float32).reshape(-1)
        self.values.reshape(self._shape)[0, :, :_ABOVE] = _GREY
        self._offsets = (np.array(PLACES, np.int32) @ self._strides).astype(np.int32)
        total = width + 2 * _SIDE + _ROW_LAG * height + _FRAME_LAG * frames + _PLANE_LAG * PLANES
        inside = np.zeros(self._shape[1:], np.bool_)
        inside[1:, _ABOVE:-_BELOW, _SIDE:-_SIDE] = mask
        extended = np.zeros_like(inside)
        extended[1:, _ABOVE:] = ~inside[1:, _ABOVE:]
        self.kept = self._steps(np.nonzero(inside), total)
        self._empty = self._steps(np.nonzero(extended), total)
        self._sources = self._fill_sources(np.nonzero(extended), height)[self._empty.order]
        flat, places = inside.reshape(-1), np.flatnonzero(inside)
        west, north, corner, north_east = self._offsets[:4]
        whole = flat[places + west] & flat[places + north] & flat[places + corner] & flat[places + north_east]
        kind = (places >= 2 * self._strides[1]).astype(np.int8)
        self.broken = np.tile(~whole, PLANES)[self.kept.order]
        self.group = (3 * kind + np.arange(PLANES, dtype=np.int8)[:, None]).reshape(-1)[self.kept.order]

    def fill(self, step: int) -> None:
        """Fill the values of ``step`` that are not coded."""
        start, end = (self._empty.ends[step - 1] if step else 0), self._empty.ends[step]
        places = self._empty.places[start:end]
        self.values[places] = self.values[places + self._sources[start:end]]

    def around(self, places: Places) -> Float32Array:
        """Neighbourhoods (K, n) of places (n,)."""
        return self.values[self._offsets[:, None] + places]

    def planes(self) -> Float32Array:
        """A view of the values without margins, (3, a, H, W)."""
        return self.values.reshape(self._shape)[:, 1:, _ABOVE:-_BELOW, _SIDE:-_SIDE]

    def _steps(self, where: tuple[IntArray, ...], total: int) -> Steps:
        frame, row, column = (axis.astype(np.int32) for axis in where)
        place = frame * self._strides[1] + row * self._strides[2] + column
        step = (column + _ROW_LAG * (row - _ABOVE) + _FRAME_LAG * (frame - 1)).astype(np.int16)
        plane = np.arange(PLANES, dtype=np.int32)[:, None]
        steps = (step + (_PLANE_LAG * plane).astype(np.int16)).reshape(-1)
        order = np.argsort(steps, kind="stable")
        places = (place + plane * self._strides[0]).reshape(-1)[order]
        return Steps(places, steps[order], np.cumsum(np.bincount(steps, minlength=total)), order)

    def _fill_sources(self, where: tuple[IntArray, ...], height: int) -> Places:
        frame, row, column = where
        _, before, above, left = -self._strides
        first = np.where(row == height + _ABOVE, above, np.where(column < _SIDE, above + 1, left))
        return np.tile(np.where(frame > 1, before, first).astype(np.int32), PLANES)
