"""Times of the shipped profiles: all from one run, and the same for the same work."""

from __future__ import annotations

import numpy as np
import pytest

from edgevision.profiles.codec_choice import SHIPPED_CHOICES
from edgevision.profiles.profile import load_profile, shipped_profiles

SHIPPED = tuple(
    name for name in shipped_profiles() if name.startswith(("image-", "video-")) and name not in SHIPPED_CHOICES
)


def test_all_shipped_profiles_were_timed_in_one_run() -> None:
    commands, dates, references = zip(
        *(
            (times["command"], times["date"], times["reference_operation_s"]["here"])
            for times in (load_profile(name).metadata["times"] for name in SHIPPED)
        ),
        strict=True,
    )
    assert len(SHIPPED) == 12 and len(set(commands)) == len(set(dates)) == len(set(references)) == 1
    assert all(name in commands[0] for name in SHIPPED)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_codecs_on_one_classifier_have_edge_times_that_differ_by_decoding_only(number: int) -> None:
    """The edge's times are the same within 3 % once the time of each codec's own decoder is taken off."""
    uniform, spatial = (load_profile(f"image-lite{number}-{codec}") for codec in ("uniform", "spat-imco"))
    rest = [p.edge_time - np.array(p.metadata["parts"]["decode"]) for p in (uniform, spatial)]
    np.testing.assert_allclose(rest[0], rest[1], rtol=0.03)
    assert (uniform.edge_time > 0.85 * spatial.edge_time).all()
