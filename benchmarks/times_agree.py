"""Times of the shipped profiles, their spread, and how well two runs of ``edgevision profile retime`` agree.

    python benchmarks/times_agree.py [FOLDER]

For each shipped profile: times on the device and at the edge [ms], and the largest difference between even and odd
rounds. For each classifier: the edge times of both image codecs in the middle of their ladders, and what is left of
them without each codec's own decoder. With FOLDER, which holds the profiles of another run: by how much the time of a
point on each side differs between the runs, at most and in the median.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from one_line import one_line_errors

from edgevision.arrays import FloatArray
from edgevision.errors import ProfileError
from edgevision.profiles import OperatingPointProfile, load_profile, shipped_profiles

SIDES = ("device", "edge")


def times(profile: OperatingPointProfile, side: str) -> FloatArray:
    """Times of the points on one side that compute something there [ms]."""
    found: FloatArray = 1e3 * getattr(profile, f"{side}_time")
    return found


def differences(first: FloatArray, second: FloatArray) -> FloatArray:
    """Differences as shares of the larger time, without points where nothing is computed."""
    larger = np.maximum(first, second)
    found: FloatArray = (np.abs(first - second) / np.where(larger > 0, larger, 1))[larger > 0]
    return found


def spread_of(profile: OperatingPointProfile) -> dict[str, float]:
    """The largest difference between even and odd rounds, by side."""
    about = profile.metadata.get("times")
    if not isinstance(about, dict):
        raise ProfileError(f"{profile.name} holds times without a spread; time it with 'edgevision profile retime'")
    found: dict[str, float] = about["spread"]
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="profiles of another run")
    folder = parser.parse_args().folder
    names = [name for name in shipped_profiles() if name.startswith(("image-", "video-"))]
    profiles = {name: load_profile(name) for name in names}
    for name, profile in profiles.items():
        cells = []
        for side in SIDES:
            ours, spread = times(profile, side), spread_of(profile)[side]
            cell = f"{side} {ours.min():6.2f} to {ours.max():7.2f} ms, spread {spread:5.1%}"
            if folder is not None:
                apart = differences(ours, times(load_profile(str(folder / f"{name}.npz")), side))
                cell += f", other run {apart.max():5.1%}, median {np.median(apart):4.1%}"
            cells.append(cell)
        print(f"{name:24}" + "; ".join(cells))
    for number in range(3):
        uniform, spatial = (profiles[f"image-lite{number}-{codec}"] for codec in ("uniform", "spat-imco"))
        edges, rests = [], []
        for profile in (uniform, spatial):
            edges.append(times(profile, "edge")[profile.points // 2])
            rests.append(edges[-1] - 1e3 * profile.metadata["parts"]["decode"][profile.points // 2])
        print(
            f"lite{number}: edge {edges[0]:.2f} and {edges[1]:.2f} ms, ratio {edges[0] / edges[1]:.3f}; "
            f"without decoding {rests[0]:.2f} and {rests[1]:.2f} ms, ratio {rests[0] / rests[1]:.3f}"
        )


if __name__ == "__main__":
    with one_line_errors():
        main()
