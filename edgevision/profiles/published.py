"""Closed-form profiles of both papers: ``published-eta`` (Co-CRRA) and ``stae-hmdb51-published`` (STAE).

Of the STAE profile, sizes follow eq. 1 (float32 values, mask not counted) and times eq. 3. The tables give beta = 100 %
and 40 %; accuracies, entropies and coding times in between are interpolated linearly in beta. Spatial attention and
feature recovery run only for beta < 100 % and then take as long as at 40 %; section IV-B.2 assumes the same at 50 %.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np

from edgevision.arrays import FloatArray
from edgevision.profiles import stae_tables as tables
from edgevision.profiles.profile import OperatingPointProfile, register_closed_form
from edgevision.profiles.video_grid import AXES, FRAMES, GRID, MODES, PIXELS

NAME = "stae-hmdb51-published"

_LOCAL = (
    "the device classifies all pixels of the kept frames. The paper prints no time for this, but says that local "
    "computing is the fastest only below 1.2 Mbit/s at alpha = 1, beta = 40 % (section IV-B.2). At that rate STAE with "
    "entropy coding, which saves time there, takes 4 C beta H W x 8 x (12.26 / 32) bit / 1.2 Mbit/s + tFA + tSA + tEE "
    "+ tED + tFR + tViT = 646 ms. Local computing at alpha = 1 therefore takes 646 ms too; at other alpha the time is "
    "scaled in proportion to tViT"
)


def published_eta(*, normalised: bool = True) -> OperatingPointProfile:
    """Profile of the accuracy curve eta(o) = 0.6 exp(-0.3 o) + 0.8 exp(-0.4 o) at o = 0.01, 0.02 .. 0.99.

    The published curve is 1.40 at o = 0, so it is not a probability; ``normalised`` divides it by eta(0). Constraint C5
    excludes o = 1 (nothing sent). Source: Co-CRRA paper, section IV-B.1, Algorithm 1.
    """
    ratio = np.arange(1, 100) / 100
    eta = 0.6 * np.exp(-0.3 * ratio) + 0.8 * np.exp(-0.4 * ratio)
    return OperatingPointProfile(
        name="published-eta" if normalised else "published-eta-raw",
        size=(1.0 - ratio)[None, :],
        raw_size=np.ones(1),
        accuracy=eta / 1.4 if normalised else eta,
        parameter=ratio,
        device_time=np.zeros_like(ratio),
        edge_time=np.zeros_like(ratio),
        relative=True,
        metadata={"source": "Co-CRRA paper, section IV-B.1", "normalised": normalised},
    )


def published_stae() -> OperatingPointProfile:
    """Profile of the STAE paper's tables: (5, 7, 3) points and one content of 16 x 3 x 224 x 224 float32 values."""
    frame = tables.VALUE_BITS / 8 * np.prod(tables.FRAME_SHAPE)
    kept = _column(FRAMES) * np.array(PIXELS)
    plain = frame * kept  # eq. 1
    coded = plain * _between(tables.ENTROPY_STAE_100, tables.ENTROPY_STAE_40) / tables.VALUE_BITS
    offloaded = _between(tables.ACCURACY_FA_100, tables.ACCURACY_STAE_40)
    local = _between(tables.ACCURACY_FA_100, tables.ACCURACY_FA_100)
    select, recover = _column(tables.TIME_FA) + _below_all(tables.TIME_SA_40), _below_all(tables.TIME_FR_40)
    encode = _between(tables.TIME_ENCODE_STAE_100, tables.TIME_ENCODE_STAE_40)
    decode = _between(tables.TIME_DECODE_STAE_100, tables.TIME_DECODE_STAE_40)
    classify = _column(tables.TIME_VIT) + np.zeros(len(PIXELS))
    local_time = 1e3 * local_seconds()[:, None] + np.zeros(len(PIXELS))
    nothing = np.zeros_like(plain)
    return OperatingPointProfile(
        name=NAME,
        size=_points(plain, coded, nothing)[None, :],
        raw_size=np.array([frame * FRAMES[0]]),
        accuracy=_points(offloaded, offloaded, local) / 100,
        parameter=_points(kept, kept, nothing) / FRAMES[0],
        device_time=_points(select, select + encode, local_time) * 1e-3,
        edge_time=_points(classify + recover, classify + recover + decode, nothing) * 1e-3,
        content_ids=("closed-form clip",),
        grid=GRID,
        axis_names=AXES,
        metadata={
            "source": "STAE paper, arXiv 2305.12796v1, Tables I and II",
            "axes": {"frames": FRAMES, "pixels": PIXELS, "mode": MODES},
            "interpolated": {"pixels": [beta for beta in PIXELS if min(PIXELS) < beta < max(PIXELS)]},
            "attention and recovery below 100 % of the pixels": "as long as at 40 % (section IV-B.2 at 50 %)",
            "parameter": "share of the clip's pixels that is sent",
            "local": _LOCAL,
            "notes": tables.NOTES,
        },
    )


def local_seconds() -> FloatArray:
    """Time of local computing per frame budget [s], (5,), from the crossing at 1.2 Mbit/s; see ``_LOCAL``."""
    bits = np.prod(tables.FRAME_SHAPE) * min(PIXELS) * tables.ENTROPY_STAE_40[-1]
    parts = (tables.TIME_FA, tables.TIME_SA_40, tables.TIME_ENCODE_STAE_40, tables.TIME_DECODE_STAE_40)
    computing = sum(part[-1] for part in (*parts, tables.TIME_FR_40, tables.TIME_VIT))
    one_frame = bits / (tables.LOCAL_BELOW_MBPS * 1e6) + 1e-3 * computing
    return np.asarray(one_frame * np.array(tables.TIME_VIT) / tables.TIME_VIT[-1])


def _column(values: Sequence[float]) -> FloatArray:
    return np.array(values, np.float64)[:, None]


def _between(at_all: Sequence[float], at_fewest: Sequence[float]) -> FloatArray:
    """Interpolate linearly in beta between the columns for 100 % and 40 %, (5, 7)."""
    weight = (max(PIXELS) - np.array(PIXELS)) / (max(PIXELS) - min(PIXELS))
    return _column(at_all) * (1 - weight) + _column(at_fewest) * weight


def _below_all(values: Sequence[float]) -> FloatArray:
    """Times that count only if pixels are dropped, (5, 7)."""
    return _column(values) * (np.array(PIXELS) < max(PIXELS))


def _points(plain: FloatArray, coded: FloatArray, local: FloatArray) -> FloatArray:
    """Join one (5, 7) table per mode into the K points in row-major order."""
    return np.stack([plain, coded, local], axis=-1).ravel()


register_closed_form("published-eta", published_eta)
register_closed_form("published-eta-raw", functools.partial(published_eta, normalised=False))
register_closed_form(NAME, published_stae)
