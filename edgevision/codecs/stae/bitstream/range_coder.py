"""A range coder whose writer and reader have the same method, so that each model is written only once.

``code`` takes symbols and their model. The writer codes the symbols and returns them. The reader ignores the symbols
given and returns as many decoded ones. The coder is the queue of the library constriction (Bamler, 2022).
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
    """A writer or reader of symbols."""

    def code(self, symbols: Symbols, model: Any, *parameters: NDArray[np.floating]) -> Symbols:
        """Code symbols (n,), each >= 0, with a constriction model; a model family takes parameters per symbol.

        Raises:
            BitstreamError: the bytes read are damaged.
        """


class RangeWriter:
    """Codes symbols to bytes."""

    def __init__(self) -> None:
        self._encoder = _constriction().stream.queue.RangeEncoder()

    def code(self, symbols: Symbols, model: Any, *parameters: NDArray[np.floating]) -> Symbols:
        """See ``Coder``."""
        if symbols.size:
            self._encoder.encode(np.ascontiguousarray(symbols, np.int32), model, *parameters)
        return symbols

    def bytes(self) -> bytes:
        """The coded bytes, without the zeros at the end of the last word, which the reader adds again."""
        data: bytes = self._encoder.get_compressed().astype(">u4").tobytes()
        return data[: len(data) - _WORD] + data[-_WORD:].rstrip(b"\0")


class RangeReader:
    """Decodes symbols from bytes."""

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
        except AssertionError as error:  # raised by constriction for invalid data
            raise BitstreamError("entropy-coded data is damaged") from error
        return decoded


def categorical(weights: NDArray[np.floating]) -> Any:
    """Model of symbols 0..K-1 with probabilities proportional to ``weights`` (K,)."""
    return _constriction().stream.model.Categorical(weights, perfect=False)


def bernoulli_family() -> Any:
    """Model family of bits; the parameter of ``Coder.code`` is each bit's probability of a one, (n,)."""
    return _constriction().stream.model.Bernoulli(perfect=False)


def _constriction() -> Any:
    return require("constriction", "codecs")
