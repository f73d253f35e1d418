"""Three-dimensional convolutions, which run on DPUCVDX8G only."""

from __future__ import annotations

from typing import Iterator, Tuple

from vai_inspect.core.ir import CONVOLUTIONS_3D
from vai_inspect.rules.cvdx8g.own import CHANNELS_AT_ONCE, WINDOW
from vai_inspect.rules.cvdx8g.volume_examples import volume
from vai_inspect.rules.cvdx8g.volumes_from_2d import (
    AXES,
    PLAIN,
    TRANSPOSED,
    channels,
    dilation,
    group,
    output_padding,
    pad,
    stride,
)
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    Limit,
    OpContext,
    Target,
    Verdict,
    Violation,
    constraint,
    inside,
    outside,
    where,
)
from vai_inspect.rules.shared.engines import alu_runs, ceil_div, depthwise_kernel
from vai_inspect.rules.shared.remedies import CHAIN_OF_KERNELS, SMALLER_WINDOW
from vai_inspect.rules.shared.sources import DIGEST

DEPTHWISE = ("depthwise-conv3d", "transposed-depthwise-conv3d")
DEPTH = Limit.span(1, 16)
"""Kernel depth of both kinds (UG1414 by a digest)."""


def _kernel_size(target: Target) -> Limit:
    return target.conv.limit.kernel_size


def _wide(number: int) -> Example:
    return volume(f"kernel {number}x1x1", (number, 1, 1))


def _deep(number: int) -> Example:
    return volume(f"kernel 1x1x{number}", (1, 1, number))


@constraint(
    "conv3d.kernel",
    kinds=PLAIN,
    evidence=Evidence.USER_GUIDE,
    source=DIGEST,
    limits={"kernel_size": _kernel_size},
    passes=(inside(_kernel_size, _wide), inside(_kernel_size, _deep)),
    fails=(outside(_kernel_size, _wide), outside(_kernel_size, _deep)),
    remedy=CHAIN_OF_KERNELS,
)
def kernel(ctx: OpContext) -> Iterator[Violation]:
    """Kernel width, height and depth are each within {kernel_size}; for a transposed convolution
    kernel / stride is.

    The 2.5 inspector accepts every three-dimensional convolution without a check.
    """
    sizes = _in_steps(ctx)
    yield from ctx.axes_within("kernel", sizes, ctx.limit("kernel_size"), AXES)


def _in_steps(ctx: OpContext) -> Tuple[int, ...]:
    """Returns the kernel, of a transposed convolution divided by the stride, rounded up."""
    if ctx.op.kind not in TRANSPOSED:
        return tuple(ctx.attrs.kernel)
    return tuple(
        ceil_div(size, step) if size >= step else 0
        for size, step in zip(ctx.attrs.kernel, ctx.attrs.stride)
    )


def in_3d(target: Target) -> bool:
    """Returns whether the ALU has the mode for three dimensions (w16b0)."""
    return alu_runs(target, "w16b0")


@constraint(
    "conv3d.engine",
    kinds=CONVOLUTIONS_3D,
    evidence=Evidence.INFERRED,
    source="ALU modes of instruction set 2: none, all, all and 3-D (w16b0)",
    passes=(where(in_3d, volume("a DPU with it")),),
    fails=(where(lambda target: not in_3d(target), volume("a DPU without it")),),
    remedy="use a DPU built with it",
)
def engine(ctx: OpContext) -> Iterator[Violation]:
    """The DPU's ALU has the mode for three dimensions (w16b0), as every one of instruction set 3
    has; what runs without it is unknown.
    """
    if not in_3d(ctx.target):
        yield Violation(
            "{target} is built without the ALU's mode for three dimensions",
            target=ctx.target.name,
            found="no w16b0",
            limit="w16b0",
            verdict=Verdict.UNKNOWN,
        )


def _wide_depthwise(number: int) -> Example:
    return volume(f"depthwise kernel {number}x1x1", (number, 1, 1), depthwise=True)


def _deep_depthwise(number: int) -> Example:
    return volume(f"depthwise kernel 1x1x{number}", (1, 1, number), depthwise=True)


@constraint(
    "conv3d.depthwise_kernel",
    kinds=DEPTHWISE,
    evidence=Evidence.USER_GUIDE,
    source=DIGEST,
    limits={"kernel_size": depthwise_kernel, "depth": lambda target: DEPTH},
    passes=(inside(depthwise_kernel, _wide_depthwise), inside(lambda _: DEPTH, _deep_depthwise)),
    fails=(outside(depthwise_kernel, _wide_depthwise), outside(lambda _: DEPTH, _deep_depthwise)),
    remedy=CHAIN_OF_KERNELS,
)
def depthwise_kernel_3d(ctx: OpContext) -> Iterator[Violation]:
    """Kernel width and height of a depthwise convolution are within {kernel_size}, its depth is
    within {depth}; for a transposed one kernel / stride is.
    """
    width, height, depth = _in_steps(ctx)
    if ctx.limit("kernel_size") is None:
        yield Violation(
            "{target} is built without an engine for depthwise convolutions",
            target=ctx.target.name,
            found="no engine",
        )
    yield from ctx.axes_within("kernel", (width, height), ctx.limit("kernel_size"))
    yield from ctx.axes_within("kernel", (depth,), ctx.limit("depth"), "d")


@constraint(
    "conv3d.window",
    kinds=("conv3d",),
    evidence=Evidence.USER_GUIDE,
    source="PG389 1.3",
    limits={"most": lambda target: WINDOW, "at_once": lambda target: CHANNELS_AT_ONCE},
    passes=(
        volume("kernel 8x8x1", (8, 8, 1)),
        volume("kernel 8x8x8, 256 channels", (8, 8, 8), 256),
    ),
    fails=(
        volume("kernel 13x5x1", (13, 5, 1)),
        volume("kernel 8x8x8, 257 channels", (8, 8, 8), 257),
    ),
    remedy=SMALLER_WINDOW,
)
def window(ctx: OpContext) -> Iterator[Violation]:
    """kernel_w * kernel_h * ceil(ic * kernel_d / {at_once}) is at most {most}, with ic the input
    channels rounded up to 16.

    PG389 1.1 had kernel_w * kernel_h <= 64 and kernel_w * kernel_h * kernel_d * input_channels
    <= 32768.
    """
    width, height, depth = ctx.attrs.kernel
    channels = ceil_div(ctx.input.channels, 16) * 16
    found = width * height * ceil_div(channels * depth, CHANNELS_AT_ONCE)
    most = ctx.limit("most")
    if found > most:
        yield Violation(
            "{width} x {height} x ceil({channels} * {depth} / {at_once}) is {found}, more than "
            "{nearest}",
            width=width,
            height=height,
            channels=channels,
            depth=depth,
            at_once=CHANNELS_AT_ONCE,
            found=found,
            limit=f"<= {most}",
            nearest=most,
        )


CONSTRAINTS = (
    engine,
    kernel,
    depthwise_kernel_3d,
    window,
    stride,
    pad,
    dilation,
    channels,
    group,
    output_padding,
)
