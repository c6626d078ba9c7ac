from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from edgevision.envs.channel import radio

positive = st.floats(1e-3, 1e3)
decades = st.floats(-8, 0).map(lambda exponent: 10.0**exponent)


@given(st.floats(0, 26))
def test_erfc_matches_the_standard_library(z: float) -> None:
    assert math.exp(radio.log_erfc(z)) == pytest.approx(math.erfc(z), rel=2e-13)


@given(st.floats(5, 1e4))
def test_log_erfc_stays_accurate_where_erfc_underflows(z: float) -> None:
    assert float(radio.log_erfc(z)) == pytest.approx(math.log(special.erfcx(z)) - z * z, rel=1e-13)


@given(st.floats(1e4, 1e7), st.floats(1e-3, 1), st.floats(1e5, 1e8), decades, decades)
def test_log_threshold_is_the_logarithm_of_equation_2(
    payload: float, airtime: float, bandwidth: float, power: float, gain_scale: float
) -> None:
    noise = 4e-21
    exponent = payload / (bandwidth * airtime)
    if exponent > 1000:
        return
    direct = math.log(math.expm1(math.log(2) * exponent)) if exponent < 500 else math.log(2) * exponent
    direct += math.log(noise * bandwidth / (power * gain_scale))
    computed = float(radio.log_threshold(payload, airtime, bandwidth, power, gain_scale, noise))
    assert computed == pytest.approx(direct, rel=1e-9, abs=1e-9)


def test_impossible_and_trivial_links() -> None:
    always = radio.log_threshold(0.0, 0.1, 1e6, 0.1, 1e-9, 4e-21)
    assert float(radio.success_probability(always)) == pytest.approx(1.0, abs=1e-15)
    for airtime, arrives in ((0.1, 1.0), (0.0, 1.0), (-1e-9, 0.0)):  # nothing to send, but computing takes time
        silent = radio.log_threshold(0.0, airtime, 1e6, 0.1, 1e-9, 4e-21)
        assert float(radio.success_probability(silent)) == pytest.approx(arrives, abs=1e-15)
    for airtime, bandwidth, power in ((0.0, 1e6, 0.1), (-1.0, 1e6, 0.1), (0.1, 0.0, 0.1), (0.1, 1e6, 0.0)):
        never = radio.log_threshold(1e5, airtime, bandwidth, power, 1e-9, 4e-21)
        assert radio.success_probability(never) == 0.0
    huge = radio.log_threshold(1e12, 1e-3, 1.0, 1e-9, 1e-15, 4e-21)
    assert radio.success_probability(huge) == 0.0


@pytest.mark.parametrize("fading", ["half-normal", "rayleigh"])
def test_success_probability_is_the_share_of_fading_draws_whose_rate_is_enough(fading: str) -> None:
    rng = np.random.default_rng(0)
    scale, noise, bandwidth, power, airtime = 2e-9, 4e-21, 1e6, 1e-3, 0.05
    unit = np.abs(rng.normal(size=400_000)) if fading == "half-normal" else rng.exponential(size=400_000)
    rate = radio.data_rate(bandwidth, power, scale * unit, noise)
    for payload in (3e5, 4e5, 4.6e5):
        log_x = radio.log_threshold(payload, airtime, bandwidth, power, scale, noise)
        probability = radio.success_probability(log_x, fading)  # type: ignore[arg-type]
        arrived = np.mean(payload / rate <= airtime)
        assert 0.01 < arrived < 0.99
        assert float(probability) == pytest.approx(arrived, abs=4 * 0.5 / math.sqrt(len(unit)))


@given(st.floats(-20, 3), st.floats(0, 2), st.sampled_from(["half-normal", "rayleigh"]))
def test_success_probability_falls_with_the_threshold_and_is_a_probability(low: float, gap: float, fading: str) -> None:
    for model in ("exact", "chernoff"):
        upper = radio.success_probability(low, fading, model)  # type: ignore[arg-type]
        lower = radio.success_probability(low + gap, fading, model)  # type: ignore[arg-type]
        assert 0.0 <= lower <= upper <= 1.0


def test_the_papers_approximation_is_optimistic() -> None:
    log_x = np.log(0.1)
    assert float(radio.success_probability(log_x)) == pytest.approx(0.920344, abs=1e-6)
    assert float(radio.success_probability(log_x, model="chernoff")) == pytest.approx(0.995012, abs=1e-6)
    grid = np.linspace(-10, 2, 200)
    assert (radio.success_probability(grid, model="chernoff") >= radio.success_probability(grid)).all()
