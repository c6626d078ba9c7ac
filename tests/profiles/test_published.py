"""The published profile against what the STAE paper prints and states."""

from __future__ import annotations

import numpy as np
import pytest

from edgevision.profiles import load_profile
from edgevision.profiles import stae_tables as tables
from edgevision.profiles.published import local_seconds, published_stae
from edgevision.profiles.video_grid import AXES, FRAMES, GRID, MODES, PIXELS, point_index, video_point

PROFILE = published_stae()
SIZE, ACCURACY, DEVICE, EDGE = (
    array.reshape(GRID) for array in (PROFILE.size[0], PROFILE.accuracy, PROFILE.device_time, PROFILE.edge_time)
)
ALL, FEWEST = 0, len(PIXELS) - 1
PLAIN, ENTROPY, LOCAL = range(3)


def completion_time(rate_mbps: float) -> np.ndarray:
    """Eq. 4 at every operating point [s], in the shape of the grid."""
    return 8 * SIZE / (rate_mbps * 1e6) + DEVICE + EDGE


def test_it_is_shipped_by_name() -> None:
    profile = load_profile("stae-hmdb51-published")
    assert (profile.grid, profile.axis_names, profile.correct, profile.relative) == (GRID, AXES, None, False)
    assert profile.metadata["interpolated"] == {"pixels": [0.9, 0.8, 0.7, 0.6, 0.5]}


def test_sizes_are_those_printed() -> None:
    np.testing.assert_allclose(SIZE[:, ALL, PLAIN] / 2**20, tables.SIZE_MB_100, atol=0.0055)
    np.testing.assert_allclose(SIZE[:, FEWEST, PLAIN] / 2**20, tables.SIZE_MB_40, atol=0.006)
    assert SIZE[0, ALL, PLAIN] == PROFILE.raw_size[0] == 16 * 3 * 224 * 224 * 4
    assert (SIZE[..., LOCAL] == 0).all()


def test_the_stated_compression_and_its_loss() -> None:
    compression = PROFILE.raw_size[0] / SIZE[-1, FEWEST, ENTROPY]
    assert compression == pytest.approx(16 * 100 / 40 * 32 / 12.26)
    assert compression > tables.COMPRESSION
    loss = 100 * (ACCURACY[0, ALL, PLAIN] - ACCURACY[-1, FEWEST, ENTROPY])
    assert loss == pytest.approx(tables.COMPRESSION_LOSS)


def test_times_at_the_ends_are_those_printed() -> None:
    one = tuple(1e3 * value for value in (DEVICE[-1, FEWEST, ENTROPY], EDGE[-1, FEWEST, ENTROPY]))
    assert one == pytest.approx((2.7 + 15.4 + 2.79, 1.76 + 1.6 + 6.8))
    everything = tuple(1e3 * value for value in (DEVICE[0, ALL, PLAIN], EDGE[0, ALL, PLAIN]))
    assert everything == pytest.approx((0.0, 31.5))
    half = DEVICE[0, PIXELS.index(0.5), PLAIN] + EDGE[0, PIXELS.index(0.5), PLAIN]
    assert 1e3 * half - 31.5 == pytest.approx(59.6)  # as the text computes at beta = 50 %


def test_accuracy_falls_with_both_budgets_and_stays_near_the_text() -> None:
    assert (np.diff(ACCURACY[..., PLAIN], axis=0) < 0).all()
    assert (np.diff(ACCURACY[..., PLAIN], axis=1) < 0).all()
    np.testing.assert_array_equal(ACCURACY[..., PLAIN], ACCURACY[..., ENTROPY])
    gain = 100 * (ACCURACY[0, PIXELS.index(0.5), PLAIN] - ACCURACY[1, ALL, PLAIN])
    assert 0 < gain < 1  # "less than 1 % gain of accuracy" (section IV-B.2)


def test_local_computing_is_the_fastest_only_below_the_stated_rate() -> None:
    at_crossing = completion_time(tables.LOCAL_BELOW_MBPS)[-1, FEWEST]
    assert at_crossing[LOCAL] == pytest.approx(at_crossing[ENTROPY])
    assert local_seconds()[-1] == pytest.approx(0.646, abs=0.0005)
    for rate, local_wins in ((1.1, True), (1.3, False)):
        time = completion_time(rate)[-1, FEWEST]
        assert bool(time[LOCAL] < min(time[PLAIN], time[ENTROPY])) == local_wins
    ratio = local_seconds() / local_seconds()[-1]
    np.testing.assert_allclose(ratio, np.array(tables.TIME_VIT) / tables.TIME_VIT[-1])
    for table in (SIZE, ACCURACY, DEVICE, EDGE):
        assert (table[..., LOCAL] == table[:, :1, LOCAL]).all()  # pixel budgets make no difference


@pytest.mark.parametrize(("rate", "deadline", "frames", "pixels"), tables.BEST_BUDGETS)
def test_the_best_budgets_are_those_the_text_names(rate: float, deadline: float, frames: int, pixels: float) -> None:
    feasible = np.where(completion_time(rate) <= 1e-3 * deadline, ACCURACY, 0)
    best = np.unravel_index(feasible.argmax(), GRID)
    assert (FRAMES[best[0]], PIXELS[best[1]]) == (frames, pixels)


def test_tables_agree_with_what_the_text_says_of_them() -> None:
    for column in (value for name, value in vars(tables).items() if name.isupper() and isinstance(value, tuple)):
        if isinstance(column[0], float) and len(column) > 3:
            assert len(column) == len(FRAMES)
    fa, stae, fa_sa, deepisc = (
        np.array(values)
        for values in (
            tables.ACCURACY_FA_100,
            tables.ACCURACY_STAE_40,
            tables.ACCURACY_FA_SA_40,
            tables.ACCURACY_DEEPISC_40,
        )
    )
    assert ((fa > stae) & (stae > fa_sa) & (fa_sa > deepisc)).all()
    assert (stae - deepisc).max() == pytest.approx(tables.GAIN_OVER_DEEPISC)


def test_points_are_numbered_in_row_major_order() -> None:
    for point in range(PROFILE.points):
        budgets = video_point(point)
        assert point_index(budgets.frames, budgets.pixels, budgets.mode) == point
    assert str(video_point(0)) == "16 x 100 % plain" and str(video_point(104)) == "1 local"
    assert MODES == ("plain", "entropy", "local")
    with pytest.raises(ValueError, match="frames must be one of 16, 8, 4, 2, 1, got 3"):
        point_index(3, 1.0, "plain")
    with pytest.raises(ValueError, match="mode must be one of plain, entropy, local"):
        point_index(1, 1.0, "zip")
