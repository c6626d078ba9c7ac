"""The package's own exceptions: one class per kind of mistake, all of them `EdgeVisionError`.

Each message is one line that says what is wrong and, where it helps, what to do. Each class is also the built-in
exception that it refines, so that ``except ValueError`` keeps working.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_LONGEST = 160


class EdgeVisionError(Exception):
    """Anything that the caller can mend; the command prints it in one line."""


class UnknownNameError(EdgeVisionError, ValueError):
    """A policy, profile, preset, algorithm or codec that does not exist was asked for by name."""


class UnknownSettingError(UnknownNameError, TypeError):
    """A keyword of an environment that does not exist; a `TypeError` too, as for any unknown keyword in Python."""


class MissingExtraError(EdgeVisionError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""


class ScenarioError(EdgeVisionError, ValueError):
    """A scenario's settings contradict each other or break a stated rule."""


class InvalidActionError(EdgeVisionError, ValueError):
    """An action has the wrong shape, lies outside [-1, 1] or is not finite."""


class AllocationError(EdgeVisionError, ValueError):
    """An allocation breaks one of the constraints C1..C5."""


class SlotProblemError(EdgeVisionError, ValueError):
    """A slot problem's arrays do not fit together, are not finite or are out of range."""


class ProfileError(EdgeVisionError, ValueError):
    """An operating-point profile is missing, damaged or inconsistent."""


class BitstreamError(EdgeVisionError, ValueError):
    """Bytes that claim to be an encoded image or clip are not one that can be decoded."""


class RateControlError(EdgeVisionError, ValueError):
    """No level of the codec brings this image down to the asked number of bytes."""


class ImageFileError(EdgeVisionError, ValueError):
    """A picture cannot be written under this file name."""


class DataSetError(EdgeVisionError, ValueError):
    """A folder of images or its labels are missing, empty or malformed."""


class DataSetWarning(UserWarning):
    """A data set can be used, but it is likely not what was meant; the command prints it in one line."""


class UnreadableImageError(EdgeVisionError, ValueError):
    """A picture is missing, damaged, too large, or stored in a way that cannot be shown without guessing."""


class ClipError(EdgeVisionError, ValueError):
    """A data set of clips is missing, empty or malformed, or was asked for in a way that contradicts itself."""


class UnreadableClipError(EdgeVisionError, ValueError):
    """One video of a data set cannot be decoded; the others can."""


class WeightsError(EdgeVisionError, ValueError):
    """A weights file is missing, damaged, or made for another network."""


class WeightsUnavailableError(EdgeVisionError, RuntimeError):
    """A classifier's pretrained weights are neither installed nor to be fetched."""


class TrainingError(EdgeVisionError, ValueError):
    """A training run's settings, hyperparameters or folder are wrong."""


class DivergedError(EdgeVisionError, RuntimeError):
    """The loss of a network in training is no longer finite."""


class LearnedPolicyError(EdgeVisionError, ValueError):
    """A learned policy's folder is missing or damaged, or the policy does not fit the environment."""


class EvaluationError(EdgeVisionError, ValueError):
    """An evaluation was asked for that the protocol does not allow or that contradicts itself."""


class ReproductionError(EdgeVisionError, ValueError):
    """A figure of the papers cannot be made from what was given."""


def shown(value: object) -> str:
    """A value as messages quote it: on one line, and not much longer than that."""
    try:
        text = " ".join(repr(value).split())
    except Exception:  # an integer of thousands of digits, or a user's object with a faulty __repr__
        text = f"<{type(value).__name__}>"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}.."


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """Build the error for a name that is not in ``known``, with the nearest match as a suggestion."""
    names = sorted(known)
    close = difflib.get_close_matches(str(name), names, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    return UnknownNameError(f"unknown {kind} {shown(name)}{hint} (known: {', '.join(names)})")
