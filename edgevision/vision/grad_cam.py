"""Importance maps from convolutional classifiers: which pixels a classifier needs.

Sources: Grad-CAM, Selvaraju et al., ICCV 2017; class activation maps, Zhou et al., CVPR 2016.
"""

from __future__ import annotations

import functools
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from captum.attr import LayerGradCam
from PIL import Image

from edgevision.arrays import ByteImage, FloatArray
from edgevision.vision.classifiers import Classifier
from edgevision.vision.importance import Importance

_MOST = 512  # side of a map whose weights fit into a matrix [value]; larger ones come from callers, not from networks


@runtime_checkable
class ImportanceMap(Protocol):
    """A function from an image to the importance of its pixels; it does not know the true class."""

    def __call__(self, image: ByteImage) -> Importance | FloatArray:
        """Importance of an (h, w, 3) uint8 image, or only its map (h, w)."""


class GradCam:
    """Grad-CAM of a convolutional network's last spatial layer.

    map = ReLU(sum_k w_k A_k), where w_k is the mean over space of d score_c / d A_k. The class c is ``target`` or, by
    default, the class that the network predicts.
    """

    def __init__(self, classifier: Classifier, target: int | None = None) -> None:
        self.classifier = classifier
        self.target = target
        self._cam = LayerGradCam(classifier.model, last_spatial_layer(classifier))

    @property
    def name(self) -> str:
        """Name of the method, the network and the class, for metadata."""
        which = "predicted class" if self.target is None else f"class {self.target}"
        return f"Grad-CAM of {self.classifier.name}, {which}"

    def __call__(self, image: ByteImage) -> Importance:
        """Importance of an (h, w, 3) uint8 image."""
        with torch.inference_mode(False), torch.enable_grad():  # it needs gradients, also where a caller needs none
            inputs = self.classifier.tensor(self.classifier.squeeze(image)[None]).requires_grad_()
            with torch.inference_mode():
                probabilities = self.classifier.model(inputs).softmax(1)[0].double().numpy()
            target = int(probabilities.argmax()) if self.target is None else self.target
            cam = self._cam.attribute(inputs, target=target, relu_attributions=True)
        return Importance(resize_map(cam[0, 0].detach().numpy(), image.shape), probabilities)


class ClassActivation:
    """Class activation map, weighted over the most likely classes; takes one forward pass and no gradient.

    map = sum_c p_c sum_k W_ck A_k over the ``classes`` most likely classes c, with the last feature map A, the
    classifier's matrix W and the network's probabilities p_c. For one class this is Grad-CAM before its ReLU, up to a
    factor.
    """

    def __init__(self, classifier: Classifier, classes: int = 5) -> None:
        """Take a network that ends in average pooling and one linear layer.

        Raises:
            ValueError: it does not end in one linear layer.
        """
        self.classifier = classifier
        self.classes = classes
        head = getattr(classifier.model, "get_classifier", lambda: None)()
        if not isinstance(head, torch.nn.Linear):
            raise ValueError(f"{classifier.name!r} does not end in one linear layer; use GradCam")
        self._head = head

    @property
    def name(self) -> str:
        """Name of the method, the network and the classes, for metadata."""
        return f"class activation map of {self.classifier.name}, top {self.classes} predicted classes"

    @torch.inference_mode()
    def __call__(self, image: ByteImage) -> Importance:
        """Importance of an (h, w, 3) uint8 image."""
        features = self.classifier.model.forward_features(  # type: ignore[operator]
            self.classifier.tensor(self.classifier.squeeze(image)[None])
        )
        probabilities = self._head(features.mean((2, 3))).softmax(1)[0]
        top = probabilities.topk(self.classes)
        channels = top.values @ self._head.weight[top.indices]
        cam = torch.einsum("k,khw->hw", channels, features[0])
        return Importance(resize_map(cam.numpy(), image.shape), probabilities.double().numpy())


def resize_map(cam: np.ndarray, shape: tuple[int, ...]) -> FloatArray:
    """A map, interpolated linearly to the size of an image of ``shape`` (h, w, ...), (h, w).

    A map of more than 512 values a side is interpolated in single precision.
    """
    if max(cam.shape) > _MOST:
        height, width = shape[:2]
        large = Image.fromarray(np.asarray(cam, np.float32))
        return np.asarray(large.resize((width, height), Image.Resampling.BILINEAR), np.float64)
    rows, columns = (_interpolation(*lengths) for lengths in zip(cam.shape, shape[:2], strict=True))
    resized: FloatArray = rows @ np.asarray(cam, np.float64) @ columns.T
    return resized


@functools.lru_cache(maxsize=32)
def _interpolation(length: int, wanted: int) -> FloatArray:
    """Weights with which Pillow interpolates ``length`` values linearly to ``wanted`` ones, (wanted, length)."""
    unit = Image.fromarray(np.eye(length, dtype=np.float32))
    return np.asarray(unit.resize((length, wanted), Image.Resampling.BILINEAR), np.float64)


def last_spatial_layer(classifier: Classifier) -> torch.nn.Module:
    """The module whose output is the network's last feature map with more than one position.

    Raises:
        ValueError: the network has no such module, for example because it is a transformer.
    """
    found: list[torch.nn.Module] = []

    def note(module: torch.nn.Module, _: object, output: object) -> None:
        if isinstance(output, torch.Tensor) and output.ndim == 4 and output.shape[2] > 1:
            found.append(module)

    leaves = [module for module in classifier.model.modules() if not list(module.children())]
    handles = [leaf.register_forward_hook(note) for leaf in leaves]
    size = classifier.input_size
    try:
        with torch.inference_mode():
            classifier.model(torch.zeros(1, 3, size, size))
    finally:
        for handle in handles:
            handle.remove()
    if not found:
        raise ValueError(f"{classifier.name!r} has no spatial feature map")
    return found[-1]
