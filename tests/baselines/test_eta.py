"""The fitted accuracy curve: recovers what made the points, and stays close to what was measured."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

pytest.importorskip("scipy", reason="needs the extra 'convex'")
from edgevision.baselines.eta import eta, fit_eta
from edgevision.errors import ProfileError
from edgevision.profiles import load_profile, published_eta


def test_the_published_curve_is_recovered() -> None:
    fit = fit_eta(published_eta(normalised=False))
    assert fit.zeta == pytest.approx((0.6, -0.3, 0.8, -0.4), abs=1e-6)
    assert fit.residual < 1e-9


@settings(max_examples=40, deadline=None)
@given(z1=st.floats(0.2, 1), z2=st.floats(-2, -0.2), z3=st.floats(-0.1, -0.001), z4=st.floats(1, 4))
@example(z1=1.0, z2=-2.0, z3=-0.015625, z4=1.0)
def test_other_curves_of_the_family_are_met_everywhere(z1: float, z2: float, z3: float, z4: float) -> None:
    profile = published_eta()
    accuracy = np.maximum(eta(profile.parameter, z1, z2, z3, z4), 0)
    if accuracy.min() > 0:
        fit = fit_eta(dataclasses.replace(profile, accuracy=accuracy))
        assert np.abs(fit(profile.parameter) - accuracy).max() < 2e-3


@pytest.mark.parametrize("name", ["image-lite0-spat-imco", "image-lite0-uniform"])
def test_measured_accuracy_is_met_within_a_few_points(name: str) -> None:
    profile = load_profile(name)
    fit = fit_eta(profile)
    distance = fit(1 - profile.size_fraction.mean(axis=0)) - profile.accuracy
    assert fit.residual == pytest.approx(np.sqrt(np.mean(distance**2)))
    assert fit.residual < 0.03
    assert fit.residual < 0.2 * profile.accuracy.std()


def test_too_few_points_are_refused() -> None:
    profile = load_profile("image-lite0-uniform")
    few = {name: getattr(profile, name)[:3] for name in ("accuracy", "parameter")}
    wide = {name: getattr(profile, name)[..., :3] for name in ("size", "correct", "device_time", "edge_time")}
    with pytest.raises(ProfileError, match="fewer than four"):
        fit_eta(dataclasses.replace(profile, **few, **wide, grid=(3,)))
