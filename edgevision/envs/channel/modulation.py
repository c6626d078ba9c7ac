"""Rates of real modulation and coding: the 15 steps of a 3GPP table take the place of Shannon's rate.

Source: 3GPP TS 38.214, table 5.2.2.1-3 (channel quality indicators with modulation up to 256-QAM). A step is used where
Shannon's rate is at least its efficiency, so that a code is assumed to lose nothing but what lies between two steps.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from edgevision.arrays import FloatArray

Modulation = Literal["shannon", "cqi"]

#: Bits per symbol of each step, and the rate of its code times 1024.
_BITS = np.repeat([2, 4, 6, 8], [3, 3, 5, 4])
_CODE_RATE = np.array([78, 193, 449, 378, 490, 616, 466, 567, 666, 772, 873, 711, 797, 885, 948])
#: Spectral efficiency of each step, 0.1523 to 7.4063 [bit/s/Hz].
EFFICIENCIES = _BITS * _CODE_RATE / 1024.0
_OR_NEVER = np.append(np.log(2.0) * EFFICIENCIES, np.inf)


def needed_exponent(exponent: ArrayLike, modulation: Modulation) -> FloatArray:
    """ln(1 + SNR) above which a payload arrives that needs ``exponent`` = ln2 S / (b t), of any shape.

    With ``cqi`` it is that of the lowest step whose efficiency is enough, and infinite if there is none.
    """
    exponent = np.asarray(exponent, np.float64)
    if modulation == "shannon":
        return exponent
    return np.asarray(_OR_NEVER[np.searchsorted(_OR_NEVER[:-1], exponent)])
