"""Fixtures that several test packages share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

# Before numpy or torch start their thread pools: tests run in several processes on few cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest

from edgevision.profiles import OperatingPointProfile, save_profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgevision.vision.classifiers import Classifier


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process run all tests that share a fixture of their file, so that it is made only once."""
    for item in items:
        made = item._fixtureinfo.name2fixturedefs.values() if isinstance(item, pytest.Function) else ()
        if any(definitions[-1].scope == "module" for definitions in made):
            item.add_marker(pytest.mark.xdist_group(item.location[0]))


@pytest.fixture(scope="session")
def measured_profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small profile with recorded outcomes, made up for tests: 40 contents, 6 levels, 3 features."""
    rng = np.random.default_rng(7)
    contents, points = 40, 6
    raw = rng.uniform(1e5, 2e5, contents)
    base = np.geomspace(0.1, 0.005, points)
    hardness = rng.uniform(size=(contents, 1))
    profile = OperatingPointProfile(
        name="toy",
        size=raw[:, None] * base * rng.uniform(0.7, 1.4, (contents, 1)),
        raw_size=raw,
        accuracy=np.linspace(0.9, 0.3, points),
        parameter=np.arange(1.0, points + 1),
        device_time=np.linspace(0.004, 0.003, points),
        edge_time=np.full(points, 0.01),
        correct=hardness < np.linspace(0.9, 0.3, points),
        features=rng.normal(size=(contents, 3)),
        feature_names=("a", "b", "c"),
        split=(np.arange(contents) % 3).astype(np.int8),
        content_ids=tuple(f"content-{j}" for j in range(contents)),
        metadata={"source": "made up for tests"},
    )
    return save_profile(profile, tmp_path_factory.mktemp("profiles"))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of larger test data that the variable EDGEVISION_DATA names."""
    folder = os.environ.get("EDGEVISION_DATA")
    if not folder:
        pytest.skip("EDGEVISION_DATA is unset; set it to the folder that holds imagenet-sample/")
    return Path(folder)


@pytest.fixture(scope="package")
def short_timing() -> Iterator[None]:
    """Time each operation twice, and one clip, where a profile takes the least time of many rounds."""
    from edgevision.measure.times import clean_timing, stae_work

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clean_timing, "ROUNDS", 2)
        patch.setattr(clean_timing, "_CALLS", 1)
        patch.setattr(stae_work, "TIMED_CLIPS", 1)
        yield


@pytest.fixture(scope="session")
def lite0() -> Classifier:
    from edgevision.vision.classifiers import load_classifier

    return load_classifier("tf_efficientnet_lite0")


@pytest.fixture(scope="session")
def labelled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten of the labelled ImageNet pictures that foolbox carries, with a labels.csv."""
    foolbox = pytest.importorskip("foolbox", reason="needs the extra 'dev'")
    folder = tmp_path_factory.mktemp("pictures")
    rows = ["file,class_index,remark"]
    for path in sorted((Path(foolbox.__file__).parent / "data").glob("imagenet_*.jpg"))[:10]:
        (folder / path.name).write_bytes(path.read_bytes())
        rows.append(f"{path.name},{int(path.stem.split('_')[2])},from foolbox")
    (folder / "labels.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder
