"""`MonotoneCubics`: many increasing curves at once, interpolated by monotone cubics (PCHIP).

SciPy's ``PchipInterpolator`` takes curves with the same x, and each sample of a bootstrap has its own. The curves here
may also have different numbers of points. The results are those of SciPy.
Source: Fritsch and Butland, SIAM Journal on Scientific and Statistical Computing 5(2), 1984.
"""

from __future__ import annotations

import numpy as np

from edgevision.arrays import FloatArray, IntArray


class MonotoneCubics:
    """B curves y(x) through up to K points each, both increasing strictly.

    Attributes:
        first, last: x of each curve's first and last point, (B,).
    """

    def __init__(self, x: FloatArray, y: FloatArray, count: IntArray) -> None:
        """Curves through the first ``count`` (B,) points of the rows of ``x`` and ``y``, (B, K) each."""
        if x.shape[1] == 1:  # a second column, which does not count, gives the curves an interval
            x, y = np.repeat(x, 2, axis=1), np.repeat(y, 2, axis=1)
        self._x, self._y, self._count = x, y, count
        self.first, self.last = x[:, 0], np.take_along_axis(x, count[:, None] - 1, axis=1)[:, 0]
        self._used = np.arange(x.shape[1] - 1) < count[:, None] - 1  # intervals between two points of the curve
        self._width = np.where(self._used, np.diff(x, axis=1), 1.0)
        slope = np.where(self._used, np.diff(y, axis=1), 0.0) / self._width
        self._derivative = self._derivatives(slope)

    def __call__(self, x: FloatArray) -> FloatArray:
        """y of each curve at one point each, (B,), inside the curve."""
        inner = np.maximum(self._count - 2, 0)
        interval = np.minimum((self._x[:, 1:] <= x[:, None]).sum(axis=1, where=self._used), inner)[:, None]
        start, width, left, right = (
            np.take_along_axis(values, interval, axis=1)[:, 0]
            for values in (self._x, self._width, self._y, self._y[:, 1:])
        )
        ends = (np.take_along_axis(self._derivative, interval + i, axis=1)[:, 0] for i in (0, 1))
        s = (x - start) / width
        at_left, at_right = (width * d for d in ends)
        found: FloatArray = (
            left * (1 + s * s * (2 * s - 3))
            + at_left * s * (1 - s) ** 2
            + right * s * s * (3 - 2 * s)
            + at_right * s * s * (s - 1)
        )
        return np.where(self._count > 1, found, self._y[:, 0])

    def integrate(self, low: FloatArray, high: FloatArray) -> FloatArray:
        """Integral of each curve from ``low`` to ``high``, (B,) each, inside the curve."""
        left, right = (np.where(self._used, values, 0.0) for values in (self._y[:, :-1], self._y[:, 1:]))
        at_left, at_right = (self._width * self._derivative[:, part] for part in (slice(None, -1), slice(1, None)))

        def up_to(end: FloatArray) -> FloatArray:
            s = np.clip((end[:, None] - self._x[:, :-1]) / self._width, 0.0, 1.0)
            area: FloatArray = self._width * (
                left * s * (1 + s * s * (s / 2 - 1))
                + at_left * s * s * (0.5 + s * (s / 4 - 2 / 3))
                + right * s**3 * (1 - s / 2)
                + at_right * s**3 * (s / 4 - 1 / 3)
            )
            return area.sum(axis=1, where=self._used)

        return up_to(high) - up_to(low)

    def _derivatives(self, slope: FloatArray) -> FloatArray:
        """dy / dx at the points, (B, K); 0 after a curve's last one."""
        h, inside = self._width, self._used[:, 1:]
        found = np.zeros_like(self._x)
        first, second = 2 * h[:, 1:] + h[:, :-1], h[:, 1:] + 2 * h[:, :-1]
        with np.errstate(divide="ignore"):
            mean = (first / slope[:, :-1] + second / slope[:, 1:]) / (first + second)
        found[:, 1:-1] = np.where(inside, 1 / np.where(inside, mean, 1.0), 0.0)
        rows, end = np.arange(len(found)), self._count - 1
        for place, near, far in ((0 * end, 0 * end, 0 * end + 1), (end, end - 1, end - 2)):
            near, far = np.maximum(near, 0), np.clip(far, 0, None)
            far = np.where(self._count > 2, np.minimum(far, h.shape[1] - 1), near)  # of a line, the only interval
            widths, slopes = (h[rows, near], h[rows, far]), (slope[rows, near], slope[rows, far])
            edge = ((2 * widths[0] + widths[1]) * slopes[0] - widths[0] * slopes[1]) / (widths[0] + widths[1])
            found[rows, place] = np.maximum(edge, 0.0)
        return found
