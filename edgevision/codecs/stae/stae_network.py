"""The models that the paper compares: ViT_FA, ViT_FA+SA and ViT_STAE."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor, nn

from edgevision.codecs.stae.attention import FrameAttention, SpatialAttention, select_frames, select_pixels
from edgevision.codecs.stae.feature_recovery import FeatureRecovery
from edgevision.codecs.stae.selection import kept_pixels
from edgevision.codecs.stae.vit import VideoVit, VitConfig
from edgevision.errors import CodecInputError

#: Names of the paper's models, by the parts of STAE before the transformer.
Variant = Literal["ViT_FA", "ViT_FA+SA", "ViT_STAE"]
VARIANTS: tuple[Variant, ...] = ("ViT_FA", "ViT_FA+SA", "ViT_STAE")


@dataclass(frozen=True)
class StaeConfig:
    """Shapes of the networks.

    Attributes:
        classes: number of classes.
        vit: the classifier.
        frames: number F of frames of a clip.
        attention_hidden: hidden units of the frame attention's MLP.
        attention_motion: ``motion`` of ``FrameAttention``, an extension beyond the paper.
        attention_contrast: ``contrast`` of ``SpatialAttention``, an extension beyond the paper.
        attention_kernel: kernel of the spatial attention, (1, 3, 3) or (3, 3, 3).
        recovery_width: channels of the recovery network.
    """

    classes: int
    vit: VitConfig = field(default_factory=VitConfig)
    frames: int = 16
    attention_hidden: int = 64
    attention_motion: bool = False
    attention_contrast: bool = False
    attention_kernel: tuple[int, int, int] = (1, 3, 3)
    recovery_width: int = 8

    def frame_attention(self) -> FrameAttention:
        """A new, untrained FA."""
        return FrameAttention(self.frames, self.attention_hidden, self.attention_motion)

    def spatial_attention(self) -> SpatialAttention:
        """A new, untrained SA."""
        return SpatialAttention(self.attention_kernel, self.attention_contrast)

    def as_json(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> StaeConfig:
        """Read what ``as_json`` wrote."""
        vit = VitConfig(**values["vit"])
        return cls(**{**values, "vit": vit, "attention_kernel": tuple(values["attention_kernel"])})


class Stae(nn.Module):
    """One model for one budget (alpha, beta), or the networks that several budgets share.

    Attributes:
        config: shapes of the networks.
        vit: the classifier G.
        fa: frame attention.
        sa: spatial attention.
        fr: feature recovery.
    """

    def __init__(self, config: StaeConfig) -> None:
        super().__init__()
        self.config = config
        self.vit = VideoVit(config.vit, config.classes)
        self.fa = config.frame_attention()
        self.sa = config.spatial_attention()
        self.fr = FeatureRecovery(config.recovery_width)

    def forward(self, clip: Tensor, frames: int, pixels: float = 1.0, variant: Variant = "ViT_STAE") -> Tensor:
        """Class scores (B, classes) as at inference: frames and pixels are selected, not weighted by attention.

        Args:
            clip: X, (B, F, 3, H, W), normalised to [-1, 1].
            frames: alpha.
            pixels: beta; at 1, SA and FR are not used, as in the paper.
            variant: which of the paper's models.
        """
        kept, mask = self.encode(clip, frames, pixels if variant != "ViT_FA" else 1.0)
        return self.vit(self.restore(kept, mask, recover=variant == "ViT_STAE"))

    def encode(self, clip: Tensor, frames: int, pixels: float) -> tuple[Tensor, Tensor]:
        """What is sent: X'' (B, alpha, 3, H, W), zero at pixels not kept, and its mask M (B, alpha, 1, H, W)."""
        kept, _ = self.keep_frames(clip, frames)
        mask = self.pixel_mask(kept, pixels)
        return kept * mask, mask

    def pixel_mask(self, kept: Tensor, pixels: float) -> Tensor:
        """M (B, alpha, 1, H, W), 1 where a pixel of X' (B, alpha, 3, H, W) is kept; SA is not run at beta = 1."""
        if pixels >= 1:
            return torch.ones_like(kept[:, :, :1])
        return select_pixels(self.sa(kept), kept_pixels(pixels, *kept.shape[3:]))

    def keep_frames(self, clip: Tensor, frames: int) -> tuple[Tensor, Tensor]:
        """X' (B, alpha, 3, H, W) and the indices of the kept frames (B, alpha); FA is not run at alpha = F (t_FA = 0).

        Raises:
            CodecInputError: alpha is not in 1..F.
        """
        if not 1 <= frames <= clip.shape[1]:
            raise CodecInputError(f"frames must be in 1..{clip.shape[1]}, got {frames}")
        if frames == clip.shape[1]:
            return clip, torch.arange(clip.shape[1]).expand(len(clip), -1)
        return select_frames(clip, self.fa(clip), frames)

    def restore(self, received: Tensor, mask: Tensor, *, recover: bool) -> Tensor:
        """Input of the classifier: the recovered frames, or without ``recover`` the zero-filled ones."""
        if not recover or bool((mask == 1).all()):
            return received
        return self.fr(received, mask)


def normalise(clips: Tensor) -> Tensor:
    """Input of the networks (B, a, 3, H, W) in [-1, 1], from clips (B, a, H, W, 3) uint8."""
    return clips.movedim(-1, -3).float() / 127.5 - 1
