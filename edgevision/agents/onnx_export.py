"""A `SetActor` as an ONNX graph, which ONNX Runtime and other programs run without PyTorch.

The graph takes any number of slots N and users U. It computes what `SetActor.forward` does; the features of the cell
and the activity enter by their own columns of the first layer, so that nothing has to be repeated for every user.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from edgevision.agents.networks import SetActor

_OPSET, _IR = 17, 8


class _Graph:
    """Nodes and constants of a graph; each method adds a step and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Tensor | list[int]) -> str:
        name = f"c{len(self.constants)}"
        array = value.detach().numpy() if isinstance(value, Tensor) else np.array(value, np.int64)
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        name = output or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def product(self, source: str, weight: Tensor) -> str:
        """``source`` (.., inputs) times the transpose of ``weight`` (outputs, inputs)."""
        return self.add("MatMul", source, self.constant(weight.T))

    def linear(self, source: str, layer: nn.Linear) -> str:
        return self.add("Add", self.product(source, layer.weight), self.constant(layer.bias))

    def mean_over_active(self, values: str, active: str) -> str:
        """See `edgevision.agents.networks.mean_over_active`; (N, 1, W) from values (N, U, W) and activity (N, U, 1)."""
        axis = self.constant([1])
        total = self.add("ReduceSum", self.add("Mul", values, active), axis, keepdims=1)
        count = self.add("ReduceSum", active, axis, keepdims=1)
        return self.add("Div", total, self.add("Max", count, self.constant(torch.ones(()))))


@torch.no_grad()
def onnx_model(actor: SetActor, description: Mapping[str, Any]) -> bytes:
    """The actor as a serialised model; ``description`` becomes its metadata, as JSON.

    Inputs are ``users`` (N, U, F), ``cell`` (N, G) and ``active`` (N, U), the output is ``action`` (N, U, A); all
    float32.
    """
    encoder, graph = actor.encoder, _Graph()
    first, second, last = encoder.embed[0], encoder.embed[2], encoder.mix[1]
    assert isinstance(first, nn.Linear) and isinstance(second, nn.Linear) and isinstance(last, nn.Linear)  # noqa: S101
    features, cell_features = encoder.features
    of_user, of_cell, of_activity = first.weight.split([features, cell_features, 1], dim=1)
    active = graph.add("Unsqueeze", "active", graph.constant([2]))
    cell = graph.add("Unsqueeze", "cell", graph.constant([1]))
    found = graph.add("Add", graph.product("users", of_user), graph.product(cell, of_cell))
    found = graph.add("Add", found, graph.product(active, of_activity))
    found = graph.add("Relu", graph.add("Add", found, graph.constant(first.bias)))
    embedded = graph.add("Relu", graph.linear(found, second))
    context = graph.product(graph.mean_over_active(embedded, active), encoder.others.weight)
    hidden = graph.add("Relu", graph.add("Add", graph.linear(embedded, encoder.own), context))
    hidden = graph.add("Relu", graph.linear(hidden, last))
    action = graph.add("Tanh", graph.linear(hidden, actor.head))
    graph.add("Mul", action, active, output="action")
    inputs: dict[str, list[Any]] = {"users": ["N", "U", features], "cell": ["N", cell_features], "active": ["N", "U"]}
    return _serialised(graph, inputs, {"action": ["N", "U", actor.head.out_features]}, description)


def _serialised(
    graph: _Graph, inputs: Mapping[str, list[Any]], outputs: Mapping[str, list[Any]], description: Mapping[str, Any]
) -> bytes:
    ends = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in side.items()]
        for side in (inputs, outputs)
    )
    made = helper.make_graph(graph.nodes, "set-actor", *ends, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    helper.set_model_props(model, {"edgevision": json.dumps(description)})
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString()
    return serialised
