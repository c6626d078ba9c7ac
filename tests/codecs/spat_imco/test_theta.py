"""The importance network: its maps, its cost and its weights on disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from edgevision import codecs
from edgevision.codecs.spat_imco.regions import region_weights
from edgevision.codecs.spat_imco.theta import (
    Theta,
    ThetaNetwork,
    load_mobilenet,
    load_weights,
    network_cost,
    save_weights,
)
from edgevision.codecs.spat_imco.theta.agreement import rank_correlation
from edgevision.codecs.spat_imco.theta.theta_network import activity
from edgevision.codecs.spat_imco.theta.theta_weights import SHIPPED, SHIPPED_FOLDS, load_heads, save_heads
from edgevision.data.images import ImageFolder
from edgevision.errors import WeightsError
from edgevision.vision.classifiers import Classifier
from edgevision.vision.grad_cam import ClassActivation, GradCam, ImportanceMap
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
    assert importance.probabilities is not None
    assert importance.probabilities.shape == (1000,)
    assert importance.probabilities.sum() == pytest.approx(1)


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
    with torch.inference_mode():
        ours = np.concatenate([shipped.network(shipped.inputs(image))[0][:, 0].numpy() for image in images])
    theirs = [
        region_weights(GradCam(lite0, int(item.label))(image).weights)
        for item, image in zip(folder.items, images, strict=True)
    ]
    assert rank_correlation(ours, np.stack(theirs)).mean() > 0.75


def test_activity_is_the_mean_gradient_of_each_region(random_network: ThetaNetwork) -> None:
    image = picture(224, 224)
    found = activity(Theta(random_network).inputs(image))[0].numpy()
    luminance = image @ np.array([0.299, 0.587, 0.114])
    for row, column in [(0, 0), (0, 5), (7, 0), (13, 13)]:
        total = 0.0
        for y in range(16 * row, 16 * row + 16):
            for x in range(16 * column, 16 * column + 16):
                total += abs(luminance[y, x] - luminance[y - 1, x]) if y else 0
                total += abs(luminance[y, x] - luminance[y, x - 1]) if x else 0
        assert found[row, column] == pytest.approx(np.log(1 + total / 256), rel=0.01)


def test_look_and_worth_are_the_networks_two_maps(shipped: Theta) -> None:
    image = picture(224, 224)
    with torch.inference_mode():
        maps = shipped.network(shipped.inputs(image))[0][0].numpy()
    for ours, expected in zip((shipped.look(image), shipped(image).weights), maps, strict=True):
        assert ours.shape == (224, 224)
        assert np.corrcoef(region_weights(ours).ravel(), expected.ravel())[0, 1] > 0.95


def test_codec_follows_theta(shipped: Theta) -> None:
    codec = codecs.make("spat-imco", importance=shipped)
    image = picture(160, 160)
    assert codec.settings["importance"] == "theta"
    np.testing.assert_array_equal(codec.analyse(image).weights, shipped(image).weights)
    assert codec.decode(codec.encode(image, level=3.0)).shape == image.shape


def test_cost_is_near_table_two(shipped: Theta) -> None:
    cost = network_cost(shipped.network)
    assert cost.parameters == pytest.approx(3.5e6, rel=0.02)
    assert cost.multiply_adds == pytest.approx(318e6, rel=0.06)


def test_cost_of_known_layers() -> None:
    layers = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False),  # 112 * 112 * 4 outputs of 27 products
        torch.nn.AdaptiveAvgPool2d(1),
        torch.nn.Flatten(),
        torch.nn.Linear(4, 5),
    )
    cost = network_cost(layers)
    assert (cost.parameters, cost.multiply_adds) == (108 + 25, 112 * 112 * 4 * 27 + 20)


def test_untrained_head_leaves_the_class_activation_map(random_network: ThetaNetwork) -> None:
    image = picture(224, 224)
    maker = Theta(random_network)
    with torch.inference_mode():
        ours = random_network(maker.inputs(image))[0][0].numpy()
    expected = region_weights(ClassActivation(Classifier("backbone", random_network.backbone))(image).weights)
    expected = (expected - expected.mean()) / expected.std()
    for found in ours:
        np.testing.assert_allclose(found, expected, atol=0.05)


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
    assert {"backbone", "licence", "command"} <= provenance.keys()


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


def test_heads_of_folds_load_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "folds.safetensors"
    torch.manual_seed(3)
    heads = [ThetaNetwork(8).head for _ in range(3)]
    save_heads(heads, path, {})
    for head, loaded in zip(heads, load_heads(path), strict=True):
        for key, value in head.state_dict().items():
            expected = value.half().float() if value.ndim >= 2 else value
            torch.testing.assert_close(loaded.state_dict()[key], expected, rtol=0, atol=0)
    description = json.loads(path.with_suffix(".json").read_text())
    for change, message in (({"folds": 4}, "does not fit"), ({"folds": 10**9}, "description"), ({"width": 9}, "fit")):
        path.with_suffix(".json").write_text(json.dumps(description | change))
        with pytest.raises(WeightsError, match=message):
            load_heads(path)


def test_shipped_folds_are_theta_without_a_fifth_of_the_pictures() -> None:
    whole = json.loads(SHIPPED.with_suffix(".json").read_text())
    folds = json.loads(SHIPPED_FOLDS.with_suffix(".json").read_text())
    assert folds["provenance"]["config"] == whole["provenance"]["config"]
    assert folds["provenance"]["data_set_fingerprint"] == whole["provenance"]["data_set_fingerprint"]
    ours = load_weights().head.state_dict()
    for head in load_heads():
        assert head.state_dict().keys() == ours.keys()
        assert not torch.equal(head.out.weight, ours["out.weight"])


def test_backbone_in_torchvisions_layout(random_network: ThetaNetwork, tmp_path: Path) -> None:
    state = random_network.backbone.state_dict()
    torch.save(
        {f"features.{index}.{key}": value for index, (key, value) in enumerate(state.items())}, tmp_path / "a.pth"
    )
    loaded = load_mobilenet(tmp_path / "a.pth", width=8)
    for key, value in state.items():
        assert torch.equal(loaded.backbone.state_dict()[key], value)
    torch.save({"features.0": torch.zeros(3)}, tmp_path / "b.pth")
    with pytest.raises(WeightsError, match="no MobileNetV2"):
        load_mobilenet(tmp_path / "b.pth")
    (tmp_path / "c.pth").write_bytes(b"not a file of torch's")
    with pytest.raises(WeightsError, match="no MobileNetV2"):
        load_mobilenet(tmp_path / "c.pth")
