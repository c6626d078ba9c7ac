"""Bitstream of the STAE codec: the kept frames and pixels of a clip, and their values."""

from edgevision.codecs.stae.bitstream.container import (
    CRF,
    LOSSLESS,
    MOTION,
    Coding,
    PartSizes,
    Received,
    inspect,
    pack,
    unpack,
)

__all__ = ["CRF", "LOSSLESS", "MOTION", "Coding", "PartSizes", "Received", "inspect", "pack", "unpack"]
