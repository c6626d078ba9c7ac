"""What codecs on a quality scale promise: round trips, rates, and manners towards bad input and bad bytes."""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from edgevision import codecs
from edgevision.codecs import ImageCodec, RateControlError
from edgevision.codecs.av1.av1_payload import read_payload
from edgevision.codecs.h26x import intra_codec, intra_file
from edgevision.codecs.recognise import reader_of
from edgevision.errors import BitstreamError, CodecInputError, EdgeVisionError
from tests.codecs.pictures import centre_weights, picture, pictures, psnr

CODECS: dict[str, ImageCodec] = {
    "webp": codecs.make("webp", method=2),
    "avif": codecs.make("avif", speed=10),
    "avif-raw": codecs.make("avif-raw", speed=10),
    "hevc": codecs.make("hevc", preset="ultrafast"),
    "h264": codecs.make("h264", preset="ultrafast"),
    "spat-avif": codecs.make("spat-avif", importance=centre_weights, speed=10),
    "spat-avif-plain": codecs.make("spat-avif", importance=centre_weights, speed=10, container="plain"),
    "spat-hevc": codecs.make("spat-hevc", importance=centre_weights, preset="ultrafast"),
    "spat-h264": codecs.make("spat-h264", importance=centre_weights, preset="ultrafast"),
}
DECODERS = ("webp", "avif", "avif-raw", "hevc", "h264")
VIEWABLE = ("webp", "avif", "spat-avif-plain")
STEERED = [name for name in CODECS if name.startswith("spat")]
every_codec = pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS.keys())
every_decoder = pytest.mark.parametrize("name", DECODERS)
Picture = NDArray[np.uint8]


def levels(codec: ImageCodec) -> list[float]:
    """A fine, a middle and a coarse level."""
    grid = codec.scale.grid
    return [grid[int(share * (len(grid) - 1))] for share in (0.2, 0.6, 1.0)]


def colour(image: Picture) -> Picture:
    return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)


@every_codec
@settings(max_examples=12, deadline=None)
@given(image=pictures, which=st.integers(0, 2))
def test_round_trip_keeps_shape_and_describes_itself(codec: ImageCodec, image: Picture, which: int) -> None:
    level = levels(codec)[which]
    data = codec.encode(image, level=level)
    decoded, info = codec.decode(data), codec.inspect(data)
    assert (decoded.shape, decoded.dtype) == ((*image.shape[:2], 3), np.uint8)
    assert decoded.flags.writeable
    assert (info.height, info.width, info.size) == (*image.shape[:2], len(data))
    assert codec.encode(image, level=level) == data
    assert reader_of(data) in (codec.name, codec.name.removeprefix("spat-"), "avif-raw")
    if codec.name == "webp":
        assert info.components == 3
    else:
        assert (info.components, info.subsampling) == ((1, "") if image.ndim == 2 else (3, "4:2:0"))
        assert image.ndim == 3 or (decoded == decoded[..., :1]).all()
    if info.levels:
        assert info.levels == (level,)


@every_codec
def test_finer_levels_are_larger_and_closer_to_the_picture(codec: ImageCodec) -> None:
    image = picture(97, 111)
    files = [codec.encode(image, level=level) for level in levels(codec)]
    qualities = [psnr(codec.decode(data), image) for data in files]
    assert qualities[0] > 29
    assert qualities == sorted(qualities, reverse=True)
    assert [len(data) for data in files] == sorted(map(len, files), reverse=True)


@every_codec
def test_default_ladder_runs_from_large_to_small(codec: ImageCodec) -> None:
    image = picture(160, 160)
    sizes = [len(codec.encode(image, level=level)) for level in codec.levels]
    assert len(codec.levels) >= 16
    assert list(codec.levels) == sorted(codec.levels)
    assert codec.scale.grid[0] <= codec.levels[0]
    assert codec.levels[-1] <= codec.scale.grid[-1]
    assert sizes[0] > 5 * sizes[-1]


@every_codec
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 9), share=st.floats(0.05, 0.9))
def test_target_is_never_exceeded_and_nearly_used(codec: ImageCodec, seed: int, share: float) -> None:
    image = picture(112, 96, seed=seed)
    smallest, largest = (len(codec.encode(image, level=codec.scale.grid[end])) for end in (-1, 0))
    target = round(smallest + share * (largest - smallest))
    size = len(codec.encode(image, target_bytes=target))
    assert 0.75 * target <= size <= target


@every_codec
def test_ratio_is_one_minus_the_share_that_is_sent(codec: ImageCodec) -> None:
    image = picture(112, 96)
    size = len(codec.encode(image, ratio=0.92))
    assert 0.7 * 0.08 * image.nbytes <= size <= 0.08 * image.nbytes


@every_codec
def test_impossible_target_is_refused(codec: ImageCodec) -> None:
    with pytest.raises(RateControlError, match="strongest compression still takes"):
        codec.encode(picture(64, 64), target_bytes=20)


@every_codec
@pytest.mark.parametrize(
    "rates",
    [{}, {"level": 1.0, "target_bytes": 999}, {"level": -0.5}, {"level": 100.5}, {"ratio": 1.0}, {"level": "4"}],
    ids=str,
)
def test_unclear_or_impossible_rates_are_refused(codec: ImageCodec, rates: dict[str, Any]) -> None:
    with pytest.raises(CodecInputError, match=r"level|ratio|exactly one"):
        codec.encode(picture(16, 16), **rates)


@every_codec
@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros((1, 65501), np.uint8)],
    ids=["float", "four channels", "empty", "wide"],
)
def test_what_is_no_image_is_refused(codec: ImageCodec, image: Picture) -> None:
    with pytest.raises(CodecInputError, match="image"):
        codec.encode(image, level=1.0)


@pytest.mark.parametrize("name", VIEWABLE)
@pytest.mark.parametrize("grey", [False, True])
def test_any_viewer_shows_nearly_the_same_pixels(name: str, grey: bool) -> None:
    data = CODECS[name].encode(picture(61, 88, grey=grey), level=60)
    with Image.open(io.BytesIO(data)) as shown:
        assert shown.format == ("WEBP" if name == "webp" else "AVIF")
        seen = np.asarray(shown.convert("RGB")).astype(int)
    assert np.abs(seen - CODECS[name].decode(data)).max() <= (0 if name == "webp" else 12)
    assert np.abs(seen - CODECS[name].decode(data)).mean() < 1


def test_the_payload_is_the_file_without_its_boxes() -> None:
    image = picture(61, 88)
    whole, payload = (CODECS[name].encode(image, level=60) for name in ("avif", "avif-raw"))
    assert whole.endswith(payload)
    assert len(whole) - len(payload) == 277  # 275 of boxes, 2 of a delimiter
    np.testing.assert_array_equal(CODECS["avif"].decode(whole), CODECS["avif-raw"].decode(payload))
    assert CODECS["spat-avif"].inspect(payload).container == "mapped"
    assert CODECS["spat-avif"].inspect(whole).container == "plain"


def test_avif_files_that_viewers_show_in_other_colours_are_refused() -> None:
    data = CODECS["avif"].encode(picture(32, 32), level=60)
    place = data.index(b"colrnclx") + 4
    for part, value in ((slice(0, 4), b"prof"), (slice(8, 10), b"\0\1"), (slice(10, 11), b"\0")):
        changed = bytearray(data)
        changed[place + part.start : place + part.stop] = value
        for read in (CODECS["avif"].decode, CODECS["spat-avif"].inspect):
            with pytest.raises(BitstreamError, match="ICC profile, or in other colours"):
                read(bytes(changed))


@every_decoder
@settings(max_examples=60, deadline=None)
@given(mutations=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=5))
def test_mutated_bytes_give_an_image_or_a_bitstream_error(name: str, mutations: list[tuple[float, int]]) -> None:
    codec = CODECS[name]
    data = bytearray(codec.encode(picture(40, 56), level=levels(codec)[1]))
    for place, value in mutations:
        data[int(place * len(data))] = value
    forged = intra_file.seal(bytes(data)) if name in ("hevc", "h264") else bytes(data)
    for read in (codec.decode, codec.inspect):
        try:
            read(forged)
        except BitstreamError:
            continue


@every_codec
def test_every_truncation_is_a_bitstream_error(codec: ImageCodec) -> None:
    data = codec.encode(picture(40, 56), level=levels(codec)[1])
    for length in range(len(data)):
        with pytest.raises(BitstreamError):
            codec.decode(data[:length])
        with pytest.raises(BitstreamError):
            codec.inspect(data[:length])


@every_codec
@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=200), length=st.integers(0, 8))
def test_arbitrary_bytes_are_a_bitstream_error(codec: ImageCodec, data: bytes, length: int) -> None:
    start = codec.encode(picture(8, 8), level=levels(codec)[2])[:length]
    for read in (codec.decode, codec.inspect):
        with pytest.raises(BitstreamError):
            read(start + data)


def sequence_header(width: int, height: int) -> bytes:
    """An AV1 sequence header, as a unit, that states a size."""
    bits = "000" + "11" + "00000" + f"{15:04b}{15:04b}" + f"{width - 1:016b}{height - 1:016b}" + "000000" + "00"
    bits += "1" + f"{1:08b}{13:08b}{6:08b}" + "1" + "00" + "0" + "0" + "1"
    body = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return bytes((0x0A, len(body))) + body


def test_a_stated_size_is_checked_before_anything_is_decoded() -> None:
    frame = read_payload(CODECS["avif-raw"].encode(picture(32, 32), level=60)).units
    frame = frame[frame.index(b"\x32") :]
    assert read_payload(sequence_header(4096, 4096) + frame).width == 4096
    with pytest.raises(BitstreamError, match="8193 x 8192 pixels"):
        CODECS["avif-raw"].decode(sequence_header(8192, 8193) + frame)
    webp = bytearray(CODECS["webp"].encode(picture(32, 32), level=60))
    webp[26:30] = b"\xff\x3f\xff\x3f"
    with pytest.raises(BitstreamError, match="16383 x 16383 pixels"):
        CODECS["webp"].decode(bytes(webp))
    for name in ("hevc", "h264"):
        data = CODECS[name].encode(picture(32, 32), level=30)
        with pytest.raises(BitstreamError, match="9000 x 9000 pixels"):
            CODECS[name].decode(intra_file.seal(data[:1] + b"\x23\x28\x23\x28" + data[5:]))


@pytest.mark.parametrize("standard", [intra_codec.HEVC_STANDARD, intra_codec.H264_STANDARD], ids=lambda s: s.decoder)
def test_a_frame_of_another_size_than_stated_is_refused(standard: intra_file.Standard) -> None:
    codec = CODECS["h264" if standard.code else "hevc"]
    stated = intra_file.unpack(codec.encode(picture(32, 32), level=30), standard)
    large = intra_file.unpack(codec.encode(picture(300, 320), level=30), standard)
    forged = intra_file.IntraFile(stated.height, stated.width, False, 30.0, large.stream)
    with pytest.raises(BitstreamError, match=r"decoded|damaged"):
        codec.decode(intra_file.pack(forged, standard))
    doubled = intra_file.IntraFile(stated.height, stated.width, False, 30.0, stated.stream * 2)
    with pytest.raises(BitstreamError, match="other parts than one key frame"):
        codec.decode(intra_file.pack(doubled, standard))


@every_codec
def test_libraries_keep_quiet(codec: ImageCodec, capfd: pytest.CaptureFixture[str]) -> None:
    data = bytearray(codec.encode(picture(64, 48), level=levels(codec)[1]))
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    forged = intra_file.seal(bytes(data)) if data[0] >= 0xE0 else bytes(data)
    with contextlib.suppress(BitstreamError):
        codec.decode(forged)
    assert capfd.readouterr() == ("", "")


@every_codec
@pytest.mark.parametrize("data", [None, "text", 3, np.zeros(9, np.uint8)], ids=str)
def test_what_is_no_bytes_is_refused(codec: ImageCodec, data: Any) -> None:
    for call in (codec.decode, codec.inspect):
        with pytest.raises(BitstreamError, match="bytes are expected"):
            call(data)


@every_codec
def test_bytes_may_come_in_any_buffer(codec: ImageCodec) -> None:
    data = codec.encode(picture(32, 32), level=levels(codec)[1])
    for same in (bytearray(data), memoryview(data)):
        np.testing.assert_array_equal(codec.decode(same), codec.decode(data))  # type: ignore[arg-type]
        assert codec.inspect(same) == codec.inspect(data)  # type: ignore[arg-type]


@every_codec
def test_codecs_meet_the_protocol_and_name_their_libraries(codec: ImageCodec) -> None:
    assert isinstance(codec, ImageCodec)
    assert any(library in codec.version for library in ("PyAV", "Pillow"))
    assert "encoder" in codec.settings or codec.name == "webp"


@pytest.mark.parametrize("name", ["webp", "avif", "hevc", "h264", "spat-avif", "spat-hevc"])
def test_settings_out_of_range_are_refused(name: str) -> None:
    setting = {"webp": {"method": 7}, "avif": {"speed": 11}, "spat-avif": {"container": "map"}}
    with pytest.raises(EdgeVisionError, match="must be"):
        codecs.make(name, **setting.get(name, {"preset": "fastest"}))


@pytest.mark.parametrize("name", STEERED)
def test_bytes_go_where_the_map_says(name: str) -> None:
    codec, level = CODECS[name], 88.0 if "avif" in name else 40.0
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8))
    image = np.asarray(noise.filter(ImageFilter.GaussianBlur(1))).copy()
    image[:, 64:] = 128  # all detail is on the left
    left = np.zeros((8, 8))
    left[:, :4] = 1.0
    sizes = [len(codec.encode(image, level=level, importance=weights)) for weights in (left, 1 - left)]
    assert sizes[0] > 1.05 * sizes[1]


@pytest.mark.parametrize("name", STEERED)
def test_a_map_of_any_size_is_resized(name: str) -> None:
    image, codec = picture(70, 90), CODECS[name]
    own = codec.encode(image, level=40)
    assert codec.encode(image, level=40, importance=codec.analyse(image)) == own
    assert codec.encode(image, level=40, importance=centre_weights(image)) == own
    assert codec.encode(image, level=40, importance=np.ones((1, 3))) == codec.encode(
        image, level=40, importance=np.full((700, 5), 7.0)
    )


@pytest.mark.parametrize("name", [*STEERED, "spat-imco"])
@pytest.mark.parametrize(
    "weights",
    [
        np.zeros((4, 4, 3)),
        np.full((4, 4), np.nan),
        np.full((16, 16), np.inf),
        np.zeros((0, 3)),
        np.zeros((1, 65501), np.float16),
        np.broadcast_to(0.0, (8193, 8192)),
        [["a"]],
        [[1], [1, 2]],
    ],
    ids=["3-d", "nan", "inf", "empty", "long", "large", "text", "ragged"],
)
def test_impossible_maps_are_refused(name: str, weights: Any) -> None:
    codec = CODECS.get(name) or codecs.make("spat-imco", importance=centre_weights)
    with pytest.raises(CodecInputError, match="importance must"):
        codec.encode(picture(16, 16), level=20, importance=weights)


@pytest.mark.parametrize("name", ["spat-hevc", "spat-h264"])
def test_a_flat_map_moves_no_bytes(name: str) -> None:
    image, level = picture(96, 96), 12  # at which nothing is blurred
    plain = CODECS[name.removeprefix("spat-")].encode(image, level=level)
    assert CODECS[name].encode(image, level=level, importance=np.ones((6, 6))) == plain
