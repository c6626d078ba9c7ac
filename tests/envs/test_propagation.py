from __future__ import annotations

import math

import numpy as np
import pytest

from edgevision.envs.channel import propagation


def test_line_of_sight_probability_of_table_7_4_2_1() -> None:
    assert propagation.line_of_sight_probability(10.0) == 1.0
    assert propagation.line_of_sight_probability(18.0) == 1.0
    expected = 18 / 100 + math.exp(-100 / 36) * (1 - 18 / 100)
    assert float(propagation.line_of_sight_probability(100.0)) == pytest.approx(expected)


def test_path_loss_of_table_7_4_1_1_worked_by_hand() -> None:
    d3 = math.hypot(100, 8.5)
    los = 32.4 + 21 * math.log10(d3) + 20 * math.log10(3.5)
    nlos = 35.3 * math.log10(d3) + 22.4 + 21.3 * math.log10(3.5)
    loss = propagation.path_loss_db([100.0, 100.0], [True, False], 3.5, 10.0, 1.5)
    np.testing.assert_allclose(loss, [los, nlos], rtol=1e-12)


def test_path_loss_beyond_the_breakpoint() -> None:
    breakpoint_m = 4 * 9 * 0.5 * 3.5e9 / 3e8
    d3 = math.hypot(300, 8.5)
    far = 32.4 + 40 * math.log10(d3) + 20 * math.log10(3.5) - 9.5 * math.log10(breakpoint_m**2 + 8.5**2)
    assert float(propagation.path_loss_db(300.0, True, 3.5, 10.0, 1.5)) == pytest.approx(far)
    near, beyond = propagation.path_loss_db([breakpoint_m - 1e-6, breakpoint_m + 1e-6], True, 3.5, 10.0, 1.5)
    assert near == pytest.approx(beyond, abs=0.05)


def test_no_line_of_sight_never_loses_less() -> None:
    distance = np.linspace(10, 1000, 200)
    blocked = propagation.path_loss_db(distance, False, 3.5, 10.0, 1.5)
    assert (blocked >= propagation.path_loss_db(distance, True, 3.5, 10.0, 1.5)).all()


@pytest.mark.parametrize("fading", ["half-normal", "rayleigh"])
def test_mean_gain_is_what_the_loss_says(fading: str) -> None:
    rng = np.random.default_rng(1)
    scale = propagation.gain_scale_from_loss(100.0, fading)  # type: ignore[arg-type]
    unit = np.abs(rng.normal(size=200_000)) if fading == "half-normal" else rng.exponential(size=200_000)
    assert float(np.mean(scale * unit)) == pytest.approx(1e-10, rel=0.01)
