"""SqueezeNet 1.1: the shipped weights, their preprocessing, and the script that made them."""

from __future__ import annotations

import importlib.util
import io
import pickle
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import SqueezeNet1_1_Weights

from edgevision.errors import WeightsError
from edgevision.vision import ClassActivation, GradCam, load_classifier
from edgevision.vision.squeezenet import SHIPPED, load_squeezenet
from tests.codecs.pictures import picture

IMPORTER = Path(__file__).parents[2] / "benchmarks" / "import_squeezenet.py"


@pytest.fixture(scope="module")
def importer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("import_squeezenet", IMPORTER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_recognises_photographs() -> None:
    foolbox = pytest.importorskip("foolbox", reason="needs the extra 'dev'")
    classifier = load_classifier("squeezenet1_1")
    right = 0
    for path in (Path(foolbox.__file__).parent / "data").glob("imagenet_*.jpg"):
        crop = classifier.crop(np.asarray(Image.open(path).convert("RGB")))
        right += int(classifier.predict_logits(crop[None]).argmax()) == int(path.stem.split("_")[2])
    assert right >= 10  # of 20


@pytest.mark.parametrize("shape", [(300, 400), (500, 260)])
def test_it_prepares_pictures_as_torchvision_does(shape: tuple[int, int]) -> None:
    image = picture(*shape)
    classifier = load_classifier("squeezenet1_1")
    theirs = SqueezeNet1_1_Weights.IMAGENET1K_V1.transforms()(Image.fromarray(image))
    ours = classifier.tensor(classifier.crop(image)[None])[0]
    torch.testing.assert_close(ours, theirs)


def test_it_has_names_of_classes_and_maps_of_gradients_but_no_single_linear_layer() -> None:
    classifier = load_classifier("squeezenet1_1")
    assert classifier.class_names is not None
    assert classifier.class_names[0][:2] == ("n01440764", "tench")
    assert np.isfinite(GradCam(classifier)(picture(60, 80)).weights).all()
    with pytest.raises(ValueError, match="use GradCam"):
        ClassActivation(classifier)


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / SHIPPED.name
    payload = bytearray(SHIPPED.read_bytes())
    payload[-1] ^= 1
    path.write_bytes(payload)
    path.with_suffix(".json").write_bytes(SHIPPED.with_suffix(".json").read_bytes())
    with pytest.raises(WeightsError):
        load_squeezenet(path)


def test_the_adapted_first_layer_answers_as_the_released_one(importer: ModuleType) -> None:
    random = np.random.default_rng(0)
    weight, bias = random.normal(size=(3, 3, 3, 8)), random.normal(size=8)
    pixels = random.integers(0, 256, (3, 3, 3))  # height, width, and red, green, blue
    released = np.einsum("hwi,hwio->o", pixels[:, :, ::-1] - np.array([104.0, 117, 123]), weight) + bias
    adapted, shifted = importer._for_normalised_input(weight, bias)
    transform = SqueezeNet1_1_Weights.IMAGENET1K_V1.transforms()
    normalised = (pixels / 255 - transform.mean) / transform.std
    np.testing.assert_allclose(np.einsum("hwi,hwio->o", normalised, adapted) + shifted, released)


@pytest.mark.parametrize("hostile", [print, Path("x"), np.array([print], object)], ids=["code", "object", "in array"])
def test_the_script_makes_nothing_but_arrays_of_a_pickle(hostile: object, importer: ModuleType) -> None:
    with pytest.raises(WeightsError, match="not only arrays"):
        importer._ArraysOnly(io.BytesIO(pickle.dumps({"conv1": [hostile]}))).load()
