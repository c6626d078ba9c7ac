"""Bitstream of the STAE codec: which frames and pixels of a clip were kept, and their values."""

from edgevision.codecs.stae.bitstream.container import Coding, PartSizes, Received, inspect, pack, unpack

__all__ = ["Coding", "PartSizes", "Received", "inspect", "pack", "unpack"]
