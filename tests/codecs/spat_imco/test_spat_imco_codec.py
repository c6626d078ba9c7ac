"""SpaT-IMCO's own promises: regions, level map, containers, damage that passes the checksum."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from edgevision.codecs.jpeg.markers import read_header
from edgevision.codecs.jpeg.transform import COLOUR_BLOCKS, forward, inverse
from edgevision.codecs.spat_imco import app_segment
from edgevision.codecs.spat_imco.level_map_coding import pack, unpack
from edgevision.codecs.spat_imco.level_plan import nearest_plan
from edgevision.codecs.spat_imco.level_rules import equal_shares
from edgevision.codecs.spat_imco.quantisation import Dequantised, quantise
from edgevision.codecs.spat_imco.regions import assign_levels, region_weights
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.codecs.uniform import UniformJpeg, decode_baseline
from edgevision.errors import BitstreamError, CodecInputError, UnknownNameError
from edgevision.vision.importance import Importance
from tests.codecs.pictures import centre_weights, picture, pictures, psnr

CODEC = SpatImco(importance=centre_weights, aq_strength=0.0)  # so that the asked level is the picture's
samplings = st.sampled_from(tuple(COLOUR_BLOCKS))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), levels=st.integers(1, 8), rows=st.integers(1, 20), columns=st.integers(1, 20))
def test_level_map_round_trip(data: st.DataObject, levels: int, rows: int, columns: int) -> None:
    level_map = data.draw(arrays(np.uint8, (rows, columns), elements=st.integers(0, levels - 1)))
    np.testing.assert_array_equal(unpack(pack(level_map, levels), rows, columns, levels), level_map)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=60), levels=st.integers(1, 8))
def test_any_bytes_are_some_level_map(data: bytes, levels: int) -> None:
    level_map = unpack(data, 5, 7, levels)
    assert level_map.shape == (5, 7)
    assert level_map.max() < levels


def test_smooth_level_maps_cost_few_bytes() -> None:
    smooth = assign_levels(region_weights(centre_weights(picture(224, 224))), equal_shares((3, 2, 1), 2, 196))
    shuffled = np.random.default_rng(0).permutation(smooth.ravel()).reshape(smooth.shape)
    entropy_bytes = smooth.size * np.log2(3) / 8
    assert len(pack(smooth, 3)) < 0.6 * entropy_bytes
    assert len(pack(shuffled, 3)) < 1.2 * entropy_bytes


@given(
    weights=arrays(np.float64, st.tuples(st.integers(1, 15), st.integers(1, 15)), elements=st.floats(-9, 9)),
    levels=st.integers(1, 8),
)
def test_levels_go_by_rank_in_equal_shares(weights: NDArray[np.float64], levels: int) -> None:
    chosen = assign_levels(weights, equal_shares(range(levels, 0, -1), 1, weights.size))
    counts = Counter(chosen.ravel().tolist())
    assert max(counts.values()) - min(counts.values()) <= 1 or weights.size < levels
    step = np.ptp(weights) / 4096
    for level in range(1, levels):
        below, above = weights[chosen < level], weights[chosen >= level]
        if below.size and above.size:
            assert below.max() <= above.min() + step * (1 + 1e-9)


def test_levels_ignore_scale_and_offset_of_the_map() -> None:
    weights = np.random.default_rng(1).random((9, 11))
    counts = equal_shares((3, 2, 1), 2, weights.size)
    np.testing.assert_array_equal(assign_levels(weights, counts), assign_levels(100 * weights - 7, counts))


@settings(max_examples=30, deadline=None)
@given(image=pictures, subsampling=samplings)
def test_transform_is_inverted_up_to_chroma_sampling(image: NDArray[np.uint8], subsampling: str) -> None:
    restored = inverse(forward(image, subsampling))
    grey = image if image.ndim == 2 else np.rint(image @ (0.299, 0.587, 0.114))
    restored_grey = np.rint(restored @ (0.299, 0.587, 0.114))
    # Colours that leave the range are clipped, so luminance may move by a little in colour pictures.
    assert np.abs(restored_grey - grey).mean() < (0.6 if image.ndim == 2 else 2.0)
    if image.ndim == 3 and subsampling == "4:4:4":
        assert np.abs(restored.astype(int) - image).max() <= 1


@settings(max_examples=60, deadline=None)
@given(
    image=pictures,
    level=st.sampled_from((1 / 16, 0.3, 2.0, 9.0, 64.0)),
    subsampling=samplings,
    scales=st.sampled_from(((0.5, 0.6), (0.333, 1.0), (2.55, 0.017))),
)
def test_decoder_finds_what_the_encoder_quantised(
    image: NDArray[np.uint8], level: float, subsampling: str, scales: tuple[float, float]
) -> None:
    codec = SpatImco(
        centre_weights, subsampling=subsampling, chroma_scale=scales[0], dc_scale=scales[1], aq_strength=0.0
    )
    weights = region_weights(centre_weights(image))
    level_map = assign_levels(weights, equal_shares(codec.spread, 1.0, weights.size))
    plan = nearest_plan(level, codec.spread, level_map, *scales)
    indices = quantise(forward(image, subsampling), plan)
    expected = inverse(Dequantised(indices, plan, *image.shape[:2]))
    np.testing.assert_array_equal(codec.decode(codec.encode(image, level=level)), expected)


@pytest.mark.parametrize("subsampling", COLOUR_BLOCKS)
def test_plain_files_hold_the_finest_table_and_the_asked_sampling(subsampling: str) -> None:
    codec = SpatImco(importance=centre_weights, aq_strength=0.0, container="plain", subsampling=subsampling)
    header = read_header(codec.encode(picture(64, 80), level=3.0))
    assert header.sampling == ((0x22, 0x11, 0x11) if subsampling == "4:2:0" else (0x11,) * 3)
    assert header.tables[0][7, 7] == round(99 * 3.0 * 0.5)
    assert header.tables[0][0, 0] == round(16 * 3.0 * 0.6)
    assert header.tables[1][7, 7] == round(99 * 3.0 * 0.5 * 0.5)


def test_mapped_files_bring_no_quantisation_tables_and_huffman_tables_only_where_they_pay() -> None:
    def markers(data: bytes) -> list[int]:
        return [marker for marker, _, _ in read_header(data).segments]

    assert markers(CODEC.encode(picture(64, 64), level=4.0)) == [0xE9, 0xC0, 0xDA]
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    assert markers(CODEC.encode(noise, level=0.1)) == [0xE9, 0xC4, 0xC0, 0xDA]


def test_full_colour_costs_more_and_keeps_more() -> None:
    image = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    full = SpatImco(importance=centre_weights, subsampling="4:4:4")
    halved, whole = CODEC.encode(image, level=0.5), full.encode(image, level=0.5)
    assert len(whole) > len(halved)
    assert psnr(full.decode(whole), image) > psnr(CODEC.decode(halved), image) + 3
    assert full.settings["subsampling"] == "4:4:4"


def test_important_regions_keep_more_detail() -> None:
    image = picture(224, 224)
    decoded = CODEC.decode(CODEC.encode(image, level=3.0))
    inner = np.s_[80:144, 80:144]
    outer = np.s_[:48, :48]
    assert psnr(image[inner], decoded[inner]) > psnr(image[outer], decoded[outer]) + 1


def test_mapped_is_smaller_than_plain_and_equal_to_the_eye_of_its_decoder() -> None:
    image, plain = picture(224, 224), SpatImco(importance=centre_weights, aq_strength=0.0, container="plain")
    mapped_data, plain_data = CODEC.encode(image, level=3.0), plain.encode(image, level=3.0)
    assert len(mapped_data) < len(plain_data)
    difference = np.abs(CODEC.decode(mapped_data).astype(int) - plain.decode(plain_data))
    assert difference.mean() < 1.5


def test_without_spread_and_scales_it_is_uniform_jpeg() -> None:
    image = picture(160, 160)
    flat = SpatImco(
        importance=centre_weights, spread=(1.0,), chroma_scale=1.0, dc_scale=1.0, aq_strength=0.0, container="plain"
    )
    ours, theirs = flat.encode(image, level=4.0), UniformJpeg().encode(image, level=4.0)
    assert abs(len(ours) - len(theirs)) < 0.02 * len(theirs)  # fewer marker segments
    assert np.abs(flat.decode(ours).astype(int) - UniformJpeg().decode(theirs)).mean() < 0.4


def test_plain_files_are_for_any_viewer() -> None:
    data = SpatImco(importance=centre_weights, aq_strength=0.0, container="plain").encode(picture(64, 80), level=3.0)
    np.testing.assert_array_equal(CODEC.decode(data), decode_baseline(data))


def test_inspect_states_levels_and_regions() -> None:
    info = CODEC.inspect(CODEC.encode(picture(224, 224), level=4.0))
    assert info.container == "mapped"
    assert info.levels == pytest.approx((7.6, 4.0, 2.0), abs=0.01)
    assert sum(info.regions) == 14 * 14
    plain = SpatImco(importance=centre_weights, aq_strength=0.0, container="plain")
    assert plain.inspect(plain.encode(picture(64, 64), level=4.0)).levels[0] == pytest.approx(2.0, rel=0.02)
    uniform = UniformJpeg()
    assert uniform.inspect(uniform.encode(picture(64, 64), level=4.0)).levels == pytest.approx((4.0,), rel=0.02)


def test_analysis_can_be_reused() -> None:
    image = picture(64, 64)
    importance = CODEC.analyse(image)
    assert CODEC.encode(image, level=2.0, importance=importance) == CODEC.encode(image, level=2.0)


@pytest.mark.parametrize("weights", [np.zeros(8), np.full((32, 32), np.nan)], ids=["shape", "NaN"])
def test_unusable_importance_is_refused(weights: NDArray[np.float64]) -> None:
    with pytest.raises(ValueError, match="importance must"):
        CODEC.encode(picture(32, 32), level=2.0, importance=Importance(weights))


@pytest.mark.parametrize(
    "field",
    [
        {"container": "zip"},
        {"subsampling": "4:2:2"},
        {"spread": ()},
        {"spread": (1.0,) * 9},
        {"spread": (float("nan"),)},
        {"spread": (0.5, 1.0)},
        {"strategy": "halves"},
        {"chroma_scale": 0.0},
        {"dc_scale": 3.0},
        {"chroma_scale": "much"},
        {"spread": 1.0},
        {"spread": "abc"},
        {"spread": (1.0, "x")},
        {"aq_strength": True},
        {"container": []},
        {"subsampling": {}},
        {"strategy": []},
        {"importance": 3},
    ],
    ids=str,
)
def test_settings_are_validated(field: dict[str, object]) -> None:
    with pytest.raises((CodecInputError, UnknownNameError), match=next(iter(field))):
        SpatImco(**field)  # type: ignore[arg-type]


def test_every_damaged_byte_is_noticed() -> None:
    data = CODEC.encode(picture(32, 48), level=3.0)
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0x55
        with pytest.raises(BitstreamError):
            CODEC.decode(bytes(damaged))


@settings(max_examples=150, deadline=None)
@given(mutations=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4))
def test_forged_checksums_do_not_break_the_decoder(mutations: list[tuple[float, int]]) -> None:
    data = bytearray(CODEC.encode(picture(40, 56), level=3.0))
    for place, value in mutations:
        data[int(place * len(data))] = value
    try:
        forged = app_segment.seal(bytes(data))
        assert CODEC.decode(forged).shape[2] == 3
    except BitstreamError:
        pass
