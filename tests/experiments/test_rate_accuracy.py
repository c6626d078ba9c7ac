"""Bytes saved and accuracy gained: known answers, invariances, and the shipped profiles."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgevision.errors import ProfileError
from edgevision.experiments.codec_comparison.rate_accuracy import (
    accuracy_gained,
    bytes_saved,
    compare,
    efficient_points,
    log_probability_range,
)
from edgevision.profiles import OperatingPointProfile, load_profile, published_eta

FloatArray = NDArray[np.float64]
# Means of whole bytes over 700 images: two sizes that differ, differ by more than rounding.
_mean_bytes = st.integers(200 * 700, 50_000 * 700).map(lambda total: total / 700)
curves = st.lists(st.tuples(_mean_bytes, st.floats(0.05, 0.95)), min_size=4, max_size=12, unique_by=lambda p: p[0]).map(
    lambda points: (np.array(sorted(points, reverse=True)).T[0], np.array([a for _, a in points]))
)


@settings(max_examples=150, deadline=None)
@given(curve=curves, factor=st.floats(0.2, 3.0))
def test_a_codec_that_scales_all_bytes_saves_that_share(curve: tuple[FloatArray, FloatArray], factor: float) -> None:
    size, accuracy = curve
    saved = bytes_saved(factor * size, accuracy, size, accuracy)
    assert saved == pytest.approx(1 - factor, abs=1e-9) or np.isnan(saved)


@settings(max_examples=100, deadline=None)
@given(curve=curves)
def test_a_codec_saves_and_gains_nothing_over_itself(curve: tuple[FloatArray, FloatArray]) -> None:
    for summary in (bytes_saved, accuracy_gained):
        assert summary(*curve, *curve) == 0 or np.isnan(summary(*curve, *curve))


@settings(max_examples=100, deadline=None)
@given(first=curves, second=curves)
def test_saving_and_its_reverse_belong_together(
    first: tuple[FloatArray, FloatArray], second: tuple[FloatArray, FloatArray]
) -> None:
    there, back = bytes_saved(*first, *second), bytes_saved(*second, *first)
    assert np.isnan(there) == np.isnan(back)
    if not np.isnan(there):
        assert (1 - there) * (1 - back) == pytest.approx(1)


def test_known_answers() -> None:
    size = 1000.0 * 2.0 ** np.arange(5)[::-1]
    accuracy = np.array([0.9, 0.7, 0.5, 0.3, 0.1])
    assert bytes_saved(size / 2, accuracy, size, accuracy) == pytest.approx(0.5)
    # A straight line of 0.2 per doubling, moved by one doubling.
    assert accuracy_gained(size / 2, accuracy, size, accuracy) == pytest.approx(0.2)
    assert np.isnan(bytes_saved(size, accuracy / 10, size, accuracy))


@given(curve=curves)
def test_efficient_points_increase_and_keep_the_extremes(curve: tuple[FloatArray, FloatArray]) -> None:
    log_bytes, accuracy = efficient_points(*curve)
    assert (np.diff(log_bytes) > 0).all()
    assert (np.diff(accuracy) > 0).all()
    assert log_bytes[0] == np.log(curve[0].min())
    assert accuracy[-1] == curve[1].max()


def halved(profile: OperatingPointProfile) -> OperatingPointProfile:
    return dataclasses.replace(profile, name="halved", size=profile.size / 2)


def test_halved_bytes_save_half_whatever_images_are_drawn() -> None:
    profile = load_profile("image-lite0-uniform")
    saved = compare(halved(profile), profile, resamples=50).bytes_saved
    assert (saved.estimate, saved.low, saved.high) == pytest.approx((0.5, 0.5, 0.5))


def test_shipped_codec_saves_bytes_over_uniform_jpeg() -> None:
    found = compare(load_profile("image-lite0-spat-imco"), load_profile("image-lite0-uniform"), resamples=300)
    assert found.images == 700
    assert 0.15 < found.bytes_saved.low < found.bytes_saved.estimate < found.bytes_saved.high < 0.4
    assert found.accuracy_gained.low > 0
    assert [row.level for row in found.equal_level][:3] == [0.1, 0.2, 0.35]
    assert all(row.gain.low <= row.gain.estimate <= row.gain.high for row in found.equal_level)


def test_what_cannot_be_compared_is_refused() -> None:
    profile = load_profile("image-lite0-uniform")
    with pytest.raises(ProfileError, match="no recorded answers"):
        compare(profile, published_eta())
    others = tuple(f"other/{name}" for name in profile.content_ids)
    with pytest.raises(ProfileError, match="same images"):
        compare(profile, dataclasses.replace(profile, content_ids=others))
    other = dataclasses.replace(profile, metadata={**profile.metadata, "model": "efficientnet_b0"})
    with pytest.raises(ProfileError, match=r"different classifiers .*'tf_efficientnet_lite0' and 'efficientnet_b0'"):
        compare(profile, other)


def with_log_probability(profile: OperatingPointProfile) -> OperatingPointProfile:
    """A made-up log-probability that follows the answers, without their noise of one or zero."""
    assert profile.correct is not None
    means = np.log(0.98 * profile.correct.mean(axis=0))
    spread = np.random.default_rng(0).uniform(0.9, 1.1, (profile.contents, 1))
    return dataclasses.replace(profile, log_probability=means * spread / spread.mean())


def test_log_probability_is_compared_as_accuracy_is_and_with_a_narrower_interval() -> None:
    profile = with_log_probability(load_profile("image-lite0-uniform"))
    found = compare(halved(profile), profile, resamples=200)
    saved = found.bytes_saved_at_log_probability
    assert saved is not None
    assert (saved.estimate, saved.low, saved.high) == pytest.approx((0.5, 0.5, 0.5))
    spatial = with_log_probability(load_profile("image-lite0-spat-imco"))
    found = compare(spatial, profile, resamples=200)
    finer, coarse = found.bytes_saved_at_log_probability, found.bytes_saved
    assert finer is not None
    assert finer.high - finer.low < coarse.high - coarse.low


def test_without_log_probability_in_one_profile_there_is_no_such_comparison() -> None:
    profile = load_profile("image-lite0-uniform")
    found = compare(with_log_probability(halved(profile)), profile, resamples=100)
    assert found.bytes_saved_at_log_probability is None


def test_the_range_of_log_probability_is_where_the_reference_has_its_accuracies() -> None:
    size = 1000.0 * 2.0 ** np.arange(5)[::-1]
    accuracy = np.array([0.9, 0.8, 0.5, 0.3, 0.1])
    assert log_probability_range(size, accuracy, np.log(accuracy)) == pytest.approx((np.log(0.3), np.log(0.8)))
