"""Many monotone cubics at once are those of SciPy, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy", reason="needs the extra 'convex'")
from scipy.interpolate import PchipInterpolator

from edgevision.arrays import FloatArray
from edgevision.experiments.codec_comparison.monotone_cubic import MonotoneCubics
from edgevision.experiments.codec_comparison.rate_accuracy import accuracy_gained, bytes_saved

_steps = st.floats(1e-3, 10)
_curves = st.lists(st.lists(st.tuples(_steps, _steps), min_size=2, max_size=9), min_size=1, max_size=6)


def padded(rows: list[FloatArray]) -> FloatArray:
    """Rows of unequal length, filled up with numbers that must not count."""
    longest = max(len(row) for row in rows)
    return np.stack([np.concatenate([row, np.full(longest - len(row), 777.0)]) for row in rows])


@settings(max_examples=300, deadline=None)
@given(curves=_curves, ends=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_values_and_integrals_are_those_of_scipy(
    curves: list[list[tuple[float, float]]], ends: tuple[float, float]
) -> None:
    steps = [np.array(curve) for curve in curves]
    x, y = ([np.cumsum(step[:, column]) for step in steps] for column in (0, 1))
    found = MonotoneCubics(padded(x), padded(y), np.array([len(row) for row in x]))
    low, high = (np.array([row[0] + share * (row[-1] - row[0]) for row in x]) for share in ends)
    expected = [PchipInterpolator(*row) for row in zip(x, y, strict=True)]
    np.testing.assert_allclose(found(low), [float(f(at)) for f, at in zip(expected, low, strict=True)], rtol=1e-9)
    np.testing.assert_allclose(
        found.integrate(low, high),
        [float(f.integrate(*pair)) for f, *pair in zip(expected, low, high, strict=True)],
        rtol=1e-8,
        atol=1e-8,
    )


def test_a_curve_of_one_point_and_points_themselves() -> None:
    x, y = np.array([[1.0, 5.0, 6.0], [1.0, 2.0, 4.0]]), np.array([[3.0, 9.0, 9.0], [0.0, 1.0, 8.0]])
    found = MonotoneCubics(x, y, np.array([1, 3]))
    assert found.first.tolist() == [1.0, 1.0]
    assert found.last.tolist() == [1.0, 4.0]
    np.testing.assert_allclose(found(np.array([1.0, 4.0])), [3.0, 8.0])
    np.testing.assert_allclose(found(np.array([1.0, 2.0])), [3.0, 1.0])


def test_a_codec_of_one_level_has_no_curve_to_compare() -> None:
    point = MonotoneCubics(np.array([[2.0], [3.0]]), np.array([[5.0], [7.0]]), np.array([1, 1]))
    assert point(np.array([2.0, 3.0])).tolist() == [5.0, 7.0]
    assert point.integrate(point.first, point.last).tolist() == [0.0, 0.0]
    one, curve = (np.array([900.0]), np.array([0.5])), (np.array([2000.0, 500.0]), np.array([0.7, 0.4]))
    for summary in (bytes_saved, accuracy_gained):
        assert np.isnan(summary(*one, *curve)).all()
        assert np.isnan(summary(*curve, *one)).all()


def test_samples_at_once_give_what_they_give_one_by_one() -> None:
    rng = np.random.default_rng(3)
    size, reference_size = (np.sort(rng.uniform(300, 30_000, (40, 8)))[:, ::-1] for _ in range(2))
    accuracy, reference = (
        np.sort(rng.uniform(0, 1, (40, 8)))[:, ::-1] + rng.normal(0, 0.05, (40, 8)) for _ in range(2)
    )
    for summary in (bytes_saved, accuracy_gained):
        together = summary(size, accuracy, reference_size, reference)
        single = [summary(*rows)[0] for rows in zip(size, accuracy, reference_size, reference, strict=True)]
        np.testing.assert_array_equal(together, single)
        assert np.isfinite(together).any()
