"""Features of a picture that a device knows before it decides how to send it."""

from __future__ import annotations

import numpy as np

from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.spat_imco.regions import region_weights
from edgevision.vision.importance import Importance


def content_features(image: ByteImage, importance: Importance | None, reference_bytes: int) -> dict[str, float]:
    """Features of an (H, W, 3) image by name, not yet standardised.

    Args:
        image: the picture to be sent.
        importance: result of the codec's ``analyse``; if it is ``None``, the features that need it are left out.
        reference_bytes: size of the picture coded at the middle level of the ladder [byte].
    """
    pixels = image.astype(np.float64)
    luminance = pixels @ (0.299, 0.587, 0.114)
    gradient = np.hypot(np.diff(luminance, axis=0)[:, 1:], np.diff(luminance, axis=1)[1:])
    features = {
        "log_reference_bytes": float(np.log(reference_bytes)),
        "log_gradient": float(np.log1p(gradient.mean())),
        "luminance_mean": float(luminance.mean()),
        "luminance_std": float(luminance.std()),
        "colourfulness": _colourfulness(pixels),
    }
    if importance is not None:
        features |= _map_features(importance.weights)
        if importance.probabilities is not None:
            features["network_confidence"] = float(importance.probabilities.max())
            features["network_entropy"] = _entropy(importance.probabilities)
    return features


def _colourfulness(pixels: FloatArray) -> float:
    """Colourfulness M^(3) of Hasler and Suesstrunk (Human Vision and Electronic Imaging, 2003)."""
    red, green, blue = np.moveaxis(pixels, 2, 0)
    first, second = red - green, (red + green) / 2 - blue
    return float(np.hypot(first.std(), second.std()) + 0.3 * np.hypot(first.mean(), second.mean()))


def _map_features(weights: FloatArray) -> dict[str, float]:
    """Entropy of the importance over regions, and the share of the top tenth; both independent of its scale."""
    regions = np.sort(np.maximum(region_weights(weights), 0), axis=None)
    total = regions.sum()
    shares = regions / total if total > 0 else np.full(regions.size, 1 / regions.size)
    top = max(regions.size // 10, 1)
    return {"importance_entropy": _entropy(shares), "importance_top_tenth": float(shares[-top:].sum())}


def _entropy(shares: FloatArray) -> float:
    """Entropy of a distribution [nat]."""
    positive = shares[shares > 0]
    return float(-(positive * np.log(positive)).sum())
