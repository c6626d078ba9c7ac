"""Fig. 10: inference utility of codec and solver together against both budgets, and the energy that they spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.envs.config import SuccessModel
from edgevision.experiments.figures.co_crra.solver_section import SCORE_NAMES, percent
from edgevision.experiments.figures.co_crra.solver_sweep import SCORES
from edgevision.experiments.figures.end_to_end.end_to_end_plots import plot_utility
from edgevision.experiments.figures.end_to_end.utility_energy import energy_table
from edgevision.experiments.figures.end_to_end.utility_gains import Measured, utilities, utility_gain
from edgevision.experiments.figures.end_to_end.utility_lines import (
    BASELINE,
    NETWORK,
    OURS,
    SWEEPS,
    Sweep,
    chosen_pair,
    make_lines,
)
from edgevision.experiments.figures.end_to_end.utility_sweep import (
    ALPHA,
    DEVICE,
    EPISODES,
    PAPERS_COUNT,
    USERS,
    Decided,
    Line,
    in_settings,
)
from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.section import Plot, Section, Table
from edgevision.experiments.figures.spat_imco.profile_pairs import Pair, differences, find_pairs
from edgevision.experiments.figures.spat_imco.published_numbers import (
    FIG_10_SOURCE,
    UTILITY_GAINS,
)
from edgevision.part_store import PartStore
from edgevision.progress import progress_bar
from edgevision.statistics import Interval
from edgevision.storage.disk_files import without_nan

#: Other ways to count, by name: settings that differ from the paper's.
VARIANTS: dict[str, dict[str, Any]] = {
    "as the figure: data of 10 to 20 MB, the deadline covers sending only": {},
    "data of 10 to 20 Mbit": {"size_mbit": (10.0, 20.0)},
    "data of 40 to 80 MB": {"size_mbit": (320.0, 640.0)},
    "the deadline also covers device and edge times, device `server`": {
        "device_time_scale": 1.0,
        "edge_time_scale": 1.0,
    },
    f"the same, device `{DEVICE}`": {"device_time_scale": 1.0, "edge_time_scale": 1.0, "device": DEVICE},
}


def make(request: Request) -> Section:
    """Sweep both budgets.

    Raises:
        ReproductionError: there is no pair of profiles of the figure's classifier.
        ProfileError: a profile is damaged, or two are not of the same pictures.
        UnknownNameError, LearnedPolicyError: a policy of the request does not exist, or is for other profiles.
    """
    pair = chosen_pair(find_pairs(request.profiles))
    lines, contents, titles = make_lines(pair, request), pair.uniform.contents, [sweep.title for sweep in SWEEPS]
    store = PartStore(request.out / "parts")
    measured: list[list[dict[str, Decided]]] = []
    with progress_bar("fig10 (settings)", sum(len(sweep.values) for sweep in SWEEPS)) as advance:
        for sweep in SWEEPS:
            measured.append([])
            for value in sweep.values:
                measured[-1].append(in_settings(lines, {**PAPERS_COUNT, **sweep.at(value)}, store))
                advance(1)
    gains = {
        (sweep.title, line.label, model): utility_gain(
            found, (line.label, BASELINE), model, contents, request.resamples
        )
        for sweep, found in zip(SWEEPS, measured, strict=True)
        for line in lines
        for model in SCORES
    }
    ends = [utilities(found, contents, request.resamples) for found in measured]
    energies = energy_table(titles, measured, (OURS, BASELINE), contents, request.resamples)
    others = _variants(lines, contents, store, request.resamples)
    caption = (
        f"Mean utility {ALPHA:g} Phi + {1 - ALPHA:g} Acc over {EPISODES} slots of {USERS} users with 95 % intervals "
        f"over slots and pictures. Top row: {SCORE_NAMES['chernoff']}; bottom row: {SCORE_NAMES['exact']}."
    )
    return Section(
        heading="Fig. 10: utility of codec and solver together",
        lead=" ".join(_outcome(sweep, gains) for sweep in SWEEPS),
        tables=(
            _claims(measured, gains),
            _gain_table(lines, gains),
            _parts(measured, lines),
            others,
            energies,
            *(_values(sweep, found, model) for model in SCORES for sweep, found in zip(SWEEPS, ends, strict=True)),
        ),
        plots=(Plot("fig10.png", caption, plot_utility(SWEEPS, ends, (OURS, BASELINE))),),
        differences=(*_differences(pair, measured), *differences([pair])),
        numbers={
            "published_gain": UTILITY_GAINS,
            "where": FIG_10_SOURCE,
            "mean_gain": {" | ".join(key): without_nan(vars(interval)) for key, interval in gains.items()},
            "utility": [
                {
                    "panel": sweep.title,
                    sweep.setting: sweep.values,
                    "mean_low_high": without_nan(
                        {model: {label: table.tolist() for label, table in of.items()} for model, of in found.items()}
                    ),
                }
                for sweep, found in zip(SWEEPS, ends, strict=True)
            ],
            "variants": others.rows,
            "energy": energies.rows,
        },
    )


Gains = Mapping[tuple[str, str, SuccessModel], Interval]


def _outcome(sweep: Sweep, gains: Gains) -> str:
    approximate, exact = (percent(gains[sweep.title, OURS, model]) for model in SCORES)
    return (
        f"{sweep.title}: the utility of {OURS} is {approximate} above {BASELINE}'s by the paper's approximation and "
        f"{exact} exactly (published: {100 * UTILITY_GAINS[sweep.title]:+.1f} %)."
    )


def _claims(measured: Sequence[Measured], gains: Gains) -> Table:
    rows = []
    for sweep, found in zip(SWEEPS, measured, strict=True):
        approximate, exact = (percent(gains[sweep.title, OURS, model]) for model in SCORES)
        codec, solver = (
            percent(gains[sweep.title, label, "chernoff"]) for label in ("SpaT-IMCO + fracr", "Unified-IMCO + co-crra")
        )
        rows += [
            (
                "mean gain in utility",
                sweep.title,
                f"{100 * UTILITY_GAINS[sweep.title]:+.1f} %",
                f"{approximate}; exactly {exact}",
            ),
            ("the same with the codec alone (SpaT-IMCO + fracr)", sweep.title, "not stated", codec),
            ("the same with the solver alone (Unified-IMCO + co-crra)", sweep.title, "not stated", solver),
            ("range of the gain over the sweep", sweep.title, "not stated", _range(found)),
        ]
    return Table(
        f"Published ({FIG_10_SOURCE}) and ours by the paper's approximation; 95 % intervals over slots and pictures.",
        ("claim", "setting", "published", "ours"),
        tuple(rows),
        texts=4,
    )


def _range(found: Measured) -> str:
    ratios = [of[OURS].utility("chernoff").mean() / of[BASELINE].utility("chernoff").mean() - 1 for of in found]
    return f"{100 * min(ratios):+.1f} to {100 * max(ratios):+.1f} %"


def _gain_table(lines: Sequence[Line], gains: Gains) -> Table:
    columns = [(sweep.title, model) for sweep in SWEEPS for model in SCORES]
    names = {"chernoff": "approximation", "exact": "exact"}
    rows = tuple(
        (line.label, *(percent(gains[title, line.label, model]) for title, model in columns))
        for line in lines
        if line.label != BASELINE
    )
    heads = ("line", *(f"{title}, {names[model]}" for title, model in columns))
    return Table(f"Mean gain in utility over {BASELINE}, with 95 % intervals.", heads, rows)


def _parts(measured: Sequence[Measured], lines: Sequence[Line]) -> Table:
    rows = []
    for line in lines:
        cells = [line.label]
        for found in measured:
            cells += [
                f"{np.mean([of[line.label].utility('exact', alpha).sum(axis=2).mean() for of in found]):.4f}"
                for alpha in (1.0, 0.0)
            ]
        rows.append(tuple(cells))
    heads = ("line", *(f"{sweep.title}: {part}" for sweep in SWEEPS for part in ("Phi, exact", "Acc")))
    return Table("The two parts of the utility, averaged over the sweep.", heads, tuple(rows))


def _variants(lines: Sequence[Line], contents: int, store: PartStore, resamples: int) -> Table:
    """The gain at the middle of each sweep if sizes and times are counted in other ways."""
    shown = ("SpaT-IMCO + joint", "Unified-IMCO + joint", OURS, BASELINE)
    chosen = [line for line in lines if line.label in shown]
    rows = []
    with progress_bar("fig10 (other counts)", len(SWEEPS) * len(VARIANTS)) as advance:
        for name, changes in VARIANTS.items():
            cells = [name]
            for sweep in SWEEPS:
                of = in_settings(chosen, {**PAPERS_COUNT, **sweep.at(sweep.middle), **changes}, store)
                cells += [
                    percent(utility_gain([of], labels, "exact", contents, resamples))
                    for labels in ((OURS, BASELINE), shown[:2])
                ]
                cells.append(f"{of[OURS].success['exact'].mean():.3f} / {of[BASELINE].success['exact'].mean():.3f}")
                advance(1)
            rows.append(tuple(cells))
    heads = [
        f"{sweep.title}, {sweep.label} = {sweep.middle:g}: {what}"
        for sweep in SWEEPS
        for what in (f"{OURS} over {BASELINE}", "joint on SpaT-IMCO over joint on Unified-IMCO", "in time")
    ]
    caption = "Gain in utility, scored exactly, in the middle of each sweep when sizes and times are counted otherwise."
    return Table(caption, ("how it is counted", *heads), tuple(rows))


def _values(sweep: Sweep, ends: Mapping[SuccessModel, Mapping[str, FloatArray]], model: SuccessModel) -> Table:
    of = ends[model]
    order = sorted(of, key=lambda label: -float(of[label][:, 0].mean()))
    rows = tuple((label, *(f"{mean:.4f} [{low:.4f}, {high:.4f}]" for mean, low, high in of[label])) for label in order)
    heads = ("line", *(f"{value:g}" for value in sweep.values))
    return Table(f"{sweep.title}: mean utility against {sweep.label}, {SCORE_NAMES[model]}.", heads, rows)


def _differences(pair: Pair, measured: Sequence[Measured]) -> tuple[str, ...]:
    rival = max(
        100 * (of["Unified-IMCO + co-crra"].utility("exact").mean() / of[BASELINE].utility("exact").mean() - 1)
        for found in measured
        for of in found
    )
    return (
        f"The classifier is {pair.model}; the paper takes {NETWORK.network}. Acc is the share of right answers on the "
        "pictures as compressed, whether they arrive or not, and Phi that of right answers in time; the paper defines "
        "neither for the figure.",
        "The paper does not print the ranges of both sweeps, the number of users, the sizes of the pictures, the "
        "mapping from compression ratio to mu, or whether eta is fitted for each codec. We take the ranges of Figs. 4 "
        "and 5, their six users with a request each and their gain scale, raw data of 10 to 20 MB as section VI-A "
        "prints it, the measured ratio of each picture at each level, and the measured accuracy of each codec.",
        f"The baseline's solver is a strong one: Co-CRRA on the same codec is at most {rival:+.1f} % above FRACR in "
        "utility in any setting, because users differ in their requests only. So what is left of the gain is the "
        "codec's. Half of the utility, Acc, does not depend on whether the pictures arrive.",
        "The size of the data and what the deadline covers decide the gain, see the table of other counts: with small "
        "data every picture arrives hardly compressed, with larger data every level counts, and once the deadline "
        "covers computing the map costs more than it brings.",
        "Pictures of 10 to 20 MB are compressed by the ratios of small ones. Large pictures of the same scenes "
        "compress better, and their classifier still sees its input size only.",
    )
