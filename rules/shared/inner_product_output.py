"""Constraints of the output of an `inner-product`, and of `matmul`."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.ir.attrs import InnerProductAttrs, MatmulAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    OpContext,
    Verdict,
    Violation,
    constraint,
    exact,
    inside,
    outside,
)
from vai_inspect.rules.shared.engines import output_channels
from vai_inspect.rules.shared.examples import alone, between_convs
from vai_inspect.rules.shared.sources import TF25, UG1414


def dense(text: str, features: int, out: int = 16) -> Example:
    """Returns the example of an inner product of a vector."""
    weights = (out, features)
    return alone(text, "inner-product", InnerProductAttrs(1), (1, features), (1, out), weights)


def of_outputs(number: int) -> Example:
    """Returns the example of an inner product with so many output features."""
    return dense(f"{number} output features", 16, number)


SPLIT_OUTPUTS = exact("split it into several with fewer output features and concatenate them")


@constraint(
    "inner_product.output",
    kinds=("inner-product",),
    evidence=Evidence.PARTITION_RULE,
    source=TF25 + "; " + UG1414,
    limits={"channels": output_channels},
    passes=(inside(output_channels, of_outputs),),
    fails=(outside(output_channels, of_outputs),),
    remedy=SPLIT_OUTPUTS,
)
def output_fit(ctx: OpContext) -> Iterator[Violation]:
    """Output features are at most {channels} (256 * output_channel_parallel)."""
    yield from ctx.at_most("output_features", ctx.op.output.channels, ctx.limit("channels"))


@constraint(
    "inner_product.rank",
    kinds=("inner-product",),
    evidence=Evidence.INFERRED,
    source="the 2.5 inspector says DPU without looking at the shape",
    passes=(dense("rank 2", 64),),
    fails=(
        alone("rank 3", "inner-product", InnerProductAttrs(2), (1, 8, 64), (1, 8, 16), (16, 64)),
    ),
    remedy=exact("use a 1x1 convolution on a 4-D feature map"),
)
def rank(ctx: OpContext) -> Iterator[Violation]:
    """The input has two axes, batch and features; whether more run on the DPU is unknown."""
    if ctx.input.rank != 2:
        yield Violation(
            "the input has {found} axes; no source says that an inner product over the "
            "last of more than 2 axes runs on the DPU",
            found=ctx.input.rank,
            limit="2",
            nearest=2,
            verdict=Verdict.UNKNOWN,
        )


@constraint(
    "matmul.two_tensors",
    kinds=("matmul",),
    evidence=Evidence.INFERRED,
    source=(
        "the 2.5 inspector says DPU without any check; UG1414 lists matmul with constant weights"
    ),
    passes=(),
    always=True,
    fails=(between_convs("two feature maps", "matmul", MatmulAttrs(), (1, 16, 16, 16)),),
    remedy=exact(
        "multiply by constant weights (an inner product or a 1x1 convolution) where that is "
        "possible",
        "einsum-to-linear",
    ),
)
def two_tensors(ctx: OpContext) -> Iterator[Violation]:
    """Whether a matrix product that is no inner product with constant weights runs on the DPU is
    unknown.
    """
    yield Violation(
        "the user guide lists matrix products with constant weights only",
        found=ctx.op.kind,
        verdict=Verdict.UNKNOWN,
    )


CONSTRAINTS = (output_fit, rank, two_tensors)
