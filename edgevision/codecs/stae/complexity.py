"""Computational cost of each part of STAE: parameters, and multiply-adds for one clip."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from edgevision.codecs.stae.stae_model_set import StaeModels
from edgevision.codecs.stae.stae_network import Stae


@dataclass(frozen=True)
class PartCost:
    """Cost of one part.

    Attributes:
        part: ``fa``, ``sa``, ``fr`` or ``vit``.
        parameters: number of its parameters.
        multiply_adds: of its matrix products and convolutions for one clip, without pooling, selection and activations.
    """

    part: str
    parameters: int
    multiply_adds: int


def part_costs(model: Stae, frames: int, pixels: float) -> tuple[PartCost, ...]:
    """Costs of FA, SA, FR and ViT under a budget (alpha, beta).

    A part that the budget does not use has 0 multiply-adds: FA if all frames are kept, SA and FR if all pixels are.

    Args:
        model: the networks; not changed, and not run.
        frames: alpha.
        pixels: beta.
    """
    size = model.config.vit.size
    with FakeTensorMode(allow_non_fake_inputs=True) as fake:
        clip = torch.empty(1, model.config.frames, 3, size, size)
        kept, mask = clip[:, :frames], clip[:, :frames, :1]
    whole = pixels >= 1
    calls: dict[str, Callable[[], Tensor] | None] = {
        "fa": None if frames >= model.config.frames else lambda: model.fa(clip),
        "sa": None if whole else lambda: model.sa(kept),
        "fr": None if whole else lambda: model.fr(kept, mask),
        "vit": lambda: model.vit(kept),
    }
    return tuple(
        PartCost(name, _parameters(getattr(model, name)), _multiply_adds(call, fake)) for name, call in calls.items()
    )


def cost_table(models: StaeModels, frames: Sequence[int]) -> str:
    """A table as text: parameters of each part, and multiply-adds per clip if not all pixels are sent.

    Args:
        models: the networks.
        frames: budgets alpha, one per line.
    """
    rows = {alpha: part_costs(models.base, alpha, 0.5) for alpha in frames}
    parts = next(iter(rows.values()))
    lines = [
        f"{'':14}" + "".join(f"{cost.part.upper():>9}" for cost in parts),
        f"{'parameters':14}" + "".join(f"{_short(cost.parameters):>9}" for cost in parts),
    ]
    for alpha, costs in rows.items():
        name = f"{alpha} frame{'s' if alpha > 1 else ''}"
        lines.append(f"{name:14}" + "".join(f"{_short(cost.multiply_adds):>9}" for cost in costs))
    return "\n".join([*lines, "(rows of frames: multiply-adds per clip, where not all pixels are sent)"])


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def _multiply_adds(call: Callable[[], Tensor] | None, fake: FakeTensorMode) -> int:
    """Multiply-adds of a call, which runs on tensors without content; 0 for ``None``."""
    if call is None:
        return 0
    with fake, FlopCounterMode(display=False) as counter, torch.no_grad():
        call()
    return counter.get_total_flops() // 2


def _short(count: int) -> str:
    """A number with three digits and a unit prefix, such as 1.23 M."""
    value, units = float(count), ["", " k", " M", " G", " T"]
    while value >= 999.5 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.3g}{units[0]}"
