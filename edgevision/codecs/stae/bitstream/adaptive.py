"""Adaptive coding of bits: each context counts its bits, starting from counts seen in training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.codecs.stae.bitstream.range_coder import Coder, bernoulli_family

Bits = NDArray[np.int32]
_SURE = 1 / 512  # smallest probability of a bit; it limits how many bits a byte can code
LEAST_BITS = 0.0028  # smallest cost of a coded bit: log2(1 / (1 - _SURE)), rounded down [bit]


class AdaptiveBits:
    """Probabilities of bits in C contexts.

    Attributes:
        ones: number of ones in each context, including the prior's, (C,).
        total: number of bits in each context, including the prior's, (C,).
    """

    def __init__(self, prior: NDArray[np.floating], weight: float) -> None:
        self.ones = prior * weight
        self.total = np.full(len(prior), weight)
        self._family = bernoulli_family()

    def code(self, coder: Coder, bits: NDArray[Any], contexts: NDArray[Any]) -> Bits:
        """Code bits (n,) in contexts (n,); they are counted after all of them are coded."""
        chance = np.clip(self.ones[contexts] / self.total[contexts], _SURE, 1 - _SURE)
        coded = coder.code(bits.astype(np.int32), self._family, chance)
        np.add.at(self.ones, contexts, coded)
        np.add.at(self.total, contexts, 1.0)
        return coded
