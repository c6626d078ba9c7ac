"""Distilling theta from the maps of the large network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgevision.codecs.spat_imco.theta import DistillationConfig, LargeNetwork, ThetaNetwork
from edgevision.codecs.spat_imco.theta.agreement import rank_correlation
from edgevision.codecs.spat_imco.theta.cross_fitting import distil_folds
from edgevision.codecs.spat_imco.theta.distillation import Views, collect_views, distil
from edgevision.codecs.spat_imco.theta.labels import make_view
from edgevision.codecs.spat_imco.theta.large_network import GRID
from edgevision.codecs.spat_imco.theta.maps import as_pixels, shrink
from edgevision.codecs.spat_imco.theta.theta_network import DEEP, FINE, SIDE, RegionHead
from edgevision.data.images import ImageFolder
from edgevision.errors import DataSetError
from tests.codecs.pictures import picture

SMALL = DistillationConfig(width=8, views=2, epochs=4, batch=8)


@pytest.fixture(scope="module")
def views() -> Views:
    """The maps to be learnt are what half of the features share; both heads of the large network make the same."""
    generator = torch.Generator().manual_seed(1)
    fine = torch.randn((40, 2, FINE, GRID, GRID), generator=generator)
    deep = torch.randn((40, 2, DEEP, GRID // 2, GRID // 2), generator=generator)
    maps = torch.randn((40, 2, 1, 2, GRID, GRID), generator=generator)
    for k in range(2):
        fine[:, :, 8 * k : 8 * k + 8] += maps[:, :, 0, k, None]
    return Views(fine.half(), deep.half(), maps.expand(-1, -1, 2, -1, -1, -1).half())


def same(first: nn.Module, second: nn.Module) -> bool:
    return all(torch.equal(value, second.state_dict()[key]) for key, value in first.state_dict().items())


def test_distillation_learns_both_maps_of_unseen_pictures(views: Views) -> None:
    losses: list[float] = []
    config = DistillationConfig(width=16, epochs=20, batch=8, learning_rate=1e-2)
    head, agreement = distil(views, 0, np.arange(8, 40), config, log=lambda name, value, epoch: losses.append(value))
    assert agreement > 0.5
    assert losses[-1] < 0.6 * losses[0]
    with torch.inference_mode():
        found = head(views.fine[:8, 0].float(), views.deep[:8, 0].float()).numpy()
    for k in range(2):
        assert rank_correlation(found[:, k], views.maps[:8, 0, 0, k].float().numpy()).mean() > 0.5


class _KilledError(Exception):
    pass


def test_killed_distillation_ends_like_one_that_was_not(views: Views, tmp_path: Path) -> None:
    def kill(done: int, total: int) -> None:
        if done == 2:
            raise _KilledError

    pictures, path = np.arange(40), tmp_path / "checkpoint.safetensors"
    whole = distil(views, 0, pictures, SMALL)
    with pytest.raises(_KilledError):
        distil(views, 0, pictures, SMALL, checkpoint=path, progress=kill)
    resumed = distil(views, 0, pictures, SMALL, checkpoint=path)
    assert resumed[1] == whole[1]
    assert same(resumed[0], whole[0])
    path.write_bytes(b"half a file")
    assert same(distil(views, 0, pictures, SMALL, checkpoint=path)[0], whole[0])


def test_network_of_a_fold_never_sees_its_pictures(views: Views, tmp_path: Path) -> None:
    maps = views.maps.clone()
    maps[2] = -maps[2]
    before, after = (
        distil_folds(Views(views.fine, views.deep, given), SMALL, tmp_path / name)
        for name, given in (("a", views.maps), ("b", maps))
    )
    assert same(before[0], after[0])  # fold 0 holds picture 2
    assert not same(before[1], after[1])


def test_views_are_made_once_and_again_where_a_part_is_damaged(labelled_folder: Path, tmp_path: Path) -> None:
    dataset = ImageFolder(labelled_folder, labelled_folder / "labels.csv")
    torch.manual_seed(4)
    network = LargeNetwork(8).eval()

    def collect() -> Views:
        return collect_views(
            dataset, network, [network.head], views=2, seed=3, folder=tmp_path, progress=lambda done, total: None
        )

    made = collect()
    assert made.maps.shape == (len(dataset), 2, 1, 2, GRID, GRID)
    view = make_view(dataset.load(dataset.items[1]), 1, 3 + 1)
    with torch.inference_mode():
        large = network(network.pixels(view[None]))[0][0]
        small = ThetaNetwork.cut_from(network, RegionHead(1)).extract(as_pixels(shrink(view)[None]))
    for ours, expected in (
        (made.maps[1, 1, 0], large),
        (made.fine[1, 1], small.fine[0]),
        (made.deep[1, 1], small.deep[0]),
    ):
        torch.testing.assert_close(ours.float(), expected, atol=0.02, rtol=0.01)
    (part,) = tmp_path.glob("views-*")
    whole = part.read_bytes()
    part.write_bytes(whole[: len(whole) // 2])
    again = collect()
    assert torch.equal(again.maps, made.maps)
    assert torch.equal(again.fine, made.fine)


def test_no_readable_picture_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "pictures" / "tench").mkdir(parents=True)
    (tmp_path / "pictures" / "tench" / "a.jpg").write_bytes(b"no picture")
    network = LargeNetwork(8)
    with pytest.raises(DataSetError, match="no picture"):
        collect_views(
            ImageFolder(tmp_path / "pictures"), network, [network.head], views=1, seed=0, folder=tmp_path,
            progress=lambda done, total: None,
        )  # fmt: skip


def test_small_picture_is_the_mean_of_the_large_ones_pixels() -> None:
    image = picture(2 * SIDE, 2 * SIDE)
    expected = image.reshape(SIDE, 2, SIDE, 2, 3).mean((1, 3))
    np.testing.assert_allclose(shrink(image), expected, atol=0.51)
    for height, width in ((1, 1), (90, 131), (1000, 37)):
        assert shrink(picture(height, width)).shape == (SIDE, SIDE, 3)


@pytest.mark.parametrize(("field", "value"), [("epochs", 0), ("learning_rate", float("nan")), ("validation", 1)])
def test_settings_out_of_range_are_named(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        DistillationConfig(**{field: value})  # type: ignore[arg-type]
