"""Numbers that the text of the SpaT-IMCO paper states for Figs. 6 to 11, and where it states them.

Source: the paper on Co-CRRA and SpaT-IMCO, IEEE Transactions on Cognitive Communications and Networking, vol. 10,
no. 6, December 2024. Nothing is read off the plots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: mu of the published sweep (section VI-C.2, first paragraph).
SWEEP = (1.0, 10.0)
SWEEP_SOURCE = "section VI-C.2, first paragraph"


@dataclass(frozen=True)
class EqualMuGain:
    """Published gain of SpaT-IMCO over Unified-IMCO at equal mu with one classifier.

    Attributes:
        network: name of the classifier in the paper.
        models: names of the network in timm, without tag and ``tf_``.
        relatives: names in timm of the most similar networks whose weights need no network connection.
        low, high: range over mu [point], if stated.
        mean: mean over mu [point], if stated.
        at_mu: gains at single values of mu, in the words of the paper.
        where: place in the paper.
    """

    network: str
    models: tuple[str, ...]
    relatives: tuple[str, ...]
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    at_mu: Mapping[int, str] = field(default_factory=dict)
    where: str = ""

    def text(self) -> str:
        """The range, or else the mean, in words."""
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        return f"{self.mean:g} on average"


_FIG_7 = "section VI-C.2, paragraph on Fig. 7"
_FIG_8 = "section VI-C.2, paragraph on Fig. 8"

FIG_7 = (
    EqualMuGain(
        "EfficientNet-B0", ("efficientnet_b0",), ("efficientnet_lite0",), 0.66, 14.0, at_mu={8: "14.0 %"}, where=_FIG_7
    ),
    EqualMuGain(
        "EfficientNet-B1", ("efficientnet_b1",), ("efficientnet_lite1",), 0.16, 11.6, at_mu={8: "11.6 %"}, where=_FIG_7
    ),
    EqualMuGain("EfficientNet-B2", ("efficientnet_b2",), ("efficientnet_lite2",), mean=1.9, where=_FIG_7),
    EqualMuGain("EfficientNet-B4", ("efficientnet_b4",), ("efficientnet_lite4",), mean=3.1, where=_FIG_7),
)
FIG_8 = (
    EqualMuGain("DeiT-Tiny", ("deit_tiny_patch16_224",), (), 0.4, 9.6, at_mu={8: "14.8 %", 10: "38.7 %"}, where=_FIG_8),
    EqualMuGain(
        "DeiT-Small", ("deit_small_patch16_224",), (), 0.6, 14.8, at_mu={8: "35.0 %", 10: "25.6 %"}, where=_FIG_8
    ),
)

#: Compression ratios at which the text claims to save bandwidth, and the share saved.
RATIOS = (0.2, 0.45)
BANDWIDTH_SAVED = 0.10
FIG_9_SOURCE = "section VI-C.2, paragraph on Fig. 9"

#: Settings of Fig. 6 by name: what the paper uses, and where it says so.
FIG_6 = {
    "where the maps come from": (
        "attention of a trained vision transformer, largest over the heads, multiplied through the blocks; the "
        "evaluation network is trained on such maps",
        "section VI-C.1",
    ),
    "class that is explained": ("the true one", "section V-A (for Grad-CAM)"),
    "levels": ("3", "section VI-C.1"),
    "regions": ("8 x 8 pixels", "section VI-A.2"),
    "how a region gets its level": (
        "bounds on the range of the attention weights, numbers per level by problem P3",
        "section VI-C.1 and Algorithm 2",
    ),
}

#: Mean gain in utility over Unified-IMCO with FRACR, by the budget that is fixed in the panel of Fig. 10.
UTILITY_GAINS = {"P_max = 1 W": 0.071, "B_max = 15 MHz": 0.147}
FIG_10_SOURCE = "section VI-D.1"

#: Rate of Fig. 11 [Mbit/s], time of the importance network on the mobile device [ms], and what the text says.
RATE_MBPS = 15.0
NETWORK_MS = (68.0, 73.0)
FIG_11_CLAIMS = {
    "local delay": "ours a little higher",
    "transmission delay": "the baseline's a little higher",
    "total": "almost comparable; ours slightly lower when the compression level is small, reversed when it is larger",
}
FIG_11_SOURCE = "section VI-D.2"

#: Share of the energy that the conclusion says is saved. No other sentence of the paper is about energy.
ENERGY_SAVED = 0.113
ENERGY_SOURCE = "section VII"


def same_network(model: str, published: EqualMuGain) -> bool:
    """Whether a classifier, named as in timm, is the published one."""
    return _stem(model) in published.models


def related_network(model: str, published: EqualMuGain) -> bool:
    """Whether a classifier is a similar network whose weights need no network connection."""
    return _stem(model) in published.relatives


def _stem(model: str) -> str:
    return model.split(".")[0].removeprefix("tf_")
