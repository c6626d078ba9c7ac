"""Theta as a maker of importance maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from edgevision.codecs.base import ByteImage, FloatMap, Importance
from edgevision.codecs.classifiers import Classifier
from edgevision.codecs.importance import resize_map
from edgevision.codecs.theta.network import GRID, INPUT, ThetaNetwork, standardise
from edgevision.codecs.theta.weights import SHIPPED, load_weights

ACTIVITY_SHARE = 0.4  # chosen on calibration pictures for bytes at equal accuracy, see docs/theta.md


class Theta:
    """Worth of an image's regions by one forward pass of the importance network; no label, no gradient.

    A region is worth its detail if the network needs it, and if the detail is cheap: lively regions cost many bytes
    at any level. So the map is m - 0.4 a, with m the network's output and a the log of the region's mean gradient
    (``activity``), both standardised over the image.

    Attributes:
        network: the network, in evaluation mode.
        name: for the record.
    """

    def __init__(self, network: ThetaNetwork, name: str = "theta") -> None:
        self.network = network.eval()
        self.name = name
        self._backbone = Classifier(name, network.backbone)

    @classmethod
    def load(cls, path: Path | None = None) -> Theta:
        """The shipped network, or the one that ``train_importance`` left at ``path``.

        Raises:
            ThetaWeightsError: no such file, or a damaged one.
        """
        return cls(load_weights(path or SHIPPED), "theta" if path is None else f"theta from {path.name}")

    def inputs(self, image: ByteImage) -> torch.Tensor:
        """The network's input for an (h, w, 3) uint8 image, (1, 3, 224, 224): the whole image, resized."""
        return self._backbone.tensor(self._backbone.squeeze(image)[None])

    @torch.inference_mode()
    def __call__(self, image: ByteImage) -> Importance:
        """Importance of an (h, w, 3) uint8 image."""
        resized = self._backbone.squeeze(image)
        coarse, logits = self.network(self.inputs(resized))
        worth = worth_per_byte(coarse[0].numpy(), resized)
        return Importance(resize_map(worth, image.shape), logits.softmax(1)[0].double().numpy())


def worth_per_byte(importance: np.ndarray, image: ByteImage) -> FloatMap:
    """Importance (14, 14) of a (224, 224, 3) image, less what detail costs there; see ``Theta``."""
    maps = torch.from_numpy(np.stack([importance.astype(np.float64), activity(image)]))
    needed, costly = standardise(maps).numpy()
    worth: FloatMap = needed - ACTIVITY_SHARE * costly
    return worth


def activity(image: ByteImage) -> FloatMap:
    """log(1 + g) per region of a (224, 224, 3) image, (14, 14).

    g is the mean over the region of the luminance's absolute differences to the upper and to the left neighbour.
    """
    luminance = image @ np.array([0.299, 0.587, 0.114])
    gradient = np.zeros_like(luminance)
    gradient[1:] += np.abs(np.diff(luminance, axis=0))
    gradient[:, 1:] += np.abs(np.diff(luminance, axis=1))
    side = INPUT // GRID
    found: FloatMap = np.log1p(gradient.reshape(GRID, side, GRID, side).mean(axis=(1, 3)))
    return found
