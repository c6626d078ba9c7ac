"""The codec: what is sent is what attention keeps, and the answer is the model's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from edgevision.codecs.stae.bitstream import Coding, pack
from edgevision.codecs.stae.selection import Selection
from edgevision.codecs.stae.stae_codec import StaeCodec
from edgevision.codecs.stae.stae_network import normalise
from edgevision.codecs.stae.training.recognition import correct_on_grid
from edgevision.errors import BitstreamError
from tests.codecs.stae.tiny import EXTENDED, SIZE, action_clips, noise_clips, tiny_models, with_budgets

LOSSLESS = [Coding.plain, Coding.huffman, Coding.range]


@pytest.fixture(scope="module")
def codec() -> StaeCodec:
    return StaeCodec(with_budgets(tiny_models(), (1, 4, 16), (0.7, 0.4)))


@pytest.fixture(scope="module")
def clip() -> NDArray[np.uint8]:
    return action_clips(1).clips[0]


@pytest.mark.parametrize("coding", LOSSLESS)
@pytest.mark.parametrize(("frames", "pixels"), [(1, 0.4), (4, 0.7), (16, 0.4), (4, 1.0), (2, 1.0)])
def test_kept_pixels_arrive_as_they_were(
    frames: int, pixels: float, coding: Coding, codec: StaeCodec, clip: NDArray[np.uint8]
) -> None:
    selection = codec.select(clip, frames, pixels)
    assert selection.mask.shape == (frames, SIZE, SIZE)
    assert (selection.mask.sum((1, 2)) == round(pixels * SIZE * SIZE)).all()
    received, mask = codec.decode(codec.encode(clip, frames=frames, pixels=pixels, coding=coding))
    np.testing.assert_array_equal(mask, selection.mask)
    np.testing.assert_array_equal(received[mask], clip[selection.frames][mask])
    assert not received[~mask].any()


def test_the_codecs_own_coding_is_the_default(codec: StaeCodec, clip: NDArray[np.uint8]) -> None:
    budget = {"frames": 4, "pixels": 0.4}
    data = codec.encode(clip, **budget)  # type: ignore[arg-type]
    assert data == codec.encode(clip, **budget, coding=Coding.range)  # type: ignore[arg-type]
    plain = StaeCodec(codec.models, Coding.plain)
    assert len(plain.encode(clip, **budget)) > len(data)  # type: ignore[arg-type]


@pytest.mark.parametrize(("frames", "pixels"), [(1, 0.4), (4, 0.7), (16, 1.0)])
def test_the_answer_is_the_models(frames: int, pixels: float, codec: StaeCodec, clip: NDArray[np.uint8]) -> None:
    data = codec.encode(clip, frames=frames, pixels=pixels)
    tensor = normalise(torch.from_numpy(clip))[None]
    with torch.inference_mode():
        model = codec.models.model(frames, pixels).eval()
        for variant, recover in (("ViT_STAE", True), ("ViT_FA+SA", False)):
            expected = model(tensor, frames, pixels, variant)[0].numpy()
            np.testing.assert_allclose(codec.scores(data, recover=recover), expected, atol=1e-5)


def test_recovery_fills_in_and_touches_nothing_that_was_sent(codec: StaeCodec, clip: NDArray[np.uint8]) -> None:
    data = codec.encode(clip, frames=4, pixels=0.4)
    received, mask = codec.decode(data)
    recovered = codec.recover(data)
    assert recovered.dtype == np.uint8 and recovered.shape == received.shape
    np.testing.assert_array_equal(recovered[mask], received[mask])
    assert recovered[~mask].any()
    whole = codec.encode(clip, frames=4, pixels=1.0)
    np.testing.assert_array_equal(codec.recover(whole), codec.decode(whole)[0])


@pytest.mark.parametrize(
    ("frames", "pixels", "said"),
    [
        (2, 0.4, "no model was trained for frames=2, pixels=0.4"),
        (4, 0.5, "no model was trained for frames=4, pixels=0.5"),
        (0, 1.0, "frames must be in 1..16"),
        (17, 1.0, "frames must be in 1..16"),
        (4, 0.0, r"pixels must be in \(0, 1\]"),
        (4, 1.5, r"pixels must be in \(0, 1\]"),
        (4, float("nan"), r"pixels must be in \(0, 1\]"),
    ],
)
def test_other_budgets_are_refused(
    frames: int, pixels: float, said: str, codec: StaeCodec, clip: NDArray[np.uint8]
) -> None:
    with pytest.raises(ValueError, match=said):
        codec.encode(clip, frames=frames, pixels=pixels)


def test_what_is_no_clip_of_these_networks_is_refused(codec: StaeCodec) -> None:
    clip = noise_clips(1)[0]
    for wrong in (clip[:8], clip[:, :9]):
        with pytest.raises(ValueError, match="as in training"):
            codec.select(wrong, 1, 1.0)
    for wrong, said in ((clip.astype(float), "uint8"), (clip[..., :1], "shape")):
        with pytest.raises(ValueError, match=said):
            codec.select(wrong, 1, 1.0)


@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 24, 40), (40, SIZE, SIZE), (16, 90, 31)])
def test_clips_of_any_length_and_size_are_fitted(codec: StaeCodec, shape: tuple[int, int, int]) -> None:
    clip = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    fitted = codec.fit(clip)
    data = codec.encode(clip, frames=4, pixels=0.7)
    assert data == codec.encode(fitted, frames=4, pixels=0.7)
    received, mask = codec.decode(data)
    assert received.shape == (4, SIZE, SIZE, 3)
    np.testing.assert_array_equal(received[mask], fitted[codec.select(fitted, 4, 0.7).frames][mask])
    assert np.isfinite(codec.scores(data)).all()


def test_streams_of_other_sizes_are_refused(codec: StaeCodec) -> None:
    small, large = (np.zeros((1, size, size, 3), np.uint8) for size in (8, 16 * SIZE))
    one = [pack(clip, Selection(np.array([0]), np.ones(clip.shape[:3]), 1), Coding.plain) for clip in (small, large)]
    with pytest.raises(ValueError, match="8 x 8 pixels; the classifier was trained on"):
        codec.scores(one[0])
    with pytest.raises(BitstreamError, match="max_pixels"):
        codec.scores(one[1])


def test_damaged_bytes_are_refused(codec: StaeCodec, clip: NDArray[np.uint8]) -> None:
    data = bytearray(codec.encode(clip, frames=1, pixels=0.4))
    data[len(data) // 2] ^= 1
    for read in (codec.decode, codec.recover, codec.scores):
        with pytest.raises(BitstreamError):
            read(bytes(data))


def test_a_mask_of_another_budget_gets_the_nearest_recovery(codec: StaeCodec, clip: NDArray[np.uint8]) -> None:
    model = codec.models.model(4, 0.7)
    assert codec._nearest(4, 0.68) == 0.7 and codec._nearest(4, 0.1) == 0.4
    with torch.inference_mode():
        expected = model.vit(
            model.restore(*model.encode(normalise(torch.from_numpy(clip))[None], 4, 0.7), recover=True)
        )
    np.testing.assert_allclose(codec.scores(codec.encode(clip, frames=4, pixels=0.7)), expected[0], atol=1e-5)


def test_streams_of_untrained_budgets_are_refused_and_make_no_networks(clip: NDArray[np.uint8]) -> None:
    models = with_budgets(tiny_models(), (1,), (0.4,))
    codec, before = StaeCodec(models), list(models.state_dict())
    mask = np.random.default_rng(0).random((3, SIZE, SIZE)) < 0.4
    data = pack(clip, Selection(np.array([0, 4, 7]), mask, 16), Coding.plain)
    for read in (codec.scores, codec.recover):
        with pytest.raises(ValueError, match=r"no model was trained for frames=3, pixels=0\.38"):
            read(data)
    assert list(models.state_dict()) == before and not models.trained(3, 0.4)
    assert np.isfinite(codec.scores(data, recover=False)).all()  # needs the classifier only


def test_evaluation_answers_each_clip_as_the_real_bitstream_does() -> None:
    """With untrained networks the likeliest classes are close, so that the least difference in scores shows."""
    models, data = with_budgets(tiny_models(3, EXTENDED), (1, 4), (0.4,)), action_clips(40)
    codec = StaeCodec(models)
    answers = {
        (alpha, beta): [
            codec.scores(codec.encode(clip, frames=alpha, pixels=beta)).argmax() == label
            for clip, label in zip(data.clips, data.labels, strict=True)
        ]
        for alpha in (1, 4)
        for beta in (1.0, 0.4)
    }
    grid = correct_on_grid(models, data, data.rows, (1, 4), (1.0, 0.4), ("ViT_STAE",))["ViT_STAE"]
    for (alpha, beta), expected in answers.items():
        assert grid[:, (1, 4).index(alpha), (1.0, 0.4).index(beta)].tolist() == expected
