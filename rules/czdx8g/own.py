"""What only DPUCZDX8G allows: compiled models of it show more than the published rules."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.ir.attrs import ResizeAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    OpContext,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
    exact,
    inside,
    outside,
    where,
)
from vai_inspect.rules.shared import bilinear, eltwise_constants
from vai_inspect.rules.shared.engines import eltwise_types, output_channels, scales_channels
from vai_inspect.rules.shared.examples import alone, between_convs, const, conv_op, data, graph, op
from vai_inspect.rules.shared.inner_product_output import SPLIT_OUTPUTS, of_outputs
from vai_inspect.rules.shared.sources import DIGEST, PT25, TF25

SHOWN_OUTPUTS = 4096
"""Output features of inner products that release 3.5 shows on a B2304, whose figure is 3072."""


def _outputs(target: Target) -> int:
    return max(SHOWN_OUTPUTS, output_channels(target))


@constraint(
    "inner_product.output",
    kinds=("inner-product",),
    evidence=Evidence.INFERRED,
    source="the 3.5 inspector compiles Linear(4096, 4096) for DPUCZDX8G_ISA1_B2304; " + TF25,
    limits={"outputs": _outputs, "channels": output_channels},
    passes=(inside(_outputs, of_outputs),),
    fails=(outside(_outputs, of_outputs),),
    remedy=SPLIT_OUTPUTS,
)
def output_features(ctx: OpContext) -> Iterator[Violation]:
    """Output features are at most {outputs}, the most that were seen; more are unknown.

    The limit of convolutions, 256 * output_channel_parallel ({channels}), which the 2.5 Keras
    inspector and UG1414 apply to inner products as well, is not enforced: the 3.5 inspector
    compiles 4096 output features for a B2304, whose figure is 3072.
    """
    for violation in ctx.at_most("output_features", ctx.op.output.channels, ctx.limit("outputs")):
        yield violation.replaced(
            template=violation.template
            + "; no source shows so many, though the limit of convolutions does not hold here",
            verdict=Verdict.UNKNOWN,
        )


SHAPE = (1, 30, 30, 16)


def _clamped(text: str) -> Example:
    """x + 1 that a ReLU6 reads."""
    before = (1, 32, 32, 16)
    return Example(
        text,
        graph(
            data(before),
            conv_op(before, name="conv"),
            const((1,)),
            op("add", ["conv", "const"], SHAPE),
            op("relu6", ["op"], SHAPE, name="clamp"),
        ),
    )


def _adds(target: Target) -> bool:
    return "add" in eltwise_types(target)


@constraint(
    "eltwise.constant",
    kinds=eltwise_constants.SUMS,
    evidence=Evidence.COMPILED,
    source="a compiled model of release 3.0 for DPUCZDX8G_ISA1_B4096, whose constants are expanded "
    "to the full map, and one for B2304, where a ReLU6 reads the sum",
    passes=(
        where(_adds, eltwise_constants.with_const("sum with a number", "add", (1,))),
        where(
            eltwise_constants.multiplies,
            eltwise_constants.with_const("product with a number", "mul", (1,)),
        ),
        where(
            scales_channels,
            eltwise_constants.with_const("product with one number per channel", "mul", (16,)),
        ),
        between_convs("two feature maps", "add"),
    ),
    fails=(
        _clamped("sum with a number that a ReLU6 reads"),
        eltwise_constants.with_const("sum with one number per channel", "add", (16,)),
        eltwise_constants.with_const("product with a full map", "mul", SHAPE),
    ),
    remedy=eltwise_constants.FOLD,
)
def constant(ctx: OpContext) -> Iterator[Violation]:
    """A constant operand is a scalar, and no ReLU6 reads a sum with it; or it is a per-channel
    factor (see the rewrites). Other constants are unknown.

    Compiled models of release 3.0 expand the scalar to the full map; the 2.5 rules make a 1x1
    depthwise convolution of the product, which is on the same device where the DPU has both
    engines. Why a sum that a ReLU6 reads is on the CPU is not known.
    """
    if not eltwise_constants.with_number(ctx.original, ctx.graph):
        yield from eltwise_constants.constant.check(ctx)
        return
    clamps = [one.name for one in ctx.consumers if one.kind == "relu6"]
    if ctx.op.kind == "add" and clamps:
        yield Violation(
            "one operand is a constant and a ReLU6, {clamp:op}, reads the sum; a compiled model "
            "shows this on the CPU",
            clamp=clamps[0],
            found="constant",
            limit="no ReLU6 after the sum",
            remedy=(
                approximate("use ReLU instead of the ReLU6"),
                exact(
                    "use Hardsigmoid or Hardswish where the two are a part of it",
                    "hardswish-module",
                ),
            ),
        )


EIGHTH = (0.125, 0.125)


def _has_alu(target: Target) -> bool:
    return target.alu is not None


def _smaller(text: str, scale: float, half: bool = True) -> Example:
    attrs = ResizeAttrs("BILINEAR", False, half, (scale, scale))
    size = int(64 * scale)
    return alone(text, "resize", attrs, (1, 64, 64, 16), (1, size, size, 16))


@constraint(
    "resize.bilinear",
    kinds=("resize",),
    evidence=Evidence.PARTITION_RULE,
    source=f"{PT25}; {DIGEST}; by 1/8: a compiled model of release 3.0 for DPUCZDX8G_ISA1_B4096",
    passes=(
        *bilinear.factor.passes,
        where(_has_alu, _smaller("by 1/8, half-pixel centres", 0.125)),
    ),
    fails=(
        *bilinear.factor.fails,
        _smaller("by 1/4, half-pixel centres", 0.25),
        _smaller("by 1/8", 0.125, half=False),
    ),
    remedy=bilinear.factor.remedies,
)
def bilinear_factor(ctx: OpContext) -> Iterator[Violation]:
    """A BILINEAR resize enlarges by 2, 4 or 8 along both axes, with half-pixel centres by 2 or 4,
    and does not align corners; on instruction set 1 it also reduces by 1/8 with half-pixel centres.

    The 2.5 inspector checks the factor before the corners and accepts aligned corners. No other
    factor below 1 was seen.
    """
    attrs = ctx.attrs
    smaller = attrs.mode == "BILINEAR" and attrs.scale == EIGHTH and attrs.half_pixel_centers
    if not (smaller and not attrs.align_corners and _has_alu(ctx.target)):
        yield from bilinear.factor.check(ctx)
