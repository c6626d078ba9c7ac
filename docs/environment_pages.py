"""Sphinx extension: a page that names an environment shows a picture of it and what its docstring says."""

from __future__ import annotations

import re
from pathlib import Path

import gymnasium
import numpy as np
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from edgevision import baselines
from edgevision.envs import IDS, OffloadingEnv

_DIRECTIVE = re.compile(r"^```\{environment\} (\S+)\n```$", re.MULTILINE)
#: Where the pictures go, below the folder of the sources.
PICTURES = Path("_build/pictures")
SEED = 10


def shown_slot(cell: OffloadingEnv) -> tuple[str, int]:
    """Who decides in the picture of an id, and for how many slots: policies that tell users apart and need no extra."""
    return {"dynamic": ("adaptive", 12), "stream": ("max-age", 60)}.get(cell.simulator.family, ("fracr-exact", 3))


def picture(env_id: str) -> np.ndarray:
    """What ``render`` shows after a few slots, (H, W, 3) uint8; the same in every build."""
    env = gymnasium.make(env_id, render_mode="rgb_array")
    cell = env.unwrapped
    policy, slots = shown_slot(cell)
    cell.reset(seed=SEED)
    for _ in range(slots):
        cell.allocate(baselines.make(policy).act(cell.problem))
    return cell.render()


def path_of(env_id: str) -> Path:
    """The picture of an id, relative to the folder of the sources."""
    return PICTURES / f"{env_id.partition('/')[2]}.png"


def draw_pictures(app: Sphinx) -> None:
    """Draw every id before pages are read."""
    for env_id in IDS:
        target = Path(app.srcdir) / path_of(env_id)
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(env_id)).save(target)


def insert_pages(_: Sphinx, _document: str, source: list[str]) -> None:
    """Put picture and docstring where a page's source names an id."""
    source[0] = _DIRECTIVE.sub(lambda found: page(found[1]), source[0])


def page(env_id: str) -> str:
    """The Markdown of an id: its docstring, with the picture after the summary."""
    cell = gymnasium.make(env_id).unwrapped
    policy, slots = shown_slot(cell)
    summary, _, sections = str(type(cell).__doc__).partition("\n\n")
    shown = f"![One slot of {env_id}, drawn by render()](/{path_of(env_id)})"
    caption = f"*Slot {slots} of an episode (`seed={SEED}`), decided by `{policy}`, as `render()` draws it.*"
    return "\n\n".join([summary, shown, caption, sections])


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register with Sphinx."""
    app.connect("builder-inited", draw_pictures)
    app.connect("source-read", insert_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
