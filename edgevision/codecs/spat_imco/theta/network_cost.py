"""Computational cost of a network: parameters and multiply-adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Cost:
    """Computational cost of a network.

    Attributes:
        parameters: number of trained parameters, without running statistics.
        multiply_adds: of convolutions and matrix products, for one image.
    """

    parameters: int
    multiply_adds: int


def network_cost(network: nn.Module, side: int) -> Cost:
    """Count parameters and multiply-adds (Table II's last columns) for an image of ``side`` x ``side`` pixels."""
    total = 0

    def count(module: nn.Module, _: object, output: Tensor) -> None:
        nonlocal total
        weight: Any = module.weight
        per_output = weight[0].numel()
        total += per_output * output.numel()

    handles = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    try:
        with torch.no_grad():
            network(torch.zeros(1, 3, side, side))
    finally:
        for handle in handles:
            handle.remove()
    return Cost(sum(parameter.numel() for parameter in network.parameters()), total)
