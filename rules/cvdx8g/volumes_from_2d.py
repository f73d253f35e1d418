"""What is concluded for convolutions in three dimensions from those in two: all of it unknown."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.ir import CONVOLUTIONS_3D
from vai_inspect.core.ir.attrs import (
    TransposedConv3dAttrs,
)
from vai_inspect.rules.cvdx8g.volume_examples import volume
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    Limit,
    OpContext,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
    exact,
    inside,
    outside,
)
from vai_inspect.rules.shared.engines import input_channels, output_channels
from vai_inspect.rules.shared.examples import alone
from vai_inspect.rules.shared.remedies import NO_DILATION, PAD_LESS

AXES = "whd"
PLAIN = ("conv3d", "transposed-conv3d")
TRANSPOSED = ("transposed-conv3d", "transposed-depthwise-conv3d")

FROM_2D = "concluded from two-dimensional convolutions; no source mentions this in three"


def _strided(number: int) -> Example:
    return volume(f"stride {number}", stride=(number, number, number))


def _stride(target: Target) -> Limit:
    return target.conv.limit.stride


@constraint(
    "conv3d.stride",
    kinds=("conv3d", "depthwise-conv3d"),
    evidence=Evidence.INFERRED,
    source=FROM_2D,
    limits={"stride": _stride},
    passes=(inside(_stride, _strided),),
    fails=(outside(_stride, _strided),),
)
def stride(ctx: OpContext) -> Iterator[Violation]:
    """Stride is within {stride} along each axis; whether a larger one runs is unknown."""
    for violation in ctx.axes_within("stride", ctx.attrs.stride, ctx.limit("stride"), AXES):
        yield _doubted(violation)


@constraint(
    "conv3d.pad",
    kinds=("conv3d", "depthwise-conv3d"),
    evidence=Evidence.INFERRED,
    source=FROM_2D,
    passes=(volume("pad 2, kernel 3", pad=(2,) * 6),),
    fails=(volume("pad 3, kernel 3", pad=(3,) * 6),),
    remedy=PAD_LESS,
)
def pad(ctx: OpContext) -> Iterator[Violation]:
    """Each pad is below the kernel; whether a larger one runs is unknown."""
    for axis, size in enumerate(ctx.attrs.kernel):
        most = (size - 1) * ctx.attrs.dilation[axis]
        pads = ctx.attrs.pad[2 * axis : 2 * axis + 2]
        for violation in ctx.axes_within("pad_" + AXES[axis], pads, Limit.span(0, most), "12"):
            yield _doubted(violation)
            break


@constraint(
    "conv3d.dilation",
    kinds=CONVOLUTIONS_3D,
    evidence=Evidence.INFERRED,
    source="no source mentions dilated convolutions in three dimensions",
    passes=(volume("dilation 1"),),
    fails=(volume("dilation 2", dilation=(2, 2, 2)),),
    remedy=NO_DILATION,
)
def dilation(ctx: OpContext) -> Iterator[Violation]:
    """Dilation is 1; whether another one runs is unknown."""
    if set(ctx.attrs.dilation) != {1}:
        yield Violation(
            "dilation is {found}; no source says that it may be other than 1 in three dimensions",
            found=ctx.attrs.dilation,
            limit="1",
            nearest=1,
            verdict=Verdict.UNKNOWN,
        )


def _of_channels(number: int) -> Example:
    return volume(f"{number} channels", (1, 1, 1), number)


@constraint(
    "conv3d.channels",
    kinds=CONVOLUTIONS_3D,
    evidence=Evidence.INFERRED,
    source=FROM_2D,
    limits={"channels": input_channels, "to": output_channels},
    passes=(inside(input_channels, _of_channels),),
    fails=(outside(input_channels, _of_channels),),
    remedy=exact("split the channels over several convolutions"),
)
def channels(ctx: OpContext) -> Iterator[Violation]:
    """Input channels are at most {channels}, output channels at most {to}; whether more run is
    unknown.
    """
    for violation in (
        *ctx.at_most("input_channels", ctx.input.channels, ctx.limit("channels")),
        *ctx.at_most("output_channels", ctx.op.output.channels, ctx.limit("to")),
    ):
        yield _doubted(violation)


@constraint(
    "conv3d.group",
    kinds=PLAIN,
    evidence=Evidence.INFERRED,
    source=FROM_2D,
    passes=(volume("group 1"),),
    fails=(volume("group 2", group=2),),
    remedy=(
        exact("use group 1, with zeros in the weights between groups"),
        approximate("use as many groups as channels"),
    ),
)
def group(ctx: OpContext) -> Iterator[Violation]:
    """The convolution has one group; whether it may have more is unknown."""
    yield from map(_doubted, ctx.at_most("group", ctx.attrs.group, 1))


def _transposed(text: str, added: int) -> Example:
    attrs = TransposedConv3dAttrs((2, 2, 2), (2, 2, 2), output_padding=(added,) * 3)
    size = 8 + added
    out = (1, size, size, size, 16)
    return alone(text, "transposed-conv3d", attrs, (1, 4, 4, 4, 16), out, (16, 2, 2, 2, 16))


@constraint(
    "conv3d.output_padding",
    kinds=TRANSPOSED,
    evidence=Evidence.INFERRED,
    source=FROM_2D,
    passes=(_transposed("none", 0),),
    fails=(_transposed("output padding 1", 1),),
    remedy=approximate("use a kernel that the stride divides and no output padding"),
)
def output_padding(ctx: OpContext) -> Iterator[Violation]:
    """A transposed convolution has no output padding; whether it may have is unknown."""
    added = ctx.attrs.output_padding
    if any(added):
        yield Violation(
            "output_padding is {found}; in two dimensions the DPU takes none",
            found=added,
            limit="0",
            nearest=0,
            verdict=Verdict.UNKNOWN,
        )


def _doubted(violation: Violation) -> Violation:
    return violation.replaced(
        template=violation.template + " of two-dimensional convolutions", verdict=Verdict.UNKNOWN
    )
