"""Sums and products with a constant, and what becomes of a product."""

from __future__ import annotations

from typing import Iterator, Optional, Tuple

from vai_inspect.core.ir import Graph, Op, Param, TensorType
from vai_inspect.core.ir.attrs import DepthwiseConv2dAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    OpContext,
    Rewrite,
    Target,
    Verdict,
    Violation,
    constraint,
    exact,
    where,
)
from vai_inspect.rules.shared.engines import depthwise_kernel, eltwise_types, scales_channels
from vai_inspect.rules.shared.examples import between_convs, const, conv_op, data, graph, op
from vai_inspect.rules.shared.sources import PT25

SUMS = ("add", "mul")
SHAPE = (1, 30, 30, 16)


def multiplies(target: Target) -> bool:
    """Returns whether the target multiplies element by element."""
    return "mul" in eltwise_types(target)


def with_const(text: str, kind: str, shape: Tuple[int, ...]) -> Example:
    """Returns the example of a sum or product of a convolution and a constant."""
    return Example(
        text,
        graph(
            data((1, 32, 32, 16)),
            conv_op((1, 32, 32, 16), name="conv"),
            const(shape),
            op(kind, ["conv", "const"], SHAPE),
        ),
    )


FOLD = exact(
    "fold the constant into the weights or bias of a neighbouring convolution, or use a batch "
    "normalisation",
    "constant-sum",
)


@constraint(
    "eltwise.constant",
    kinds=SUMS,
    evidence=Evidence.INFERRED,
    source="the published rules know a product with a constant of one number or one per channel",
    passes=(
        where(scales_channels, with_const("product with one number per channel", "mul", (16,))),
        between_convs("two feature maps", "add"),
    ),
    fails=(
        where(
            lambda target: not scales_channels(target),
            with_const("product with one number per channel", "mul", (16,)),
        ),
        with_const("sum with a constant", "add", (16,)),
        with_const("product with a full map", "mul", (1, 30, 30, 16)),
    ),
    remedy=FOLD,
)
def constant(ctx: OpContext) -> Iterator[Violation]:
    """No operand is a constant, except a scalar or per-channel factor (see the rewrites)."""
    if not any(producer.kind == "const" for producer in ctx.producers):
        return
    if ctx.op.kind == "mul" and not scales_channels(ctx.target):
        yield _no_engine(ctx)
        return
    form = "a sum" if ctx.op.kind == "add" else "this form"
    yield Violation(
        "one operand is a constant; no source says that the DPU supports {form} with a constant",
        form=form,
        found="constant",
        limit="no constant operand",
        verdict=Verdict.UNKNOWN,
    )


def _no_engine(ctx: OpContext) -> Violation:
    """Returns the violation of a product on a DPU that runs no 1x1 depthwise convolution."""
    sizes = depthwise_kernel(ctx.target)
    violation = Violation(
        "a product with a constant would become a 1x1 depthwise convolution, for which this DPU "
        "has no engine",
        found="constant",
        limit="no constant operand",
        verdict=Verdict.UNKNOWN if multiplies(ctx.target) else Verdict.UNSUPPORTED,
        evidence=Evidence.INFERRED if multiplies(ctx.target) else Evidence.INSPECTOR,
        source="2.5 inspector: 'Try to convert mul to DepthwiseConv2d failed.'",
    )
    if sizes is None:
        return violation
    return violation.replaced(
        template="a product with a constant would become a 1x1 depthwise convolution, and the "
        "depthwise engine takes kernel {kernels}",
        kernels=sizes,
    )


def _product_with_const(node: Op, network: Graph, target: Target) -> Optional[Op]:
    """Returns the 1x1 depthwise convolution that a product with a constant becomes."""
    if len(node.inputs) != 2 or not scales_channels(target):
        return None
    for first, second in ((0, 1), (1, 0)):
        factor, tensor = network.producer(node, second), network.type_of(node.inputs[first])
        if (
            factor is None
            or factor.kind != "const"
            or network[node.inputs[first].op].kind == "const"
        ):
            continue
        shape = factor.output.shape
        per_channel = factor.output.elements == 1 or (
            shape[-1:] == tensor.shape[-1:] and factor.output.elements == tensor.channels
        )
        if per_channel and tensor.rank == 4 and node.output.shape == tensor.shape:
            return as_depthwise(node.replaced(inputs=(node.inputs[first],)), tensor)
    return None


def with_number(node: Op, network: Graph) -> bool:
    """Returns whether one operand is a constant of one element, such as a Python number."""
    return any(one.kind == "const" and one.output.elements == 1 for one in network.producers(node))


def _product_with_channels(node: Op, network: Graph, target: Target) -> Optional[Op]:
    """Returns the same; for a product with a number only where the DPU has no product."""
    if multiplies(target) and with_number(node, network):
        return None
    return _product_with_const(node, network, target)


def as_depthwise(node: Op, tensor: TensorType) -> Op:
    """Returns the 1x1 depthwise convolution that scales each channel of an NHWC tensor."""
    weights = Param("weights", TensorType((1, 1, 1, tensor.channels)))
    return node.replaced(
        kind="depthwise-conv2d", attrs=DepthwiseConv2dAttrs((1, 1)), params=(weights,)
    )


MUL_CONST = Rewrite(
    "rewrite.mul_const",
    ("mul",),
    "the product with a constant becomes a 1x1 depthwise convolution",
    Evidence.PARTITION_RULE,
    PT25,
    _product_with_const,
)
MUL_CHANNELS = Rewrite(
    "rewrite.mul_const",
    ("mul",),
    "the product with a constant for each channel becomes a 1x1 depthwise convolution; so does one "
    "with a number where the DPU multiplies no feature maps",
    Evidence.PARTITION_RULE,
    PT25,
    _product_with_channels,
)
"""For a family whose compiled models show a number expanded to the full map."""
