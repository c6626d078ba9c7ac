"""The settings that figures are made with."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

DEFAULT_MAPS = ("theta", "grad-cam:tf_efficientnet_lite0")
DEFAULT_RESAMPLES = 2000


@dataclass(frozen=True)
class Request:
    """Settings of all figures; a figure ignores those that it does not need.

    Attributes:
        out: folder to write to.
        images: pictures, or folders of pictures, for Fig. 6; empty for pictures from installed packages.
        maps: methods that make importance maps for Fig. 6, see ``fig6.make_map``.
        profiles: folder of measured profiles; ``None`` for the shipped profiles.
        policies: more policies for Fig. 10, by name or run folder, see ``policy_spec.resolve``.
        resamples: number of bootstrap samples.
    """

    out: Path
    images: tuple[Path, ...] = ()
    maps: tuple[str, ...] = DEFAULT_MAPS
    profiles: Path | None = None
    policies: tuple[str, ...] = ()
    resamples: int = DEFAULT_RESAMPLES

    def command(self, name: str) -> str:
        """The command line that makes figure ``name`` again. It leaves out default settings."""
        words = ["edgevision", "reproduce", name]
        words += [word for path in self.images for word in ("--images", str(path))]
        words += [word for maker in self.maps if self.maps != DEFAULT_MAPS for word in ("--map", maker)]
        words += ["--profiles", str(self.profiles)] if self.profiles else []
        words += [word for policy in self.policies for word in ("--policy", policy)]
        words += ["--resamples", str(self.resamples)] if self.resamples != DEFAULT_RESAMPLES else []
        return shlex.join([*words, "--out", str(self.out)])
