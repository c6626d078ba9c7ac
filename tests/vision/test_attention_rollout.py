"""Attention rollout."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from hypothesis import given
from hypothesis import strategies as st

from edgevision.vision.attention_rollout import AttentionRollout, roll_out
from edgevision.vision.classifiers import Classifier
from edgevision.vision.grad_cam import ImportanceMap
from tests.codecs.pictures import picture


def _transformer(**settings: object) -> Classifier:
    torch.manual_seed(3)
    small = {"embed_dim": 24, "depth": 3, "num_heads": 3, "num_classes": 7}
    return Classifier("tiny", timm.create_model("vit_tiny_patch16_224", pretrained=False, **(small | settings)))


def _attention_by_hand(classifier: Classifier, image: np.ndarray) -> np.ndarray:
    """Softmax of the scaled products of queries and keys, block by block, (B, M, N, N)."""
    model, matrices = classifier.model, []
    with torch.inference_mode():
        tokens = model._pos_embed(model.patch_embed(classifier.tensor(classifier.squeeze(image)[None])))
        for block in model.blocks:
            queries_keys_values = block.attn.qkv(block.norm1(tokens))[0].reshape(-1, 3, 3, 8)
            queries, keys = queries_keys_values[:, 0], queries_keys_values[:, 1]
            matrices.append((torch.einsum("imd,jmd->mij", queries, keys) / 8**0.5).softmax(-1).numpy())
            tokens = block(tokens)
    return np.array(matrices, np.float64)


@given(seed=st.integers(0, 99), blocks=st.integers(1, 4), heads=st.integers(1, 3), prefix=st.integers(0, 2))
def test_rollout_sums_over_all_paths(seed: int, blocks: int, heads: int, prefix: int) -> None:
    tokens = prefix + 3
    attentions = np.random.default_rng(seed).uniform(size=(blocks, heads, tokens, tokens))
    strongest = [[[max(block[:, i, j]) for j in range(tokens)] for i in range(tokens)] for block in attentions]

    def flow(block: int, start: int, end: int) -> float:
        if block < 0:
            return float(start == end)
        return sum(strongest[block][start][k] * flow(block - 1, k, end) for k in range(tokens))

    starts = [0] if prefix else range(tokens)
    expected = [np.mean([flow(blocks - 1, start, end) for start in starts]) for end in range(prefix, tokens)]
    np.testing.assert_allclose(roll_out(attentions, prefix), expected)


@pytest.mark.parametrize("settings", [{}, {"class_token": False, "global_pool": "avg"}])
def test_map_equals_rollout_of_attention_computed_by_hand(settings: dict[str, object]) -> None:
    classifier = _transformer(**settings)
    image = picture(224, 224)
    expected = roll_out(_attention_by_hand(classifier, image), 0 if settings else 1).reshape(14, 14)
    centres = np.s_[7::16, 7::16]
    weights = AttentionRollout(classifier)(image).weights
    np.testing.assert_allclose(weights[centres], expected, rtol=0.1, atol=0.1 * np.ptp(expected))
    assert np.corrcoef(weights[centres].ravel(), expected.ravel())[0, 1] > 0.99


def test_rollout_takes_any_shape_and_leaves_the_network_as_it_was() -> None:
    classifier = _transformer()
    fused = [block.attn.fused_attn for block in classifier.model.blocks]
    maker = AttentionRollout(classifier)
    assert isinstance(maker, ImportanceMap)
    image = picture(90, 131)
    first, second = maker(image), maker(image)
    np.testing.assert_array_equal(first.weights, second.weights)
    assert first.weights.shape == (90, 131)
    assert first.probabilities is not None
    assert first.probabilities.shape == (7,)
    assert first.probabilities.sum() == pytest.approx(1)
    assert [block.attn.fused_attn for block in classifier.model.blocks] == fused
    assert not any(block.attn.attn_drop._forward_pre_hooks for block in classifier.model.blocks)


def test_rollout_refuses_a_convolutional_network(lite0: Classifier) -> None:
    with pytest.raises(ValueError, match="no plain vision transformer"):
        AttentionRollout(lite0)
