"""Digests: equal for equal things, different when anything that counts differs."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from edgevision.provenance import digest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON, JSON)
def test_settings_that_differ_as_json_have_other_digests(first: Any, second: Any) -> None:
    same = repr(first) == repr(second)
    assert same <= (digest(first) == digest(second))
    assert (digest(first) == digest(second)) <= (first == second)


@given(st.dictionaries(st.text(), st.integers()))
def test_the_order_of_a_mapping_does_not_count(settings: dict[str, int]) -> None:
    assert digest(settings) == digest(dict(reversed(settings.items())))


def network(seed: int, width: int = 2) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Linear(3, width)


def test_weights_and_arrays_count_with_their_names_types_and_shapes() -> None:
    networks = [[], [network(0)], [network(1)], [network(0, 6)], [network(0), network(1)], [network(1), network(0)]]
    zeros = np.zeros((2, 3))
    arrays = [
        [],
        [zeros],
        [zeros.T],
        [zeros.astype(np.int64)],
        [zeros + 1e-300],
        [zeros, zeros],
        [zeros[:1], zeros[1:]],
    ]
    found = [digest({}, *both) for both in product(networks, arrays)]
    assert found == [digest({}, *both) for both in product(networks, arrays)]
    assert all(first < second for first, second in pairwise(sorted(found)))
    renamed = nn.Sequential(network(0))
    assert digest({}, [renamed]) != digest({}, [network(0)])
