"""Sums, products and what is written out with them."""

from __future__ import annotations

from typing import Optional, Tuple

from vai_inspect.core.findings import Effect
from vai_inspect.core.ir import Graph, Op, Param, TensorType, Value
from vai_inspect.core.ir.attrs import DepthwiseConv2dAttrs, NoAttrs
from vai_inspect.rules.rewrites.rewrite import Change, Rewrite
from vai_inspect.rules.shared.decomposed_activations import CLAMPS, parts_of


def hard_swish(graph: Graph, op: Op) -> Change:
    """x * relu6(x + 3) / 6 becomes one operator, at the place of the last of its parts."""
    if op.kind not in CLAMPS:
        return None
    parts = parts_of(op, graph)
    if not parts:
        return None
    shifted = parts[0]
    source = next(value for value in shifted.inputs if graph[value.op].kind != "const")
    names = {part.name for part in parts}
    last = max(parts, key=lambda part: graph.ops.index(part))
    inner = [part for part in parts if part is not last]
    if any(reader.name not in names for part in inner for reader in graph.consumers(part)):
        return None
    new = last.quantised(kind="hard-swish", attrs=NoAttrs(), inputs=(source,))
    return {**{part.name: () for part in inner}, last.name: (new,)}


def divide(graph: Graph, op: Op) -> Change:
    """x / c becomes x * (1 / c)."""
    if op.kind != "div" or len(op.inputs) != 2 or graph[op.inputs[1].op].kind != "const":
        return None
    return {op.name: (op.quantised(kind="mul"),)}


def subtract(graph: Graph, op: Op) -> Change:
    """a - b becomes a + b * (-1), where a 1x1 depthwise convolution multiplies."""
    if op.kind == "neg" and op.output.rank == 4:
        return {op.name: (scaled(op.name, op.inputs[0], op.output, op),)}
    if op.kind != "sub" or len(op.inputs) != 2:
        return None
    first, second = op.inputs
    if graph[second.op].kind == "const":
        return {op.name: (op.quantised(kind="add"),)}
    tensor = graph.type_of(second)
    if tensor.rank != 4:
        return None
    negated = scaled(op.name + "/negated", second, tensor, op)
    new = op.quantised(kind="add", inputs=(first, Value(negated.name)))
    return {op.name: (negated, new)}


def norm_between(graph: Graph, op: Op) -> Change:
    """An identity batch norm before an activation, after what does not fuse it."""
    before: Optional[Op] = graph.producer(op)
    if op.kind not in ("relu", "relu6") or before is None or op.output.rank != 4:
        return None
    if before.kind not in ("maxpool2d", "add"):
        return None
    norm = scaled(op.name + "/norm", op.inputs[0], graph.type_of(op.inputs[0]), op)
    return {op.name: (norm, op.replaced(inputs=(Value(norm.name),)))}


def scaled(name: str, value: Value, tensor: TensorType, op: Op) -> Op:
    """Returns a 1x1 depthwise convolution over a value.

    Args:
        name: its name.
        value: what it reads.
        tensor: the value's type, NHWC.
        op: the operator that it is put before.
    """
    channels = tensor.channels
    params: Tuple[Param, ...] = (
        Param("weights", TensorType((1, 1, 1, channels))),
        Param("bias", TensorType((channels,))),
    )
    attrs = DepthwiseConv2dAttrs((1, 1))
    return Op(name, "depthwise-conv2d", attrs, (value,), (tensor,), params, op.origin)


REWRITES = (
    Rewrite(
        "hardswish-module", Effect.EXACT, hard_swish,
        {
            "torch": "use nn.Hardswish in its place",
            "keras": "write x * relu6(x + 3) * (1 / 6), with ReLU(6) and Multiply layers",
            "onnx": "use HardSwish (opset 14 and newer), or x * HardSigmoid(x) with alpha 1/6",
        },
        "compiled: six DPU subgraphs become one",
    ),
    Rewrite(
        "divide-by-constant", Effect.EXACT, divide,
        {
            "torch": "write x * (1 / c)",
            "keras": "use a Rescaling layer, or a product",
            "onnx": "use Mul by 1 / c",
        },
    ),
    Rewrite(
        "subtract", Effect.EXACT, subtract,
        {
            "torch": "write a + b * (-1), with a 1x1 depthwise convolution for the product",
            "keras": "add a DepthwiseConv2D(1) of b whose weights are -1",
            "onnx": "use Add, with a 1x1 depthwise Conv of b whose weights are -1",
        },
    ),
    Rewrite(
        "batch-norm-between", Effect.EXACT, norm_between,
        {
            "torch": "put an nn.BatchNorm2d between: it becomes a 1x1 depthwise convolution, "
            "which fuses the activation",
            "keras": "put a BatchNormalization between: it becomes a 1x1 depthwise convolution, "
            "which fuses the activation",
            "onnx": "put a BatchNormalization between: it becomes a 1x1 depthwise convolution, "
            "which fuses the activation",
        },
        "vendor article 000037197 for a pool; the same mechanism for a sum [inferred]",
    ),
)  # fmt: skip
