"""The paper's figures from measured profiles and from pictures."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch", reason="needs the extra 'codecs'")
pytest.importorskip("matplotlib", reason="needs the extra 'report'")

from edgevision.codecs.spat_imco.theta.theta_weights import SHIPPED
from edgevision.errors import ProfileError, UnknownNameError
from edgevision.experiments.figures import FIGURES, ReproductionError, Request, Section, reproduce
from edgevision.experiments.figures.spat_imco import photographs
from edgevision.experiments.figures.spat_imco.fig9 import bandwidth_saved
from edgevision.experiments.figures.spat_imco.profile_pairs import Pair, find_pairs
from edgevision.profiles import OperatingPointProfile, save_profile, shipped_profiles

CONTENTS = 60
LEVELS = np.array([0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 12.0])
BYTES = 20_000 / LEVELS
ACCURACY = np.array([0.95, 0.9, 0.8, 0.65, 0.45, 0.35, 0.2])


def profile(
    name: str,
    codec: str,
    model: str = "tf_efficientnet_lite0",
    *,
    bytes_factor: float = 1.0,
    more_right: int = 0,
    first_content: int = 0,
) -> OperatingPointProfile:
    """Made up: content j is recognised at a level if j is among the ``ACCURACY`` easiest, or among ``more_right``."""
    contents = np.arange(CONTENTS)
    return OperatingPointProfile(
        name=name,
        size=np.outer(np.linspace(0.5, 1.5, CONTENTS), BYTES) * bytes_factor,
        raw_size=np.full(CONTENTS, 150_528.0),
        accuracy=ACCURACY,
        parameter=LEVELS,
        device_time=np.zeros(len(LEVELS)),
        edge_time=np.zeros(len(LEVELS)),
        correct=contents[:, None] < ACCURACY * CONTENTS + more_right,
        features=np.zeros((CONTENTS, 0)),
        split=np.zeros(CONTENTS, np.int8),
        content_ids=tuple(f"content-{j + first_content}" for j in contents),
        metadata={"model": model, "codec": codec, "data_set": "made up for tests", "input_size": 224},
    )


def save_pair(folder: Path, model: str, **better: Any) -> None:
    stem = model.replace("_", "-").replace("<", "").replace(">", "")
    save_profile(profile(f"{stem}-uniform", "uniform", model), folder)
    save_profile(profile(f"{stem}-spat-imco", "spat-imco", model, **better), folder)


def make(names: str, out: Path, profiles: Path | None = None, **settings: Any) -> dict[str, Any]:
    """Make figures and return the JSON of the last one."""
    request = Request(out, profiles=profiles, **({"resamples": 100} | settings))
    sections = list(reproduce(names.split(), request))
    assert all(isinstance(section, Section) for section in sections)
    record: dict[str, Any] = json.loads((out / f"{names.split()[-1]}.json").read_text())
    return record


def test_every_figure_can_be_made_and_is_listed_once() -> None:
    for figure in FIGURES.values():
        assert callable(figure.load())
        assert figure.shows


def test_an_unknown_figure_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'fig9'"):
        make("fig7 fig99", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("figure", "model", "row"),
    [
        ("fig7", "tf_efficientnet_lite0", ["EfficientNet-B0", "tf_efficientnet_lite0, the nearest relative"]),
        ("fig7", "tf_efficientnet_b0.ns_jft_in1k", ["EfficientNet-B0", "tf_efficientnet_b0.ns_jft_in1k, the same"]),
        ("fig7", "efficientnet_b4", ["EfficientNet-B4", "efficientnet_b4, the same network"]),
        ("fig7", "resnet50", ["", "resnet50"]),
        ("fig8", "deit_tiny_patch16_224.fb_in1k", ["DeiT-Tiny", "deit_tiny_patch16_224.fb_in1k, the same network"]),
        ("fig8", "vit_base_patch16_224", ["", "vit_base_patch16_224"]),
    ],
)
def test_measured_networks_stand_beside_the_published_ones(
    figure: str, model: str, row: list[str], tmp_path: Path
) -> None:
    save_pair(tmp_path, model, more_right=6)
    record = make(figure, tmp_path / "out", tmp_path)
    (found,) = (cells for cells in record["tables"][0]["rows"] if cells[3])
    assert found[0] == row[0]
    assert found[1].startswith(row[1])
    others = [cells for cells in record["tables"][0]["rows"] if not cells[3]]
    assert others and all(cells[1] == "not measured" for cells in others)


@pytest.mark.parametrize(("factor", "words"), [(1.2, "20 to 20 % larger"), (0.9, "10 to 10 % smaller")])
def test_gains_at_equal_mu_come_with_their_price_in_bytes(factor: float, words: str, tmp_path: Path) -> None:
    save_pair(tmp_path, "tf_efficientnet_lite1", bytes_factor=factor, more_right=6)
    record = make("fig7", tmp_path / "out", tmp_path)
    (measured,) = record["numbers"]["measured"]
    assert measured["gain_at_equal_mu"]["mu"] == [1, 2, 4, 8, 10]  # the published sweep
    np.testing.assert_allclose(measured["gain_at_equal_mu"]["gain"], 0.1)
    np.testing.assert_allclose(measured["more_bytes_at_equal_mu"], factor - 1)
    assert words in record["lead"]
    assert "+10.0 to +10.0 points" in record["lead"]
    row = next(cells for cells in record["tables"][1]["rows"] if cells[0] == "8")
    assert row[1:3] == ["0.450", "0.550"]
    assert row[5] == "11.6 %"  # stated for EfficientNet-B1 at mu = 8


@pytest.mark.parametrize(
    ("maker", "same_pictures", "said"),
    [
        ("class activation map of tf_efficientnet_lite0", True, "is also the one that classifies"),
        ("class activation map of resnet18", True, "not told the true class"),
        ("theta", True, "trained on the same pictures"),
        ("theta", False, "trained on other pictures"),
        ("theta, cross-fitted in 5 folds", True, "trained without that picture"),
    ],
)
def test_the_page_says_what_favours_the_map(maker: str, same_pictures: bool, said: str, tmp_path: Path) -> None:
    trained_on = json.loads(SHIPPED.with_suffix(".json").read_text())["provenance"]["data_set_fingerprint"]
    for codec in ("uniform", "spat-imco"):
        made = profile(codec, codec)
        settings = {"importance": maker, "chroma_scale": 0.5, "dc_scale": 0.6}
        known = {"codec_settings": settings, "data_set_fingerprint": trained_on if same_pictures else "other"}
        save_profile(dataclasses.replace(made, metadata={**made.metadata, **known}), tmp_path)
    differences = " ".join(make("fig7", tmp_path / "out", tmp_path)["differences"])
    assert said in differences
    assert "chrominance at 0.5 and DC coefficients at 0.6" in differences
    assert "Equal mu is not equal bytes" in differences


def test_what_was_not_measured_is_not_made_up(tmp_path: Path) -> None:
    save_pair(tmp_path, "tf_efficientnet_lite0")
    record = make("fig8", tmp_path / "out", tmp_path)
    assert record["numbers"]["measured"] == []
    assert record["plots"] == []
    assert not list((tmp_path / "out").glob("*.png"))
    assert "--model deit_tiny_patch16_224 --model deit_small_patch16_224" in record["lead"]
    assert "\n" not in record["lead"]
    assert "edgevision reproduce fig8 --profiles" in (tmp_path / "out" / "index.html").read_text()


def test_shipped_profiles_are_found_by_name(tmp_path: Path) -> None:
    shipped = [name for name in shipped_profiles() if name.endswith("-spat-imco")]
    assert {pair.spatial.name for pair in find_pairs(None)} == set(shipped)
    record = make("fig7", tmp_path)
    assert {item["profiles"][0] for item in record["numbers"]["measured"]} <= set(shipped)
    assert "tf_efficientnet_lite0" in record["lead"]


@pytest.mark.parametrize("factor", [0.8, 1.0, 1.25])
def test_bandwidth_saved_is_the_bytes_at_equal_accuracy(factor: float) -> None:
    """Files that are smaller by one factor and as well recognised save just that, in every resample."""
    pair = Pair("m", profile("m-uniform", "uniform"), profile("m-spat-imco", "spat-imco", bytes_factor=factor))
    saved = bandwidth_saved(pair, np.array([0.2, 0.45, 0.6]), 100)
    np.testing.assert_allclose(saved[:, 0], 1 - factor, atol=1e-12)
    np.testing.assert_allclose(saved[:, 1:], 1 - factor, atol=1e-12)


def test_bandwidth_saved_is_unknown_beyond_the_curves() -> None:
    pair = Pair("m", profile("m-uniform", "uniform"), profile("m-spat-imco", "spat-imco"))
    assert np.isnan(bandwidth_saved(pair, np.array([0.99]), 100)).all()


def test_nothing_is_claimed_of_a_network_that_recognises_nothing(tmp_path: Path) -> None:
    for codec, factor in (("uniform", 1.0), ("spat-imco", 0.8)):
        save_profile(profile(codec, codec, bytes_factor=factor, more_right=-CONTENTS), tmp_path)
    record = make("fig9", tmp_path / "out", tmp_path)
    points = record["numbers"]["measured"][0]["bandwidth_saved"]
    assert [(point["estimate"], point["low"], point["high"]) for point in points] == [(None, None, None)] * 2
    assert "an unknown share at ratio 0.2" in record["lead"]
    assert "equal bytes is not defined" in make("fig7", tmp_path / "out", tmp_path)["lead"]


def test_a_ladder_without_the_standard_tables_is_refused(tmp_path: Path) -> None:
    pair = [profile(f"m-{codec}", codec) for codec in ("uniform", "spat-imco")]
    for made in pair:
        save_profile(dataclasses.replace(made, parameter=LEVELS + 0.25), tmp_path)
    with pytest.raises(ReproductionError, match="lack level 1"):
        make("fig9", tmp_path / "out", tmp_path)


def test_sizes_and_ratios_against_mu(tmp_path: Path) -> None:
    save_pair(tmp_path, "tf_efficientnet_lite0", bytes_factor=0.9)
    record = make("fig9", tmp_path / "out", tmp_path)
    (measured,) = record["numbers"]["measured"]
    assert measured["mu"] == [1, 2, 4, 8, 10]
    np.testing.assert_allclose(measured["mean_bytes"]["uniform"], BYTES[1:6])
    np.testing.assert_allclose(measured["mean_bytes"]["spatial"], 0.9 * BYTES[1:6])
    np.testing.assert_allclose(measured["compression_ratio"]["uniform"], 1 - BYTES[1:6] / 150_528)
    assert [point["ratio"] for point in measured["bandwidth_saved"]] == [0.2, 0.45]
    assert [point["estimate"] for point in measured["bandwidth_saved"]] == pytest.approx([0.1, 0.1])
    assert "smaller than uniform ones" in record["lead"]
    assert record["tables"][0]["rows"][0][2:] == ["yes", "10 to 10 % smaller"]


def _no_pair(folder: Path) -> None:
    save_profile(profile("lonely", "uniform"), folder)


def _damaged(folder: Path) -> None:
    save_pair(folder, "tf_efficientnet_lite0")
    path = folder / "tf-efficientnet-lite0-uniform.npz"
    path.write_bytes(path.read_bytes()[:-100])


def _other_pictures(folder: Path) -> None:
    save_profile(profile("a-uniform", "uniform"), folder)
    save_profile(profile("a-spat-imco", "spat-imco", first_content=1), folder)


@pytest.mark.parametrize("figure", ["fig7", "fig8", "fig9"])
@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda folder: None, ReproductionError, "edgevision codec bench"),
        (_no_pair, ReproductionError, "edgevision codec bench"),
        (_damaged, ProfileError, "checksum"),
        (_other_pictures, ProfileError, "not of the same pictures"),
    ],
)
def test_profiles_that_cannot_be_used(
    figure: str, spoil: Callable[[Path], None], error: type[Exception], message: str, tmp_path: Path
) -> None:
    spoil(tmp_path)
    with pytest.raises(error, match=message):
        make(figure, tmp_path / "out", tmp_path)
    assert not (tmp_path / "out").exists()


def test_the_page_keeps_what_was_made_before(tmp_path: Path) -> None:
    save_pair(tmp_path, "net<b>lite")
    out = tmp_path / "out"
    make("fig9", out, tmp_path)
    make("fig7", out, tmp_path)
    page = (out / "index.html").read_text()
    assert 0 < page.index("Fig. 7") < page.index("Fig. 9:")
    assert "<b>" not in page and "&lt;b&gt;" in page
    assert "edgevision reproduce fig9" in page
    (out / "fig9.json").write_text("{")
    make("fig7", out, tmp_path)
    page = (out / "index.html").read_text()
    assert "Fig. 9:" not in page and "Fig. 7:" in page


def test_pages_load_nothing_from_elsewhere(tmp_path: Path) -> None:
    save_pair(tmp_path, "tf_efficientnet_lite0")
    make("fig7 fig8 fig9", tmp_path / "out", tmp_path)
    page = (tmp_path / "out" / "index.html").read_text()
    assert "<script" not in page and 'src="http' not in page and "<link" not in page
    assert page.count("data:image/png;base64,") == 2


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(8):
        pixels = np.random.default_rng(number).integers(256, size=(3, 4, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((640, 480)).save(folder / f"{number}.png")
    (folder / "notes.txt").touch()
    return folder


def test_maps_and_levels_of_photographs(pictures: Path, tmp_path: Path) -> None:
    maps = ("grad-cam:tf_efficientnet_lite0", "class-activation:tf_efficientnet_lite0")
    shown = (pictures / "0.png", pictures / "3.png")
    record = make("fig6", tmp_path / "out", images=shown, maps=maps)
    rows = record["numbers"]["measured"]
    assert [row["picture"] for row in rows] == ["0.png", "0.png", "3.png", "3.png"]
    assert len({row["map"] for row in rows}) == 2
    for row in rows:
        assert sum(row["regions"]) == 28 * 21  # 448 x 336 pixels
        assert row["levels"] == sorted(row["levels"], reverse=True) and len(row["levels"]) == 3
        assert 0 <= row["predicted_class"] < 1000
        assert row["bytes"] > 0 and row["uniform_bytes"] > 0
    with Image.open(io.BytesIO((tmp_path / "out" / "fig6.png").read_bytes())) as figure:
        assert min(figure.size) > 500
    assert "--map grad-cam:tf_efficientnet_lite0" in record["command"]


def test_of_a_folder_the_first_few_pictures_are_shown(pictures: Path) -> None:
    found = photographs.find_photographs([pictures, pictures / "7.png"])
    assert [path.name for path in found] == [*(f"{n}.png" for n in range(photographs.FROM_A_FOLDER)), "7.png"]


def test_installed_packages_carry_photographs(monkeypatch: pytest.MonkeyPatch) -> None:
    found = photographs.find_photographs([])
    assert found
    assert all(photographs.read_photograph(path).shape[2] == 3 for path in found)
    monkeypatch.setattr(photographs, "find_spec", lambda name: None)
    with pytest.raises(ReproductionError, match="--images"):
        photographs.find_photographs([])
