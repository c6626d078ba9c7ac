from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevision.codecs.deepisc.deepisc_bitstream import MAX_SIDE, Header, Parts, pack, read_header, sent_mask, unpack
from edgevision.codecs.deepisc.deepisc_codec import analyse, decode, encode, restore
from edgevision.codecs.deepisc.deepisc_network import DeepIsc
from edgevision.codecs.stae.bitstream.container import seal
from edgevision.codecs.stae.stae_network import normalise
from edgevision.codecs.stae.training.clipset import ClipSet
from edgevision.errors import BitstreamError

from .conftest import CONFIG, SIZE

FRAMES = np.array([0, 2, 3])


@pytest.mark.parametrize("pixels", [1.0, 0.7, 0.4])
@pytest.mark.parametrize("frames", [[1], [0, 2, 3], [0, 1, 2, 3]])
def test_the_edge_restores_what_the_device_did(
    network: DeepIsc, clips: ClipSet, frames: list[int], pixels: float
) -> None:
    clip = clips.clips[0]
    header, parts = analyse(network, clip, np.array(frames), pixels, seed=77)
    received = decode(network, encode(network, clip, np.array(frames), pixels, seed=77))
    assert received.header == header
    assert np.array_equal(received.clip, restore(network, header, parts))
    mask = sent_mask(header, CONFIG)
    exact = received.clip[mask] == clip[frames][mask]
    assert exact[np.abs(parts.residual) < 127].all()
    assert exact.mean() > 0.9


def test_bytes_are_what_the_network_does_in_training(network: DeepIsc, clips: ClipSet) -> None:
    clip = clips.clips[1]
    received = decode(network, encode(network, clip, FRAMES, 0.6, seed=4)).clip
    with torch.no_grad():
        restored = network(normalise(torch.from_numpy(clip[FRAMES][None])), 0.6, seed=4)[0]
    difference = (normalise(torch.from_numpy(received)) - restored).abs() * 127.5
    assert (difference > 0.1).float().mean() < 1e-3  # kernels for three frames round otherwise than those for one


def test_no_more_values_than_stae(network: DeepIsc, clips: ClipSet) -> None:
    for pixels in (1.0, 0.4):
        _, parts = analyse(network, clips.clips[0], FRAMES, pixels)
        sent = parts.latent.size + parts.segments.size + parts.residual.size
        allowed = 3 * round(pixels * SIZE**2) * len(FRAMES)
        assert allowed - 3 * len(FRAMES) < sent <= allowed


def test_only_the_latent_is_coded(network: DeepIsc, clips: ClipSet) -> None:
    _, parts = analyse(network, clips.clips[0], FRAMES, 0.5)
    data = encode(network, clips.clips[0], FRAMES, 0.5)
    plain = parts.segments.tobytes() + parts.residual.tobytes()
    assert data[:-4].endswith(plain)
    assert len(data) < len(plain) + parts.latent.size + 40
    bare = dataclasses.replace(parts, latent=np.zeros_like(parts.latent))
    assert len(data) > len(pack(read_header(data), bare, CONFIG))


@given(
    shape=st.tuples(st.integers(1, 4), st.integers(24, 60), st.integers(24, 60)),
    percent=st.integers(30, 100),
    seed=st.integers(0, 2**32 - 1),
    draw=st.integers(0, 2**32 - 1),
)
@settings(max_examples=25, deadline=None)
def test_parts_survive_the_bitstream(shape: tuple[int, int, int], percent: int, seed: int, draw: int) -> None:
    count, height, width = shape
    random = np.random.default_rng(draw)
    header = Header(9, height, width, tuple(sorted(random.permutation(9)[:count].tolist())), percent, seed)
    grids = [(-(-height // stride), -(-width // stride)) for stride in (8, 4)]
    parts = Parts(
        random.integers(-7, 8, (count, 3, *grids[0])).astype(np.int8),
        random.integers(0, 4, (count, *grids[1])).astype(np.uint8),
        random.integers(-128, 128, (int(sent_mask(header, CONFIG).sum()), 3)).astype(np.int8),
    )
    back, found = unpack(pack(header, parts, CONFIG), CONFIG)
    assert back == header
    for name in ("latent", "segments", "residual"):
        assert np.array_equal(getattr(found, name), getattr(parts, name)), name


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damaged_bytes_are_refused(network: DeepIsc, clips: ClipSet, data: st.DataObject) -> None:
    good = encode(network, clips.clips[0], FRAMES, 0.4)
    kind = data.draw(st.sampled_from(["cut", "flip", "longer", "resealed"]))
    place = data.draw(st.integers(0, len(good) - 5) | st.integers(0, 60))
    if kind == "cut":
        bad = good[:place]
    elif kind == "longer":
        bad = good + data.draw(st.binary(min_size=1, max_size=9))
    else:
        value = data.draw(st.integers(1, 255))
        bad = good[:place] + bytes([good[place] ^ value]) + good[place + 1 :]
    if kind != "resealed":
        with pytest.raises(BitstreamError):
            decode(network, bad)
        return
    try:  # a liar who seals what he wrote gets a clip or an error of ours, nothing else
        received = decode(network, seal(bad[:-4]))
    except BitstreamError:
        return
    assert received.clip.shape == (len(received.header.frames), *received.header.size, 3)


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes(noise: bytes) -> None:
    for data in (noise, seal(noise), seal(b"DI\x01" + noise)):
        try:
            unpack(data, CONFIG)
        except BitstreamError:
            continue
        raise AssertionError("noise was read as a clip")


def varint(number: int) -> bytes:
    from edgevision.codecs.stae.bitstream.wire import varint as written

    return written(number)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((4, MAX_SIDE + 1, 48, 1, 40, 0, 0), "1..1024"),
        ((4096, 1024, 1024, 17, 40, 0, *[0] * 17), "together"),
        ((4, 48, 48, 2, 40, 0, 0, 3), "must increase"),
        ((4, 48, 48, 1, 101, 0, 0), "1..100"),
        ((4, 48, 48, 1, 1, 0, 0), "does not pay"),
        ((4, 48, 48, 1, 40, 2**33, 0), "4294967295"),
    ],
)
def test_lying_headers_are_refused_before_anything_is_made(numbers: tuple[int, ...], message: str) -> None:
    with pytest.raises(BitstreamError, match=message):
        unpack(seal(b"DI\x01" + b"".join(map(varint, numbers)) + bytes(100)), CONFIG)


@pytest.mark.parametrize(
    "change", [{"latent_channels": 4}, {"latent_channels": 2}, {"segments": 3}, {"latent_levels": 6}]
)
def test_bytes_for_other_networks_are_refused(change: dict[str, int]) -> None:
    header = Header(4, SIZE, SIZE, (2,), 40, 0)
    random = np.random.default_rng(0)
    parts = Parts(
        random.integers(-7, 8, (1, 3, 6, 6)).astype(np.int8),
        random.integers(0, 4, (1, 12, 12)).astype(np.uint8),
        np.zeros((int(sent_mask(header, CONFIG).sum()), 3), np.int8),
    )
    data = pack(header, parts, CONFIG)
    assert unpack(data, CONFIG)[0] == header
    with pytest.raises(BitstreamError):
        unpack(data, dataclasses.replace(CONFIG, **change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frames": np.array([2, 1])}, "must increase"),
        ({"frames": np.array([], np.int64)}, "0 of 4 frames"),
        ({"frames": np.array([4])}, "must increase within 0..3"),
        ({"pixels": 0.455}, "whole per cent"),
        ({"pixels": 0.01}, "does not pay"),
        ({"seed": -1}, "seed"),
        ({"clip": np.zeros((4, 48, 48, 3))}, "uint8"),
    ],
)
def test_what_cannot_be_coded_is_refused(
    network: DeepIsc, clips: ClipSet, change: dict[str, object], message: str
) -> None:
    wanted = {"clip": clips.clips[0], "frames": FRAMES, "pixels": 0.4} | change
    with pytest.raises(ValueError, match=message):
        encode(network, **wanted)  # type: ignore[arg-type]
