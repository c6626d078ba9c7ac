"""Importance maps from a vision transformer's attention (SpaT-IMCO, section VI-C)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from edgevision.arrays import ByteImage, FloatArray
from edgevision.vision.classifiers import Classifier
from edgevision.vision.grad_cam import resize_map
from edgevision.vision.importance import Importance


class AttentionRollout:
    """Attention of the class token to the patches, multiplied through all blocks of a vision transformer.

    J_b (M, N, N) is the attention of block b, with M heads and N tokens, and A_b its maximum over the heads. The map is
    the class token's row of the product A_B ... A_2 A_1, without the columns of tokens that are not patches; for a
    network that has patches only, it is the mean of all rows. Unlike the rollout of Abnar and Zuidema (ACL 2020), the
    paper adds no identity for the residual connections.
    """

    def __init__(self, classifier: Classifier) -> None:
        """Take a timm network that has ``patch_embed`` and ``blocks``, with ``attn`` in each block.

        Raises:
            ValueError: the network is another one.
        """
        model: Any = classifier.model
        blocks = list(getattr(model, "blocks", ()))
        if not (blocks and hasattr(model, "patch_embed") and all(hasattr(block, "attn") for block in blocks)):
            raise ValueError(f"{classifier.name!r} is no plain vision transformer; use GradCam")
        self.classifier = classifier
        self._attentions: list[Any] = [block.attn for block in blocks]
        self._grid: tuple[int, int] = model.patch_embed.grid_size
        self._prefix = int(model.num_prefix_tokens)

    @property
    def name(self) -> str:
        """Name of the method and the network, for metadata."""
        return f"attention rollout of {self.classifier.name}"

    @torch.inference_mode()
    def __call__(self, image: ByteImage) -> Importance:
        """Importance of an (h, w, 3) uint8 image."""
        logits, attentions = self._forward(self.classifier.tensor(self.classifier.squeeze(image)[None]))
        weights = roll_out(attentions, self._prefix).reshape(self._grid)
        return Importance(resize_map(weights, image.shape), logits.softmax(1)[0].double().numpy())

    def _forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, FloatArray]:
        """Logits (1, C), and the attention of all blocks, (B, M, N, N)."""
        found: list[torch.Tensor] = []
        handles = [
            # This dropout's input is the softmax. Fused attention does not compute it, so it is switched off below.
            attention.attn_drop.register_forward_pre_hook(lambda _, inputs: found.append(inputs[0][0]))
            for attention in self._attentions
        ]
        fused = [attention.fused_attn for attention in self._attentions]
        try:
            for attention in self._attentions:
                attention.fused_attn = False
            logits = self.classifier.model(inputs)
        finally:
            for handle, attention, was in zip(handles, self._attentions, fused, strict=True):
                handle.remove()
                attention.fused_attn = was
        return logits, torch.stack(found).double().numpy()


def roll_out(attentions: FloatArray, prefix: int) -> FloatArray:
    """Importance of each patch, (N - prefix,), from the attention of all blocks, (B, M, N, N), first block first."""
    product = np.eye(attentions.shape[-1])
    for block in attentions.max(axis=1):
        product = block @ product
    rows = product[0] if prefix else product.mean(axis=0)
    return rows[prefix:]
