"""``Theta``: importance maps computed by the network theta."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from edgevision.arrays import ByteImage, Float32Array, FloatArray
from edgevision.codecs.spat_imco.theta.late_stages import SHIPPED_STAGES, LateStages, load_stages
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

    def __init__(self, network: ThetaNetwork, name: str = "theta", stages: Path = SHIPPED_STAGES) -> None:
        """Pair a network with the file of the ``LateStages`` for ``glance``, which is read at the first one."""
        self.network = network.eval()
        self.name = name
        self._stages = stages
        self._see = _theta_runner(network)

    @cached_property
    def _classify(self) -> Callable[[Float32Array], Float32Array] | None:
        stages = load_stages(self.network, self._stages)
        return None if stages is None else _stages_runner(stages)

    @classmethod
    def load(cls, path: Path | None = None) -> Theta:
        """The shipped network, or the one that ``train_importance`` wrote to ``path``.

        Raises:
            WeightsError: the file is missing or damaged.
        """
        if path is None:
            return cls(load_weights(SHIPPED))
        beside = path.with_name(SHIPPED_STAGES.name)
        return cls(load_weights(path), f"theta from {path.name}", beside if beside.is_file() else SHIPPED_STAGES)

    def regions(self, image: ByteImage) -> Float32Array:
        """Predicted Grad-CAM and predicted sensitivity of an (h, w, 3) uint8 image, (2, 14, 14)."""
        return self._see(shrink(image))[0]

    def __call__(self, image: ByteImage) -> Importance:
        """Importance of an (h, w, 3) uint8 image."""
        return Importance(resize_map(self.regions(image)[1], image.shape))

    def glance(self, image: ByteImage) -> Importance:
        """Importance of an (h, w, 3) uint8 image, with class probabilities by the ``LateStages``.

        There are no probabilities if theta was trained on another backbone than that of the stages.

        Raises:
            WeightsError: the file of the stages is missing or damaged.
        """
        maps, deep = self._see(shrink(image))
        importance = resize_map(maps[1], image.shape)
        if self._classify is None:
            return Importance(importance)
        scores = torch.from_numpy(self._classify(deep)).double()
        return Importance(importance, scores.softmax(0).numpy())

    def look(self, image: ByteImage) -> FloatArray:
        """Predicted Grad-CAM of larger classifiers on an (h, w, 3) uint8 image, (h, w)."""
        return resize_map(self.regions(image)[0], image.shape)


def _onnx() -> ModuleType | None:
    """The module ``onnx_session``; ``None`` if the extra ``onnx`` is not installed, and PyTorch must do."""
    if find_spec("onnxruntime") is None or find_spec("onnx") is None:
        return None
    from edgevision.codecs.spat_imco.theta import onnx_session

    return onnx_session


def _theta_runner(network: ThetaNetwork) -> Callable[[ByteImage], tuple[Float32Array, Float32Array]]:
    """Maps (2, 14, 14) and deep features (96, 7, 7) of a picture (SIDE, SIDE, 3)."""
    onnx = _onnx()
    if onnx is not None:
        return onnx.OnnxTheta(network)
    return partial(_run_theta, network)


def _stages_runner(stages: LateStages) -> Callable[[Float32Array], Float32Array]:
    """Class scores (C,) of deep features (96, 7, 7)."""
    onnx = _onnx()
    if onnx is not None:
        return onnx.OnnxLateStages(stages)
    return partial(_run_stages, stages)


@torch.inference_mode()
def _run_theta(network: ThetaNetwork, picture: ByteImage) -> tuple[Float32Array, Float32Array]:
    found = network.extract(as_pixels(picture[None]))
    return network.head(found.fine, found.deep)[0].numpy(), found.deep[0].numpy()


@torch.inference_mode()
def _run_stages(stages: LateStages, deep: Float32Array) -> Float32Array:
    scores: Float32Array = stages(torch.from_numpy(deep[None]))[0].numpy()
    return scores


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
