"""One heat map of the modes, frame budgets and pixel budgets that policies choose for clips."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm

from edgevision.experiments.evaluation.rollout import FloatArray
from edgevision.profiles.video_grid import CRFS, FRAMES, GRID, MODES, PIXELS, VideoCoder, mode_names

_GAP = 1.0  # between the groups of columns, in columns
_LOCAL, _PLAIN = MODES.index("local"), MODES.index("plain")


def budget_shares(counts: FloatArray, coder: VideoCoder | None = None) -> dict[str, FloatArray]:
    """How often budgets are chosen [%], from the counts of the operating points (P, K) of P policies.

    Args:
        counts: how often each policy chose each point.
        coder: the profile's video codec, if it has one.

    Returns:
        ``mode`` (P, 3) and ``frames`` (P, 5), shares of all decisions; ``pixels`` (P, 7), shares of the decisions that
        the pixel axis changes: local classification always uses whole frames, and so does ``plain`` beside a video
        codec. Zeros for a policy that never decides so.
    """
    chosen = counts.reshape(-1, *GRID)
    sent = np.delete(chosen, [_LOCAL, _PLAIN] if coder else _LOCAL, axis=3)
    groups = {"mode": chosen.sum(axis=(1, 2)), "frames": chosen.sum(axis=(2, 3)), "pixels": sent.sum(axis=(1, 3))}
    return {name: 100.0 * n / np.maximum(n.sum(axis=1, keepdims=True), 1.0) for name, n in groups.items()}


def plot_budgets(panel: Axes, counts: FloatArray, coder: VideoCoder | None) -> None:
    """Draw the shares of ``counts`` (P, K), a row per policy. The left of each group is the least compressed.

    ``coder`` is the profile's video codec, if it has one; its pixel axis is then the quality.
    """
    quality = [f"{crf:g}" for crf in CRFS] if coder else [f"{100 * share:.0f}" for share in PIXELS]
    labels = {"mode": mode_names(coder), "frames": FRAMES, "pixels": quality}
    rows = np.arange(len(counts) + 1) - 0.5
    ticks: dict[float, str] = {}
    norm = LogNorm(0.1, 100, clip=True)
    left = 0.0
    for name, share in budget_shares(counts, coder).items():
        edges = left + np.arange(share.shape[1] + 1)
        panel.pcolormesh(edges, rows, np.ma.masked_equal(share, 0.0), cmap="YlGnBu", norm=norm)
        ticks |= {edge + 0.5: str(label) for edge, label in zip(edges, labels[name], strict=False)}
        left = edges[-1] + _GAP
    panel.set_xticks(list(ticks), list(ticks.values()), fontsize="x-small", rotation=45)
    last = "CRF of those sent" if coder else "kept pixels of those sent [%]"
    panel.set_xlabel(f"how clips travel   |   kept frames   |   {last}")
    panel.set_title("how often budgets are chosen [%]", fontsize="medium")
    panel.figure.colorbar(ScalarMappable(norm, "YlGnBu"), ax=panel, format="%g")
