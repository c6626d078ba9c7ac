"""Reading pictures as cameras, scanners and programs store them, into 8-bit sRGB.

What a viewer would show is what is returned: turned upright by the EXIF orientation, colours converted from the ICC
profile to sRGB, 16-bit and floating-point samples scaled, transparency laid over white, the first of several frames.
What cannot be shown without guessing is refused by name.
"""

from __future__ import annotations

import io
import stat
import warnings
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageCms

from edgevision.arrays import ByteImage
from edgevision.data.png_checks import check_png
from edgevision.errors import UnreadableImageError
from edgevision.silence import silenced

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".pgm", ".tif", ".tiff", ".mpo"}
MAX_PIXELS = 2**26  # a larger picture is taken for a decompression bomb
MAX_ASPECT = 64  # and so is a thinner one, which resizing its shorter side would blow up
MAX_BYTES = 2**29
BACKGROUND = (255, 255, 255)  # what shows through transparency

#: Formats that Pillow reads and writes itself: the plug-in for EPS starts another program.
FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "PPM", "TIFF")
_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
_PLAIN = ("1", "L", "RGB", "RGBX", "CMYK", "YCbCr", "LAB", "P")
_BITS_PER_SAMPLE = 258  # a TIFF tag
_SAMPLE_FORMAT, _SIGNED = 339, 2  # a TIFF tag, and one of its values
_TIFF = (b"II*\0", b"MM\0*")
_PHOTOMETRIC = 262  # the TIFF tag that says what 0 means
_ROUNDING = 10  # levels by which makers' profiles of sRGB differ, in dark colours; gamma 1.8 differs by 19
_SRGB = ImageCms.createProfile("sRGB")
_SPACES = {"RGB ": "RGB", "GRAY": "L", "CMYK": "CMYK"}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_image(path: Path, name: str = "") -> ByteImage:
    """Read a picture as (H, W, 3) uint8, sRGB.

    Args:
        path: of a regular file.
        name: what messages call it; the path by default.

    Raises:
        UnreadableImageError: names the picture and says why it cannot be read.
    """
    name = name or str(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableImageError(f"{name}: not a regular file")
        if not status.st_size:  # files of the system state no size, and some never end
            raise UnreadableImageError(f"{name}: an empty file")
        if status.st_size > MAX_BYTES:
            raise UnreadableImageError(f"{name}: larger than {MAX_BYTES} bytes")
        with path.open("rb") as stream:
            data = stream.read(status.st_size + 1)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise UnreadableImageError(f"{name}: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > status.st_size:
        raise UnreadableImageError(f"{name}: it grows while it is read")
    return decode_image(data, name)


def decode_image(data: bytes, name: str) -> ByteImage:
    """Decode the bytes of a picture file; see ``read_image``."""
    try:
        with warnings.catch_warnings(), silenced():
            warnings.simplefilter("ignore")  # of metadata that does not matter here, and of sizes, which are checked
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                _check_size(name, *picture.size)
                picture.load()  # which turns a TIFF upright and removes its orientation
                if picture.format == "PNG":
                    check_png(data, name, int(np.asarray(picture).max()) if picture.mode == "P" else None)
                    _scale_clear_value(picture, data, name)
                turn = _UPRIGHT.get(_orientation(picture))
                shown = _over_background(_in_srgb(_in_bytes(picture, name), name))
                return np.asarray(shown.transpose(turn) if turn is not None else shown)
    except UnreadableImageError:
        raise
    except Image.UnidentifiedImageError:
        if data.startswith(_TIFF):
            raise UnreadableImageError(
                f"{name}: a TIFF of a kind that is not read; save it with 8 or 16 bits"
            ) from None
        raise UnreadableImageError(f"{name}: not a picture in one of {', '.join(FORMATS)}") from None
    except Exception as error:  # Pillow's parsers raise many types on damaged files
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise UnreadableImageError(f"{name}: damaged ({reason})") from error


def without_colour(image: ByteImage) -> ByteImage:
    """A picture (H, W, 3) whose channels are equal as its one channel (H, W); another picture unchanged."""
    red, green, blue = (image[..., channel] for channel in range(3))
    return np.ascontiguousarray(red) if np.array_equal(red, green) and np.array_equal(red, blue) else image


def upright(pixels: ByteImage, data: bytes) -> ByteImage:
    """Pixels (H, W, 3) or (H, W), decoded from the picture file ``data``, turned as its EXIF orientation says."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            turn = _UPRIGHT.get(_orientation(picture))
    except Exception:  # as in _orientation
        return pixels
    return pixels if turn is None else np.asarray(Image.fromarray(pixels).transpose(turn))


def _check_size(name: str, width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_ASPECT * min(width, height):
        raise UnreadableImageError(
            f"{name}: {width} x {height} pixels, limits are {MAX_PIXELS} pixels and {MAX_ASPECT}:1"
        )


def _orientation(picture: Image.Image) -> int:
    """EXIF's orientation, 1 to 8; 1, as it is, where there is none that can be read."""
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged metadata are no reason to refuse a picture, and viewers ignore them too
        return 1


def _scale_clear_value(picture: Image.Image, data: bytes, name: str) -> None:
    """Bring the transparent colour of a PNG to the scale of its samples, which Pillow brings to 8 bits alone."""
    clear, depth = picture.info.get("transparency"), data[24]  # the depth is in the first chunk, IHDR
    if isinstance(clear, int) and depth < 8 and picture.mode in ("1", "L"):
        picture.info["transparency"] = clear * 255 // (2**depth - 1)
    elif isinstance(clear, tuple) and depth == 16:
        raise UnreadableImageError(f"{name}: a transparent colour of 16 bits, which Pillow reads with 8")


def _full_scale(picture: Image.Image) -> int:
    """The value that stands for white in samples of more than 8 bits."""
    bits = getattr(picture, "tag_v2", {}).get(_BITS_PER_SAMPLE, 16)
    return int(2 ** (bits if isinstance(bits, int) else bits[0])) - 1


def _in_bytes(picture: Image.Image, name: str) -> Image.Image:
    """The same picture with samples of 8 bits."""
    mode, tags = picture.mode, getattr(picture, "tag_v2", {})
    if _SIGNED in np.atleast_1d(tags.get(_SAMPLE_FORMAT, 1)):
        raise UnreadableImageError(f"{name}: a TIFF with signed samples, whose scale is not known")
    if tags.get(_PHOTOMETRIC) == 0 and mode not in ("1", "L", "LA"):
        raise UnreadableImageError(f"{name}: a TIFF whose zero is white, with samples of mode {mode!r}")
    if mode.startswith("I;16") or (mode == "I" and picture.format in ("PNG", "PPM")):
        samples = np.asarray(picture, np.float64)
        shown = _keeping_profile(np.rint(samples * (255 / _full_scale(picture))), picture)
        clear = picture.info.get("transparency")
        if isinstance(clear, int):  # one value of the 65536 means nothing
            shown.putalpha(Image.fromarray(np.where(samples == clear, 0, 255).astype(np.uint8)))
        return shown
    if mode == "F":
        samples = np.asarray(picture, np.float64)
        if not (np.isfinite(samples).all() and samples.min() >= 0 and samples.max() <= 1):
            raise UnreadableImageError(f"{name}: floating-point samples outside 0 to 1, of an unknown scale")
        return _keeping_profile(np.rint(samples * 255), picture)
    if mode in _WITH_ALPHA or mode in _PLAIN:
        return picture
    raise UnreadableImageError(f"{name}: samples of Pillow's mode {mode!r}, whose scale is not known")


def _keeping_profile(samples: np.ndarray, picture: Image.Image) -> Image.Image:
    grey = Image.fromarray(samples.astype(np.uint8))
    grey.info |= {key: value for key, value in picture.info.items() if key == "icc_profile"}
    return grey


def _in_srgb(picture: Image.Image, name: str) -> Image.Image:
    """The same picture in sRGB, as mode RGB or RGBA."""
    clear = picture.mode in _WITH_ALPHA or "transparency" in picture.info
    profile = picture.info.get("icc_profile")
    if profile is None:
        return picture.convert("RGBA" if clear else "RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        description = ImageCms.getProfileDescription(source).strip()
    except (ImageCms.PyCMSError, OSError) as error:
        raise UnreadableImageError(f"{name}: its ICC profile is damaged ({error})") from None
    alpha = picture.convert("RGBA").getchannel("A") if clear else None
    if description.startswith("sRGB") and _changes_nothing(profile):
        colours = picture.convert("RGB")
    else:
        space = source.profile.xcolor_space
        if space not in _SPACES:
            raise UnreadableImageError(f"{name}: its ICC profile {description!r} is for the colour space {space!r}")
        colours = picture if picture.mode == _SPACES[space] else _opaque(picture, _SPACES[space], name, description)
        colours = _converted(colours, source)
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


@lru_cache(maxsize=16)
def _changes_nothing(profile: bytes) -> bool:
    """Whether a profile is sRGB but for rounding, and not only named so: there are linear ones with this name."""
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    probes = np.stack(np.meshgrid(steps, steps[::4], steps[::4]), axis=-1).reshape(1, -1, 3)
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if source.profile.xcolor_space != "RGB ":
        return False
    shown = np.asarray(_converted(Image.fromarray(probes), source), np.int64)
    return bool(np.abs(shown - probes).max() <= _ROUNDING)


def _converted(picture: Image.Image, source: ImageCms.ImageCmsProfile) -> Image.Image:
    intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
    found = ImageCms.profileToProfile(picture, source, _SRGB, intent, "RGB", flags=flags)
    assert found is not None  # noqa: S101 - for the type checker: it is None only where it works in place
    return found


def _opaque(picture: Image.Image, mode: str, name: str, description: str) -> Image.Image:
    """The samples that a profile of this colour space is for."""
    grey = ("1", "L", "LA", "La")  # grey is a colour too: equal samples of red, green and blue
    kin = {"L": grey, "RGB": ("RGB", "RGBX", "RGBA", "RGBa", "P", "PA", *grey), "CMYK": ("CMYK",)}
    if picture.mode not in kin[mode]:
        raise UnreadableImageError(f"{name}: its ICC profile {description!r} does not fit samples {picture.mode!r}")
    return picture.convert(mode)


def _over_background(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture
    below = Image.new("RGBA", picture.size, (*BACKGROUND, 255))
    return Image.alpha_composite(below, picture).convert("RGB")
