"""Make the codec that the user names on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from edgevision.errors import CodecInputError, EvaluationError

if TYPE_CHECKING:
    from edgevision.codecs.base import ImageCodec


def make_codec(text: str) -> ImageCodec:
    """Make the codec that is given as ``NAME`` or ``NAME:key=value,key=value``.

    Raises:
        BadParameter: a value is out of range.
        UnknownNameError: there is no such codec, or it has no such setting.
    """
    from edgevision import codecs
    from edgevision.experiments.evaluation.scenario import parse_settings

    name, _, options = text.partition(":")
    try:
        return codecs.make(name, **parse_settings(filter(None, options.split(","))))
    except (CodecInputError, EvaluationError) as error:
        raise typer.BadParameter(f"{text}: {error}") from None
