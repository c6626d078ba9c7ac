"""`AnswerTables`: what the edge reports with an answer, and how likely answers are right given such a report.

The edge reports a confidence, 0.25 + 0.5 x the share of right answers among the profile's levels up to three away from
the one sent, with normal noise. The device adds a feature of the frame, which it computes when it encodes one. Tables
are fitted to the contents of the train split: they count contents by level, by the bin of the confidence (exactly, by
the distribution of its noise) and by the tercile of the feature. Two further contents with the mean of all features are
added to each count.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from edgevision.arrays import FloatArray, IntArray
from edgevision.errors import ScenarioError
from edgevision.profiles.profile import OperatingPointProfile

#: Standard deviation of the confidence.
CONFIDENCE_NOISE = 0.15
#: The feature that the device computes when it encodes a frame: its own network's confidence.
FEATURE = "network_confidence"
_EDGES = (0.3, 0.45, 0.6, 0.75)
_TERCILES = (1.0 / 3.0, 2.0 / 3.0)
_NEAR, _PRIOR = 3, 2.0


@dataclass(frozen=True, eq=False)
class AnswerTables:
    """Tables for J contents and the K levels that can be chosen.

    Attributes:
        confidence: the confidence that the edge reports without noise, (J, K).
        feature: the feature of each content, (J,).
        tercile: its tercile among the contents of the train split, (J,).
        right_again: probability that an answer is right, by level, bin of the confidence and tercile, (K, 5, 3).
        right_at: probability that the answer for the same scene at another level is right, (K, 5, 3, K).
        mean_size: mean bytes of a frame at each level, over the contents of the train split, (K,).
        difficulty: order of all J contents from hardest to easiest, as a rank, (J,).
    """

    confidence: FloatArray
    feature: FloatArray
    tercile: IntArray
    right_again: FloatArray
    right_at: FloatArray
    mean_size: FloatArray
    difficulty: IntArray

    def given(self, level: IntArray, confidence: FloatArray, tercile: IntArray) -> tuple[FloatArray, FloatArray]:
        """``right_again`` (N, U) and ``right_at`` (N, U, K) for answers with these reports, (N, U) each."""
        row = level, np.digitize(confidence, _EDGES), tercile
        return self.right_again[row], self.right_at[row]


@functools.lru_cache(maxsize=8)
def answer_tables(profile: OperatingPointProfile, levels: tuple[int, ...]) -> AnswerTables:
    """Fit the tables of a profile with all its operating points, for the ``levels`` that can be chosen.

    Raises:
        ScenarioError: the profile has no recorded answers, or not the feature.
    """
    if profile.correct is None or FEATURE not in profile.feature_names:
        raise ScenarioError(
            f"EdgeVision/Stream-v0 replays recorded answers and needs the feature {FEATURE}; profile {profile.name!r} "
            "does not have both; use a measured image profile"
        )
    recorded = profile.correct.astype(np.float64)
    windows = [slice(max(level - _NEAR, 0), level + _NEAR + 1) for level in levels]
    confidence = 0.25 + 0.5 * np.stack([recorded[:, window].mean(axis=1) for window in windows], axis=1)
    feature = profile.features[:, profile.feature_names.index(FEATURE)]
    train = profile.members("train")
    tercile = np.digitize(feature, np.quantile(feature[train], _TERCILES))
    right = recorded[train][:, levels]
    weight = (
        _bin_probabilities(confidence[train])[..., None] * np.eye(len(_TERCILES) + 1)[tercile[train]][:, None, None]
    )
    count = weight.sum(axis=0)  # (K, 5, 3)
    hits = np.einsum("jkbf,jm->kbfm", weight, right)
    pooled = (hits.sum(axis=2) + _PRIOR * right.mean(axis=0)) / (count.sum(axis=2) + _PRIOR)[..., None]
    right_at = (hits + _PRIOR * pooled[:, :, None]) / (count + _PRIOR)[..., None]
    level = np.arange(len(levels))
    return AnswerTables(
        confidence=confidence,
        feature=feature,
        tercile=tercile,
        right_again=right_at[level, :, :, level],
        right_at=right_at,
        mean_size=profile.size[train][:, levels].mean(axis=0),
        difficulty=np.argsort(np.argsort(recorded.mean(axis=1) + 1e-6 * feature)),
    )


def _bin_probabilities(confidence: FloatArray) -> FloatArray:
    """Probability of each bin of the noisy confidence, (..., 5)."""
    distance = (np.asarray(_EDGES) - confidence[..., None]) / (math.sqrt(2.0) * CONFIDENCE_NOISE)
    below = 0.5 * (1.0 + np.vectorize(math.erf, otypes=[float])(distance))
    return np.diff(below, axis=-1, prepend=0.0, append=1.0)
