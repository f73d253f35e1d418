"""Constraints of activations, apart from the engine that fuses them (`activation_fusion`)."""

from __future__ import annotations

from typing import Iterator, Optional

from vai_inspect.core.ir import ACTIVATIONS, Op
from vai_inspect.core.ir.attrs import AxisAttrs, InnerProductAttrs, LeakyReluAttrs, MaxPool2dAttrs
from vai_inspect.core.rewrite_numbers import SLOPE
from vai_inspect.rules.plugin import (
    Device,
    Evidence,
    Example,
    OpContext,
    Stage,
    Violation,
    approximate,
    constraint,
    exact,
    where,
)
from vai_inspect.rules.shared.activation_remedies import another_slope
from vai_inspect.rules.shared.examples import after_conv, conv_op, data, depthwise_op, graph, op
from vai_inspect.rules.shared.fusion import (
    FUSING,
    follows_what_is_before,
    fuses,
    pool_fuses_nothing,
)
from vai_inspect.rules.shared.sources import PT25

SHAPE = (1, 32, 32, 16)


def chain(text: str, before: str, kind: str) -> Example:
    """Returns the example of an activation after an operator.

    Args:
        text: what it shows.
        before: `add`, `maxpool2d`, `inner-product`, `depthwise`, or `two readers` for a convolution
            that a sum reads as well.
        kind: kind of the activation.
    """
    attrs = LeakyReluAttrs(SLOPE) if kind == "leaky-relu" else None
    ops = [data(SHAPE)]
    if before == "add":
        ops += [conv_op(SHAPE, name="a"), conv_op(SHAPE, name="b")]
        ops.append(op("add", ["a", "b"], ops[-1].output.shape, name="previous"))
    elif before == "maxpool2d":
        pool = MaxPool2dAttrs((2, 2), (2, 2))
        ops.append(op("maxpool2d", ["data"], (1, 16, 16, 16), pool, name="previous"))
    elif before == "inner-product":
        weights = (16, 64)
        product = op("inner-product", ["data"], (1, 16), InnerProductAttrs(1), "previous", weights)
        ops = [data((1, 64)), product]
    elif before == "two readers":
        first = conv_op(SHAPE, name="previous")
        ops += [first, op("add", ["previous", "previous"], first.output.shape, name="sum")]
    else:
        ops.append(depthwise_op(SHAPE, name="previous"))
    shape = next(one for one in ops if one.name == "previous").output.shape
    return Example(text, graph(*ops, op(kind, ["previous"], shape, attrs)))


def leaky_after_conv(slope: float, text: str) -> Example:
    """Returns the example of a leaky ReLU after a convolution."""
    return after_conv(text, "leaky-relu", LeakyReluAttrs(slope))


def _fused_with(ctx: OpContext) -> Optional[Op]:
    """Returns the operator before an activation where some engine fuses what follows it."""
    producer = ctx.graph.producer(ctx.original)
    if producer is None:
        return None
    kind = ctx.after_rewrites(producer).kind
    return producer if kind in FUSING and not pool_fuses_nothing(ctx, kind) else None


@constraint(
    "activation.slope",
    kinds=("leaky-relu",),
    evidence=Evidence.PARTITION_RULE,
    source=PT25,
    passes=(where(fuses("conv2d", "leaky-relu"), leaky_after_conv(SLOPE, "slope 26/256")),),
    fails=(leaky_after_conv(0.1, "slope 0.1"), leaky_after_conv(0.3, "slope 0.3")),
)
def slope(ctx: OpContext) -> Iterator[Violation]:
    """The slope below zero is 26/256 = 0.1015625.

    vai_q_pytorch writes this slope for any other (2.5 without a message, 3.0 and 3.5 with the
    warning LEAKYRELU), vai_q_tensorflow2 for 0.1; the inspectors of 3.0 and 3.5 keep the slope and
    refuse any other.
    """
    if abs(ctx.attrs.alpha - SLOPE) >= 1e-7:
        yield Violation(
            "the slope is {found}; the DPU's leaky ReLU has {limit} (26/256)",
            found=ctx.attrs.alpha,
            limit="0.1015625",
            nearest=SLOPE,
            remedy=another_slope(ctx),
        )


@constraint(
    "activation.single_reader",
    kinds=ACTIVATIONS,
    stage=Stage.FUSION,
    evidence=Evidence.INSPECTOR,
    source=(
        "inner nodes of a 3.x pattern have no reader outside it; measured on the 2.5 "
        "inspector with hard-sigmoid"
    ),
    passes=(after_conv("one reader", "relu"),),
    fails=(chain("a second reader", "two readers", "relu"),),
    remedy=(
        approximate("let the other readers read the activation's output"),
        exact("give the others a copy of the operator before the activation"),
    ),
)
def single_reader(ctx: OpContext) -> Iterator[Violation]:
    """The operator that an activation is fused with has no other reader."""
    producer = _fused_with(ctx)
    if producer is None:
        return
    others = [one for one in ctx.graph.consumers(producer) if one.name != ctx.original.name]
    if not others:
        return
    violation = Violation(
        "it cannot be fused with {producer:op}, which is an output of the network, too",
        producer=producer.name,
        found=len(others) + 1,
        limit="1 reader",
        nearest=1,
    )
    if any(one.kind != "return" for one in others):
        violation = violation.replaced(
            template="it cannot be fused with {producer:op}, which has other readers: {readers:op}",
            readers=[one.name for one in others],
        )
    yield violation


@constraint(
    "activation.producer_on_dpu",
    kinds=ACTIVATIONS,
    stage=Stage.CONTEXT,
    evidence=Evidence.INFERRED,
    source="concluded from compiled models of another DPU: a leaky ReLU that no convolution feeds "
    "is on the CPU",
    passes=(after_conv("a convolution on the DPU before it", "relu"),),
    fails=(
        Example(
            "a convolution on the CPU before it",
            graph(
                data(SHAPE),
                conv_op(SHAPE, name="conv", kernel=(17, 17)),
                op("relu", ["conv"], (1, 16, 16, 16)),
            ),
        ),
        Example(
            "a softmax before it",
            graph(
                data(SHAPE),
                op("softmax", ["data"], SHAPE, AxisAttrs(3), "softmax"),
                op("relu", ["softmax"], SHAPE),
            ),
        ),
    ),
    remedy="bring the operator before it to the DPU",
)
def producer_on_dpu(ctx: OpContext) -> Iterator[Violation]:
    """The operator that an activation is fused with runs on the DPU.

    After what never does, such as a group normalisation, the activation follows that: there is
    something to fuse it with once something else stands there. The 2.5 inspector leaves the
    activation on the DPU when its convolution is on the CPU.
    """
    before = ctx.graph.producer(ctx.original)
    if before is not None and follows_what_is_before(ctx, ctx.after_rewrites(before).kind):
        if ctx.device_of(before) is Device.CPU:
            yield Violation(
                "there is nothing before it to fuse with but {producer:op} ({before:kind})",
                producer=before.name,
                before=before.kind,
                found=before.kind,
                follows=before.name,
            )
        return
    producer = _fused_with(ctx)
    if producer is not None and ctx.device_of(producer) is Device.CPU:
        yield Violation(
            "it would be fused with {producer:op}, which is on the CPU",
            producer=producer.name,
            found="cpu",
            limit="dpu",
            follows=producer.name,
        )


CONSTRAINTS = (slope, single_reader, producer_on_dpu)
