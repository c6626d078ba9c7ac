"""Constants of the entropy coder's models, trained by ``benchmarks/train_video_models.py``, which names the data."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.codecs.stae.bitstream.constants import TABLES

#: Types of the stored numbers.
KINDS = {"MASK_PRIOR": "u1", "ERROR_WEIGHTS": "u1", "USUAL_WEIGHTS": "i1"}


def _table(name: str) -> NDArray[Any]:
    shape, text = TABLES[name]
    return np.frombuffer(zlib.decompress(base64.b85decode(text)), KINDS[name]).reshape(shape)


#: Share of kept pixels in each context of a mask, (2048,).
MASK_PRIOR = _table("MASK_PRIOR") / 256.0
#: Expected error of each group's values: a constant, then a factor on each of ``neighbours.SIGNS``, in units of 1/16,
#: (6, 1 + signs).
ERROR_WEIGHTS = _table("ERROR_WEIGHTS").astype(np.float32)
#: Weights of predictions before they are fitted to a clip, in units of 1 / ``residuals.UNIT``, (sets, inputs).
USUAL_WEIGHTS = _table("USUAL_WEIGHTS").astype(np.int64)
