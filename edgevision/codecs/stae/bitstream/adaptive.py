"""Bits with adaptive probabilities: counts of each context, that start from what training saw."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.codecs.stae.bitstream.range_coder import Coder, bernoulli_family

Bits = NDArray[np.int32]
_SURE = 1 / 512  # least probability of a bit: what bounds the bits that a byte can claim
LEAST_BITS = 0.0028  # of code for each bit: log2(1 / (1 - _SURE)), rounded down


class AdaptiveBits:
    """Probabilities of bits, one for each context.

    Attributes:
        ones: how many ones each context saw, with the prior's, (C,).
        total: how many bits, (C,).
    """

    def __init__(self, prior: NDArray[np.floating], weight: float) -> None:
        self.ones = prior * weight
        self.total = np.full(len(prior), weight)
        self._family = bernoulli_family()

    def code(self, coder: Coder, bits: NDArray[Any], contexts: NDArray[Any]) -> Bits:
        """Pass bits (n,) in contexts (n,), and count them only then."""
        chance = np.clip(self.ones[contexts] / self.total[contexts], _SURE, 1 - _SURE)
        coded = coder.code(bits.astype(np.int32), self._family, chance)
        np.add.at(self.ones, contexts, coded)
        np.add.at(self.total, contexts, 1.0)
        return coded
