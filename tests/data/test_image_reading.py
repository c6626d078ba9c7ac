"""Pictures as cameras, scanners and programs store them: shown as a viewer shows them, or refused by name."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms

from edgevision.arrays import ByteImage
from edgevision.data.image_reading import decode_image, read_image
from edgevision.errors import UnreadableImageError
from tests.codecs.pictures import picture

UPRIGHT = picture(24, 40, seed=3)
#: How pixels are stored under each EXIF orientation, from the upright picture. Source: CIPA DC-008, 4.6.4 (A).
STORED: dict[int, Callable[[ByteImage], ByteImage]] = {
    1: lambda image: image,
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image, 1),
    7: lambda image: image[::-1, ::-1].transpose(1, 0, 2),
    8: lambda image: np.rot90(image, -1),
}


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def ramp(scale: float) -> np.ndarray:
    return np.tile(np.linspace(0, scale, 256), (16, 1))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", STORED)
def test_pictures_are_turned_upright(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](UPRIGHT)))
    options = {"lossless": True} if kind == "WEBP" else {}
    np.testing.assert_array_equal(decode_image(encoded(stored, kind, exif=exif, **options), "x"), UPRIGHT)


def test_jpeg_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    stored = Image.fromarray(np.ascontiguousarray(STORED[6](UPRIGHT)))
    shown = decode_image(encoded(stored, "JPEG", quality=95, exif=exif), "x")
    assert shown.shape == UPRIGHT.shape
    assert np.abs(shown.astype(int) - UPRIGHT).mean() < 6


@pytest.mark.parametrize("exif", [b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0", b"nonsense"])
def test_damaged_metadata_do_not_hide_a_picture(exif: bytes) -> None:
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(UPRIGHT), exif=exif), "x"), UPRIGHT)


@pytest.mark.parametrize("orientation", [0, 9, 60000])
def test_an_orientation_that_does_not_exist_means_none(orientation: int) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(UPRIGHT), exif=exif), "x"), UPRIGHT)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_are_scaled(kind: str) -> None:
    grey = Image.fromarray(ramp(65535).astype(np.uint16))
    shown = decode_image(encoded(grey, kind), "x")
    np.testing.assert_array_equal(shown[0, :, 0], np.arange(256))


def test_floating_point_is_scaled_where_its_scale_is_known() -> None:
    shown = decode_image(encoded(Image.fromarray(ramp(1).astype(np.float32)), "TIFF"), "x")
    np.testing.assert_array_equal(shown[0, :, 0], np.arange(256))
    for samples in (ramp(255), ramp(1) - 0.5, np.where(ramp(1) > 0.5, np.nan, 0)):
        with pytest.raises(UnreadableImageError, match="scan: floating-point samples outside 0 to 1"):
            decode_image(encoded(Image.fromarray(samples.astype(np.float32)), "TIFF"), "scan")


def test_samples_of_an_unknown_scale_are_refused_by_name() -> None:
    wide = Image.fromarray(ramp(2**30).astype(np.int32))
    with pytest.raises(UnreadableImageError, match="scan: a TIFF with signed samples"):
        decode_image(encoded(wide, "TIFF"), "scan")


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "RGB"])
def test_transparency_shows_white(mode: str) -> None:
    """A black square on nothing: half the picture is transparent."""
    alpha = np.zeros((8, 8), np.uint8)
    alpha[:, :4] = 255
    options: dict[str, object] = {}
    if mode in ("RGBA", "LA"):
        logo = Image.new(mode, (8, 8), 0)
        logo.putalpha(Image.fromarray(alpha))
    else:  # one value of the picture is declared transparent
        logo = Image.fromarray(np.where(alpha > 0, 0, 90).astype(np.uint8)).convert(mode)
        marked = logo.getpixel((7, 0))
        options["transparency"] = marked
    shown = decode_image(encoded(logo, "PNG", **options), "x")
    assert (shown[:, :4] == 0).all()
    assert (shown[:, 4:] == 255).all()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(depth: int, colours: int, rows: bytes, *chunks: bytes, side: int = 8) -> bytes:
    """A PNG whose rows all hold ``rows``."""
    header = struct.pack(">IIBBBBB", side, side, depth, colours, 0, 0, 0)
    body = zlib.compress((b"\0" + rows) * side)
    return b"\x89PNG\r\n\x1a\n" + b"".join([chunk(b"IHDR", header), *chunks, chunk(b"IDAT", body), chunk(b"IEND", b"")])


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
def test_transparent_grey_of_few_bits_shows_white_and_other_grey_does_not(depth: int) -> None:
    rows = bytes([255 // (2**depth - 1)]) * depth  # samples of 1
    for clear, expected in ((1, 255), (0, 255 // (2**depth - 1))):
        shown = decode_image(png(depth, 0, rows, chunk(b"tRNS", struct.pack(">H", clear))), "x")
        assert (shown == expected).all()


def test_transparent_colours_of_sixteen_bits_are_refused() -> None:
    marked = chunk(b"tRNS", bytes(6))
    with pytest.raises(UnreadableImageError, match="x: a transparent colour of 16 bits"):
        decode_image(png(16, 2, bytes(48), marked), "x")


@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("depth", "colours", "row"), [(8, 2, 24), (1, 0, 1), (16, 6, 64), (8, 0, 8)])
def test_pixels_of_a_png_that_end_early_are_refused(depth: int, colours: int, row: int, interlaced: bool) -> None:
    whole = png(depth, colours, bytes(row))
    assert decode_image(whole, "x").shape == (8, 8, 3)
    passes = [(1, 1), (1, 1), (1, 2), (2, 2), (2, 4), (4, 4), (4, 8)] if interlaced else [(8, 8)]
    bits = 8 * row // 8
    pixels = b"".join((b"\0" + bytes((across * bits + 7) // 8)) * down for down, across in passes)
    header = struct.pack(">IIBBBBB", 8, 8, depth, colours, 0, 0, interlaced)
    for body, refused in ((pixels, False), (pixels[:-1], True), (b"", True)):
        data = whole[:8] + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")
        if refused:
            with pytest.raises(UnreadableImageError, match="x: damaged"):
                decode_image(data, "x")
        else:
            assert decode_image(data, "x").shape == (8, 8, 3)


def test_colours_outside_the_palette_are_refused() -> None:
    palette = chunk(b"PLTE", bytes([9] * 6))
    assert (decode_image(png(8, 3, bytes([1] * 8), palette), "x") == 9).all()
    with pytest.raises(UnreadableImageError, match=r"x: damaged .it uses colour 2 of a palette of 2"):
        decode_image(png(8, 3, bytes([2] * 8), palette), "x")
    with pytest.raises(UnreadableImageError, match=r"x: damaged"):
        decode_image(png(8, 3, bytes(8)), "x")


def tiff(bits: int, samples: bytes, *more: tuple[int, int, int]) -> bytes:
    """A grey TIFF of 2 x 1 pixels; ``more`` are further tags, each with its type and its value."""
    tags = [(256, 3, 2), (257, 3, 1), (258, 3, bits), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1), (278, 3, 1)]
    entries = sorted([*tags, (279, 4, len(samples)), *more])
    packed = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    start = struct.pack("<I", 8 + len(samples))
    return b"II*\0" + start + samples + struct.pack("<H", len(entries)) + packed + bytes(4)


def test_twelve_bits_are_scaled() -> None:
    shown = decode_image(tiff(12, bytes([0x80, 0x0F, 0xFF])), "x")  # 2048 and 4095
    assert shown[0, :, 0].tolist() == [128, 255]


def test_signed_samples_and_kinds_of_tiff_that_are_not_read_are_named() -> None:
    with pytest.raises(UnreadableImageError, match="x: a TIFF with signed samples"):
        decode_image(tiff(8, bytes([1, 200]), (339, 3, 2)), "x")
    with pytest.raises(UnreadableImageError, match="x: a TIFF of a kind that is not read; save it with 8 or 16 bits"):
        decode_image(tiff(7, bytes([1, 200])), "x")


def test_paths_that_are_none_and_files_without_a_size_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    for path, message in ((tmp_path / "a\0b.png", "null byte"), (tmp_path / "empty.png", "an empty file")):
        with pytest.raises(UnreadableImageError, match=message):
            read_image(path)


def test_half_transparent_is_half_white() -> None:
    shown = decode_image(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 127))), "x")
    assert shown.mean() == pytest.approx(128, abs=1)


def linear_profile(name: str = "line") -> bytes:
    """A profile with sRGB's colours, but samples proportional to light; its name has four letters."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    data = bytearray(srgb.tobytes())
    count = int.from_bytes(data[128:132], "big")
    tags = [data[132 + 12 * i : 144 + 12 * i] for i in range(count)]
    for tag in tags:
        if tag[:4] in (b"rTRC", b"gTRC", b"bTRC"):
            start = int.from_bytes(tag[4:8], "big")
            data[start : start + 12] = b"curv\0\0\0\0\0\0\0\0"  # no entries: the identity
        if tag[:4] == b"desc":
            start, length = int.from_bytes(tag[4:8], "big"), int.from_bytes(tag[8:12], "big")
            data[start : start + length] = data[start : start + length].replace(
                b"\0s\0R\0G\0B", name.encode("utf-16-be")
            )
    return bytes(data)


def test_colours_are_converted_from_their_profile() -> None:
    light = np.full((4, 4, 3), 55, np.uint8)  # 21.6 % of the light is 0.5 in sRGB
    for name in ("line", "sRGB"):  # linear profiles are named after sRGB too
        shown = decode_image(encoded(Image.fromarray(light), icc_profile=linear_profile(name)), "x")
        assert shown.mean() == pytest.approx(128, abs=1.5)


def test_grey_samples_under_a_colour_profile_are_equal_samples_of_all_colours() -> None:
    light = Image.fromarray(np.full((4, 4), 55, np.uint8))
    shown = decode_image(encoded(light, "JPEG", icc_profile=linear_profile()), "x")
    assert shown.mean() == pytest.approx(128, abs=1.5)


def test_a_picture_with_the_profile_srgb_is_not_touched() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    np.testing.assert_array_equal(decode_image(encoded(Image.fromarray(UPRIGHT), icc_profile=profile), "x"), UPRIGHT)


def test_profiles_that_do_not_fit_are_refused_by_name() -> None:
    with pytest.raises(UnreadableImageError, match="photo: its ICC profile is damaged"):
        decode_image(encoded(Image.fromarray(UPRIGHT), icc_profile=b"no profile"), "photo")
    with pytest.raises(UnreadableImageError, match=r"photo: its ICC profile .* does not fit samples 'CMYK'"):
        decode_image(encoded(Image.fromarray(UPRIGHT).convert("CMYK"), "TIFF", icc_profile=linear_profile()), "photo")
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    with pytest.raises(UnreadableImageError, match=r"photo: its ICC profile .* is for the colour space 'Lab '"):
        decode_image(encoded(Image.fromarray(UPRIGHT), icc_profile=lab), "photo")


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_ordinary_modes_become_colour(mode: str) -> None:
    kind = {"CMYK": "TIFF", "YCbCr": "JPEG"}.get(mode, "PNG")
    shown = decode_image(encoded(Image.fromarray(UPRIGHT).convert(mode), kind), "x")
    assert shown.shape == UPRIGHT.shape
    assert shown.dtype == np.uint8


def test_the_first_picture_of_several_is_read() -> None:
    pictures = [Image.fromarray(np.full((8, 8, 3), value, np.uint8)) for value in (10, 200)]
    for kind in ("TIFF", "PNG", "WEBP", "MPO"):
        options = {"lossless": True} if kind == "WEBP" else {}
        data = encoded(pictures[0], kind, save_all=True, append_images=pictures[1:], **options)
        assert decode_image(data, "x").mean() == pytest.approx(10, abs=2)


def test_a_jpeg_may_have_bytes_behind_its_end() -> None:
    data = encoded(Image.fromarray(UPRIGHT), "JPEG")
    np.testing.assert_array_equal(decode_image(data + b"maker's notes", "x"), decode_image(data, "x"))


def test_no_other_program_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a picture started another program")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    page = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"
    with pytest.raises(UnreadableImageError, match=r"x\.jpg: not a picture in one of JPEG"):
        decode_image(page, "x.jpg")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    for path, reason in (("pipe.png", "not a regular file"), (".", "not a regular file"), ("no.png", "No such file")):
        with pytest.raises(UnreadableImageError, match=reason):
            read_image(tmp_path / path)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_damaged_bytes_are_a_picture_or_one_error(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["PNG", "JPEG", "TIFF", "WEBP", "BMP", "PPM"]))
    whole = bytearray(encoded(Image.fromarray(UPRIGHT), kind))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        shown = decode_image(cut, "x")
    except UnreadableImageError as error:
        assert "\n" not in str(error)
    else:
        assert (shown.dtype, shown.shape[2]) == (np.uint8, 3)


def test_sixteen_bits_keep_their_transparent_value() -> None:
    samples = np.zeros((4, 8), np.uint16)
    samples[:, 4:] = 30000
    shown = decode_image(encoded(Image.fromarray(samples), "PNG", transparency=30000), "x")
    assert (shown[:, :4] == 0).all()
    assert (shown[:, 4:] == 255).all()


def test_a_tiff_whose_zero_is_white_is_not_shown_inverted() -> None:
    data = bytearray(encoded(Image.fromarray(ramp(65535).astype(np.uint16)), "TIFF"))
    entry = data.index(b"\x06\x01\x03\x00\x01\x00\x00\x00\x01\x00")  # PhotometricInterpretation: zero is black
    data[entry + 8] = 0
    with pytest.raises(UnreadableImageError, match="scan: a TIFF whose zero is white"):
        decode_image(bytes(data), "scan")
