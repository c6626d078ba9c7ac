"""The classifier G: a vision transformer reads each frame, and the frames' features are averaged (section IV-A)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import timm
import torch
from timm.models.vision_transformer import VisionTransformer
from timm.models.vision_transformer_hybrid import HybridEmbed
from torch import Tensor, nn

from edgevision.errors import WeightsUnavailableError
from edgevision.vision.classifiers import load_classifier

Pooling = Literal["mean", "attention"]
STEM = "tf_efficientnet_lite0"
_STEM_STAGE = 3  # the last stage with a stride of 16; 112 channels


@dataclass(frozen=True)
class VitConfig:
    """Settings of the transformer that reads the frames.

    Attributes:
        name: ``hybrid``, a transformer on the stem of a pretrained EfficientNet-Lite0 (like R+ViT in the ViT paper), or
            a timm model such as ``vit_base_patch16_224``, which the STAE paper uses (with a size of 224).
        size: side of the square frames [pixel].
        embed_dim: width of the hybrid's tokens.
        depth: transformer blocks of the hybrid.
        heads: attention heads of the hybrid.
        pooling: how frames' features are pooled: ``mean`` as published, or ``attention``, a mean weighted by the
            softmax of a learned score.
        pretrained: whether to use pretrained weights, which timm downloads for its models.
    """

    name: str = "hybrid"
    size: int = 112
    embed_dim: int = 128
    depth: int = 2
    heads: int = 4
    pooling: Pooling = "mean"
    pretrained: bool = True


class VideoVit(nn.Module):
    """Classifies clips of any number of frames.

    Attributes:
        config: settings of the transformer.
        backbone: the transformer without its head.
        attention: score of each frame for the pooling ``attention``, else ``None``.
        head: linear classifier of the pooled frame features.
    """

    def __init__(self, config: VitConfig, classes: int) -> None:
        """Build the network.

        Args:
            config: settings of the transformer.
            classes: number of classes.

        Raises:
            ValueError: timm has no such transformer.
            WeightsUnavailableError: its pretrained weights cannot be fetched.
        """
        super().__init__()
        self.config = config
        self.backbone = _hybrid(config) if config.name == "hybrid" else _from_timm(config)
        width = self.backbone.num_features
        self.attention = nn.Linear(width, 1) if config.pooling == "attention" else None
        self.head = nn.Linear(width, classes)

    @property
    def stem(self) -> nn.Module | None:
        """The pretrained convolutions of the hybrid, which are never trained; ``None`` for other models."""
        return self.backbone.patch_embed.backbone if self.config.name == "hybrid" else None

    def train(self, mode: bool = True) -> VideoVit:
        """Switch the mode; the stem always stays in evaluation mode, to keep its pretrained statistics."""
        super().train(mode)
        if self.stem is not None:
            self.stem.eval()
        return self

    def forward(self, frames: Tensor) -> Tensor:
        """Class scores (B, classes) of frames (B, a, 3, H, W) normalised to [-1, 1]."""
        return self.classify(self.frame_features(frames))

    def frame_features(self, frames: Tensor) -> Tensor:
        """Features of each frame, (B, a, D)."""
        flat = frames.flatten(0, 1).contiguous(memory_format=torch.channels_last)
        return self._pool_tokens(self.backbone.forward_features(flat)).unflatten(0, frames.shape[:2])

    def stem_features(self, frames: Tensor) -> Tensor:
        """Output of the hybrid's stem, (M, 112, H / 16, W / 16), for frames (M, 3, H, W)."""
        features = self.backbone.patch_embed.backbone(frames.contiguous(memory_format=torch.channels_last))
        return features[-1] if isinstance(features, list | tuple) else features

    def features_after_stem(self, stem: Tensor) -> Tensor:
        """Frame features (B, a, D) from the output of ``stem_features`` (B, a, 112, h, w)."""
        vit, flat = self.backbone, stem.flatten(0, 1)
        tokens = vit.patch_embed.proj(flat).flatten(2).transpose(1, 2)
        tokens = vit.norm_pre(vit.patch_drop(vit._pos_embed(tokens)))
        return self._pool_tokens(vit.norm(vit.blocks(tokens))).unflatten(0, stem.shape[:2])

    def classify(self, features: Tensor) -> Tensor:
        """Class scores (B, classes) from frame features (B, a, D)."""
        if self.attention is None:
            return self.head(features.mean(1))
        weight = torch.softmax(self.attention(features), 1)
        return self.head((weight * features).sum(1))

    def _pool_tokens(self, tokens: Tensor) -> Tensor:
        return self.backbone.forward_head(tokens, pre_logits=True)


def _hybrid(config: VitConfig) -> VisionTransformer:
    stem = timm.create_model(STEM, features_only=True, out_indices=(_STEM_STAGE,))
    if config.pretrained:
        stem.load_state_dict(load_classifier(STEM).model.state_dict(), strict=False)
    stem.requires_grad_(False).eval()
    return VisionTransformer(
        img_size=config.size,
        patch_size=1,
        embed_layer=partial(HybridEmbed, backbone=stem),
        embed_dim=config.embed_dim,
        depth=config.depth,
        num_heads=config.heads,
        mlp_ratio=2,
        num_classes=0,
    )


def _from_timm(config: VitConfig) -> VisionTransformer:
    if config.name not in timm.list_models(module="vision_transformer"):
        raise ValueError(f"no vision transformer {config.name!r}; use 'hybrid' or one of timm's by its bare name")
    try:
        return timm.create_model(config.name, pretrained=config.pretrained, img_size=config.size, num_classes=0)
    except Exception as error:  # the hub client raises its own, requests' and the system's errors
        if not config.pretrained:
            raise
        raise WeightsUnavailableError(
            f"weights of {config.name!r} cannot be fetched ({type(error).__name__}); connect to huggingface.co once, "
            "or use 'hybrid', whose stem is installed"
        ) from error
