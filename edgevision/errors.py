"""The package's exceptions: one subclass of `EdgeVisionError` for each kind of mistake.

Each message is one line that says what is wrong and, where it helps, what to do. Each class also derives from a
built-in exception, so that ``except ValueError`` keeps working.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 160  # characters of a value in a message
_LONGEST_MESSAGE = 1000


class EdgeVisionError(Exception):
    """Base of all errors that the caller can fix; the command line prints them in one line."""

    def __str__(self) -> str:
        """The message, in one line of limited length that prints everywhere, whatever a file or a name put into it."""
        text = " ".join(super().__str__().splitlines())
        if len(text) > _LONGEST_MESSAGE:
            text = f"{text[:_LONGEST_MESSAGE]}.."
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class UnknownNameError(EdgeVisionError, ValueError):
    """There is no policy, profile, preset, algorithm or codec of the given name."""


class UnknownSettingError(UnknownNameError, TypeError):
    """An environment, codec or policy has no such keyword; also a `TypeError`, as for any in Python."""


class MissingExtraError(EdgeVisionError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""


class OwnCodeError(EdgeVisionError, RuntimeError):
    """A codec or classifier from outside the package fails, or gives what it must not."""


class ScenarioError(EdgeVisionError, ValueError):
    """A scenario's settings contradict each other or break a stated rule."""


class InvalidActionError(EdgeVisionError, ValueError):
    """An action has the wrong shape, lies outside [-1, 1] or is not finite."""


class PolicyOptionError(EdgeVisionError, ValueError):
    """A policy's option is of the wrong type or out of range."""


class AllocationError(EdgeVisionError, ValueError):
    """An allocation breaks one of the constraints C1..C5."""


class SlotProblemError(EdgeVisionError, ValueError):
    """A slot problem's arrays do not fit together, are not finite or are out of range."""


class ProfileError(EdgeVisionError, ValueError):
    """An operating-point profile is missing, damaged or inconsistent."""


class AccuracyModelError(EdgeVisionError, ValueError):
    """A model of the accuracy on each content is missing, damaged, of no use, or made for another profile."""


class BitstreamError(EdgeVisionError, ValueError):
    """Bytes cannot be decoded as an image or a clip."""


class CodecInputError(EdgeVisionError, ValueError):
    """A codec cannot take an image, a clip, a rate or a setting."""


class RateControlError(EdgeVisionError, ValueError):
    """No level of the codec makes this image small enough for the requested number of bytes."""


class ImageFileError(EdgeVisionError, ValueError):
    """An image cannot be written under this file name."""


class DataSetError(EdgeVisionError, ValueError):
    """A folder of images, or its labels, is missing, empty or malformed."""


class EdgeVisionWarning(UserWarning):
    """Base of all warnings of this package; the command line prints them in one line."""


class DataSetWarning(EdgeVisionWarning):
    """A data set can be used, but it is likely not what was meant."""


class DeadlineWarning(EdgeVisionWarning):
    """Computing alone takes longer than every deadline, so that every reward will be 0."""


class NoDisplayWarning(UserWarning):
    """The render mode ``human`` shows nothing, because there is no screen to open a window on."""


class UnreadableImageError(EdgeVisionError, ValueError):
    """An image is missing, damaged, too large, or stored in a form with no unique meaning as RGB."""


class ClipError(EdgeVisionError, ValueError):
    """A data set of clips is missing, empty or malformed, or the options for reading it contradict each other."""


class UnreadableClipError(EdgeVisionError, ValueError):
    """One video of a data set cannot be decoded; the others may be fine."""


class WeightsError(EdgeVisionError, ValueError):
    """A weights file is missing, damaged, or made for another network."""


class WeightsUnavailableError(EdgeVisionError, RuntimeError):
    """A classifier's pretrained weights are not installed and cannot be downloaded."""


class TrainingError(EdgeVisionError, ValueError):
    """A training run's settings, hyperparameters or folder are wrong."""


class DivergedError(EdgeVisionError, RuntimeError):
    """The loss of a network in training is no longer finite."""


class LearnedPolicyError(EdgeVisionError, ValueError):
    """A learned policy's folder is missing or damaged, or the policy does not fit the environment."""


class FolderInUseError(EdgeVisionError, RuntimeError):
    """Another process is writing to a folder that only one may write to."""


class FolderRemovedError(EdgeVisionError, FileNotFoundError):
    """A folder that this process writes to was removed under it."""


class EvaluationError(EdgeVisionError, ValueError):
    """The settings of an evaluation contradict each other or break the protocol."""


class BenchmarkError(EdgeVisionError, ValueError):
    """An entry of the benchmark does not fit its suite, is incomplete or damaged, or claims what it does not score."""


class ReproductionError(EdgeVisionError, ValueError):
    """A figure of the papers cannot be made from the given data."""


def shown(value: object) -> str:
    """``repr(value)`` for a message: on one line and at most about 160 characters."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # an integer of thousands of digits, or an object with a faulty __repr__
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}.."


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """The error for a name that is not in ``known``; it suggests the nearest match."""
    names = sorted(known)
    if not names:
        return UnknownNameError(f"unknown {kind} {shown(name)} (there is none)")
    close = difflib.get_close_matches(str(name), names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return UnknownNameError(f"unknown {kind} {shown(name)}{hint} (known: {', '.join(names)})")
