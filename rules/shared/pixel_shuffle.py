"""Constraints of `pixel-shuffle`, the move from depth to space."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator, Optional

from vai_inspect.core.ir import Op
from vai_inspect.core.ir.attrs import PixelShuffleAttrs
from vai_inspect.rules.plugin import (
    Constraint,
    Device,
    Evidence,
    Example,
    OpContext,
    Stage,
    Verdict,
    Violation,
    constraint,
    exact,
)
from vai_inspect.rules.shared.examples import after_conv, alone, conv_op, data, graph, op
from vai_inspect.rules.shared.sources import DIGEST

SHAPE = (1, 32, 32, 16)
BY_2 = PixelShuffleAttrs(2)


def _feeding(ctx: OpContext) -> Optional[Op]:
    """Returns the convolution directly before a shuffle from depth to space."""
    producer = ctx.graph.producer(ctx.original)
    if producer is None or not ctx.attrs.upscale:
        return None
    return producer if ctx.after_rewrites(producer).kind == "conv2d" else None


def _to_depth(text: str, after: bool) -> Example:
    attrs, shape = PixelShuffleAttrs(2, False), (1, 30, 30, 16)
    if after:
        return after_conv(text, "pixel-shuffle", attrs, (1, 15, 15, 64))
    return alone(text, "pixel-shuffle", attrs, shape, (1, 15, 15, 64))


@constraint(
    "pixel_shuffle.to_depth",
    kinds=("pixel-shuffle",),
    evidence=Evidence.INFERRED,
    source="concluded from models that were compiled for another DPU (Vitis-AI issue 1199), also "
    "directly after a convolution",
    passes=(
        after_conv("by 2 to space, after a convolution", "pixel-shuffle", BY_2, (1, 60, 60, 4)),
    ),
    fails=(
        _to_depth("from space to depth", after=False),
        _to_depth("from space to depth, after a convolution", after=True),
    ),
    since="0.2.0",
)
def to_depth(ctx: OpContext) -> Iterator[Violation]:
    """It moves depth to space; whether the DPU moves space to depth (PixelUnshuffle) is unknown."""
    if not ctx.attrs.upscale:
        yield Violation(
            "it moves space to depth, which another DPU does not; no source mentions this DPU",
            found="space to depth",
            limit="depth to space",
            verdict=Verdict.UNKNOWN,
            remedy=exact(
                "use a convolution of kernel {factor} and stride {factor} with weights of 0 and 1",
                "unshuffle-to-convolution",
                factor=ctx.attrs.scale,
            ),
        )


def refused_to_depth(evidence: Evidence, source: str) -> Constraint:
    """Returns the constraint of a family whose compiled models show it on the CPU."""

    def check(ctx: OpContext) -> Iterator[Violation]:
        for violation in to_depth.check(ctx):
            yield violation.replaced(
                template="the DPU does not move space to depth", verdict=Verdict.UNSUPPORTED
            )

    return replace(
        to_depth.founded(evidence, source),
        check=check,
        sentence="It moves depth to space: what moves space to depth (PixelUnshuffle) is on the "
        "CPU, also directly after a convolution.",
    )


@constraint(
    "pixel_shuffle.convolution",
    kinds=("pixel-shuffle",),
    stage=Stage.FUSION,
    evidence=Evidence.USER_GUIDE,
    source=DIGEST + ": it becomes a tile operator where a convolution feeds it",
    passes=(after_conv("by 2 after a convolution", "pixel-shuffle", BY_2, (1, 60, 60, 4)),),
    fails=(alone("of an input", "pixel-shuffle", BY_2, SHAPE, (1, 64, 64, 4)),),
    remedy=exact(
        "put a convolution directly before it; an activation goes before that convolution"
    ),
)
def after_convolution(ctx: OpContext) -> Iterator[Violation]:
    """It moves depth to space directly after a convolution; after anything else it is unknown.

    The 2.5 PyTorch inspector, which has no rule for it, always says DPU.
    """
    if ctx.attrs.upscale and _feeding(ctx) is None:
        producer = ctx.graph.producer(ctx.original)
        yield Violation(
            "no source says that it runs after {before:kind}",
            before="nothing" if producer is None else producer.kind,
            found=ctx.producers[0].kind,
            limit="after conv2d",
            verdict=Verdict.UNKNOWN,
        )


@constraint(
    "pixel_shuffle.convolution_on_dpu",
    kinds=("pixel-shuffle",),
    stage=Stage.CONTEXT,
    evidence=Evidence.INFERRED,
    source="concluded: the tile operator writes what the convolution gives",
    passes=(after_conv("the convolution is on the DPU", "pixel-shuffle", BY_2, (1, 60, 60, 4)),),
    fails=(
        Example(
            "the convolution is on the CPU",
            graph(
                data(SHAPE),
                conv_op(SHAPE, name="conv", kernel=(17, 17)),
                op("pixel-shuffle", ["conv"], (1, 32, 32, 4), BY_2),
            ),
        ),
    ),
    remedy="bring the convolution to the DPU",
)
def convolution_on_dpu(ctx: OpContext) -> Iterator[Violation]:
    """The convolution that feeds it runs on the DPU."""
    producer = _feeding(ctx)
    if producer is not None and ctx.device_of(producer) is Device.CPU:
        yield Violation(
            "the convolution {producer:op} that feeds it is on the CPU",
            producer=producer.name,
            found="cpu",
            limit="dpu",
            follows=producer.name,
        )


CONSTRAINTS = (to_depth, after_convolution, convolution_on_dpu)
