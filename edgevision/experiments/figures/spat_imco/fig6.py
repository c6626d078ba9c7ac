"""Fig. 6: importance maps and level maps of photographs."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.base import ImageInfo
from edgevision.codecs.spat_imco.overlay import level_overlay
from edgevision.codecs.spat_imco.spat_imco_codec import SpatImco
from edgevision.codecs.spat_imco.theta import Theta
from edgevision.codecs.uniform import UniformJpeg
from edgevision.errors import ReproductionError, unknown_name
from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Plot, Section, Table
from edgevision.experiments.figures.spat_imco.photographs import FROM_A_FOLDER, find_photographs, read_photograph
from edgevision.experiments.figures.spat_imco.published_numbers import FIG_6
from edgevision.experiments.plot_style import as_png
from edgevision.progress import progress_bar
from edgevision.vision.attention_rollout import AttentionRollout
from edgevision.vision.classifiers import Classifier, load_classifier
from edgevision.vision.grad_cam import ClassActivation, GradCam, ImportanceMap
from edgevision.vision.importance import Importance

MU = 4.0  # of the files whose levels are shown
_MAKERS: dict[str, Callable[[Classifier], ImportanceMap]] = {
    "class-activation": ClassActivation,
    "grad-cam": GradCam,
    "rollout": AttentionRollout,
}
_COLOURS = "RdYlBu_r"  # blue: least important, red: most, as in the paper and in level_overlay
_OPACITY = 0.45
_LABEL = 36  # characters beside a picture


@dataclass(frozen=True)
class Shown:
    """One row of the figure.

    Attributes:
        picture: file name of the picture.
        maker: name of the method that made the map.
        image: the picture, (H, W, 3).
        importance: the map (H, W), and the class probabilities of its network.
        levels: picture of the levels in the compressed file, (H, W, 3).
        info: description of the compressed file.
        uniform_bytes: size of the uniform file at the same mu [byte].
    """

    picture: str
    maker: str
    image: ByteImage
    importance: Importance
    levels: ByteImage
    info: ImageInfo
    uniform_bytes: int


def make_map(text: str) -> ImportanceMap:
    """Make the method ``theta``, ``theta:FILE`` or ``KIND:MODEL``; KIND is class-activation, grad-cam or rollout.

    Raises:
        UnknownNameError: there is no such kind of map, or timm has no such model.
        ReproductionError: no model is named, or the model does not support this kind of map.
        WeightsUnavailableError, WeightsError: the weights of the network cannot be loaded.
    """
    kind, _, model = text.partition(":")
    if kind == "theta":
        return Theta.load(Path(model) if model else None)
    if kind not in _MAKERS:
        raise unknown_name("map", kind, ["theta", *_MAKERS])
    if not model:
        raise ReproductionError(f"map {kind!r} needs a network: {kind}:MODEL, by timm's name")
    classifier = load_classifier(model)
    try:
        return _MAKERS[kind](classifier)
    except ValueError as error:  # this kind of map needs a network of another family
        raise ReproductionError(str(error)) from None


def make(request: Request) -> Section:
    """Draw every picture with every map.

    Raises:
        ReproductionError: a picture cannot be read, or see ``make_map``.
    """
    photographs = [(path.name, read_photograph(path)) for path in find_photographs(request.images)]
    makers = [make_map(text) for text in dict.fromkeys(request.maps)]
    rows = []
    with progress_bar("fig6 (maps)", len(photographs) * len(makers)) as advance:
        for name, image in photographs:
            for maker in makers:
                rows.append(_show(name, image, maker))
                advance(1)
    caption = (
        "(a) original, (b) heat map of the importance (blue: least, red: most), (c) the two together, (d) the level of "
        f"every region, read back from the compressed file (mu = {MU:g}): red keeps most detail, blue least."
    )
    return Section(
        heading="Fig. 6: importance maps and levels",
        lead=_outcome(rows),
        tables=(_published(rows), _measured(rows)),
        plots=(Plot("fig6.png", caption, _plot(rows)),),
        differences=_differences(),
        numbers={"mu": MU, "published": FIG_6, "measured": [_record(row) for row in rows]},
    )


def _show(name: str, image: ByteImage, maker: ImportanceMap) -> Shown:
    codec = SpatImco(importance=maker)
    importance = codec.analyse(image)
    data = codec.encode(image, level=MU, importance=importance)
    uniform_bytes = len(UniformJpeg().encode(image, level=MU))
    label = getattr(maker, "name", type(maker).__name__)
    return Shown(name, label, image, importance, level_overlay(data), codec.inspect(data), uniform_bytes)


def _outcome(rows: Sequence[Shown]) -> str:
    makers = list(dict.fromkeys(row.maker for row in rows))
    pictures = len({row.picture for row in rows})
    return (
        f"{pictures} picture{'s' if pictures > 1 else ''} with {len(makers)} map{'s' if len(makers) > 1 else ''} each "
        f"({'; '.join(makers)}), and the three levels that each map leads to. The paper shows one example and states "
        "no number for it."
    )


def _published(rows: Sequence[Shown]) -> Table:
    info = rows[0].info
    ours = {
        "where the maps come from": "; ".join(dict.fromkeys(row.maker for row in rows)),
        "class that is explained": "the predicted one; a device does not know the true one",
        "levels": f"{len(info.levels)}",
        "regions": "16 x 16 pixels",
        "how a region gets its level": "by rank: a third of the regions per level",
    }
    cells = tuple((name, text, where, ours[name]) for name, (text, where) in FIG_6.items())
    return Table("Settings, published and here.", ("setting", "paper", "stated in", "here"), cells, texts=4)


def _measured(rows: Sequence[Shown]) -> Table:
    heads = ("picture", "map", "class it predicts", "regions per level, coarse to fine", "levels", "bytes", "uniform")
    cells = tuple(
        (
            row.picture,
            row.maker,
            _class(row),
            ", ".join(map(str, row.info.regions)),
            ", ".join(f"{level:g}" for level in row.info.levels),
            str(row.info.size),
            str(row.uniform_bytes),
        )
        for row in rows
    )
    return Table(f"The files behind column (d), mu = {MU:g}, and uniform JPEG's at the same mu.", heads, cells, texts=3)


def _class(row: Shown) -> str:
    probabilities = row.importance.probabilities
    if probabilities is None:
        return ""
    return f"number {int(probabilities.argmax())} ({probabilities.max():.0%})"


def _plot(rows: Sequence[Shown]) -> bytes:
    figure = Figure(figsize=(8.8, 0.4 + 2.2 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), 4, squeeze=False)
    for row, line in zip(rows, panels, strict=True):
        heat = _stretched(row.importance.weights)
        line[0].imshow(row.image)
        line[1].imshow(heat, cmap=_COLOURS)
        line[2].imshow(row.image)
        line[2].imshow(heat, cmap=_COLOURS, alpha=_OPACITY)
        line[3].imshow(row.levels)
        line[0].set_ylabel("\n".join([row.picture, *textwrap.wrap(row.maker, _LABEL)]), fontsize="x-small")
    titles = ("(a) original", "(b) importance", "(c) importance over it", "(d) levels in the file")
    for panel, title in zip(panels[0], titles, strict=True):
        panel.set_title(title)
    for panel in panels.ravel():
        panel.set(xticks=[], yticks=[])
        panel.spines[:].set_visible(False)
    return as_png(figure)


def _stretched(weights: FloatArray) -> FloatArray:
    """Scale to [0, 1] between the 1st and 99th percentile, so that one peak does not hide the rest."""
    low, high = np.percentile(weights, (1, 99))
    stretched: FloatArray = np.clip((weights - low) / max(high - low, 1e-12), 0, 1)
    return stretched


def _differences() -> tuple[str, ...]:
    return (
        "No map gets the true class, because a device does not know it. If a network predicts a wrong class, its map "
        "may be wrong too.",
        "The map of theta shows which regions a classifier needs unchanged, not where it looks (docs/theta.md).",
        "The level of a region depends on its rank: a third of the regions per level, for any range of the weights. "
        "The paper sets bounds on that range. Regions are 16 x 16 pixels, the blocks of 4:2:0 JPEG, not 8 x 8.",
        "The maps of the paper come from a vision transformer, whose weights need huggingface.co. With a connection: "
        "--map rollout:deit_small_patch16_224",
        "The pictures are not those of the paper. Without --images they come from an installed package; of a folder "
        f"the first {FROM_A_FOLDER} are shown.",
    )


def _record(row: Shown) -> dict[str, Any]:
    probabilities = row.importance.probabilities
    return {
        "picture": row.picture,
        "map": row.maker,
        "predicted_class": None if probabilities is None else int(probabilities.argmax()),
        "probability": None if probabilities is None else float(probabilities.max()),
        "levels": list(row.info.levels),
        "regions": list(row.info.regions),
        "bytes": row.info.size,
        "uniform_bytes": row.uniform_bytes,
    }
