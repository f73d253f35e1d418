"""Constraints of `conv2d`."""

from __future__ import annotations

from typing import Iterator, List

from vai_inspect.core.ir.attrs import WindowAttrs2d
from vai_inspect.rules.plugin import (
    Check,
    Evidence,
    Example,
    Limit,
    OpContext,
    Target,
    Violation,
    approximate,
    constraint,
    exact,
    inside,
    outside,
)
from vai_inspect.rules.shared.dilation import of_conv, with_stride
from vai_inspect.rules.shared.engines import (
    covers,
    input_channels,
    output_channels,
    weight_depth,
    weight_groups,
)
from vai_inspect.rules.shared.examples import conv, transposed
from vai_inspect.rules.shared.remedies import CHAIN_OF_KERNELS, PAD_LESS, SMALLER_WINDOW
from vai_inspect.rules.shared.sources import COMPILER_1_3, PT25, TF25, UG1414
from vai_inspect.rules.shared.windows import WindowRule, weights_fit


def _kernel_size(target: Target) -> Limit:
    return target.conv.limit.kernel_size


def _stride(target: Target) -> Limit:
    return target.conv.limit.stride


def channels_to_fit(target: Target) -> int:
    """Returns the most input channels with which a 7x7 kernel fits the weight bank."""
    per_window = weight_depth(target) // (49 * weight_groups(target))
    return per_window * target.bank(target.conv.weight_bank).width


def _wide(number: int) -> Example:
    return conv(f"kernel {number}x1", kernel=(number, 1))


def _high(number: int) -> Example:
    return conv(f"kernel 1x{number}", kernel=(1, number))


def _strided(number: int) -> Example:
    return conv(f"stride {number}", stride=(number, number))


def _of_channels(number: int) -> Example:
    return conv(f"{number} input channels", (1, 4, 4, number), kernel=(1, 1))


def _to_channels(number: int) -> Example:
    return conv(f"{number} output channels", (1, 4, 4, 16), number, kernel=(1, 1))


def seven(number: int) -> Example:
    """Returns the example of a 7x7 kernel on so many channels."""
    text = f"kernel 7x7, {number} input channels"
    return conv(text, (1, 14, 14, number), kernel=(7, 7))


def _seven_transposed(number: int) -> Example:
    text = f"transposed, kernel 7x7, {number} input channels"
    return transposed(text, (1, 8, 8, number), kernel=(7, 7), stride=(2, 2))


@constraint(
    "conv.kernel",
    kinds=("conv2d",),
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; " + UG1414,
    limits={"kernel_size": _kernel_size},
    passes=(inside(_kernel_size, _wide), inside(_kernel_size, _high)),
    fails=(outside(_kernel_size, _wide), outside(_kernel_size, _high)),
    remedy=CHAIN_OF_KERNELS,
)
def kernel(ctx: OpContext) -> Iterator[Violation]:
    """Kernel width and height are each within {kernel_size}."""
    yield from ctx.axes_within("kernel", ctx.attrs.kernel, ctx.limit("kernel_size"))


@constraint(
    "conv.stride",
    kinds=("conv2d",),
    evidence=Evidence.PARTITION_RULE,
    source="check_stride of " + PT25 + " (as meant: the released check tests nothing); " + UG1414,
    limits={"stride": _stride},
    passes=(
        inside(_stride, _strided),
        conv(
            "stride 17, kernel as large as the input", (1, 5, 5, 16), kernel=(5, 5), stride=(17, 17)
        ),
    ),
    fails=(
        outside(_stride, _strided),
        conv("stride_w 17", stride=(17, 1)),
    ),
    remedy=approximate("split the stride over two convolutions, or over a convolution and a pool"),
)
def stride(ctx: OpContext) -> Iterator[Violation]:
    """Stride is within {stride} along width and height, unless the kernel is the whole input.

    The 2.5 PyTorch inspector never rejects a stride, since its check compares the limit with
    itself; its Keras inspector and the compiler do.
    """
    _, height, width, _ = ctx.input.shape
    if not covers(ctx.op, (width, height)):
        yield from ctx.axes_within("stride", ctx.attrs.stride, ctx.limit("stride"))


@constraint(
    "conv.pad",
    kinds=("conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414 + "; " + COMPILER_1_3,
    passes=(
        conv("pad 2, kernel 3", pad=(2, 2, 2, 2)),
        conv("pad 4, kernel 3, dilation 2", pad=(4,) * 4, dilation=(2, 2)),
    ),
    fails=(
        conv("pad 3, kernel 3", pad=(3, 3, 3, 3)),
        conv("pad_left 1, kernel 1", kernel=(1, 1), pad=(1, 0, 0, 0)),
    ),
    remedy=PAD_LESS,
)
def pad(ctx: OpContext) -> Iterator[Violation]:
    """Left and right pads are within 0 to (kernel_w - 1) * dilation_w, top and bottom likewise.

    The 2.5 inspector's check lets a pad equal to the kernel pass, and so do PG366 and PG367
    ((kernel - 1) * dilation + 1); the compiler's message and UG1414 do not.
    """
    yield from ctx.sides_within(ctx.attrs.pad, below_kernel(ctx.attrs))


def below_kernel(attrs: WindowAttrs2d) -> List[Limit]:
    """Returns the pads below the dilated kernel: 0 to (kernel - 1) * dilation for each side."""
    reach = [(size - 1) * step for size, step in zip(attrs.kernel, attrs.dilation)]
    return [Limit.span(0, reach[side // 2]) for side in range(4)]


@constraint(
    "conv.input_channels",
    kinds=("conv2d", "transposed-conv2d"),
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; " + UG1414,
    limits={"channels": input_channels},
    passes=(inside(input_channels, _of_channels),),
    fails=(outside(input_channels, _of_channels),),
    remedy=exact(
        "split the channels over several convolutions and add their outputs", "split-channels"
    ),
)
def channels_in(ctx: OpContext) -> Iterator[Violation]:
    """Input channels are at most {channels} (256 * input_channel_parallel)."""
    yield from ctx.at_most("input_channels", ctx.input.channels, ctx.limit("channels"))


@constraint(
    "conv.output_channels",
    kinds=("conv2d", "transposed-conv2d"),
    evidence=Evidence.PARTITION_RULE,
    source=TF25 + "; " + UG1414,
    limits={"channels": output_channels},
    passes=(inside(output_channels, _to_channels),),
    fails=(outside(output_channels, _to_channels),),
    remedy=exact(
        "split the convolution into several with fewer output channels and concatenate them"
    ),
)
def channels_out(ctx: OpContext) -> Iterator[Violation]:
    """Output channels are at most {channels} (256 * output_channel_parallel).

    UG1414 says 256 * channel_parallel, which is less where the output channels are more parallel
    than the input channels; the published rule of the Keras inspector decides. The 2.5 PyTorch
    inspector computes the figure and never checks it.
    """
    yield from ctx.at_most("output_channels", ctx.op.output.channels, ctx.limit("channels"))


@constraint(
    "conv.weight_fit",
    kinds=("conv2d", "transposed-conv2d"),
    evidence=Evidence.PARTITION_RULE,
    source=PT25
    + "; "
    + UG1414
    + " (kernel_w * kernel_h * ceil(input_channels / channel_parallel) <= bank_depth)",
    limits={
        "bank": lambda target: target.conv.weight_bank,
        "depth": weight_depth,
        "width": lambda target: target.bank(target.conv.weight_bank).width,
        "outputs": lambda target: target.conv.output_channel_parallel,
        "number": lambda target: target.bank(target.conv.weight_bank).num,
    },
    passes=(inside(channels_to_fit, seven), inside(channels_to_fit, _seven_transposed)),
    fails=(outside(channels_to_fit, seven), outside(channels_to_fit, _seven_transposed)),
    remedy=SMALLER_WINDOW,
)
def weight_fit(ctx: OpContext) -> Iterator[Violation]:
    """kernel_w * kernel_h * ceil(input_channels / bank_width) * ceil(output_channel_parallel /
    bank_num) is at most bank_depth: {bank} has width {width}, number {number}, depth {depth};
    output_channel_parallel is {outputs}.
    """
    yield from of_window(weights_fit)(ctx)


def of_window(rule: WindowRule) -> Check:
    """Returns the check that asks a window rule about a convolution."""

    def check(ctx: OpContext) -> Iterator[Violation]:
        width, height = ctx.attrs.kernel
        yield from rule(ctx.target, width, height, ctx.input.channels)

    return check


@constraint(
    "conv.group",
    kinds=("conv2d", "transposed-conv2d"),
    evidence=Evidence.USER_GUIDE,
    source="UG1414 2.5, operators of PyTorch; " + UG1414,
    passes=(conv("group 1"),),
    fails=(conv("group 2", group=2),),
    remedy=(
        exact("use group 1, with zeros in the weights between groups", "group-to-dense"),
        approximate(
            "use as many groups as channels (a depthwise convolution) and a 1x1 convolution after "
            "it"
        ),
    ),
)
def group(ctx: OpContext) -> Iterator[Violation]:
    """The convolution has one group; as many groups as channels make a depthwise convolution.

    The 2.5 PyTorch inspector does not look at groups and says DPU.
    """
    if ctx.attrs.group != 1:
        yield Violation(
            "group is {found}; only 1 group, or a depthwise convolution, runs on the DPU",
            found=ctx.attrs.group,
            limit="1",
            nearest=1,
        )


CONSTRAINTS = (
    kernel,
    stride,
    of_conv,
    with_stride,
    pad,
    channels_in,
    channels_out,
    weight_fit,
    group,
)
