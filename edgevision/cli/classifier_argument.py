"""Make the classifier that the user names on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from edgevision.errors import EvaluationError
from edgevision.imports import is_own, make_own

if TYPE_CHECKING:
    from edgevision.vision.own_classifier import Recogniser


def make_classifier(text: str) -> Recogniser:
    """Make the classifier that is given by timm's name, or as ``MODULE:CLASS:option=value`` for the user's own.

    Raises:
        BadParameter: options are not of the form option=value.
        UnknownNameError: there is no such classifier, module or class.
        OwnCodeError: a classifier of the user's cannot be made, or lacks something.
        WeightsUnavailableError, WeightsError: see ``load_classifier``.
    """
    from edgevision.experiments.evaluation.scenario import parse_settings
    from edgevision.vision.classifiers import load_classifier
    from edgevision.vision.own_classifier import own_classifier

    if not is_own(text):
        return load_classifier(text)
    try:
        return own_classifier(make_own("classifier", text, parse_settings), text)
    except EvaluationError as error:
        raise typer.BadParameter(f"{text}: {error}") from None
