"""Bitstream of the STAE codec: which frames and pixels of a clip were kept, and their values."""

from edgevision.codecs.stae.bitstream.container import Coding, PartSizes, Received, inspect, pack, unpack
from edgevision.codecs.stae.bitstream.patches import patch_mask

__all__ = ["Coding", "PartSizes", "Received", "inspect", "pack", "patch_mask", "unpack"]
