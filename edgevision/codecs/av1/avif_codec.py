"""AVIF by Pillow, as an ordinary file and as its AV1 payload alone. Both are decoded by libdav1d, by PyAV."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import av
import PIL
from av.video.codeccontext import VideoCodecContext
from PIL import AvifImagePlugin, Image, features

from edgevision.arrays import ByteImage, FloatArray
from edgevision.checks import checked_bytes, whole_number
from edgevision.codecs.av1.av1_payload import StillPicture, read_payload
from edgevision.codecs.av1.avif_boxes import payload_of
from edgevision.codecs.base import MAX_PIXELS, MAX_SIDE, QUALITY_SCALE, ImageInfo
from edgevision.codecs.planes import planes_of_frame, to_image
from edgevision.codecs.quality_codec import QualityCodec
from edgevision.errors import BitstreamError, CodecInputError
from edgevision.vision.importance import Importance

_DECODER = "libdav1d"
_QUALITIES = (90, 80, 70, 60, 50, 45, 40, 35, 30, 25, 20, 16, 12, 9, 6, 3, 0)


@dataclass(frozen=True)
class Avif(QualityCodec):
    """Ordinary ``.avif`` files, 4:2:0, or grey for grey pictures; every viewer of AVIF opens them.

    Decoding reads such files too if other programs wrote them, but no others: one still picture of 8 bits, in 4:2:0 or
    grey, BT.601 at full range, without ICC profile and transparency.

    Attributes:
        speed: of the encoder, 0 (smallest files) to 10.
    """

    speed: int = 6
    name = "avif"
    scale = QUALITY_SCALE
    levels = tuple(100.0 - quality for quality in _QUALITIES)
    suffix = ".avif"
    max_side = MAX_SIDE

    def __post_init__(self) -> None:
        whole_number("speed", self.speed, 0, 10, CodecInputError)
        if not features.check("avif") or AvifImagePlugin.get_codec_version("aom") is None:
            raise CodecInputError("the installed Pillow cannot write AVIF; run: pip install 'pillow>=11.3'")
        if _DECODER not in av.codecs_available:
            raise CodecInputError(f"the installed PyAV lacks {_DECODER}; run: pip install 'av>=14'")

    @property
    def version(self) -> str:
        """See ``QualityCodec.version``."""
        return f"1, Pillow {PIL.__version__}, libavif {features.version('avif')}, {_decoder_version()}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """See ``QualityCodec.settings``."""
        return {"encoder": f"libaom {AvifImagePlugin.get_codec_version('aom')}", "speed": self.speed}

    def encoder(self, image: ByteImage, importance: Importance | FloatArray | None) -> Callable[[float], bytes]:
        """See ``QualityCodec.encoder``."""
        picture = Image.fromarray(image)
        return lambda level: self.wrap(_avif(picture, 100 - round(level), self.speed))

    def wrap(self, file: bytes) -> bytes:
        """What is sent of an AVIF file: all of it."""
        return file

    def picture(self, data: bytes) -> StillPicture:
        """The AV1 picture in what was sent.

        Raises:
            BitstreamError: there is none.
        """
        return read_payload(payload_of(data))

    def decode(self, data: bytes) -> ByteImage:
        """See ``ImageCodec.decode``."""
        return _decoded(self.picture(checked_bytes(data, BitstreamError)))

    def inspect(self, data: bytes) -> ImageInfo:
        """See ``ImageCodec.inspect``; the level is not in the file."""
        data = checked_bytes(data, BitstreamError)
        picture = self.picture(data)
        return ImageInfo(
            codec=self.name,
            container="plain" if self.suffix == ".avif" else "raw",
            width=picture.width,
            height=picture.height,
            components=1 if picture.grey else 3,
            size=len(data),
            levels=(),
            subsampling="" if picture.grey else "4:2:0",
        )


@dataclass(frozen=True)
class AvifRaw(Avif):
    """The AV1 payload of such a file: sequence header and frame, which is 277 bytes smaller (271 in grey)."""

    name = "avif-raw"
    suffix = ".obu"

    def wrap(self, file: bytes) -> bytes:
        """What is sent of an AVIF file: its payload."""
        return read_payload(payload_of(file)).units

    def picture(self, data: bytes) -> StillPicture:
        """See ``Avif.picture``."""
        return read_payload(data)


def _avif(picture: Image.Image, quality: int, speed: int) -> bytes:
    buffer = io.BytesIO()
    sampling = "4:2:0" if picture.mode == "RGB" else "4:0:0"
    options = {"codec": "aom", "max_threads": 1, "autotiling": False}  # one thread and tile: equal bytes everywhere
    picture.save(buffer, "AVIF", quality=quality, speed=speed, subsampling=sampling, **options)
    return buffer.getvalue()


def _decoder_version() -> str:
    libavcodec = ".".join(map(str, av.library_versions["libavcodec"]))
    return f"PyAV {av.__version__}, libavcodec {libavcodec}"


def _decoded(picture: StillPicture) -> ByteImage:
    context = cast(VideoCodecContext, VideoCodecContext.create(_DECODER, "r"))
    context.thread_count = 1
    context.options = {"max_pixels": str(MAX_PIXELS)}
    try:
        frames = [*context.decode(av.Packet(picture.units)), *context.decode(None)]
    except (av.FFmpegError, ValueError) as error:
        raise BitstreamError(f"AV1 picture cannot be decoded ({type(error).__name__})") from error
    if len(frames) != 1 or (frames[0].height, frames[0].width) != (picture.height, picture.width):
        raise BitstreamError("AV1 data do not hold one picture of the size that they state")
    return to_image(planes_of_frame(frames[0], grey=picture.grey))
