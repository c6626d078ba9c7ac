"""What the JPEG codecs promise: round trips, rates, and manners towards bad input and bad bytes."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from edgevision import codecs, vision
from edgevision.codecs import ImageCodec, RateControlError
from edgevision.errors import BitstreamError, CodecInputError, MissingExtraError, UnknownNameError
from edgevision.vision import Importance
from tests.codecs.pictures import centre_weights, picture, pictures, psnr

CODECS: dict[str, ImageCodec] = {
    "uniform": codecs.make("uniform"),
    "uniform-444": codecs.make("uniform", subsampling="4:4:4"),
    "mapped": codecs.make("spat-imco", importance=centre_weights),
    "mapped-8-levels": codecs.make(
        "spat-imco", importance=centre_weights, spread=(1.8, 1.6, 1.4, 1.2, 1.0, 0.8, 0.6, 0.4)
    ),
    "mapped-444": codecs.make("spat-imco", importance=centre_weights, subsampling="4:4:4"),
    "plain": codecs.make("spat-imco", importance=centre_weights, container="plain"),
    "plain-444": codecs.make("spat-imco", importance=centre_weights, container="plain", subsampling="4:4:4"),
}
VIEWABLE = [name for name in CODECS if not name.startswith("mapped")]
every_codec = pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS.keys())
Picture = NDArray[np.uint8]


@every_codec
@settings(max_examples=25, deadline=None)
@given(image=pictures, level=st.sampled_from((1 / 16, 0.7, 4.0, 64.0)))
def test_round_trip_keeps_shape_and_describes_itself(codec: ImageCodec, image: Picture, level: float) -> None:
    data = codec.encode(image, level=level)
    decoded = codec.decode(data)
    info = codec.inspect(data)
    assert decoded.shape == (*image.shape[:2], 3)
    assert decoded.dtype == np.uint8
    assert (info.height, info.width, info.size) == (*image.shape[:2], len(data))
    assert info.components == (1 if image.ndim == 2 else 3)
    assert info.subsampling == ("" if image.ndim == 2 else codec.settings["subsampling"])
    if image.ndim == 2:
        assert (decoded == decoded[..., :1]).all()


@pytest.mark.parametrize("name", VIEWABLE)
@settings(max_examples=15, deadline=None)
@given(image=pictures)
def test_any_viewer_shows_the_same_pixels(name: str, image: Picture) -> None:
    data = CODECS[name].encode(image, level=2.0)
    with Image.open(io.BytesIO(data)) as shown:
        assert shown.format == "JPEG"
        assert shown.size == (image.shape[1], image.shape[0])
        np.testing.assert_array_equal(np.asarray(shown.convert("RGB")), CODECS[name].decode(data))


@pytest.mark.parametrize("name", sorted(CODECS.keys() - VIEWABLE))
@settings(max_examples=15, deadline=None)
@given(image=pictures)
def test_viewers_refuse_abbreviated_files(name: str, image: Picture) -> None:
    data = CODECS[name].encode(image, level=2.0)
    with pytest.raises(OSError, match="broken data stream"), Image.open(io.BytesIO(data)) as shown:
        shown.load()
    for read in (CODECS["uniform"].decode, CODECS["uniform"].inspect):
        with pytest.raises(BitstreamError):
            read(data)


@every_codec
def test_finer_levels_are_closer_to_the_picture(codec: ImageCodec) -> None:
    image = picture(96, 112, grey=True)
    colour = np.repeat(image[..., None], 3, axis=2)
    qualities = [psnr(codec.decode(codec.encode(image, level=level)), colour) for level in (0.1, 1, 4, 16)]
    assert qualities[0] > 40
    assert qualities == sorted(qualities, reverse=True)


@every_codec
def test_default_ladder_runs_from_large_to_small(codec: ImageCodec) -> None:
    image = picture(224, 224)
    sizes = [len(codec.encode(image, level=level)) for level in codec.levels]
    assert len(codec.levels) >= 16
    assert list(codec.levels) == sorted(codec.levels)
    assert sizes[0] > 10 * sizes[-1]


@every_codec
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 9), share=st.floats(0.02, 0.9))
def test_target_is_never_exceeded_and_nearly_used(codec: ImageCodec, seed: int, share: float) -> None:
    image = picture(112, 96, seed=seed)
    smallest, largest = (len(codec.encode(image, level=level)) for level in (64.0, 1 / 16))
    target = round(smallest + share * (largest - smallest))
    size = len(codec.encode(image, target_bytes=target))
    assert 0.93 * target <= size <= target


@every_codec
def test_ratio_is_one_minus_the_share_that_is_sent(codec: ImageCodec) -> None:
    image = picture(112, 96)
    size = len(codec.encode(image, ratio=0.9))
    assert 0.85 * 0.1 * image.nbytes <= size <= 0.1 * image.nbytes


@every_codec
def test_impossible_target_is_refused(codec: ImageCodec) -> None:
    with pytest.raises(RateControlError, match="strongest compression still takes"):
        codec.encode(picture(64, 64), target_bytes=90)


@every_codec
@pytest.mark.parametrize(
    "rates",
    [
        {},
        {"level": 1.0, "target_bytes": 999},
        {"level": 0.0},
        {"level": float("nan")},
        {"level": 65.0},
        {"ratio": 1.0},
        {"ratio": -0.1},
        {"ratio": float("nan")},
        {"level": "4"},
        {"level": True},
        {"ratio": None, "level": 1 + 2j},
        {"target_bytes": True},
        {"target_bytes": 0},
        {"target_bytes": 900.5},
        {"target_bytes": "900"},
    ],
    ids=str,
)
def test_unclear_or_impossible_rates_are_refused(codec: ImageCodec, rates: dict[str, Any]) -> None:
    with pytest.raises(CodecInputError, match=r"level|ratio|target_bytes|exactly one"):
        codec.encode(picture(16, 16), **rates)


@every_codec
@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 3)),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros(9, np.uint8),
        np.broadcast_to(np.uint8(0), (9000, 9000)),
    ],
    ids=["float", "four channels", "empty", "flat", "huge"],
)
def test_what_is_no_image_is_refused(codec: ImageCodec, image: Picture) -> None:
    with pytest.raises(CodecInputError, match="image"):
        codec.encode(image, level=1.0)


@every_codec
@settings(max_examples=60, deadline=None)
@given(mutations=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=5))
def test_mutated_bytes_give_an_image_or_a_bitstream_error(
    codec: ImageCodec, mutations: list[tuple[float, int]]
) -> None:
    data = bytearray(codec.encode(picture(40, 56), level=3.0))
    for place, value in mutations:
        data[int(place * len(data))] = value
    for read in (codec.decode, codec.inspect):
        try:
            read(bytes(data))
        except BitstreamError:
            continue


@every_codec
def test_every_truncation_is_a_bitstream_error(codec: ImageCodec) -> None:
    data = codec.encode(picture(40, 56), level=3.0)
    for length in range(len(data)):
        with pytest.raises(BitstreamError):
            codec.decode(data[:length])


@every_codec
@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=400).map(lambda tail: b"\xff\xd8\xff" + tail) | st.binary(max_size=50))
def test_arbitrary_bytes_are_a_bitstream_error(codec: ImageCodec, data: bytes) -> None:
    with pytest.raises(BitstreamError):
        codec.decode(data)


@every_codec
def test_declared_size_is_checked_before_anything_is_allocated(codec: ImageCodec) -> None:
    data = bytearray(codec.encode(picture(32, 32), level=3.0))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(BitstreamError, match="65535 x 65535"):
        codec.decode(bytes(data))


@every_codec
def test_files_that_could_keep_a_decoder_busy_are_refused(codec: ImageCodec) -> None:
    image = Image.fromarray(picture(64, 64))
    progressive = io.BytesIO()
    image.save(progressive, "JPEG", progressive=True)
    with pytest.raises(BitstreamError, match="is progressive, which is not supported; save it as baseline JPEG"):
        codec.decode(progressive.getvalue())
    restarting = io.BytesIO()
    image.save(restarting, "JPEG", restart_marker_blocks=1)
    with pytest.raises(BitstreamError, match="has restart markers"):
        codec.decode(restarting.getvalue())
    data = codec.encode(picture(32, 32), level=3.0)
    scan = data.index(b"\xff\xda")
    with pytest.raises(BitstreamError, match="another segment inside, such as a scan"):
        codec.decode(data[:-2] + data[scan:])
    with pytest.raises(BitstreamError, match="has restart markers"):
        codec.decode(data[:-4] + b"\xff\xd0" + data[-4:])
    with pytest.raises(BitstreamError, match="7 bytes follow the end of the JPEG picture"):
        codec.decode(data + b"another")
    with pytest.raises(BitstreamError, match="truncated"):
        codec.decode(data[:-2])
    with pytest.raises(BitstreamError, match="is empty"):
        codec.decode(b"")


@every_codec
@pytest.mark.parametrize("data", [None, "text", 3, np.zeros(9, np.uint8), [255, 216]], ids=str)
def test_what_is_no_bytes_is_refused(codec: ImageCodec, data: Any) -> None:
    for call in (codec.decode, codec.inspect):
        with pytest.raises(BitstreamError, match="bytes are expected"):
            call(data)


@every_codec
def test_bytes_may_come_in_any_buffer(codec: ImageCodec) -> None:
    data = codec.encode(picture(32, 32), level=3.0)
    for same in (bytearray(data), memoryview(data)):
        np.testing.assert_array_equal(codec.decode(same), codec.decode(data))  # type: ignore[arg-type]
        assert codec.inspect(same) == codec.inspect(data)  # type: ignore[arg-type]


@every_codec
def test_codecs_meet_the_protocol(codec: ImageCodec) -> None:
    assert isinstance(codec, ImageCodec)
    importance = codec.analyse(picture(32, 48))
    assert importance is None or isinstance(importance, Importance)


def test_unknown_codec_suggests_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'uniform'"):
        codecs.make("unifrom")


def test_everything_exported_exists() -> None:
    for name in codecs.__all__:
        assert getattr(codecs, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = codecs.nothing


def test_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jpeglib", None)
    for attempt in (lambda: codecs.make("uniform"), lambda: vision.load_classifier):
        with pytest.raises(MissingExtraError, match=r"pip install 'edgevision-gym\[codecs\]'"):
            attempt()


def test_importing_the_package_loads_no_library() -> None:
    script = (
        "import sys, edgevision.codecs; "
        "print([m for m in ('torch', 'timm', 'PIL', 'jpeglib', 'captum') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@every_codec
def test_few_bytes_cannot_claim_a_large_picture(codec: ImageCodec) -> None:
    data = bytearray(codec.encode(picture(32, 32), level=3.0))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = b"\x10\x00\x10\x00"
    with pytest.raises(BitstreamError, match="too short"):
        codec.decode(bytes(data))


@every_codec
def test_a_flat_picture_is_not_too_short(codec: ImageCodec) -> None:
    for shape in ((512, 512, 3), (333, 511, 3), (300, 301)):
        flat = np.full(shape, 77, np.uint8)
        assert codec.decode(codec.encode(flat, level=64.0)).shape[:2] == shape[:2]
