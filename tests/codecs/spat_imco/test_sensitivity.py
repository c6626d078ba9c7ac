"""The label that says how much coarser quantisation of a region costs a classifier."""

from __future__ import annotations

import numpy as np
import torch

from edgevision.codecs.jpeg.transform import forward, inverse
from edgevision.codecs.spat_imco.theta.sensitivity import decode, sensitivity_map
from edgevision.vision.classifiers import Classifier
from tests.codecs.pictures import picture


def test_differentiable_decoding_is_the_decoders(lite0: Classifier) -> None:
    image = picture(64, 96)
    coefficients = forward(image)
    luminance, *chrominance = (torch.from_numpy(plane) for plane in coefficients.planes)
    ours = decode(luminance[None], torch.stack(chrominance)[None])[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(ours, inverse(coefficients), atol=0.51)


class _Window(torch.nn.Module):
    """A "classifier" whose two scores depend on one region's pixels, and ten times less on another's."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        strong = pixels[:, :, 32:48, 64:80].square().mean((1, 2, 3))
        weak = pixels[:, :, 160:176, 16:32].square().mean((1, 2, 3))
        score = strong + 0.1 * weak
        return torch.stack([score, -score], 1)


def test_regions_that_the_score_depends_on_are_sensitive(lite0: Classifier) -> None:
    model = _Window()
    model.num_classes = 2  # type: ignore[assignment]
    model.default_cfg = {"input_size": (3, 224, 224), "mean": (0.5,) * 3, "std": (0.5,) * 3}  # type: ignore[assignment]
    images = np.stack([picture(224, 224), picture(224, 224)[::-1]])
    for classes in ([0, 1], None):
        maps = sensitivity_map([Classifier("window", model)], images, classes).numpy()
        for found in maps:
            assert found[2, 4] == found.max()
            others = found.copy()
            others[1:4, 3:6] = -np.inf  # coarser chroma reaches into the neighbours
            assert np.unravel_index(others.argmax(), others.shape) == (10, 1)


def test_sensitivity_foretells_what_coarser_regions_cost(lite0: Classifier, labelled_folder: object) -> None:
    """Noise in the regions called sensitive must hurt a real network more than as much noise in the others."""
    from edgevision.data.images import ImageFolder

    folder = ImageFolder(labelled_folder, labelled_folder / "labels.csv")  # type: ignore[operator, arg-type]
    images = np.stack([lite0.crop(folder.load(item)) for item in folder.items])
    classes = [int(item.label) for item in folder.items]
    maps = sensitivity_map([lite0], images, classes).numpy()
    noise = np.random.default_rng(0).normal(0, 60, images.shape)
    lost = []
    for sign in (1, -1):
        third = np.stack([(sign * found) >= np.quantile(sign * found, 2 / 3) for found in maps])
        mask = third.repeat(16, 1).repeat(16, 2)[..., None]
        noisy = np.clip(images + noise * mask, 0, 255).astype(np.uint8)
        scores = torch.tensor(lite0.predict_logits(noisy)).log_softmax(1)
        lost.append(-float(scores[torch.arange(len(classes)), torch.tensor(classes)].mean()))
    assert lost[0] > lost[1] + 0.2
