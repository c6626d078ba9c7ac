"""Energy of the decisions of Fig. 10, beside the share that the paper says is saved."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.experiments.evaluation.summary import three_digits
from edgevision.experiments.figures.end_to_end.utility_gains import Measured, mean_ratio
from edgevision.experiments.figures.end_to_end.utility_sweep import DEVICE, Decided
from edgevision.experiments.figures.section import Table
from edgevision.experiments.figures.spat_imco.published_numbers import ENERGY_SAVED, ENERGY_SOURCE

#: What is counted, by name.
ACCOUNTS = {
    "radiation until the deadline (the environments' account)": ("radiated",),
    "radiation until the payload has arrived, if the rate could follow the fading": ("radiated_while_needed",),
    f"computing on a {DEVICE} device": ("computing",),
    "computing, and radiation until the deadline": ("computing", "radiated"),
    "computing, and radiation until the payload has arrived": ("computing", "radiated_while_needed"),
}


def energy_table(
    titles: Sequence[str],
    measured: Sequence[Measured],
    labels: tuple[str, str],
    contents: int,
    resamples: int,
) -> Table:
    """Mean energy of a request of both lines over each sweep, and their ratio.

    Args:
        titles: titles of the panels.
        measured: what was decided in each setting of each panel.
        labels: our line and the baseline.
        contents: number of contents C.
        resamples: number of bootstrap samples.
    """
    rows = []
    for title, found in zip(titles, measured, strict=True):
        for name, parts in ACCOUNTS.items():

            def spent(decided: Decided, parts: Sequence[str] = parts) -> FloatArray:
                return np.sum([getattr(decided, part) for part in parts], axis=0)

            means = [three_digits(1e3 * np.mean([spent(of[label]).mean() for of in found])) for label in labels]
            ratio = mean_ratio(found, labels, spent, contents, resamples)
            published = f"{1 - ENERGY_SAVED:.3f}" if len(parts) > 1 else ""
            rows.append((name, title, published, *means, f"{ratio.estimate:.3f} [{ratio.low:.3f}, {ratio.high:.3f}]"))
    caption = (
        f"Energy of a request [mJ], averaged over the sweep, and {labels[0]}'s over {labels[1]}'s. The paper "
        f"({ENERGY_SOURCE}) says that {100 * ENERGY_SAVED:g} % are saved in total; it does not say what is counted, "
        "and has no model of energy."
    )
    return Table(caption, ("what is counted", "setting", "published", *labels, "ratio"), tuple(rows), texts=2)
