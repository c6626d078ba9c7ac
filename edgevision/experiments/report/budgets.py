"""One heat map of the modes, frame budgets and pixel budgets that policies choose for clips."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm

from edgevision.experiments.evaluation.rollout import FloatArray
from edgevision.profiles.video_grid import FRAMES, GRID, MODES, PIXELS

_GAP = 1.0  # between the groups of columns, in columns
_LOCAL = MODES.index("local")


def budget_shares(counts: FloatArray) -> dict[str, FloatArray]:
    """How often budgets are chosen [%], from the counts of the operating points (P, K) of P policies.

    Returns:
        ``mode`` (P, 3) and ``frames`` (P, 5), shares of all decisions; ``pixels`` (P, 7), shares of the decisions that
        send something, because local classification always uses whole frames. Zeros for a policy that never sends.
    """
    chosen = counts.reshape(-1, *GRID)
    sent = np.delete(chosen, _LOCAL, axis=3)
    groups = {"mode": chosen.sum(axis=(1, 2)), "frames": chosen.sum(axis=(2, 3)), "pixels": sent.sum(axis=(1, 3))}
    return {name: 100.0 * n / np.maximum(n.sum(axis=1, keepdims=True), 1.0) for name, n in groups.items()}


def plot_budgets(panel: Axes, counts: FloatArray) -> None:
    """Draw the shares of ``counts`` (P, K), a row per policy. The left of each group is the least compressed."""
    labels = {"mode": MODES, "frames": FRAMES, "pixels": [f"{100 * share:.0f}" for share in PIXELS]}
    rows = np.arange(len(counts) + 1) - 0.5
    ticks: dict[float, str] = {}
    norm = LogNorm(0.1, 100, clip=True)
    left = 0.0
    for name, share in budget_shares(counts).items():
        edges = left + np.arange(share.shape[1] + 1)
        panel.pcolormesh(edges, rows, np.ma.masked_equal(share, 0.0), cmap="YlGnBu", norm=norm)
        ticks |= {edge + 0.5: str(label) for edge, label in zip(edges, labels[name], strict=False)}
        left = edges[-1] + _GAP
    panel.set_xticks(list(ticks), list(ticks.values()), fontsize="x-small", rotation=45)
    panel.set_xlabel("how clips travel   |   kept frames   |   kept pixels of those sent [%]")
    panel.set_title("how often budgets are chosen [%]", fontsize="medium")
    panel.figure.colorbar(ScalarMappable(norm, "YlGnBu"), ax=panel, format="%g")
