"""Bitstream of the STAE codec: the kept frames and pixels of a clip, and their values."""

from edgevision.codecs.stae.bitstream.container import Coding, PartSizes, Received, inspect, pack, unpack

__all__ = ["Coding", "PartSizes", "Received", "inspect", "pack", "unpack"]
