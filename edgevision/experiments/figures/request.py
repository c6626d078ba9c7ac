"""What a figure is asked to be made from."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

DEFAULT_MAPS = ("theta", "grad-cam:tf_efficientnet_lite0")
DEFAULT_RESAMPLES = 2000


@dataclass(frozen=True)
class Request:
    """Settings of all figures; each takes those that concern it.

    Attributes:
        out: folder to write to.
        images: pictures, or folders of pictures, for Fig. 6; none for some that installed packages carry.
        maps: makers of importance maps for Fig. 6, see ``fig6.make_map``.
        profiles: folder of measured profiles for figures with intervals; ``None`` for the shipped ones.
        resamples: bootstrap samples of the images.
    """

    out: Path
    images: tuple[Path, ...] = ()
    maps: tuple[str, ...] = DEFAULT_MAPS
    profiles: Path | None = None
    resamples: int = DEFAULT_RESAMPLES

    def command(self, name: str) -> str:
        """The command line that makes figure ``name`` again: whatever is not the default."""
        words = ["edgevision", "reproduce", name]
        words += [word for path in self.images for word in ("--images", str(path))]
        words += [word for maker in self.maps if self.maps != DEFAULT_MAPS for word in ("--map", maker)]
        words += ["--profiles", str(self.profiles)] if self.profiles else []
        words += ["--resamples", str(self.resamples)] if self.resamples != DEFAULT_RESAMPLES else []
        return shlex.join([*words, "--out", str(self.out)])
