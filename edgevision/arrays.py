"""Array types that the whole package uses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
#: A picture, (H, W, 3) or (H, W) for grey, sRGB.
ByteImage = NDArray[np.uint8]
#: A clip, (F, H, W, 3), sRGB.
ByteClip = NDArray[np.uint8]
