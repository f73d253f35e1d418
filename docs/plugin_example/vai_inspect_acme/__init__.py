"""DPUACME, a DPU that does not exist: its convolution engine runs convolutions and ReLU.

The constraints here are this family's own. Those of `vai_inspect.rules.shared` are declared in
the same way, and a family may take any of them, as it takes `cpu_only.CONSTRAINTS` below.
"""

from __future__ import annotations

from typing import Iterator

from vai_inspect.rules.plugin import (
    Evidence,
    Family,
    OpContext,
    Violation,
    approximate,
    constraint,
)
from vai_inspect.rules.shared import cpu_only
from vai_inspect.rules.shared.examples import conv

GUIDE = "ACME DPU product guide 1.0, section 3"


@constraint(
    "conv.kernel",
    kinds=("conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=GUIDE,
    limits={"kernel_size": lambda target: target.conv.limit.kernel_size},
    passes=(conv("kernel 8", kernel=(8, 8)),),
    fails=(conv("kernel 17", kernel=(17, 17)),),
)
def kernel(ctx: OpContext) -> Iterator[Violation]:
    """Kernel width and height are each within {kernel_size}."""
    yield from ctx.axes_within("kernel", ctx.attrs.kernel, ctx.limit("kernel_size"))


@constraint(
    "conv.channels",
    kinds=("conv2d",),
    evidence=Evidence.INFERRED,
    source="the engine's width, " + GUIDE,
    limits={"parallel": lambda target: target.conv.output_channel_parallel},
    passes=(conv("16 output channels", oc=16),),
    fails=(conv("10 output channels", oc=10),),
)
def channels(ctx: OpContext) -> Iterator[Violation]:
    """The number of output channels is a multiple of {parallel}.

    Whatever follows the first paragraph is for the rule book: what other sources say.
    """
    found, step = ctx.op.output.channels, ctx.limit("parallel")
    if found % step:
        yield Violation(
            "the number of output channels is {found}, no multiple of {step}",
            step=step,
            found=found,
            limit=f"multiples of {step}",
            nearest=max(step, round(found / step) * step),
            remedy=approximate("use {nearest} output channels"),
        )


FAMILY = Family(
    name="acme",
    dpu="DPUACME",
    title="a DPU that does not exist",
    guide=GUIDE,
    package=__name__,
    example_targets=("DPUACME_ISA0_SMALL",),
    takes=frozenset(("relu",)),
    constraints=(kernel, channels, *cpu_only.CONSTRAINTS),
)
