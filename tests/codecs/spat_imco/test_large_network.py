"""The large network that theta is distilled from: its maps, its cost and its weights on disk."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from edgevision.codecs.spat_imco.regions import region_weights
from edgevision.codecs.spat_imco.theta import LargeNetwork, load_mobilenet, network_cost
from edgevision.codecs.spat_imco.theta.large_network import INPUT, activity
from edgevision.codecs.spat_imco.theta.large_weights import load_heads, load_large, save_heads, save_large
from edgevision.errors import WeightsError
from edgevision.vision.classifiers import Classifier
from edgevision.vision.grad_cam import ClassActivation
from tests.codecs.pictures import picture


@pytest.fixture(scope="module")
def random_network() -> LargeNetwork:
    torch.manual_seed(5)
    return LargeNetwork(width=8).eval()


def test_activity_is_the_mean_gradient_of_each_region(random_network: LargeNetwork) -> None:
    image = picture(224, 224)
    found = activity(random_network.pixels(image[None]))[0].numpy()
    luminance = image @ np.array([0.299, 0.587, 0.114])
    for row, column in [(0, 0), (0, 5), (7, 0), (13, 13)]:
        total = 0.0
        for y in range(16 * row, 16 * row + 16):
            for x in range(16 * column, 16 * column + 16):
                total += abs(luminance[y, x] - luminance[y - 1, x]) if y else 0
                total += abs(luminance[y, x] - luminance[y, x - 1]) if x else 0
        assert found[row, column] == pytest.approx(np.log(1 + total / 256), rel=0.01)


def test_cost_is_near_table_two(random_network: LargeNetwork) -> None:
    cost = network_cost(random_network, INPUT)
    assert cost.parameters == pytest.approx(3.5e6, rel=0.02)
    assert cost.multiply_adds == pytest.approx(318e6, rel=0.06)


def test_untrained_head_leaves_the_class_activation_map(random_network: LargeNetwork) -> None:
    image = picture(224, 224)
    with torch.inference_mode():
        ours = random_network(random_network.pixels(image[None]))[0][0].numpy()
    expected = region_weights(ClassActivation(Classifier("backbone", random_network.backbone))(image).weights)
    expected = (expected - expected.mean()) / expected.std()
    for found in ours:
        np.testing.assert_allclose(found, expected, atol=0.05)


def test_saved_network_loads_as_it_was(random_network: LargeNetwork, tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    save_large(random_network, path, {})
    loaded = load_large(path)
    for key, value in random_network.state_dict().items():
        expected = value.half().float() if value.ndim >= 2 else value
        torch.testing.assert_close(loaded.state_dict()[key], expected, rtol=0, atol=0)


def test_heads_of_folds_load_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "folds.safetensors"
    torch.manual_seed(3)
    heads = [LargeNetwork(8).head for _ in range(3)]
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


def test_backbone_in_torchvisions_layout(random_network: LargeNetwork, tmp_path: Path) -> None:
    state = random_network.backbone.state_dict()
    torch.save(
        {f"features.{index}.{key}": value for index, (key, value) in enumerate(state.items())}, tmp_path / "a.pth"
    )
    loaded = load_mobilenet(tmp_path / "a.pth", width=8)
    for key, value in state.items():
        assert torch.equal(loaded.backbone.state_dict()[key], value.half().float() if value.ndim >= 2 else value)
    torch.save({"features.0": torch.zeros(3)}, tmp_path / "b.pth")
    with pytest.raises(WeightsError, match="no MobileNetV2"):
        load_mobilenet(tmp_path / "b.pth")
    (tmp_path / "c.pth").write_bytes(b"not a file of torch's")
    with pytest.raises(WeightsError, match="no MobileNetV2"):
        load_mobilenet(tmp_path / "c.pth")
