"""Constants of the entropy coder's models, learned by ``benchmarks/train_video_models.py`` (which says from what)."""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.codecs.stae.bitstream.constants import TABLES

#: How each table's numbers are stored.
KINDS = {
    "MASK_PRIOR": "u1",
    "ERROR_WEIGHTS": "u1",
    "USUAL_WEIGHTS": "i1",
    "INTRA_MODES": "i1",
    **{f"LOSSY_{name}": "u1" for name in ("CODED", "ZERO", "LAST", "MORE", "BEYOND", "TIMED", "MOVED", "MODE")},
}


def _table(name: str) -> NDArray[Any]:
    shape, text = TABLES[name]
    return np.frombuffer(zlib.decompress(base64.b85decode(text)), KINDS[name]).reshape(shape)


#: Share of kept pixels in each context of a mask, (2048,).
MASK_PRIOR = _table("MASK_PRIOR") / 256.0
#: Expected error of each group's values: a constant, then a factor on each sign [1/16], (6, 1 + signs).
ERROR_WEIGHTS = _table("ERROR_WEIGHTS").astype(np.float32)
#: Weights of predictions before they are fitted to a clip, in ``residuals.UNIT``, (sets, inputs).
USUAL_WEIGHTS = _table("USUAL_WEIGHTS").astype(np.int64)
#: Matrices from the pixels around a patch to its lower bands (see ``intra``), (modes, 25, bands).
INTRA_MODES = _table("INTRA_MODES").astype(np.float64)
#: Probabilities of ones (of modes: of each) in the contexts of ``coefficients`` and ``lossy``.
LOSSY_PRIORS = {name[6:].lower(): _table(name) / 256.0 for name in KINDS if name.startswith("LOSSY_")}
