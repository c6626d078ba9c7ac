"""Theta and the late stages in ONNX Runtime, which runs small layers several times faster than PyTorch.

The graph is built from the network's tensors when the network is loaded, so there is one file of weights and nothing to
export. Each batch normalisation is folded into the convolution before it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from edgevision.arrays import ByteImage, Float32Array
from edgevision.codecs.spat_imco.theta.large_network import GRID
from edgevision.codecs.spat_imco.theta.late_stages import LateStages
from edgevision.codecs.spat_imco.theta.theta_network import DEEP, MEAN, SIDE, STD, RegionHead, ThetaNetwork

_OPSET, _IR = 17, 8
_DEEP_SHAPE = [1, DEEP, GRID // 2, GRID // 2]


class OnnxTheta:
    """Theta as a function from a picture (SIDE, SIDE, 3) to its maps (2, 14, 14) and its features (96, 7, 7)."""

    def __init__(self, network: ThetaNetwork) -> None:
        """Build the graph of a network."""
        self._network = network
        self._session = _session(_theta(network))

    def __call__(self, picture: ByteImage) -> tuple[Float32Array, Float32Array]:
        """The two maps of a picture, and the field ``deep`` of ``SmallFeatures``."""
        maps, deep = self._session.run(None, {"picture": picture})
        return maps[0], deep[0]

    def __reduce__(self) -> tuple[type[OnnxTheta], tuple[ThetaNetwork]]:
        """A session belongs to one process: another one builds the graph anew."""
        return OnnxTheta, (self._network,)


class OnnxLateStages:
    """The late stages as a function from theta's features (96, 7, 7) to class scores (1000,)."""

    def __init__(self, stages: LateStages) -> None:
        """Build the graph of a network."""
        self._stages = stages
        self._session = _session(_late_stages(stages))

    def __call__(self, deep: Float32Array) -> Float32Array:
        """The class scores."""
        scores: Float32Array = self._session.run(None, {"deep": deep[None]})[0][0]
        return scores

    def __reduce__(self) -> tuple[type[OnnxLateStages], tuple[LateStages]]:
        """See ``OnnxTheta.__reduce__``."""
        return OnnxLateStages, (self._stages,)


def _session(model: bytes) -> onnxruntime.InferenceSession:
    """A session on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _folded(layer: nn.Conv2d, norm: Any) -> tuple[Any, Any]:
    """Weight and bias of a convolution without bias and the normalisation after it."""
    return fuse_conv_bn_weights(
        layer.weight, layer.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    )


class _Graph:
    """Nodes and constants of a graph; each method adds a step and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Any) -> str:
        """A tensor, an array or a number."""
        name = f"c{len(self.constants)}"
        array = value.detach().numpy() if isinstance(value, Tensor) else value
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def convolution(self, source: str, layer: nn.Conv2d, norm: nn.Module | None = None) -> str:
        """A convolution with the normalisation and activation that may follow it."""
        weight, bias = layer.weight, layer.bias
        if isinstance(norm, nn.BatchNorm2d):
            weight, bias = _folded(layer, norm)
        (rows, columns), pads = layer.stride, [int(side) for side in layer.padding] * 2
        found = self.add(
            "Conv", source, self.constant(weight), self.constant(bias), strides=[rows, columns], pads=pads,
            group=layer.groups,
        )  # fmt: skip
        if isinstance(getattr(norm, "act", None), nn.ReLU6):
            limits = (self.constant(np.float32(limit)) for limit in (0, 6))
            return self.add("Clip", found, *limits)
        return found

    def block(self, source: str, block: Any) -> str:
        """A block of MobileNetV2."""
        pairs = [("conv_pw", "bn1"), ("conv_dw", "bn2"), ("conv_pwl", "bn3")]
        if not hasattr(block, "bn3"):  # the first one, which does not widen
            pairs = [("conv_dw", "bn1"), ("conv_pw", "bn2")]
        found = source
        for layer, norm in pairs:
            found = self.convolution(found, getattr(block, layer), getattr(block, norm))
        return self.add("Add", found, source) if block.has_skip else found

    def stages(self, source: str, stages: Any) -> str:
        """Stages of MobileNetV2, one after the other."""
        for stage in stages:
            for block in stage:
                source = self.block(source, block)
        return source

    def head(self, fine: str, deep: str, head: RegionHead) -> str:
        """See ``RegionHead.forward``."""
        size = self.constant(np.array([1, head.width, GRID, GRID], np.int64))
        coarse = self.add(
            "Resize", self.convolution(deep, head.from_deep), "", "", size,
            mode="linear", coordinate_transformation_mode="half_pixel",
        )  # fmt: skip
        placed = self.add(
            "Add", self.add("Add", self.convolution(fine, head.from_fine), coarse), self.constant(head.place)
        )
        found = self.add("Relu", placed)
        found = self.add("Add", found, self.add("Relu", self.convolution(self.convolution(found, head.near), head.mix)))
        found = self.add("Add", found, self.add("Relu", self.convolution(found, head.around)))
        return self.convolution(found, head.out)

    def model(self, source: Any, outputs: dict[str, list[int]]) -> bytes:
        """The graph as a serialised model, with its input and the shapes of its outputs by name."""
        ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()]
        made = helper.make_graph(self.nodes, "theta", [source], ends, self.constants)
        model = helper.make_model(made, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
        serialised: bytes = model.SerializeToString()
        return serialised


@torch.no_grad()
def _theta(network: ThetaNetwork) -> bytes:
    """Theta as a serialised ONNX model."""
    graph = _Graph()
    shape = graph.constant(np.array([1, SIDE, SIDE, 3], np.int64))
    pixels = graph.add("Cast", graph.add("Reshape", "picture", shape), to=TensorProto.FLOAT)
    planes = graph.add("Transpose", pixels, perm=[0, 3, 1, 2])  # first: arithmetic on interleaved colours is slow
    mean, std = (graph.constant(np.array(values, np.float32)[:, None, None]) for values in (MEAN, STD))
    normal = graph.add("Div", graph.add("Sub", planes, mean), std)
    fine = graph.stages(graph.convolution(normal, *network.stem), network.fine)
    deep = graph.stages(fine, network.deep)
    return graph.model(
        helper.make_tensor_value_info("picture", TensorProto.UINT8, [SIDE, SIDE, 3]),
        {graph.head(fine, deep, network.head): [1, 2, GRID, GRID], deep: _DEEP_SHAPE},
    )


@torch.no_grad()
def _late_stages(network: LateStages) -> bytes:
    """The late stages as a serialised ONNX model."""
    graph = _Graph()
    found = graph.convolution(graph.stages("deep", network.stages), *network.last)
    pooled = graph.add("Flatten", graph.add("GlobalAveragePool", found))
    weight, bias = network.classifier.weight, network.classifier.bias
    scores = graph.add("Gemm", pooled, graph.constant(weight), graph.constant(bias), transB=1)
    return graph.model(helper.make_tensor_value_info("deep", TensorProto.FLOAT, _DEEP_SHAPE), {scores: [1, len(bias)]})
