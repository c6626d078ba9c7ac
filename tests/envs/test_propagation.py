from __future__ import annotations

import math

import gymnasium
import numpy as np
import pytest
from scipy import stats

import edgevision  # noqa: F401 - registers the ids
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


#: Distances between which generated channels are compared with the tables [m]; 210 m is the breakpoint at 3.5 GHz.
BANDS = [(10, 18), (18, 40), (40, 100), (100, 210), (210, 500)]
CARRIER_GHZ, STATION_M, CAMERA_M = 3.5, 10.0, 1.5


def tr_38_901_umi(distance: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probability of line of sight, and path loss with and without it [dB], written anew from the report.

    3GPP TR 38.901 V17, tables 7.4.1-1 and 7.4.2-1, UMi street canyon; effective heights are 1 m less.
    """
    d3 = np.sqrt(distance**2 + (STATION_M - CAMERA_M) ** 2)
    turn = 4 * (STATION_M - 1) * (CAMERA_M - 1) * CARRIER_GHZ * 1e9 / 3e8
    pl1 = 32.4 + 21 * np.log10(d3) + 20 * np.log10(CARRIER_GHZ)
    pl2 = 32.4 + 40 * np.log10(d3) + 20 * np.log10(CARRIER_GHZ)
    pl2 -= 9.5 * np.log10(turn**2 + (STATION_M - CAMERA_M) ** 2)
    los = np.where(distance <= turn, pl1, pl2)
    nlos = 35.3 * np.log10(d3) + 22.4 + 21.3 * np.log10(CARRIER_GHZ) - 0.3 * (CAMERA_M - 1.5)
    probability = np.where(distance <= 18, 1, 18 / distance + np.exp(-distance / 36) * (1 - 18 / distance))
    return probability, los, np.maximum(los, nlos)


@pytest.mark.parametrize("band", BANDS)
def test_generated_gains_have_the_distribution_of_the_tables(band: tuple[int, int]) -> None:
    """Path loss, line of sight and shadowing together: the distribution function of each gain is uniform."""
    env = gymnasium.make_vec("EdgeVision/Image-v0", num_envs=400, users=60, cell_radius_m=band[1], episode_slots=1)
    env.reset(seed=7)
    trace = env.unwrapped.simulator.trace
    distance = np.hypot(trace.position[..., 0], trace.position[..., 1]).ravel()
    near = distance >= band[0]
    gain = 10 * np.log10(trace.gain_scale[:, 0].ravel() * math.sqrt(2 / math.pi))[near]  # half-normal: E|h|
    probability, los, nlos = tr_38_901_umi(distance[near])
    share = probability * stats.norm.cdf((gain + los) / 4) + (1 - probability) * stats.norm.cdf((gain + nlos) / 7.82)
    assert len(share) > 10_000
    assert stats.kstest(share, "uniform").pvalue > 1e-3
    if band == (18, 40):  # and the test would notice another spread, share of sight, or loss
        for wrong in (
            probability * stats.norm.cdf((gain + los) / 5) + (1 - probability) * stats.norm.cdf((gain + nlos) / 7.82),
            stats.norm.cdf((gain + nlos) / 7.82),
            probability * stats.norm.cdf((gain + los - 1) / 4)
            + (1 - probability) * stats.norm.cdf((gain + nlos - 1) / 7.82),
        ):
            assert stats.kstest(wrong, "uniform").pvalue < 1e-6


def test_patrols_have_line_of_sight_loss_and_shadowing_of_the_tables() -> None:
    env = gymnasium.make_vec("EdgeVision/Dynamic-v0", num_envs=1000, users=20, episode_slots=1)
    env.reset(seed=7)
    trace = env.unwrapped.simulator.trace
    distance = np.hypot(trace.position[:, 0, :, 0], trace.position[:, 0, :, 1])
    sight = trace.line_of_sight[:, 0]
    probability, los, nlos = tr_38_901_umi(distance)
    for low, high in BANDS[2:]:
        inside = (distance >= low) & (distance < high)
        error = math.sqrt((probability * (1 - probability))[inside].mean() / inside.sum())
        assert sight[inside].mean() == pytest.approx(probability[inside].mean(), abs=4 * error)
    loss = -10 * np.log10(trace.route_gain[:, 0])
    np.testing.assert_allclose(loss, np.where(sight, los, nlos), rtol=1e-9)
    shadowing = 10 * np.log10(trace.gain_scale[:, 0]) + loss
    for mask, spread in ((sight, 4.0), (~sight, 7.82)):
        assert stats.kstest(shadowing[mask] / spread, "norm").pvalue > 1e-3
