"""Rendering for video profiles: draws the kept parts of each clip, or its budgets as a strip of frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from edgevision.envs.drawing.rendering import Renderer, Scene, prepare_rows
from edgevision.profiles.video_grid import FRAMES, VideoCoder, VideoPoint, video_point

_COLOURS = {"plain": "#D55E00", "entropy": "#56B4E9", "h264": "#56B4E9", "h265": "#56B4E9", "local": "#CC79A7"}
_NOT_SENT = "#E4E4E4"
_ROW = 0.66  # height of a row's picture; the text with its budgets is above


class ContentPictures(Protocol):
    """Source of pictures of compressed clips; the caller provides it, because it needs the clips and the codec."""

    def picture(self, content: int, point: int) -> NDArray[np.uint8]:
        """The kept frames and pixels of a content at an operating point, (H, W, 3) of any size."""
        ...


def budget_texts(points: Sequence[int], coder: VideoCoder | None) -> list[str]:
    """Frames, pixels or quality, and mode of each operating point as text; empty for -1."""
    return [str(video_point(point, coder)) if point >= 0 else "" for point in points]


class VideoRenderer(Renderer):
    """Draws scenes of video profiles, with a wide panel for what is sent."""

    widths: ClassVar[tuple[float, ...]] = (3.2, 1, 1, 2.6, 1)

    def __init__(self, *, window: bool, pictures: ContentPictures | None, coder: VideoCoder | None) -> None:
        super().__init__(window=window)
        self._pictures, self._coder = pictures, coder

    def draw_sent(self, axes: Any, scene: Scene) -> None:
        """Draw one row per user: its picture or its strip of frames, below a text with its budgets."""
        label = "kept frames and pixels" if self._pictures else "kept frames; height: pixels of each"
        prepare_rows(axes, len(scene.active), label)
        axes.set(xticks=())
        for user, point in enumerate(scene.operating_point.tolist()):
            if point < 0:
                continue
            budgets = video_point(point, self._coder)
            if self._pictures:
                self._draw_picture(axes, user, self._pictures.picture(int(scene.content[user]), point))
            else:
                _draw_strip(axes, user, budgets)
            axes.text(0.005, user - _ROW / 2, str(budgets), fontsize=7, va="bottom", color=_COLOURS[budgets.mode])

    def _draw_picture(self, axes: Any, user: int, picture: NDArray[np.uint8]) -> None:
        """Draw the picture as large as the row allows, keeping its aspect ratio."""
        box = axes.get_window_extent()
        rows = np.abs(np.diff(axes.get_ylim()))[0]
        height, width = picture.shape[:2]
        row_pixels = box.height / rows * _ROW
        wide = min(1.0, width / height * row_pixels / box.width)
        tall = _ROW * min(1.0, wide * box.width * height / width / row_pixels)
        limits = axes.get_xlim(), axes.get_ylim()
        axes.imshow(picture, extent=(0, wide, user + tall / 2, user - tall / 2), aspect="auto", zorder=2)
        axes.set(xlim=limits[0], ylim=limits[1])


def _draw_strip(axes: Any, user: int, budgets: VideoPoint) -> None:
    """Draw one box per frame of the clip; in kept frames, the coloured part is the share of kept pixels."""
    left = np.arange(FRAMES[0]) / FRAMES[0]
    pixels = 1.0 if budgets.mode == "local" else budgets.pixels
    share = np.where(np.arange(FRAMES[0]) < budgets.frames, pixels, 0.0)
    style = {"width": 0.8 / FRAMES[0], "align": "edge"}
    axes.bar(left, -_ROW * np.ones_like(left), bottom=user + _ROW / 2, color=_NOT_SENT, **style)
    axes.bar(left, -_ROW * share, bottom=user + _ROW / 2, color=_COLOURS[budgets.mode], **style)
