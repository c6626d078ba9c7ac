"""Make the codec that the user names on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from edgevision.errors import CodecInputError, EvaluationError
from edgevision.imports import is_own, make_own

if TYPE_CHECKING:
    from edgevision.codecs.base import ImageCodec


def make_codec(text: str) -> ImageCodec:
    """Make the codec that is given as ``NAME`` or ``NAME:key=value,key=value``, or ``MODULE:CLASS`` for the user's own.

    Raises:
        BadParameter: a value is out of range.
        UnknownNameError: there is no such codec, module or class, or the codec has no such setting.
        OwnCodeError: a codec of the user's cannot be made, or lacks something.
    """
    from edgevision import codecs
    from edgevision.codecs.own_codec import OwnCodec
    from edgevision.experiments.evaluation.scenario import parse_settings

    try:
        if is_own(text):
            return OwnCodec(make_own("codec", text, parse_settings), text)
        name, _, options = text.partition(":")
        return codecs.make(name, **parse_settings(filter(None, options.split(","))))
    except (CodecInputError, EvaluationError) as error:
        raise typer.BadParameter(f"{text}: {error}") from None
