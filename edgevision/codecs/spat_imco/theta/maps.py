"""``Theta``: importance maps computed by the network theta."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from edgevision.arrays import ByteImage, Float32Array, FloatArray
from edgevision.codecs.spat_imco.theta.theta_network import SIDE, ThetaNetwork
from edgevision.codecs.spat_imco.theta.theta_weights import SHIPPED, load_weights
from edgevision.vision.grad_cam import resize_map
from edgevision.vision.importance import Importance


class Theta:
    """Estimates what a classifier needs of an image, by one forward pass, without a label or a gradient.

    The pass runs in ONNX Runtime where the extra ``onnx`` is installed, else in PyTorch, which is slower and gives the
    same maps up to rounding.

    A call returns the predicted sensitivity of each region to coarser quantisation (see ``sensitivity``). It saves more
    bytes than ``look``, the predicted Grad-CAM; see ``docs/theta.md``.

    Attributes:
        network: the network, in evaluation mode.
        name: name for metadata.
    """

    def __init__(self, network: ThetaNetwork, name: str = "theta") -> None:
        self.network = network.eval()
        self.name = name
        self._run = _onnx_runtime(network)

    @classmethod
    def load(cls, path: Path | None = None) -> Theta:
        """The shipped network, or the one that ``train_importance`` wrote to ``path``.

        Raises:
            WeightsError: the file is missing or damaged.
        """
        return cls(load_weights(path or SHIPPED), "theta" if path is None else f"theta from {path.name}")

    @torch.inference_mode()
    def regions(self, image: ByteImage) -> Float32Array:
        """Predicted Grad-CAM and predicted sensitivity of an (h, w, 3) uint8 image, (2, 14, 14)."""
        picture = shrink(image)
        if self._run is not None:
            return self._run(picture)
        maps: Float32Array = self.network(as_pixels(picture[None]))[0].numpy()
        return maps

    def __call__(self, image: ByteImage) -> Importance:
        """Importance of an (h, w, 3) uint8 image."""
        return Importance(resize_map(self.regions(image)[1], image.shape))

    def look(self, image: ByteImage) -> FloatArray:
        """Predicted Grad-CAM of larger classifiers on an (h, w, 3) uint8 image, (h, w)."""
        return resize_map(self.regions(image)[0], image.shape)


def _onnx_runtime(network: ThetaNetwork) -> Callable[[ByteImage], Float32Array] | None:
    """The network in ONNX Runtime; ``None`` if the extra ``onnx`` is not installed, and PyTorch must do."""
    if find_spec("onnxruntime") is None or find_spec("onnx") is None:
        return None
    from edgevision.codecs.spat_imco.theta.onnx_session import OnnxSession

    return OnnxSession(network)


def shrink(image: ByteImage) -> ByteImage:
    """The network's input picture (SIDE, SIDE, 3): a whole (h, w, 3) image, resized without keeping its proportions."""
    picture = Image.fromarray(image)
    rows, columns = image.shape[0] // SIDE, image.shape[1] // SIDE
    if image.shape[:2] == (rows * SIDE, columns * SIDE):
        return np.asarray(picture.reduce((columns, rows)))  # the same means in half the time
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=3.0))


def as_pixels(pictures: ByteImage) -> Tensor:
    """The network's input (B, 3, SIDE, SIDE) from pictures (B, SIDE, SIDE, 3)."""
    return torch.tensor(pictures).permute(0, 3, 1, 2).float()
