"""A range coder with one call for both directions, so that a model is written once and cannot go out of step.

``code`` takes symbols and their model: the writer codes them and gives them back, the reader ignores what they are and
gives back as many from its bytes. The coder is the queue of the library constriction (Bamler, 2022).
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edgevision.errors import BitstreamError
from edgevision.imports import require

Symbols = NDArray[np.int32]
_WORD = 4  # [byte]


class Coder(Protocol):
    """Writer or reader of symbols."""

    def code(self, symbols: Symbols, model: Any, *parameters: NDArray[np.floating]) -> Symbols:
        """Pass symbols (n,), each >= 0, under a constriction model (and its parameters per symbol, if a family).

        Raises:
            BitstreamError: the bytes read are not from a writer.
        """


class RangeWriter:
    """Turns symbols into bytes."""

    def __init__(self) -> None:
        self._encoder = _constriction().stream.queue.RangeEncoder()

    def code(self, symbols: Symbols, model: Any, *parameters: NDArray[np.floating]) -> Symbols:
        """See ``Coder``."""
        if symbols.size:
            self._encoder.encode(np.ascontiguousarray(symbols, np.int32), model, *parameters)
        return symbols

    def bytes(self) -> bytes:
        """All that was coded; zeros that end the last word are left out, the reader adds them."""
        data: bytes = self._encoder.get_compressed().astype(">u4").tobytes()
        return data[: len(data) - _WORD] + data[-_WORD:].rstrip(b"\0")


class RangeReader:
    """Turns bytes into symbols."""

    def __init__(self, data: bytes) -> None:
        words = np.frombuffer(data + bytes(-len(data) % _WORD), ">u4").astype(np.uint32)
        self._decoder = _constriction().stream.queue.RangeDecoder(words)

    def code(self, symbols: Symbols, model: Any, *parameters: NDArray[np.floating]) -> Symbols:
        """See ``Coder``."""
        if not symbols.size:
            return symbols
        amount = () if parameters else (symbols.size,)
        try:
            decoded: Symbols = self._decoder.decode(model, *parameters, *amount)
        except AssertionError as error:  # constriction's way of saying so
            raise BitstreamError("entropy-coded data is damaged") from error
        return decoded


def categorical(weights: NDArray[np.floating]) -> Any:
    """The model of symbols 0..K-1 with probabilities in proportion to ``weights`` (K,)."""
    return _constriction().stream.model.Categorical(weights, perfect=False)


def bernoulli_family() -> Any:
    """The model of bits with a probability of 1 each, (n,), as parameter of ``Coder.code``."""
    return _constriction().stream.model.Bernoulli(perfect=False)


def _constriction() -> Any:
    return require("constriction", "codecs")
