"""Sums and products with constants."""

from __future__ import annotations

from typing import Optional, Tuple

from vai_inspect.core.findings import Effect
from vai_inspect.core.ir import Graph, Op, Value
from vai_inspect.core.ir.attrs import NoAttrs, TensorAttrs
from vai_inspect.rules.rewrites.arithmetic import scaled
from vai_inspect.rules.rewrites.quantised import passing
from vai_inspect.rules.rewrites.rewrite import Change, Rewrite

CONVOLUTIONS = ("conv2d", "depthwise-conv2d", "transposed-conv2d")


def add_zero(graph: Graph, op: Op) -> Change:
    """x + 0, x - 0, x * 1 and x / 1 become x."""
    found = _with_constant(graph, op, ("add", "sub", "mul", "div"))
    if found is None:
        return None
    at, constant = found
    if op.kind in ("sub", "div") and at != 0:
        return None
    neutral = 0.0 if op.kind in ("add", "sub") else 1.0
    attrs = constant.attrs
    if not isinstance(attrs, TensorAttrs) or attrs.number != neutral:
        return None
    return {op.name: (passing(op, at),)}


def square(graph: Graph, op: Op) -> Change:
    """x ** 2 becomes x * x."""
    if op.kind != "unknown" or len(op.inputs) < 1 or not _by_two(graph, op):
        return None
    source = op.inputs[0]
    new = op.quantised(
        kind="mul",
        attrs=NoAttrs(),
        inputs=(source, source),
    )
    return {op.name: (new,)}


def _by_two(graph: Graph, op: Op) -> bool:
    """Tells whether an operator is a power of 2, by an argument or, in ONNX, by an operand."""
    call = op.origin.call
    if call is None:
        return False
    if op.origin.framework != "onnx":
        return call.argument("exponent") == "2"
    power = graph[op.inputs[1].op].attrs if call.name == "Pow" and len(op.inputs) == 2 else None
    return isinstance(power, TensorAttrs) and power.number == 2


def frozen_batch_norm(graph: Graph, op: Op) -> Change:
    """A scale and a shift computed from buffers become a batch norm, folded where it can be."""
    found = _with_constant(graph, op, ("add",))
    if found is None or not _computed(graph, found[1], op):
        return None
    scale = graph.producers(op)[found[0]]
    inner = _with_constant(graph, scale, ("mul",))
    if inner is None or not _computed(graph, inner[1], scale) or len(graph.consumers(scale)) != 1:
        return None
    source = scale.inputs[inner[0]]
    before = graph[source.op]
    if before.kind in CONVOLUTIONS and len(graph.consumers(before)) == 1:
        return {scale.name: (), op.name: (passing(op.replaced(inputs=(source,))),)}
    return {scale.name: (), op.name: (scaled(op.name, source, graph.type_of(source), op),)}


def constant_sum(graph: Graph, op: Op) -> Change:
    """x + c goes into the bias of the convolution before it, or becomes a 1x1 depthwise one."""
    found = _with_constant(graph, op, ("add",))
    if found is None or not _of_channels(graph, found[1], op):
        return None
    source = op.inputs[found[0]]
    before = graph[source.op]
    if before.kind in CONVOLUTIONS and len(graph.consumers(before)) == 1:
        return {op.name: (passing(op, found[0]),)}
    return {op.name: (scaled(op.name, source, graph.type_of(source), op),)}


def parameter_to_depthwise(graph: Graph, op: Op) -> Change:
    """A factor for each channel becomes a 1x1 depthwise convolution."""
    found = _with_constant(graph, op, ("mul",))
    if found is None or not _of_channels(graph, found[1], op):
        return None
    source = op.inputs[found[0]]
    return {op.name: (scaled(op.name, source, graph.type_of(source), op),)}


def _with_constant(graph: Graph, op: Op, kinds: Tuple[str, ...]) -> Optional[Tuple[int, Op]]:
    """Returns which input of an operator is no constant, and the constant; None for others."""
    if op.kind not in kinds or len(op.inputs) != 2:
        return None
    both = graph.producers(op)
    constant = [one.kind == "const" for one in both]
    if sum(constant) != 1:
        return None
    at = constant.index(False)
    return at, both[1 - at]


def _of_channels(graph: Graph, constant: Op, op: Op) -> bool:
    """Tells whether a constant holds a number for each channel of a feature map."""
    if op.output.rank != 4 or op.output.shape != graph.type_of(_other(graph, op)).shape:
        return False
    shape = constant.output.shape
    return constant.output.elements == op.output.channels and shape[-1] == op.output.channels


def _other(graph: Graph, op: Op) -> Value:
    return next(value for value in op.inputs if graph[value.op].kind != "const")


def _computed(graph: Graph, constant: Op, op: Op) -> bool:
    call = constant.origin.call
    parameter = call is not None and call.name == "parameter"
    return not parameter and _of_channels(graph, constant, op)


REWRITES = (
    Rewrite(
        "add-zero", Effect.EXACT, add_zero,
        {"torch": "leave it out", "keras": "leave it out", "onnx": "leave it out"},
    ),
    Rewrite(
        "square", Effect.EXACT, square,
        {
            "torch": "write x * x",
            "keras": "write Multiply()([x, x])",
            "onnx": "use Mul of x and x",
        },
    ),
    Rewrite(
        "frozen-batch-norm", Effect.EXACT, frozen_batch_norm,
        {
            "torch": "use nn.BatchNorm2d with the same weight, bias, mean and variance in place "
            "of FrozenBatchNorm2d, such as by norm_layer=nn.BatchNorm2d",
            "keras": "use BatchNormalization with the same figures",
            "onnx": "use BatchNormalization with the same figures",
        },
    ),
    Rewrite(
        "constant-sum", Effect.EXACT, constant_sum,
        {
            "torch": "add it to the bias of the convolution before it, or use a 1x1 depthwise "
            "nn.Conv2d with it as bias",
            "keras": "add it to the bias of the convolution before it, or use "
            "DepthwiseConv2D(1) with it as bias",
            "onnx": "add it to the bias of the Conv before it, or use a 1x1 depthwise Conv with "
            "it as bias",
        },
    ),
    Rewrite(
        "parameter-to-depthwise", Effect.EXACT, parameter_to_depthwise,
        {
            "torch": "use a 1x1 depthwise nn.Conv2d with the factors as weights",
            "keras": "use DepthwiseConv2D(1) with the factors as weights",
            "onnx": "use a 1x1 depthwise Conv with the factors as weights",
        },
    ),
)  # fmt: skip
