"""Lossless coding of values: prediction from values coded before, and range coding of the residuals by class.

The writer knows all values and processes them at once; the reader works step by step (see ``neighbours``). In each
step, the residuals of a class are coded together.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgevision.arrays import BoolArray, Float32Array
from edgevision.codecs.stae.bitstream import residuals
from edgevision.codecs.stae.bitstream.neighbours import INPUTS, KINDS, PLANES
from edgevision.codecs.stae.bitstream.range_coder import RangeReader, RangeWriter, Symbols
from edgevision.codecs.stae.bitstream.volume import Volume
from edgevision.codecs.stae.bitstream.weights_fit import fit
from edgevision.errors import BitstreamError

_PIECE = 1 << 16  # values processed at a time
_HALF = residuals.SYMBOLS // 2
_NO_WEIGHTS = np.zeros((KINDS * PLANES * residuals.SETS, len(INPUTS)), np.int64)


def pack(kept: NDArray[np.uint8], mask: BoolArray) -> bytes:
    """Code the values of kept frames (a, H, W, 3) at the pixels of the mask (a, H, W)."""
    volume = Volume(mask)
    volume.planes()[:] = np.where(mask, _differences(kept), 0)
    for step in range(len(volume.kept.ends)):
        volume.fill(step)
    writer = RangeWriter()
    weights = residuals.code_weights(fit(volume), writer, min(len(mask), KINDS))
    symbols, classes = _symbols(volume, residuals.place_weights(weights))
    models = residuals.code_choice(residuals.best_of_bank(symbols, classes), writer)
    _write(symbols, classes, volume.kept.steps, models, writer)
    return writer.bytes()


def unpack(data: bytes, mask: BoolArray) -> NDArray[np.uint8]:
    """The values at the pixels of the mask, zero elsewhere, (a, H, W, 3).

    Raises:
        BitstreamError: ``pack`` did not write the bytes with this mask.
    """
    count = PLANES * int(np.count_nonzero(mask))
    if count * residuals.LEAST_BITS > 8 * (len(data) + 8):
        raise BitstreamError(f"{len(data)} bytes cannot state {count} values")
    volume = Volume(mask)
    reader = RangeReader(data)
    weights = residuals.place_weights(residuals.code_weights(_NO_WEIGHTS, reader, min(len(mask), KINDS)))
    models = residuals.code_choice(np.zeros(residuals.CLASSES, np.int32), reader)
    start = 0
    for step, end in enumerate(volume.kept.ends.tolist()):
        volume.fill(step)
        if end > start:
            _read_step(volume, slice(start, end), weights, models, reader)
        start = end
    return _colours(volume.planes(), mask)


def _write(
    symbols: Symbols, classes: NDArray[np.uint8], steps: NDArray[np.int16], models: list[Any], writer: RangeWriter
) -> None:
    by_class = np.argsort(classes, kind="stable")
    order = by_class[np.argsort(steps[by_class], kind="stable")]
    symbols, classes, steps = symbols[order], classes[order], steps[order]
    changes = np.flatnonzero((np.diff(classes) != 0) | (np.diff(steps) != 0)) + 1
    start = 0
    for end in (*changes.tolist(), len(symbols)):
        if end > start:
            writer.code(symbols[start:end], models[classes[start]])
        start = end


def _read_step(volume: Volume, part: slice, weights: Float32Array, models: list[Any], reader: RangeReader) -> None:
    places = volume.kept.places[part]
    classes, predictions = _model(volume, part, weights)
    order = np.argsort(classes, kind="stable")
    symbols = np.empty(len(places), np.int32)
    ends = np.cumsum(np.bincount(classes, minlength=residuals.CLASSES)).tolist()
    start = 0
    for model, end in zip(models, ends, strict=True):
        if end > start:
            symbols[order[start:end]] = reader.code(symbols[start:end], model)
        start = end
    volume.values[places] = (predictions.astype(np.int32) + symbols) % residuals.SYMBOLS - _HALF


def _model(volume: Volume, part: slice, weights: Float32Array) -> tuple[NDArray[np.uint8], Float32Array]:
    """Classes and predictions of a slice of the kept values, (n,) each."""
    around, group = volume.around(volume.kept.places[part]), volume.group[part]
    classes = residuals.expected_class(around, group)
    sets = residuals.weight_set(group, classes, volume.broken[part])
    return classes, residuals.predict(around, weights, sets, group)


def _symbols(volume: Volume, weights: Float32Array) -> tuple[Symbols, NDArray[np.uint8]]:
    """Residuals as symbols, and their classes, (n,) each, in the order of the steps."""
    places = volume.kept.places
    symbols, classes = np.empty(len(places), np.int32), np.empty(len(places), np.uint8)
    for start in range(0, len(places), _PIECE):
        part = slice(start, start + _PIECE)
        classes[part], predictions = _model(volume, part, weights)
        symbols[part] = (volume.values[places[part]] - predictions).astype(np.int32) % residuals.SYMBOLS
    return (symbols + _HALF) % residuals.SYMBOLS, classes


def _differences(frames: NDArray[np.uint8]) -> Float32Array:
    """The planes green, red - green and blue - green of frames (a, H, W, 3), (3, a, H, W)."""
    red, green, blue = np.moveaxis(frames.astype(np.float32), -1, 0)
    return np.stack((green, red - green, blue - green))


def _colours(planes: Float32Array, mask: BoolArray) -> NDArray[np.uint8]:
    green, red, blue = planes.astype(np.int16)
    colours = np.stack((red + green, green, blue + green), axis=-1) & 255
    return np.where(mask[..., None], colours, 0).astype(np.uint8)
