"""Tables and figures of the STAE paper: from made-up profiles, from none, and from the paper's own numbers."""

from __future__ import annotations

import dataclasses
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("matplotlib", reason="needs the extra 'report'")

from edgevision.errors import ProfileError
from edgevision.experiments.figures import FIGURES, ReproductionError, Request, reproduce
from edgevision.experiments.figures.stae import stae_profiles
from edgevision.experiments.figures.stae.stae_profiles import Measured
from edgevision.experiments.figures.stae.stae_table2 import papers_count
from edgevision.experiments.figures.stae.stae_times import Way, completion, in_words, published_ways, where_faster
from edgevision.profiles import load_profile, save_profile, stae_tables
from edgevision.profiles.video_grid import GRID

from .fake_videos import CLIPS, RAW, fake_profile, save_fakes

FIGURES_OF_STAE = [name for name in FIGURES if name.startswith("stae-")]
ALL = ("ut-stae", "ut-fa-sa", "ut-deepisc")


def make(name: str, out: Path, profiles: Path | None) -> dict[str, Any]:
    list(reproduce([name], Request(out, profiles=profiles, resamples=100)))
    record: dict[str, Any] = json.loads((out / f"{name}.json").read_text())
    return record


def rows(record: dict[str, Any], table: int) -> dict[str, list[str]]:
    """A table's rows by their first cell, or first two where it repeats."""
    listed = record["tables"][table]["rows"]
    firsts = [row[0] for row in listed]
    return {row[0] if firsts.count(row[0]) == 1 else f"{row[0]}; {row[1]}": row for row in listed}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("profiles")
    save_fakes(folder, *ALL)
    return folder


@pytest.mark.parametrize("name", FIGURES_OF_STAE)
def test_what_was_not_measured_is_not_made_up(name: str, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    record = make(name, tmp_path, tmp_path / "none")
    assert record["lead"].startswith("Not measured")
    assert f"edgevision reproduce {name} --profiles" in record["lead"]
    assert not record["numbers"].get("measured")
    assert any("video-actions-stae" in text for text in record["differences"])
    if name in ("stae-fig5a", "stae-fig5b"):  # their published half is computed from the paper's tables
        assert (tmp_path / f"{name}.png").is_file()
    else:
        assert not list(tmp_path.glob("*.png"))
        assert all(row[-1] == "not measured" for row in record["tables"][0]["rows"])


def test_shipped_profiles_are_taken_by_default(measured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stae_profiles, "shipped_profiles", lambda: ["video-ut-stae"])
    monkeypatch.setattr(stae_profiles, "load_profile", lambda shipped: load_profile(str(measured / f"{shipped}.npz")))
    record = make("stae-fig4", tmp_path, None)
    assert record["lead"].startswith("UT-Interaction")
    assert any("Not measured: video-actions-stae" in text for text in record["differences"])
    assert any("made up for tests" in text for text in record["differences"])


@pytest.mark.parametrize("name", FIGURES_OF_STAE)
def test_deepisc_alone_makes_a_page(name: str, tmp_path: Path) -> None:
    save_fakes(tmp_path, "actions-deepisc")
    record = make(name, tmp_path / "out", tmp_path)
    assert "not measured" in json.dumps(record["tables"]) + record["lead"].lower()
    assert "generated actions" in (tmp_path / "out" / "index.html").read_text()


def test_table_1_sets_accuracies_sizes_and_times_beside_the_published(measured: Path, tmp_path: Path) -> None:
    record = make("stae-table1", tmp_path, measured)
    assert record["lead"] == (
        "UT-Interaction, 40 % of the pixels, over the frame budgets: ViT_STAE minus ViT_FA+SA is +5.0 to +5.0 points "
        "(published: +0.5 to +0.9) and ViT_STAE minus ViT_DeepISC is +15.0 to +15.0 points (published: +4.0 to +5.3)."
    )
    claims = rows(record, 0)
    assert claims["cells below 100 % where recovery does not help"][2].startswith("0 of 30")
    assert claims["cells where ViT_STAE is not above ViT_DeepISC"][2].startswith("5 of 35 (5 equal, 0 with the whole")
    assert "1 x 100 %" in claims["cells where ViT_STAE is not above ViT_DeepISC"][2]
    one_frame = claims["one frame, chosen by attention, against all frames without attention"][2]
    assert one_frame.endswith("against 65.0 %: +5.0 points")  # 42 of 60
    accuracy = rows(record, 1)
    assert accuracy["ViT_FA, 100 %; 16"][2] == "73.3 (+-0.24)"
    assert accuracy["ViT_DeepISC, 40 %; 1"][3].startswith(f"{100 * (54 - 12 - 6 - 9) / CLIPS:.1f} [")
    sizes = rows(record, 2)
    assert float(sizes["eq. 1, 40 %; 16"][3]) == pytest.approx(4 * RAW * 0.4 / 1e3, abs=0.01)
    assert float(sizes["eq. 1, 40 %; 16"][2]) == pytest.approx(4 * 16 * 3 * 224 * 224 * 0.4 / 1e3, rel=0.002)
    times = rows(record, 3)
    assert times["tViT, edge; 8"][2:] == ["24.6", "7.00"]
    assert times["tDeepISC, 40 %; 1"][2:] == ["31.5", "6.00"]


def test_table_2_counts_104_as_the_paper_does_and_in_real_bytes(measured: Path, tmp_path: Path) -> None:
    assert papers_count(32, stae_tables.ENTROPY_STAE_40[-1]) == pytest.approx(stae_tables.COMPRESSION, abs=0.5)
    record = make("stae-table2", tmp_path, measured)
    (numbers,) = record["numbers"]["measured"]
    assert numbers["papers_count"] == pytest.approx(16 * 2.5 * 32 / 4)
    assert numbers["papers_count_of_uint8"] == pytest.approx(16 * 2.5 * 8 / 4)
    values = RAW / 16 * 0.4
    assert numbers["real_bytes"] == pytest.approx(RAW / (20 + (values + values / 24) / 2))
    assert numbers["accuracy_change"][0] == pytest.approx(-18 / 60)
    assert "-30.0 [" in record["lead"] and "published: 104 x" in record["lead"]
    assert rows(record, 1)["ViT_STAE, 40 %; 1"][2:] == ["12.26 (+-0.18; 38 %)", "4.00 (50 %)"]
    assert rows(record, 2)["ViT_DeepISC, 100 %; 16"][2:] == ["8.73 / 7.36", "3.00 / 4.00"]
    *parts, whole = (float(cell) for cell in rows(record, 3)["UT-Interaction, ViT_STAE, 40 %; 1"][2:6])
    assert sum(parts) == pytest.approx(whole, abs=1.5)


def test_figure_4_holds_the_grid_with_intervals(measured: Path, tmp_path: Path) -> None:
    record = make("stae-fig4", tmp_path, measured)
    (numbers,) = record["numbers"]["measured"]
    accuracy = np.array(numbers["accuracy"]["stae"])
    assert accuracy.shape == (3, 5, 7)
    assert accuracy[0, 0, 0] == pytest.approx(54 / 60)
    assert (accuracy[1] <= accuracy[0]).all() and (accuracy[0] <= accuracy[2]).all()
    assert numbers["half_of_16_minus_whole_8"][0] == pytest.approx((49 - 51) / 60)
    assert np.array(numbers["stae_minus_deepisc"])[0, 2, 3] == pytest.approx(9 / 60)
    assert rows(record, 0)["accuracy falls with the pixel budget"][2].startswith("in 30 of 30 steps")
    assert "-3.3 [" in record["lead"]


def test_figure_5a_finds_the_published_crossings(measured: Path, tmp_path: Path) -> None:
    record = make("stae-fig5a", tmp_path, measured)
    crossings = rows(record, 0)
    assert crossings["local faster than ViT_STAE"][1:3] == ["below 1.2 Mbit/s"] * 2
    assert crossings["ViT_STAE faster than ViT_DeepISC"][1:3] == ["at every rate", "above 0.678 Mbit/s"]
    assert crossings["ViT_STAE faster than full offload"][1:3] == ["at every rate"] * 2
    assert crossings["ViT_DeepISC faster than full offload"][1] == "below 227 Mbit/s"
    assert crossings["ViT_DeepISC faster than full offload"][2] == "below 7.91 Gbit/s"
    assert set(record["numbers"]) == {"by Tables I and II", "UT-Interaction"}


def test_figure_5b_checks_the_papers_statements(measured: Path, tmp_path: Path) -> None:
    record = make("stae-fig5b", tmp_path, measured)
    statements = record["tables"][0]["rows"]
    assert [row[2] for row in statements] == ["confirmed", "confirmed", "contradicted"]
    assert "83 ms" in statements[2][1]
    ours = next(item for item in record["numbers"]["trade_offs"] if item["source"] != "by Tables I and II")
    seconds, accuracy = np.array(ours["seconds"]), np.array(ours["accuracy"])
    frames, pixels = (int(word.rstrip(" %")) for word in ours["best"].split(" x "))
    cell = (16, 8, 4, 2, 1).index(frames), (100, 90, 80, 70, 60, 50, 40).index(pixels)
    assert seconds[cell] <= 0.1
    assert accuracy[cell] == accuracy[seconds <= 0.1].max()


def test_no_budgets_where_none_is_fast_enough(tmp_path: Path) -> None:
    slow = fake_profile("video-ut-stae", "stae")
    save_profile(dataclasses.replace(slow, edge_time=slow.edge_time + 0.1), tmp_path)
    record = make("stae-fig5b", tmp_path / "out", tmp_path)
    assert "no budgets; the fastest take" in record["lead"]


def test_completion_is_the_faster_of_plain_and_coded() -> None:
    one = Measured(fake_profile("video-ut-stae", "stae"))
    for rate in (1e4, 1e6, 3e7, 1e10):
        seconds, mode = completion(one, rate)
        every = 8 * one.size / rate + one.computing
        np.testing.assert_allclose(seconds, every[..., :2].min(axis=2))
        np.testing.assert_allclose(np.take_along_axis(every, mode[..., None], 2)[..., 0], seconds)


#: Bits to send and seconds of computing; a time is never so short that adding it to another is lost.
variants = st.tuples(st.floats(0, 1e7), st.just(0.0) | st.floats(1e-6, 1))
some_ways = st.lists(variants, min_size=1, max_size=3).map(lambda chosen: Way(tuple(chosen)))


@settings(deadline=None)
@given(some_ways, some_ways)
def test_where_one_way_is_faster_is_what_their_times_say(first: Way, second: Way) -> None:
    spans = where_faster(first, second)
    assert all(low < high for low, high in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    rates = np.geomspace(1e2, 1e10, 400)
    gap = second.seconds(rates) - first.seconds(rates)
    inside = np.any([(low < rates) & (rates < high) for low, high in spans], axis=0) if spans else np.zeros(400, bool)
    clear = np.abs(gap) > 1e-9 * (1 + second.seconds(rates))
    np.testing.assert_array_equal(inside[clear], (gap > 0)[clear])


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([], "at no rate"),
        ([(0.0, np.inf)], "at every rate"),
        ([(0.0, 1.2e6)], "below 1.2 Mbit/s"),
        ([(0.0, 1e6), (2e6, np.inf)], "below 1 Mbit/s and above 2 Mbit/s"),
        ([(1e6, 2e9)], "from 1 Mbit/s to 2 Gbit/s"),
    ],
)
def test_rates_in_words(spans: list[tuple[float, float]], words: str) -> None:
    assert in_words(spans) == words


def test_published_times_are_those_of_the_tables() -> None:
    ways = published_ways()
    stae = 1e-3 * (2.7 + 15.4 + 1.6 + 6.8)
    assert float(ways["ViT_STAE"].seconds(1e15)) == pytest.approx(stae, abs=1e-6)
    assert float(ways["ViT_DeepISC"].seconds(1e15)) == pytest.approx(1e-3 * (2.7 + 31.5 + 6.8), abs=1e-6)
    assert float(ways["full offload"].seconds(8e6)) == pytest.approx(4 * 16 * 3 * 224 * 224 / 1e6 + 31.5e-3)
    assert float(ways["local"].seconds(1.0)) == float(ways["local"].seconds(1e9))


SPOILT = {
    "no groups": ({"groups": None}, "group per clip"),
    "too few groups": ({"groups": [1, 2]}, "group per clip"),
    "groups that are no numbers": ({"groups": [[]] * CLIPS}, "group per clip"),
    "groups beyond 64 bits": ({"groups": [10**30] * CLIPS}, "group per clip"),
    "no times": ({"parts": None}, "'parts'"),
    "a time that is missing": ({"parts": {}}, "'t_fa'"),
    "times of another grid": ({"parts": {"t_fa": [[1.0, 2.0]]}}, "'t_fa'"),
    "times that are words": ({"parts": {"t_fa": [["x"] * 7] * 5}}, "'t_fa'"),
    "times that are NaN": ({"parts": {"t_fa": [[float("nan")] * 7] * 5}}, "'t_fa'"),
}


@pytest.mark.parametrize(("changed", "message"), SPOILT.values(), ids=SPOILT.keys())
def test_profiles_without_what_the_tables_need_are_refused(
    changed: dict[str, Any], message: str, tmp_path: Path
) -> None:
    made = fake_profile("video-ut-stae", "stae")
    save_profile(dataclasses.replace(made, metadata={**made.metadata, **changed}), tmp_path)
    with pytest.raises(ProfileError, match=message):
        make("stae-table1", tmp_path / "out", tmp_path)
    assert not (tmp_path / "out").exists()


def test_entropies_of_nothing_are_refused(tmp_path: Path) -> None:
    made = fake_profile("video-ut-stae", "stae")
    zero = {**made.metadata, "entropy_bits_per_value": np.zeros(GRID[:2]).tolist()}
    save_profile(dataclasses.replace(made, metadata=zero), tmp_path)
    with pytest.raises(ProfileError, match="entropies must be > 0"):
        make("stae-table2", tmp_path / "out", tmp_path)


def test_other_grids_other_clips_and_no_folder_are_refused(tmp_path: Path) -> None:
    save_profile(fake_profile("video-ut-stae", "stae"), tmp_path)
    other = tuple(f"another-{j}" for j in range(CLIPS))
    save_profile(fake_profile("video-ut-fa-sa", "fa-sa", content_ids=other), tmp_path)
    with pytest.raises(ProfileError, match="not of the same clips"):
        make("stae-fig4", tmp_path / "out", tmp_path)
    turned = fake_profile("video-ut-stae", "stae", grid=GRID[::-1])
    save_profile(turned, tmp_path / "turned")
    with pytest.raises(ProfileError, match="frames x pixels x mode"):
        make("stae-fig4", tmp_path / "out", tmp_path / "turned")
    with pytest.raises(ReproductionError, match="no folder of profiles"):
        make("stae-fig4", tmp_path / "out", tmp_path / "nowhere")
