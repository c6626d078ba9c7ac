"""The curves and panels of Fig. 10: which codec, which policy, at which budgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgevision import baselines
from edgevision.errors import ReproductionError
from edgevision.experiments.evaluation.policy_spec import resolve
from edgevision.experiments.figures.end_to_end.utility_sweep import Line, relative
from edgevision.experiments.figures.request import Request
from edgevision.experiments.figures.spat_imco.profile_pairs import Pair, other_codecs
from edgevision.experiments.figures.spat_imco.published_numbers import FIG_7, related_network, same_network
from edgevision.profiles import OperatingPointProfile

OURS, BASELINE = "SpaT-IMCO + co-crra", "Unified-IMCO + fracr"
_CONTENT_AWARE = ("co-crra-content", "joint-content")
#: The classifier of the paper's figure.
NETWORK = next(published for published in FIG_7 if published.network == "EfficientNet-B1")


@dataclass(frozen=True)
class Sweep:
    """A panel: the fixed budget in words, the settings, and which of them stands for all in the smaller tables.

    Attributes:
        title: the fixed budget, a key of ``UTILITY_GAINS``.
        fixed: the fixed budget as a setting.
        setting: name of the varied setting.
        label: label of the varied setting on an axis.
        values: values of the varied setting, (S,).
        middle: one of them.
    """

    title: str
    fixed: Mapping[str, float]
    setting: str
    label: str
    values: tuple[float, ...]
    middle: float

    def at(self, value: float) -> dict[str, float]:
        """Both budgets as settings."""
        return {**self.fixed, self.setting: value}


#: The ranges are those of Figs. 4(b) and 5(a); the text does not give those of Fig. 10.
SWEEPS = (
    Sweep(
        "P_max = 1 W",
        {"power_mw": 1000.0},
        "bandwidth_mhz",
        "B_max [MHz]",
        (15.0, 17.5, 20.0, 22.5, 25.0, 27.5, 30.0),
        22.5,
    ),
    Sweep("B_max = 15 MHz", {"bandwidth_mhz": 15.0}, "power_mw", "P_max [mW]", (1.0, 2.0, 4.0, 6.0, 8.0, 10.0), 4.0),
)


def chosen_pair(pairs: Sequence[Pair]) -> Pair:
    """The pair of the figure's classifier, or else of its relative.

    Raises:
        ReproductionError: there is neither.
    """
    for fits in (same_network, related_network):
        for pair in pairs:
            if fits(pair.model, NETWORK):
                return pair
    raise ReproductionError(
        f"Fig. 10 needs profiles of {NETWORK.network} or {', '.join(NETWORK.relatives)}; there are "
        f"{', '.join(pair.model for pair in pairs)}"
    )


def make_lines(pair: Pair, request: Request) -> list[Line]:
    """The curves: the paper's two, the other combinations, more codecs, and the policies of the request."""
    if request.policies:
        resolve(request.policies)  # names that do not exist cost a line before any file is written
    folder = request.out / "parts"

    def line(codec: str, profile: tuple[OperatingPointProfile, Path], policy: str) -> Line:
        (spec,) = resolve([policy])
        return Line(f"{codec} + {policy}", *profile, spec)

    spatial, uniform = (relative(profile, folder) for profile in (pair.spatial, pair.uniform))
    known = baselines.names(pair.spatial.axis_names, pair.spatial.content_fingerprint)
    aware = [policy for policy in _CONTENT_AWARE if policy in known]
    more = [policy for policy in dict.fromkeys(request.policies) if policy not in ("co-crra", "fracr", "joint", *aware)]
    return [
        *(line("SpaT-IMCO", spatial, policy) for policy in ("co-crra", "fracr", "joint", *aware)),
        *(line("Unified-IMCO", uniform, policy) for policy in ("fracr", "co-crra", "joint")),
        *(line(other.name, relative(other, folder), "joint") for other in other_codecs(request.profiles, pair)),
        *(line("SpaT-IMCO", spatial, policy) for policy in more),
    ]
