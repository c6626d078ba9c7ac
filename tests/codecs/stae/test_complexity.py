"""Counts of parameters and multiply-adds, against counts by hand."""

from __future__ import annotations

import pytest

from edgevision.codecs.stae.complexity import cost_table, part_costs
from edgevision.codecs.stae.stae_network import Stae, StaeConfig
from edgevision.codecs.stae.vit import VitConfig
from tests.codecs.stae.tiny import CONFIG, FRAMES, SIZE, tiny_models


def test_attention_by_hand() -> None:
    costs = {cost.part: cost for cost in part_costs(tiny_models().base, 4, 0.4)}
    hidden = CONFIG.attention_hidden
    assert costs["fa"].multiply_adds == 2 * 2 * FRAMES * hidden  # two layers, for averages and for maxima
    assert costs["fa"].parameters == 2 * FRAMES * hidden + FRAMES + hidden
    assert costs["sa"].multiply_adds == 4 * SIZE * SIZE * 9 * 2
    assert costs["sa"].parameters == 9 * 2 + 1


def test_a_transformer_by_hand() -> None:
    model = Stae(StaeConfig(5, VitConfig(name="vit_tiny_patch16_224", size=64, pretrained=False)))
    tokens, width, frames = 16 + 1, 192, 3
    block = tokens * (3 + 1 + 4 + 4) * width * width + 2 * tokens * tokens * width
    expected = frames * (16 * width * 16 * 16 * 3 + 12 * block) + 5 * width
    assert part_costs(model, frames, 1.0)[-1].multiply_adds == expected


def test_parts_that_a_budget_leaves_out_cost_nothing() -> None:
    model = tiny_models().base
    for frames, pixels, idle in (
        (16, 1.0, {"fa", "sa", "fr"}),
        (16, 0.4, {"fa"}),
        (4, 1.0, {"sa", "fr"}),
        (4, 0.4, set()),
    ):
        assert {cost.part for cost in part_costs(model, frames, pixels) if not cost.multiply_adds} == idle


def test_cost_grows_with_frames_and_the_model_is_left_alone() -> None:
    model = tiny_models().base
    one, four = part_costs(model, 1, 0.4), part_costs(model, 4, 0.4)
    for single, several in zip(one[1:3], four[1:3], strict=True):
        assert several.multiply_adds == pytest.approx(4 * single.multiply_adds, rel=1e-9)
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}
    assert [cost.parameters for cost in one] == [
        sum(p.numel() for p in part.parameters()) for part in (model.fa, model.sa, model.fr, model.vit)
    ]


def test_the_table_names_parts_and_budgets() -> None:
    lines = cost_table(tiny_models(), (1, 16)).splitlines()
    assert lines[0].split() == ["FA", "SA", "FR", "VIT"]
    assert (lines[1].startswith("parameters") and lines[1].split()[-2:] == ["3.24", "M"]) or " k" in lines[1]
    assert lines[2].startswith("1 frame ") and lines[3].startswith("16 frames")
    assert lines[3].split()[2] == "0"
