"""What each coding of the kept frames needs: a video codec or none, networks of some pixel budgets, and its timing."""

from __future__ import annotations

from typing import get_args

from edgevision.arrays import ByteClip
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.measure.times.clean_timing import TimedWork
from edgevision.measure.times.motion_work import MotionWork
from edgevision.measure.times.stae_work import StaeWork
from edgevision.measure.video_assembly import ClipCoding
from edgevision.profiles.video_grid import CRFS, FRAMES, PIXELS, VideoCoder


def coder_of(coding: ClipCoding) -> VideoCoder | None:
    """The video codec that a coding is; ``None`` for an entropy coder."""
    return next((coder for coder in get_args(VideoCoder) if coder == coding), None)


def needed_pixels(coding: ClipCoding) -> tuple[float, ...]:
    """The pixel budgets whose networks a coding needs: a video codec has whole frames."""
    return PIXELS if coder_of(coding) is None else (1.0,)


def clip_work(codec: StaeCodec, clips: list[ByteClip], *, video: bool) -> TimedWork:
    """What to time of a codec on clips: its operations on a video of the kept frames, or on their exact values."""
    return MotionWork(codec, clips, FRAMES, CRFS) if video else StaeWork(codec, clips, FRAMES, PIXELS)
