"""What only DPUCV2DX8G requires: its windows, its bank, its strides, and a softmax of one build."""

from __future__ import annotations

from typing import Iterator

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
    inside,
    outside,
)
from vai_inspect.rules.shared import conv as conv_rules
from vai_inspect.rules.shared import cpu_only
from vai_inspect.rules.shared.engines import alu_runs, ceil_div, covers
from vai_inspect.rules.shared.examples import conv, depthwise
from vai_inspect.rules.shared.remedies import CHAIN_OF_KERNELS, SMALLER_WINDOW
from vai_inspect.rules.shared.sources import DEFINITIONS, DIGEST, UG1414
from vai_inspect.rules.shared.windows import in_doubt, weights_fit

STRIDES = Limit.span(1, 8)
"""UG1414 3.5; the target definition has 1-16."""
WINDOW_WORDS = 256
WINDOW_MOST = 13760
"""UG1414 3.5: 256 * kernel_h * kernel_w <= 13760."""
DEPTHWISE_WINDOW = 431
"""UG1414 3.5: kernel_h * kernel_w of a depthwise convolution."""
BIAS_WORDS = 4

WEIGHTS_DOUBTED = in_doubt(
    weights_fit, "the user guide's formula for this DPU allows it, so this is in doubt"
)


def window_fits(target: Target, width: int, height: int, channels: int) -> Iterator[Violation]:
    """256 * kernel_w * kernel_h is at most 13760."""
    words = WINDOW_WORDS * width * height
    if words > WINDOW_MOST:
        yield Violation(
            "{words} * {width} * {height} is {found}, more than {nearest}",
            words=WINDOW_WORDS,
            width=width,
            height=height,
            found=words,
            limit=f"<= {WINDOW_MOST}",
            nearest=WINDOW_MOST,
        )


def input_words(target: Target, width: int, height: int, channels: int) -> int:
    """Returns kernel_w * kernel_h * ceil(ic / cp) * ceil(cp / 4) + 4."""
    parallel = target.conv.input_channel_parallel
    return width * height * ceil_div(channels, parallel) * ceil_div(parallel, 4) + BIAS_WORDS


def _depth(target: Target) -> int:
    return target.bank(target.conv.input_bank[0]).depth


def input_fits(target: Target, width: int, height: int, channels: int) -> Iterator[Violation]:
    """The words of the user guide's formula are at most the depth of the feature-map bank."""
    words, depth = input_words(target, width, height, channels), _depth(target)
    if words > depth:
        yield Violation(
            "{width} x {height} on {channels} channels needs {found} words, more than the {depth} "
            "of a bank",
            width=width,
            height=height,
            channels=channels,
            depth=depth,
            found=words,
            limit=f"<= {depth}",
        )


def _guide(target: Target) -> Limit:
    return STRIDES


def _strided(number: int) -> Example:
    return conv(f"stride {number}", stride=(number, number))


@constraint(
    "conv.stride",
    kinds=("conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414 + "; " + DEFINITIONS,
    limits={"stride": _guide, "defined": lambda target: target.conv.limit.stride},
    passes=(
        inside(_guide, _strided),
        conv(
            "stride 17, kernel as large as the input", (1, 5, 5, 16), kernel=(5, 5), stride=(17, 17)
        ),
    ),
    fails=(outside(_guide, _strided), _strided(16), _strided(17)),
    remedy=conv_rules.stride.remedies,
)
def stride(ctx: OpContext) -> Iterator[Violation]:
    """Stride is within {stride} along width and height, unless the kernel is the whole input; more
    is unknown within {defined}, the limit of the target definition.

    No published rule was run for this DPU, so nothing decides between the user guide and the
    definition.
    """
    _, height, width, _ = ctx.input.shape
    if covers(ctx.op, (width, height)):
        return
    defined = ctx.limit("defined")
    for violation in ctx.axes_within("stride", ctx.attrs.stride, ctx.limit("stride")):
        if violation.found in defined:
            violation = violation.replaced(
                template=violation.template + ", though within {defined} of the target definition",
                defined=defined,
                verdict=Verdict.UNKNOWN,
            )
        yield violation


@constraint(
    "conv.window",
    kinds=("conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414,
    limits={"most": lambda target: WINDOW_MOST, "words": lambda target: WINDOW_WORDS},
    passes=(conv("kernel 13x4", kernel=(13, 4)), conv("kernel 7x7", kernel=(7, 7))),
    fails=(conv("kernel 9x6", kernel=(9, 6)), conv("kernel 8x8", kernel=(8, 8))),
    remedy=CHAIN_OF_KERNELS,
)
def window(ctx: OpContext) -> Iterator[Violation]:
    """{words} * kernel_w * kernel_h is at most {most}."""
    yield from conv_rules.of_window(window_fits)(ctx)


def _channels_to_fit(target: Target) -> int:
    """Returns the most channels of a 7x7 kernel by the user guide's formula."""
    parallel = target.conv.input_channel_parallel
    return (_depth(target) - BIAS_WORDS) // (49 * ceil_div(parallel, 4)) * parallel


@constraint(
    "conv.input_fit",
    kinds=("conv2d", "transposed-conv2d"),
    evidence=Evidence.USER_GUIDE,
    source=UG1414 + "; the column by elimination: the table of 2.5, without this DPU, has only "
    "the other formula",
    limits={"depth": _depth, "parallel": lambda target: target.conv.input_channel_parallel},
    passes=(conv("kernel 7x7, 512 input channels", (1, 14, 14, 512), kernel=(7, 7)),),
    fails=(outside(_channels_to_fit, conv_rules.seven),),
    remedy=SMALLER_WINDOW,
)
def input_fit(ctx: OpContext) -> Iterator[Violation]:
    """kernel_w * kernel_h * ceil(input_channels / {parallel}) * ceil({parallel} / 4) + 4 is at most
    {depth}, the depth of a feature-map bank.
    """
    yield from conv_rules.of_window(input_fits)(ctx)


@constraint(
    "depthwise.window",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST,
    limits={"most": lambda target: DEPTHWISE_WINDOW},
    passes=(depthwise("kernel 43x10", kernel=(43, 10)),),
    fails=(depthwise("kernel 27x16", kernel=(27, 16)),),
    remedy=approximate("use a smaller kernel"),
)
def depthwise_window(ctx: OpContext) -> Iterator[Violation]:
    """kernel_w * kernel_h of a depthwise convolution is at most {most}."""
    width, height = ctx.attrs.kernel
    yield from ctx.at_most("kernel_w * kernel_h", width * height, ctx.limit("most"))


@constraint(
    "softmax.cpu",
    kinds=cpu_only.softmax.kinds,
    evidence=Evidence.USER_GUIDE,
    source=cpu_only.softmax.provenance.source + "; alu_type of DPUCV2DX8G_ISA0_C16M4B1",
    passes=(),
    always=True,
    fails=cpu_only.softmax.fails,
)
def softmax(ctx: OpContext) -> Iterator[Violation]:
    """Softmax runs on the CPU; where the definition's ALU lists it, it is unknown.

    The definition of DPUCV2DX8G_ISA0_C16M4B1 in release 3.0 lists softmax, that of 3.5 does not.
    """
    for violation in cpu_only.softmax.check(ctx):
        if alu_runs(ctx.target, "softmax"):
            violation = violation.replaced(
                template="the target definition lists softmax for the ALU, but no compiled model "
                "and no guide shows it",
                verdict=Verdict.UNKNOWN,
            )
        yield violation
