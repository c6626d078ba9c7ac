from __future__ import annotations

import numpy as np
import pytest

from edgevision.envs.stream.answer_tables import CONFIDENCE_NOISE, answer_tables
from edgevision.profiles import load_profile

LEVELS = (1, 6, 15)


def test_tables_are_the_frequencies_of_simulated_reports() -> None:
    profile = load_profile("image-lite0-spat-imco")
    tables, random = answer_tables(profile, LEVELS), np.random.default_rng(0)
    assert profile.correct is not None
    content = random.choice(profile.members("train"), 200_000)
    level = random.integers(len(LEVELS), size=content.shape)
    confidence = tables.confidence[content, level] + CONFIDENCE_NOISE * random.standard_normal(content.shape)
    again, at = tables.given(level, confidence, tables.tercile[content])
    right = profile.correct[content][:, LEVELS]
    assert at.shape == right.shape
    for expected in np.unique(again):
        same = again == expected
        if same.sum() > 4000:
            assert right[same, level[same]].mean() == pytest.approx(expected, abs=0.03)
            np.testing.assert_allclose(right[same].mean(axis=0), at[same].mean(axis=0), atol=0.05)
    assert (again >= 0).all() and (at <= 1).all()


def test_confident_answers_are_right_more_often_and_an_answer_is_as_right_as_itself() -> None:
    tables = answer_tables(load_profile("image-lite0-spat-imco"), LEVELS)
    assert (np.diff(tables.right_again, axis=1) > -0.05).all()
    assert tables.right_again[:, -1].min() > tables.right_again[:, 0].max()
    for level in range(len(LEVELS)):
        np.testing.assert_array_equal(tables.right_at[level, ..., level], tables.right_again[level])
    assert sorted(tables.difficulty) == list(range(len(tables.difficulty)))
