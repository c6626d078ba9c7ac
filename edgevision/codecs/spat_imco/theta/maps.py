"""``Theta``: importance maps computed by the network theta."""

from __future__ import annotations

from pathlib import Path

import torch

from edgevision.arrays import ByteImage, FloatArray
from edgevision.codecs.spat_imco.theta.theta_network import ThetaNetwork
from edgevision.codecs.spat_imco.theta.theta_weights import SHIPPED, load_weights
from edgevision.vision.classifiers import Classifier
from edgevision.vision.grad_cam import resize_map
from edgevision.vision.importance import Importance


class Theta:
    """Estimates what a classifier needs of an image, by one forward pass, without a label or a gradient.

    A call returns the predicted sensitivity of each region to coarser quantisation (see ``sensitivity``). It saves more
    bytes than ``look``, the predicted Grad-CAM; see ``docs/theta.md``.

    Attributes:
        network: the network, in evaluation mode.
        name: name for metadata.
    """

    def __init__(self, network: ThetaNetwork, name: str = "theta") -> None:
        self.network = network.eval()
        self.name = name
        self._backbone = Classifier(name, network.backbone)

    @classmethod
    def load(cls, path: Path | None = None) -> Theta:
        """The shipped network, or the one that ``train_importance`` wrote to ``path``.

        Raises:
            WeightsError: the file is missing or damaged.
        """
        return cls(load_weights(path or SHIPPED), "theta" if path is None else f"theta from {path.name}")

    def inputs(self, image: ByteImage) -> torch.Tensor:
        """The network's input for an (h, w, 3) uint8 image, (1, 3, 224, 224): the whole image, resized."""
        return self._backbone.tensor(self._backbone.squeeze(image)[None])

    @torch.inference_mode()
    def __call__(self, image: ByteImage) -> Importance:
        """Importance of an (h, w, 3) uint8 image."""
        maps, logits = self.network(self.inputs(image))
        return Importance(resize_map(maps[0, 1].numpy(), image.shape), logits.softmax(1)[0].double().numpy())

    @torch.inference_mode()
    def look(self, image: ByteImage) -> FloatArray:
        """Predicted Grad-CAM of larger classifiers on an (h, w, 3) uint8 image, (h, w)."""
        return resize_map(self.network(self.inputs(image))[0][0, 0].numpy(), image.shape)
