"""Numbers that the SpaT-IMCO paper's text states for Figs. 6 to 9, and where.

Source: the paper on Co-CRRA and SpaT-IMCO, IEEE Transactions on Cognitive Communications and Networking, vol. 10,
no. 6, December 2024. Only the text is used: nothing is read off the plots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: mu of the published sweep (section VI-C.2, first paragraph).
SWEEP = (1.0, 10.0)
SWEEP_SOURCE = "section VI-C.2, first paragraph"


@dataclass(frozen=True)
class EqualMuGain:
    """What the paper says SpaT-IMCO gains over Unified-IMCO at equal mu with one classifier.

    Attributes:
        network: the paper's name of the classifier.
        models: timm's names of the same network, without tag and ``tf_``.
        relatives: timm's names of the nearest networks whose weights need no network connection.
        low, high: range over mu [point], where stated.
        mean: over mu [point], where stated.
        at_mu: stated for single mu, as the text writes it.
        where: in the paper.
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
        """The stated range or mean in words."""
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

#: Compression ratios at which the text claims the saving, and the saving (section VI-C.2, paragraph on Fig. 9).
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


def same_network(model: str, published: EqualMuGain) -> bool:
    """Whether a classifier, by timm's name, is the published one."""
    return _stem(model) in published.models


def related_network(model: str, published: EqualMuGain) -> bool:
    """Whether it is the nearest relative that needs no network connection."""
    return _stem(model) in published.relatives


def _stem(model: str) -> str:
    return model.split(".")[0].removeprefix("tf_")
