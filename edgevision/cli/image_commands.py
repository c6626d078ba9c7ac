"""Commands on images: ``compress``, ``decompress``, ``inspect`` and ``profile image``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgevision.cli.classifier_argument import make_classifier
from edgevision.cli.codec_argument import make_codec
from edgevision.cli.labels_argument import LABELS
from edgevision.cli.late_warning import warn_if_late_in_its_environment
from edgevision.errors import BitstreamError, ImageFileError, UnreadableImageError
from edgevision.imports import CODEC_LIBRARIES, require, require_all
from edgevision.storage.disk_files import read_bytes

if TYPE_CHECKING:
    from edgevision.arrays import ByteImage, FloatArray
    from edgevision.codecs.base import ImageCodec
    from edgevision.profiles import OperatingPointProfile

MAX_BYTES = 2**29  # of a compressed picture

_SOURCE = typer.Argument(help="File to read.", show_default=False)
_TARGET = typer.Argument(help="File to write; replaced if it exists.", show_default=False)
_NAMES = (
    "spat-imco (JPEG by region, steered by importance), uniform (plain JPEG), spat-avif, spat-hevc or spat-h264 "
    "(steered), avif, avif-raw, webp, hevc or h264."
)
_CODEC = typer.Option(
    help=f"{_NAMES} Settings follow a colon: spat-imco:container=plain. Or MODULE:CLASS for your own."
)
_ORDINARY = ("plain", "baseline")  # containers that any viewer opens
#: The codecs that write what a codec reads.
_WRITERS = {
    "spat-imco": "spat-imco",
    "webp": "webp",
    "avif": "avif or spat-avif (plain)",
    "avif-raw": "avif-raw or spat-avif",
    "hevc": "hevc or spat-hevc",
    "h264": "h264 or spat-h264",
}
_NAMED = 5  # skipped pictures that are named; the metadata of the profile lists all with reasons


def compress(
    source: Annotated[Path, _SOURCE],
    target: Annotated[Path, _TARGET],
    codec: Annotated[str, _CODEC] = "spat-imco",
    level: Annotated[
        float | None,
        typer.Option(
            help="A larger level makes a smaller file. JPEG codecs: 0.0625 to 64, a factor on quantisation tables; "
            "AVIF and WebP: 0 to 100, 100 minus the quality; HEVC and H.264: 0 to 51, the constant rate factor."
        ),
    ] = None,
    target_bytes: Annotated[int | None, typer.Option(help="Largest size of the file in bytes.")] = None,
    ratio: Annotated[
        float | None, typer.Option(help="Compression ratio o: the file has at most (1 - o) times the raw size.")
    ] = None,
    importance: Annotated[
        Path | None,
        typer.Option(
            help="Map for a steered codec, in place of its network's: a grey .png (white matters most) or an .npy file "
            "of floating-point numbers from 0 to 1. Any size; it is resized to the picture."
        ),
    ] = None,
    overlay: Annotated[
        Path | None,
        typer.Option(help="Picture to write: the image with the map that steers in colour, red where it matters most."),
    ] = None,
) -> None:
    """Compress a picture so that a classifier still recognises it.

    Give exactly one of --level, --target-bytes and --ratio. Writes TARGET and prints its size. Its suffix is the
    codec's: .jpg, .avif, .webp, .obu (avif-raw and spat-avif), .hevc or .h264. Files of spat-imco and files with the
    last three suffixes need 'edgevision decompress'. With container=plain, as in the second example, those of spat-imco
    and spat-avif are a little larger and open in any viewer. JPEG stores a picture without colour with one component,
    and its raw size is that of one.

    Example: **edgevision compress photo.png photo.jpg --target-bytes 20000**

    Example: **edgevision compress photo.png photo.jpg --level 4 --codec spat-imco:container=plain**

    Example: **edgevision compress photo.png photo.obu --target-bytes 8000 --codec spat-avif --importance map.png**
    """
    require("PIL", "codecs")
    from edgevision.data.image_reading import read_image, without_colour

    for path in filter(None, (target, overlay)):
        for read in filter(None, (source, importance)):
            _check_apart(read, path)
    if overlay is not None and overlay.resolve() == target.resolve():
        raise ImageFileError(f"{target}: --overlay names the same file; choose another for one of them")
    if overlay is not None:
        _kind(overlay)
    chosen = make_codec(codec)
    suffixes = (".jpg", ".jpeg") if chosen.suffix == ".jpg" else (chosen.suffix,)
    if target.suffix.lower() not in suffixes:
        raise ImageFileError(f"{target}: {chosen.name} writes files with the suffix {chosen.suffix}; use it")
    try:
        image = without_colour(read_image(source))
    except UnreadableImageError:
        _refuse_compressed(source)
        raise
    weights = _importance(chosen, image, importance)
    if overlay is not None and weights is None:
        raise typer.BadParameter(f"{codec} is steered by no map; --overlay is for spat- codecs")
    data = chosen.encode(image, level=level, target_bytes=target_bytes, ratio=ratio, importance=weights)
    _write(target, data)
    info = chosen.inspect(data)
    levels = ", levels " + ", ".join(f"{value:.3g}" for value in info.levels) if info.levels else ""
    typer.echo(
        f"{target}: {info.size} bytes of {image.nbytes} raw, ratio o = {1 - info.size / image.nbytes:.4f}, "
        f"{info.width} x {info.height}, codec {info.codec} ({info.container}){levels}"
    )
    if overlay is not None and weights is not None:
        from edgevision.codecs.steered.map_overlay import map_overlay

        write_image(overlay, map_overlay(image, weights))
        typer.echo(f"{overlay}: the map that steered, over the picture")


def _importance(codec: ImageCodec, image: ByteImage, file: Path | None) -> FloatArray | None:
    """The map of a picture from a file, or from the codec's network; ``None`` if the codec needs none.

    Raises:
        BadParameter: a file for a codec that needs none.
        CodecInputError, UnreadableImageError: the file holds no map.
    """
    from edgevision.codecs.importance_file import read_importance

    if file is None:
        found = codec.analyse(image)
        return None if found is None else found.weights
    if not codec.name.startswith("spat-"):
        raise typer.BadParameter(f"{codec.name} is steered by no map; --importance is for spat- codecs")
    return read_importance(file)


def decompress(
    source: Annotated[Path, _SOURCE],
    target: Annotated[Path, _TARGET],
    codec: Annotated[str | None, typer.Option(help="By default, the codec that the file's first bytes name.")] = None,
) -> None:
    """Decode a compressed picture and save it in a common format.

    Writes TARGET. Its suffix gives the format; .png keeps every decoded pixel. Grey stays grey. Ordinary JPEG files are
    read too, and turned upright as their EXIF data say.

    Example: **edgevision decompress photo.jpg decoded.png**
    """
    require("PIL", "codecs")
    from edgevision.codecs.recognise import reader_of
    from edgevision.data.image_reading import upright

    _check_apart(source, target)
    _kind(target)
    data = read_bytes(source, ImageFileError, MAX_BYTES)
    with _named(source):
        decoder = make_codec(codec or reader_of(data))
        pixels = decoder.decode(data)
        info = decoder.inspect(data)
    if info.components == 1:
        pixels = pixels[..., 0]
    if info.container in _ORDINARY:
        pixels = upright(pixels, data)
    write_image(target, pixels)
    typer.echo(f"{target}: {pixels.shape[1]} x {pixels.shape[0]}, {target.stat().st_size} bytes")


def inspect(
    source: Annotated[Path, _SOURCE],
    overlay: Annotated[Path | None, typer.Option(help="Picture to write: the image with its levels in colour.")] = None,
) -> None:
    """Show what is in a compressed picture: codec, container, size, levels and the number of regions at each level.

    Writes nothing. With --overlay it writes a picture (red: finest level, blue: coarsest; mapped files of spat-imco
    only, as other files do not hold their map: 'edgevision compress --overlay' shows it).

    Example: **edgevision inspect photo.jpg --overlay levels.png**
    """
    require("PIL", "codecs")
    from edgevision import codecs
    from edgevision.codecs.recognise import reader_of

    if overlay is not None:
        _check_apart(source, overlay)
    data = read_bytes(source, ImageFileError, MAX_BYTES)
    with _named(source):
        codec = codecs.make(reader_of(data))
        info = codec.inspect(data)
    jpeg = codec.suffix == ".jpg"
    name, container = _WRITERS[info.codec], info.container
    if jpeg and info.container == "plain":
        name, container = "spat-imco (plain), uniform or another program", "ordinary baseline JPEG"
    colours = "grey" if info.components == 1 else "colour"
    colours += f" {info.subsampling}" if info.subsampling else ""
    raw = info.width * info.height * info.components
    typer.echo(f"codec:     {name}\ncontainer: {container}\npicture:   {info.width} x {info.height}, {colours}")
    typer.echo(f"size:      {info.size} bytes, ratio o = {1 - info.size / raw:.4f}")
    levels = ", ".join(f"{level:.3g}" for level in info.levels) or "not in the file"
    typer.echo(f"levels:    {levels}{' (estimated from the luminance table)' if jpeg and not info.regions else ''}")
    if info.regions:
        typer.echo(f"regions:   {', '.join(map(str, info.regions))} of {sum(info.regions)}, 16 x 16 pixels each")
    if overlay is not None:
        from edgevision.codecs.spat_imco.overlay import level_overlay

        if not jpeg:
            raise ImageFileError(f"{source}: holds no map to show; 'edgevision compress --overlay' shows it")
        write_image(overlay, level_overlay(data))
        typer.echo(f"overlay:   {overlay}")


def profile_image(
    images: Annotated[Path, typer.Option(help="Folder of images.", show_default=False)],
    name: Annotated[str, typer.Option(help="Name of the profile.", show_default=False)],
    labels: Annotated[Path | None, LABELS] = None,
    model: Annotated[
        str, typer.Option(help="Classifier: a name in timm, or MODULE:CLASS for your own.")
    ] = "tf_efficientnet_lite0",
    codec: Annotated[str, _CODEC] = "spat-imco",
    out: Annotated[Path, typer.Option(help="Folder to write to.")] = Path("profiles"),
) -> None:
    """Measure a profile: bytes, answers and times of every image at every level of a codec, with one classifier.

    Writes OUT/NAME.npz and OUT/NAME.json; environments take the profile as profile=OUT/NAME.npz. Run the same command
    again to continue a stopped run.

    Example: **edgevision profile image --images photos --labels photos/labels.csv --name my-cameras**
    """
    require_all(CODEC_LIBRARIES, "codecs")
    from edgevision.data.images import ImageFolder
    from edgevision.measure.image_profile import measure_image_profile
    from edgevision.progress import stage_bars

    chosen, dataset = make_codec(codec), ImageFolder(images, labels)
    with stage_bars() as report:
        profile = measure_image_profile(
            dataset,
            chosen,
            make_classifier(model),
            None,
            out,
            name,
            progress=lambda done, total: report("measure (images)", done, total),
        )
    skipped = list(profile.metadata["skipped"].values())
    if skipped:
        more = f"; and {len(skipped) - _NAMED} more" if len(skipped) > _NAMED else ""
        reasons = "; ".join(skipped[:_NAMED])
        typer.echo(f"{len(skipped)} of {len(dataset)} pictures skipped: {reasons}{more}", err=True)
    accuracy, size = mean_accuracy(profile), profile.size.mean(axis=0)
    warn_if_late_in_its_environment(profile)
    typer.echo(
        f"{out / name}.npz: {profile.contents} images, {profile.points} operating points, accuracy on all images "
        f"{accuracy.max():.3f} to {accuracy.min():.3f}, mean bytes {size.max():.0f} to {size.min():.0f}"
    )


def mean_accuracy(profile: OperatingPointProfile) -> FloatArray:
    """Accuracy of a measured profile over all its contents, (K,); ``profile.accuracy`` is that of the train split."""
    return profile.accuracy if profile.correct is None else profile.correct.mean(axis=0)


def write_image(path: Path, pixels: ByteImage) -> None:
    """Write (H, W, 3) or (H, W) uint8 in the format of the suffix, atomically.

    Raises:
        ImageFileError: no format that this command writes has this suffix, or the picture is too large for it.
    """
    import io

    from PIL import Image

    kind, buffer = _kind(path), io.BytesIO()
    try:
        Image.fromarray(pixels).save(buffer, kind)
    except (OSError, ValueError) as error:  # such as a side of more than 16383 pixels in WEBP
        raise ImageFileError(f"{path}: cannot be written as {kind} ({error}); use .png") from None
    _write(path, buffer.getvalue())


def _kind(path: Path) -> str:
    """Pillow's name of the picture format of a suffix.

    Raises:
        ImageFileError: see ``write_image``.
    """
    from PIL import Image

    from edgevision.data.image_reading import FORMATS

    kind = Image.registered_extensions().get(path.suffix.lower())
    if kind not in FORMATS:
        raise ImageFileError(f"{path}: this command writes no file with the suffix {path.suffix!r}; use .png")
    return kind


def _refuse_compressed(source: Path) -> None:
    """Say so if a file that is no picture for others is one that ``compress`` wrote.

    Raises:
        ImageFileError: it is.
    """
    from edgevision import codecs
    from edgevision.codecs.recognise import reader_of

    try:
        data = read_bytes(source, ImageFileError, MAX_BYTES)
        info = codecs.make(reader_of(data)).inspect(data)
    except (BitstreamError, ImageFileError):
        return
    raise ImageFileError(
        f"{source}: is already compressed by {_WRITERS[info.codec]}; read it with 'edgevision decompress'"
    )


def _write(path: Path, data: bytes) -> None:
    from edgevision.storage.disk_files import write_atomically

    write_atomically(path, data)


def _check_apart(source: Path, target: Path) -> None:
    """Refuse to write over the file that is read."""
    if target.exists() and source.exists() and target.samefile(source):
        raise ImageFileError(f"{target} is the file to read too; choose another file to write")


@contextmanager
def _named(source: Path) -> Iterator[None]:
    """Begin what is said of a file's bytes with its name."""
    try:
        yield
    except BitstreamError as error:
        raise BitstreamError(f"{source}: {error}") from None
