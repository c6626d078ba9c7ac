"""A network and a small labelled data set for the codec tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from edgevision.codecs.classifiers import Classifier


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    torch = pytest.importorskip("torch", reason="needs the extra 'codecs'")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def lite0() -> Classifier:
    from edgevision.codecs.classifiers import load_classifier

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
