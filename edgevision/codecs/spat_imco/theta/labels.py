"""Training data of theta: views of labelled pictures, and the mean Grad-CAM of larger classifiers on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from edgevision.arrays import ByteImage
from edgevision.codecs.spat_imco.theta.large_network import INPUT, enlarge, standardise
from edgevision.vision.classifiers import Classifier


def make_view(image: ByteImage, view: int, seed: int) -> ByteImage:
    """View number ``view`` of a picture, (224, 224, 3).

    View 0 is the centre crop that classifiers are tested with, and view 1 its mirror image. The other views are random
    squares with sides of 0.5 to 1 times the shorter side; half of them are mirrored.
    """
    height, width = image.shape[:2]
    shorter = min(height, width)
    random = np.random.default_rng((seed, view))
    side = shorter * (0.875 if view < 2 else random.uniform(0.5, 1))
    left, top = ((length - side) * (0.5 if view < 2 else random.uniform()) for length in (width, height))
    mirrored = view == 1 or (view > 1 and random.uniform() < 0.5)
    box = (left, top, left + side, top + side)
    square = np.asarray(Image.fromarray(image).resize((INPUT, INPUT), Image.Resampling.BICUBIC, box=box))
    return np.ascontiguousarray(square[:, ::-1] if mirrored else square)


@torch.inference_mode()
def teacher_map(teachers: Sequence[Classifier], image: ByteImage, class_index: int | None) -> torch.Tensor:
    """Mean over the teachers of their Grad-CAM, standardised, (14, 14).

    For a network that ends in average pooling and one linear layer, Grad-CAM equals ReLU(sum_k W_ck A_k) up to a factor
    (see ``ClassActivation``), which takes only a forward pass. Each teacher's map is divided by its mean, which removes
    the factor.

    Args:
        teachers: classifiers that end in average pooling and one linear layer.
        image: (h, w, 3) uint8.
        class_index: the class to explain; ``None`` for the class that each teacher predicts.
    """
    maps = []
    for teacher in teachers:
        features = teacher.model.forward_features(teacher.tensor(teacher.squeeze(image)[None]))  # type: ignore[operator]
        head = teacher.model.get_classifier()  # type: ignore[operator]
        target = int(head(features.mean((2, 3))).argmax()) if class_index is None else class_index
        cam = enlarge(torch.einsum("k,bkhw->bhw", head.weight[target], features).relu())[0]
        maps.append(cam / (cam.mean() + 1e-6))
    return standardise(torch.stack(maps).mean(0))
