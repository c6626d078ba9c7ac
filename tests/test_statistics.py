"""Estimates and bootstrap intervals against scipy and closed forms."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edgevision.statistics import bootstrap_interval, crosswise_interval, crosswise_samples, interquartile_mean, mean

values = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e3, 1e3))


@given(values)
def test_interquartile_mean_is_the_trimmed_mean(sample) -> None:
    assert interquartile_mean(sample) == pytest.approx(scipy.stats.trim_mean(sample, 0.25), rel=1e-9, abs=1e-9)


@given(arrays(np.float64, (3, 9), elements=st.floats(-10, 10)))
def test_interquartile_mean_works_on_the_last_axis(sample) -> None:
    np.testing.assert_allclose(interquartile_mean(sample), [interquartile_mean(row) for row in sample], rtol=1e-12)


def test_interquartile_mean_ignores_outliers() -> None:
    assert interquartile_mean(np.array([-1e9, 1.0, 2.0, 1e9])) == 1.5


@settings(max_examples=30, deadline=None)
@given(values, st.sampled_from([mean, interquartile_mean]))
def test_interval_is_ordered_within_the_range_and_repeatable(sample, statistic) -> None:
    interval = bootstrap_interval(sample, statistic, resamples=200)
    slack = 1e-9 * (1 + np.abs(sample).max())
    assert sample.min() - slack <= interval.low <= interval.high <= sample.max() + slack
    assert interval.estimate == pytest.approx(float(statistic(sample)), abs=slack)
    assert interval == bootstrap_interval(sample, statistic, resamples=200)


@settings(max_examples=20, deadline=None)
@given(values, st.floats(-100, 100), st.floats(0.01, 100))
def test_interval_moves_and_scales_with_the_values(sample, shift, scale) -> None:
    plain = bootstrap_interval(sample, resamples=200)
    moved = bootstrap_interval(shift + scale * sample, resamples=200)
    expected = [shift + scale * plain.low, shift + scale * plain.high]
    np.testing.assert_allclose([moved.low, moved.high], expected, rtol=1e-6, atol=1e-6)


def test_mean_interval_agrees_with_scipys_percentile_bootstrap() -> None:
    sample = np.random.default_rng(1).normal(3.0, 2.0, 80)
    ours = bootstrap_interval(sample)
    theirs = scipy.stats.bootstrap((sample,), np.mean, method="percentile", random_state=0).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.03)


def test_mean_interval_approaches_the_normal_one() -> None:
    sample = np.random.default_rng(2).normal(size=400)
    interval = bootstrap_interval(sample)
    half = 1.96 * sample.std() / np.sqrt(len(sample))  # the standard error of a bootstrap mean, in closed form
    assert (interval.high - interval.low) / 2 == pytest.approx(half, rel=0.05)


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    intervals = [bootstrap_interval(random.uniform(size=40), resamples=500) for _ in range(300)]
    covered = np.mean([interval.low <= 0.5 <= interval.high for interval in intervals])
    assert 0.90 <= covered <= 0.985


def test_repeating_the_episodes_under_more_seeds_does_not_narrow_the_interval() -> None:
    episodes = np.random.default_rng(4).normal(size=80)
    once, thrice = bootstrap_interval(episodes), bootstrap_interval(np.tile(episodes, (3, 1)))
    assert thrice.estimate == pytest.approx(once.estimate)
    assert thrice.high - thrice.low == pytest.approx(once.high - once.low, rel=0.05)


def test_interval_over_seeds_and_episodes_covers_the_truth() -> None:
    """Seed effect + episode effect + noise, all with mean zero."""
    random = np.random.default_rng(5)
    covered = []
    for _ in range(200):
        table = random.normal(size=(8, 1)) + random.normal(size=(1, 40)) + random.normal(size=(8, 40))
        interval = bootstrap_interval(table, resamples=400)
        covered.append(interval.low <= 0 <= interval.high)
    # A percentile bootstrap over 8 seeds is a little narrow; resampling within seeds would cover about 0.3.
    assert np.mean(covered) >= 0.84


def test_blocks_do_not_change_the_shape_of_the_result() -> None:
    sample = np.linspace(0, 1, 3000)  # more than one block of resamples
    interval = bootstrap_interval(sample, resamples=1000)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * sample.std() / np.sqrt(3000), rel=0.1)


@pytest.mark.parametrize("bad", [[], [[]], [1.0, float("nan")], [[[1.0]]]])
def test_values_that_have_no_interval_are_refused(bad) -> None:
    with pytest.raises(ValueError, match="finite"):
        bootstrap_interval(bad)


def test_one_content_leaves_the_bootstrap_over_episodes() -> None:
    scores = np.random.default_rng(1).uniform(size=60)
    ours = crosswise_interval(scores[:, None], np.ones((60, 1)))
    plain = bootstrap_interval(scores)
    assert ours.estimate == pytest.approx(plain.estimate)
    assert (ours.low, ours.high) == pytest.approx((plain.low, plain.high), abs=0.006)


def test_few_contents_widen_the_interval() -> None:
    """Scores that only the content decides: episodes average it away, the choice of contents does not."""
    random = np.random.default_rng(2)
    easy = random.uniform(size=20) < 0.6
    drawn = random.integers(20, size=(200, 50))
    weight = np.stack([np.bincount(row, minlength=20) for row in drawn]) / 50
    mass = weight * easy
    across = crosswise_interval(mass, weight)
    episodes_only = bootstrap_interval(mass.sum(axis=1))
    assert across.estimate == pytest.approx(episodes_only.estimate)
    expected = np.sqrt(easy.mean() * (1 - easy.mean()) / 20)  # the standard error of a share of 20 contents
    assert across.high - across.low == pytest.approx(2 * 1.96 * expected, rel=0.15)
    assert across.high - across.low > 5 * (episodes_only.high - episodes_only.low)


def test_the_interval_covers_what_other_contents_and_episodes_would_score() -> None:
    """Nine in ten intervals of 90 % hold the true mean, over freshly drawn contents and episodes."""
    random, held = np.random.default_rng(3), 0
    for trial in range(120):
        hardness = random.normal(0, 1, 40)
        drawn = random.integers(40, size=(30, 10))
        reward = hardness[drawn] + random.normal(0, 1, (30, 1)) + random.normal(0, 0.5, drawn.shape)
        weight, mass = np.zeros((2, 30, 40))
        rows = np.repeat(np.arange(30), 10)
        np.add.at(weight, (rows, drawn.ravel()), 0.1)
        np.add.at(mass, (rows, drawn.ravel()), 0.1 * reward.ravel())
        found = crosswise_interval(mass, weight, confidence=0.9, resamples=500, seed=trial)
        held += found.low <= 0.0 <= found.high
    assert 0.84 * 120 <= held <= 0.98 * 120


def test_what_policies_share_cancels_in_paired_differences() -> None:
    random = np.random.default_rng(4)
    weight = random.uniform(size=(50, 8))
    mass = weight * random.uniform(size=(50, 8))
    better = mass + 0.1 * weight
    found = crosswise_interval(better - mass, weight)
    assert found.low == pytest.approx(found.estimate, rel=0.1)
    assert crosswise_interval(mass, weight).high - crosswise_interval(mass, weight).low > 0.05


@pytest.mark.parametrize("bad", [np.full((3, 2), np.nan), np.ones((2, 2)), np.ones(6)])
def test_crosswise_values_that_do_not_fit_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="mass and weight"):
        crosswise_interval(bad, np.ones((3, 2)))


def test_samples_of_two_scores_are_paired() -> None:
    random = np.random.default_rng(0)
    weight = random.integers(0, 3, (20, 15)).astype(float)
    first, second = weight * random.random((2, 20, 15))
    difference = crosswise_samples(first, weight) - crosswise_samples(second, weight)
    np.testing.assert_allclose(difference, crosswise_samples(first - second, weight), atol=1e-12)


def test_contents_that_no_request_had_change_nothing() -> None:
    random = np.random.default_rng(0)
    weight = random.integers(0, 3, (20, 15)).astype(float)
    mass = weight * random.random((20, 15))
    wider = np.zeros((2, 20, 40))
    wider[:, :, 7:22] = mass, weight
    assert crosswise_interval(*wider) == crosswise_interval(mass, weight)
