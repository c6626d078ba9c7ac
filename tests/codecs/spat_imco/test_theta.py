"""The importance network: its maps, its cost and its weights on disk."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from edgevision import codecs
from edgevision.codecs.spat_imco.regions import region_weights
from edgevision.codecs.spat_imco.theta import (
    LargeNetwork,
    Theta,
    ThetaNetwork,
    load_weights,
    network_cost,
    save_weights,
)
from edgevision.codecs.spat_imco.theta.agreement import rank_correlation
from edgevision.codecs.spat_imco.theta.late_stages import LateStages, load_stages, save_stages
from edgevision.codecs.spat_imco.theta.maps import as_pixels, shrink
from edgevision.codecs.spat_imco.theta.theta_network import RegionHead
from edgevision.codecs.spat_imco.theta.theta_weights import SHIPPED, SHIPPED_FOLDS, load_folds, save_folds
from edgevision.data.images import ImageFolder
from edgevision.errors import WeightsError
from edgevision.vision.classifiers import Classifier
from edgevision.vision.grad_cam import GradCam, ImportanceMap
from tests.codecs.pictures import picture


@pytest.fixture(scope="module")
def random_network() -> ThetaNetwork:
    torch.manual_seed(5)
    return ThetaNetwork(width=8).eval()


@pytest.fixture(scope="module")
def shipped() -> Theta:
    return codecs.Theta.load()


@pytest.mark.parametrize(("height", "width"), [(224, 224), (1, 1), (90, 131), (300, 17)])
def test_map_covers_pictures_of_any_shape(shipped: Theta, height: int, width: int) -> None:
    importance = shipped(picture(height, width))
    assert isinstance(shipped, ImportanceMap)
    assert importance.weights.shape == (height, width)
    assert np.isfinite(importance.weights).all()
    assert importance.probabilities is None


def test_same_picture_same_map(shipped: Theta) -> None:
    image = picture(224, 224)
    first = shipped(image)
    np.testing.assert_array_equal(first.weights, shipped(image).weights)
    np.testing.assert_array_equal(first.weights, Theta.load()(image).weights)


def test_shipped_network_finds_what_another_network_looks_at(
    shipped: Theta, lite0: Classifier, labelled_folder: Path
) -> None:
    folder = ImageFolder(labelled_folder, labelled_folder / "labels.csv")
    images = [lite0.crop(folder.load(item)) for item in folder.items]
    ours = np.stack([shipped.regions(image)[0] for image in images])
    theirs = [
        region_weights(GradCam(lite0, int(item.label))(image).weights)
        for item, image in zip(folder.items, images, strict=True)
    ]
    assert rank_correlation(ours, np.stack(theirs)).mean() > 0.75


def test_look_and_worth_are_the_networks_two_maps(shipped: Theta) -> None:
    image = picture(224, 224)
    maps = shipped.regions(image)
    for ours, expected in zip((shipped.look(image), shipped(image).weights), maps, strict=True):
        assert ours.shape == (224, 224)
        assert np.corrcoef(region_weights(ours).ravel(), expected.ravel())[0, 1] > 0.95


def test_onnx_runtime_and_pytorch_find_the_same(random_network: ThetaNetwork) -> None:
    onnx_session = pytest.importorskip(
        "edgevision.codecs.spat_imco.theta.onnx_session", reason="needs the extra 'onnx'"
    )
    torch.manual_seed(6)
    stages = LateStages()
    pairs = [onnx_session.OnnxTheta(random_network), onnx_session.OnnxLateStages(stages)]
    run, classify = pairs
    elsewhere, classify_elsewhere = pickle.loads(pickle.dumps(pairs))  # noqa: S301 - as a worker process gets them
    for image in (picture(224, 224), picture(90, 131)):
        small = shrink(image)
        maps, deep = run(small)
        scores = classify(deep)
        with torch.inference_mode():
            features = random_network.extract(as_pixels(small[None]))
            expected = random_network.head(features.fine, features.deep)[0].numpy(), features.deep[0].numpy()
            expected_scores = stages(features.deep)[0].numpy()
        for ours, theirs in zip((maps, deep, scores), (*expected, expected_scores), strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-4 * np.abs(theirs).max())
        np.testing.assert_array_equal(elsewhere(small)[0], maps)
        np.testing.assert_array_equal(classify_elsewhere(deep), scores)


def test_theta_needs_no_onnx_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    image = picture(90, 131)
    expected = Theta.load().glance(image)
    monkeypatch.setattr("edgevision.codecs.spat_imco.theta.maps.find_spec", lambda name: None)
    without = Theta.load().glance(image)
    for ours, theirs in (
        (without.weights, expected.weights),
        (without.probabilities, expected.probabilities),
    ):
        assert ours is not None and theirs is not None
        np.testing.assert_allclose(ours, theirs, atol=1e-4 * np.abs(theirs).max())


def test_a_glance_adds_class_probabilities_to_the_same_map(shipped: Theta, labelled_folder: Path) -> None:
    folder = ImageFolder(labelled_folder, labelled_folder / "labels.csv")
    images = [folder.load(item) for item in folder.items]
    seen = [shipped.glance(image) for image in images]
    for image, found in zip(images, seen, strict=True):
        np.testing.assert_array_equal(found.weights, shipped(image).weights)
        assert found.probabilities is not None
        assert found.probabilities.shape == (1000,)
        assert found.probabilities.sum() == pytest.approx(1)
    right = [found.probabilities.argmax() == int(item.label) for found, item in zip(seen, folder.items, strict=True)]
    assert np.mean(right) > 0.3  # guessing is right once in a thousand


def test_stages_of_another_backbone_are_not_used(random_network: ThetaNetwork, tmp_path: Path) -> None:
    assert Theta(random_network).glance(picture(90, 131)).probabilities is None
    path = tmp_path / "stages.safetensors"
    save_stages(LateStages(), random_network, path, {})
    assert load_stages(random_network, path) is not None
    assert load_stages(load_weights(), path) is None


@pytest.mark.parametrize("damage", ["truncated", "no trunk", "other tensors"])
def test_damaged_stages_are_refused(random_network: ThetaNetwork, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "stages.safetensors"
    save_stages(LateStages(), random_network, path, {})
    about = json.loads(path.with_suffix(".json").read_text())
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-7])
    elif damage == "no trunk":
        path.with_suffix(".json").write_text(json.dumps(about | {"trunk": 3}))
    else:
        save_weights(random_network, path, {})
        ours = json.loads(path.with_suffix(".json").read_text())
        mixed = about | {"sha256": ours["sha256"]}
        path.with_suffix(".json").write_text(json.dumps(mixed))
    with pytest.raises(WeightsError, match="stages"):
        load_stages(random_network, path)


def test_codec_follows_theta(shipped: Theta) -> None:
    codec = codecs.make("spat-imco", importance=shipped)
    image = picture(160, 160)
    assert codec.settings["importance"] == "theta"
    np.testing.assert_array_equal(codec.analyse(image).weights, shipped(image).weights)
    assert codec.decode(codec.encode(image, level=3.0)).shape == image.shape


def test_cost_of_known_layers() -> None:
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False),  # 112 * 112 * 4 outputs of 27 products
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(4, 5),
    )
    cost = network_cost(layers, 224)
    assert (cost.parameters, cost.multiply_adds) == (108 + 25, 112 * 112 * 4 * 27 + 20)


def test_saved_network_loads_as_it_was(random_network: ThetaNetwork, tmp_path: Path) -> None:
    path = tmp_path / "theta.safetensors"
    save_weights(random_network, path, {"made": "for a test"})
    loaded = load_weights(path)
    for key, value in random_network.state_dict().items():
        expected = value.half().float() if value.ndim >= 2 else value
        torch.testing.assert_close(loaded.state_dict()[key], expected, rtol=0, atol=0)
    assert json.loads((tmp_path / "theta.json").read_text())["provenance"] == {"made": "for a test"}


def test_shipped_files_say_where_they_come_from() -> None:
    assert SHIPPED.stat().st_size < 8e6
    provenance = json.loads(SHIPPED.with_suffix(".json").read_text())["provenance"]
    assert {"backbone", "licence", "command", "large_network", "distillation"} <= provenance.keys()


def test_damaged_weights_are_refused(random_network: ThetaNetwork, tmp_path: Path) -> None:
    path = tmp_path / "theta.safetensors"
    with pytest.raises(WeightsError, match="cannot be read"):
        Theta.load(path)
    save_weights(random_network, path, {})
    payload = bytearray(path.read_bytes())
    payload[-1] ^= 1
    path.write_bytes(payload)
    with pytest.raises(WeightsError, match="checksum"):
        Theta.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"format": 99}, "description"), ({"width": "8"}, "description"), ({"width": 9}, "does not fit")],
)
def test_descriptions_of_something_else_are_refused(
    random_network: ThetaNetwork, tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = tmp_path / "theta.safetensors"
    save_weights(random_network, path, {})
    description = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps(description | change))
    with pytest.raises(WeightsError, match=message):
        load_weights(path)


def test_networks_of_folds_load_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "folds.safetensors"
    torch.manual_seed(3)
    large = LargeNetwork(8)
    networks = [ThetaNetwork.cut_from(large, RegionHead(8)) for _ in range(3)]
    save_folds(networks, path, {})
    for network, loaded in zip(networks, load_folds(path), strict=True):
        for key, value in network.state_dict().items():
            expected = value.half().float() if value.ndim >= 2 else value
            torch.testing.assert_close(loaded.state_dict()[key], expected, rtol=0, atol=0)
    description = json.loads(path.with_suffix(".json").read_text())
    for change, message in (({"folds": 4}, "does not fit"), ({"folds": 10**9}, "description"), ({"width": 9}, "fit")):
        path.with_suffix(".json").write_text(json.dumps(description | change))
        with pytest.raises(WeightsError, match=message):
            load_folds(path)


def test_shipped_folds_are_theta_without_a_fifth_of_the_pictures() -> None:
    whole = json.loads(SHIPPED.with_suffix(".json").read_text())
    folds = json.loads(SHIPPED_FOLDS.with_suffix(".json").read_text())
    for settings in ("config", "distillation"):
        assert folds["provenance"][settings] == whole["provenance"][settings]
    assert folds["provenance"]["data_set_fingerprint"] == whole["provenance"]["data_set_fingerprint"]
    ours = load_weights()
    for network in load_folds():
        assert torch.equal(network.stem[0].weight, ours.stem[0].weight)
        assert not torch.equal(network.head.out.weight, ours.head.out.weight)
