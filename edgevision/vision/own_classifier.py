"""Classifiers from outside the package: a network, a function to class probabilities, or a score of each picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from PIL import Image

from edgevision.arrays import ByteImage, Float32Array, FloatArray
from edgevision.checks import real_number, whole_number
from edgevision.errors import EdgeVisionError, OwnCodeError, shown
from edgevision.provenance import digest, source_digest
from edgevision.vision.classifiers import Classifier, ClassNames

_LARGEST_INPUT = 4096  # [pixel]
_SUM_TOLERANCE = 1e-3  # of probabilities
_PROBE = 64  # side of the grey picture that counts the classes of a function that takes any size [pixel]
LEAST_PROBABILITY = 1e-30


class _Own:
    """What both kinds of functions share.

    Attributes:
        name: ``MODULE:CLASS:option=value`` as typed.
        origin: the SHA-256 of the file with its code.
        input_size: side of the square that pictures are resized and cropped to [pixel]; ``None`` takes them whole.
    """

    def __init__(self, function: Any, name: str) -> None:
        self._function, self.name = function, name
        size = getattr(function, "input_size", None)
        self.input_size = None if size is None else whole_number("input_size", size, 8, _LARGEST_INPUT, OwnCodeError)
        self.origin = f"code outside the package, SHA-256 {source_digest(function)}"

    def crop(self, image: ByteImage) -> ByteImage:
        """The picture that is sent: the largest square in the middle of ``image`` (H, W, 3), as (S, S, 3)."""
        size = self.input_size
        if size is None:
            return image
        height, width = image.shape[:2]
        side = min(height, width)
        left, top = (width - side) // 2, (height - side) // 2
        box = (left, top, left + side, top + side)
        return np.array(Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC, box))

    def _ask(self, method: str, *given: Any) -> Any:
        try:
            return getattr(self._function, method)(*given)
        except EdgeVisionError:
            raise
        except Exception as error:  # code of the user may raise anything
            raise OwnCodeError(f"classifier {self.name}: {method} failed ({type(error).__name__}: {error})") from error


class OwnClassifier(_Own):
    """A function from a picture (H, W, 3) to the probability of each of C classes.

    Attributes:
        classes: number of classes C.
        class_names: its attribute ``class_names``, or ``None`` where labels are class numbers.
    """

    def __init__(self, function: Any, name: str) -> None:
        """Ask for the probabilities of a grey picture, to count the classes.

        Raises:
            OwnCodeError: the function fails, or does not return probabilities.
        """
        super().__init__(function, name)
        side = self.input_size or _PROBE
        self.classes = len(self._probabilities(np.full((side, side, 3), 128, np.uint8)))
        self.class_names = _names(function, name, self.classes)

    def predict_logits(self, images: ByteImage) -> Float32Array:
        """Logarithms of the class probabilities (B, C) of pictures (B, S, S, 3).

        Raises:
            OwnCodeError: the function fails, or does not return probabilities.
        """
        rows = [self._probabilities(image) for image in images]
        if any(len(row) != self.classes for row in rows):
            raise OwnCodeError(f"classifier {self.name}: returns another number of classes than {self.classes}")
        return np.log(np.maximum(rows, LEAST_PROBABILITY)).astype(np.float32)

    def _probabilities(self, image: ByteImage) -> FloatArray:
        given = self._ask("__call__", image)
        try:
            found = np.asarray(given, np.float64)
        except Exception:  # objects of the user may raise anything
            found = np.empty(0)
        if found.ndim != 1 or len(found) < 2 or not (found >= 0).all() or abs(found.sum() - 1) > _SUM_TOLERANCE:
            raise OwnCodeError(
                f"classifier {self.name}: must return probabilities of at least two classes, a row (C,) that adds up "
                f"to 1, got {shown(given)}"
            )
        return found


class OwnScorer(_Own):
    """A method ``score(image, label)``, such as a detector's average precision on one picture, from 0 to 1.

    Attributes:
        threshold: the answer on a picture counts as right where the score is at least this, by default 0.5.
    """

    def __init__(self, function: Any, name: str) -> None:
        """Check the threshold.

        Raises:
            OwnCodeError: it is no number from 0 to 1.
        """
        super().__init__(function, name)
        given = getattr(function, "threshold", 0.5)
        self.threshold = real_number(f"classifier {name}: threshold", given, 0, 1, OwnCodeError)

    def score(self, image: ByteImage, label: str) -> float:
        """Score of a picture (H, W, 3) whose label is ``label``, from 0 to 1.

        Raises:
            OwnCodeError: the method fails, or does not return such a number.
        """
        return real_number(f"classifier {self.name}: score", self._ask("score", image, label), 0, 1, OwnCodeError)


#: Everything that can answer for a picture.
Recogniser = Classifier | OwnClassifier | OwnScorer


def own_classifier(made: Any, name: str) -> Recogniser:
    """A classifier from outside the package.

    Args:
        made: a network (`torch.nn.Module`) with ``num_classes`` and, as timm's models have it, ``pretrained_cfg`` that
            says how to preprocess; an object with ``score(image, label)``; or a function from a picture (H, W, 3) uint8
            to the probability of each class. The last two can have ``input_size``, the side of a square. Networks and
            functions can have ``class_names``, one name or several for each class.
        name: for records and messages.

    Raises:
        OwnCodeError: it is none of these.
    """
    if isinstance(made, torch.nn.Module):
        return _network(made, name)
    if callable(getattr(made, "score", None)):
        return OwnScorer(made, name)
    if callable(made):
        return OwnClassifier(made, name)
    raise OwnCodeError(f"classifier {name}: must be a torch module, a function, or have score(), got {shown(made)}")


def _network(model: torch.nn.Module, name: str) -> Classifier:
    classes = whole_number(
        f"classifier {name}: num_classes", getattr(model, "num_classes", None), 2, 2**20, OwnCodeError
    )
    origin = f"code outside the package, SHA-256 {source_digest(model)}, weights {digest(None, [model])}"
    try:
        found = Classifier(name, model, origin, _names(model, name, classes))
        side = found.input_size
        shape = found.predict_logits(np.full((1, side, side, 3), 128, np.uint8)).shape
    except EdgeVisionError:
        raise
    except Exception as error:  # code of the user may raise anything
        raise OwnCodeError(f"classifier {name}: the network failed ({type(error).__name__}: {error})") from error
    if shape != (1, classes):
        raise OwnCodeError(f"classifier {name}: returns scores {shape}, but num_classes is {classes}")
    return found


def _names(made: Any, name: str, classes: int) -> ClassNames | None:
    given = getattr(made, "class_names", None)
    if given is None:
        return None
    try:
        names = tuple((entry,) if isinstance(entry, str) else tuple(entry) for entry in given)
    except TypeError:
        names = ()
    if len(names) != classes or not all(isinstance(word, str) for entry in names for word in entry):
        raise OwnCodeError(f"classifier {name}: class_names must hold a name for each of {classes} classes")
    return names
