"""Dilation, of plain and of depthwise convolutions."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from vai_inspect.rules.plugin import (
    Constraint,
    Evidence,
    Example,
    OpContext,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
    inside,
    outside,
    where,
)
from vai_inspect.rules.shared.engines import input_channels, runs_depthwise
from vai_inspect.rules.shared.examples import conv, depthwise
from vai_inspect.rules.shared.sources import PYXIR, UG1414, UG1414_25


def _dilated(number: int) -> Example:
    text = f"dilation 2, {number} channels"
    return conv(text, (1, 8, 8, number), kernel=(1, 1), dilation=(2, 2))


def _half(target: Target) -> int:
    return input_channels(target) // 2


@constraint(
    "conv.dilation",
    kinds=("conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414,
    limits={"channels": input_channels},
    passes=(
        inside(_half, _dilated),
        conv("dilation 8, 64 channels", (1, 64, 64, 64), dilation=(8, 8)),
    ),
    fails=(outside(_half, _dilated),),
    remedy=approximate("use a smaller dilation or fewer input channels", "kernel-in-range"),
)
def of_conv(ctx: OpContext) -> Iterator[Violation]:
    """Dilation times input channels is at most {channels} along each axis."""
    limit, channels = ctx.limit("channels"), ctx.input.channels
    for step in sorted(set(ctx.attrs.dilation) - {1}):
        if step * channels > limit:
            yield Violation(
                "dilation * input_channels is {step} * {channels} = {found}, more than {nearest}",
                step=step,
                channels=channels,
                found=step * channels,
                limit=f"<= {limit}",
                nearest=limit,
            )


@constraint(
    "conv.dilated_stride",
    kinds=("conv2d",),
    evidence=Evidence.PARTITION_RULE,
    source=PYXIR + "; PG389 and PG400 say the same of their DPUs",
    passes=(
        conv("dilation 2, stride 1", dilation=(2, 2)),
        conv("dilation 1, stride 2", stride=(2, 2)),
    ),
    fails=(conv("dilation 2, stride 2", dilation=(2, 2), stride=(2, 2)),),
    remedy=approximate("move the stride to an operator without dilation"),
)
def with_stride(ctx: OpContext) -> Iterator[Violation]:
    """Along one axis, dilation and stride are not both above 1; whether they may be is unknown.

    pyxir's published rule refuses it; UG1414 and the 2.5 inspector's rules do not mention it.
    """
    pairs = dict.fromkeys(zip(ctx.attrs.dilation, ctx.attrs.stride))
    for step, move in pairs:
        if step > 1 and move > 1:
            yield Violation(
                "dilation {dilation} together with stride {found}: one published rule refuses it, "
                "the others are silent",
                dilation=step,
                found=move,
                limit="1",
                nearest=1,
                verdict=Verdict.UNKNOWN,
            )


def refused_with_stride(evidence: Evidence, source: str) -> Constraint:
    """Returns the constraint of a family whose product guide refuses it explicitly."""

    def check(ctx: OpContext) -> Iterator[Violation]:
        for violation in with_stride.check(ctx):
            yield Violation(
                "dilation above 1 needs stride 1; the stride is {found}",
                found=violation.found,
                limit=violation.limit,
                nearest=violation.nearest,
            )

    return replace(
        with_stride.founded(evidence, source),
        check=check,
        sentence="Along one axis, dilation and stride are not both above 1.",
        notes="The published rule of pyxir says the same.",
    )


def _dilated_depthwise(number: int) -> Example:
    text = f"dilation 2, {number} channels"
    return depthwise(text, (1, 8, 8, number), dilation=(2, 2))


@constraint(
    "depthwise.dilation",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414_25,
    limits={"channels": input_channels},
    passes=(where(runs_depthwise, inside(_half, _dilated_depthwise)),),
    fails=(where(runs_depthwise, outside(_half, _dilated_depthwise)),),
    remedy=approximate("use a smaller dilation or fewer channels", "kernel-in-range"),
)
def of_depthwise(ctx: OpContext) -> Iterator[Violation]:
    """Dilation times channels is at most {channels} along each axis."""
    limit, channels = ctx.limit("channels"), ctx.input.channels
    for step in sorted(set(ctx.attrs.dilation) - {1}):
        yield from ctx.at_most("dilation * channels", step * channels, limit)


@constraint(
    "depthwise.dilation_square",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.INFERRED,
    source="concluded from compiled models of another DPU and the vendor's answer (Vitis-AI issue "
    "813)",
    passes=(where(runs_depthwise, depthwise("dilation 2x2", dilation=(2, 2))),),
    fails=(where(runs_depthwise, depthwise("dilation 2x1", dilation=(2, 1))),),
    remedy=approximate("use one dilation for both axes"),
)
def square(ctx: OpContext) -> Iterator[Violation]:
    """dilation_w equals dilation_h; whether they may differ is unknown."""
    across, down = ctx.attrs.dilation
    if across != down:
        yield Violation(
            "dilation_w {across} and dilation_h {down} differ, which another DPU refuses and no "
            "source allows here",
            across=across,
            down=down,
            found=(across, down),
            limit="dilation_w = dilation_h",
            nearest=(min(across, down),) * 2,
            verdict=Verdict.UNKNOWN,
        )


def refused_unless_square(evidence: Evidence, source: str) -> Constraint:
    """Returns the constraint of a family whose compiled models show others on the CPU."""

    def check(ctx: OpContext) -> Iterator[Violation]:
        for violation in square.check(ctx):
            yield violation.replaced(
                template="dilation_w {across} and dilation_h {down} differ",
                verdict=Verdict.UNSUPPORTED,
            )

    return replace(
        square.founded(evidence, source), check=check, sentence="dilation_w equals dilation_h."
    )
