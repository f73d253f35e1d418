"""Constraints of `conv2d`."""

from __future__ import annotations

from typing import Iterator, List

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir.attrs import WindowAttrs2d
from vai_inspect.core.target import Limit
from vai_inspect.rules.common.engines import ceil_div, covers, input_channels, output_channels
from vai_inspect.rules.common.examples import conv, transposed
from vai_inspect.rules.common.sources import PT25, UG1414
from vai_inspect.rules.constraint import Verdict, constraint
from vai_inspect.rules.site import Problem, Site


@constraint(
    "conv.kernel",
    kinds=("conv2d",),
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; " + UG1414,
    limits={"kernel_size": lambda target: target.conv.limit.kernel_size},
    passes=(conv("kernel 16x16", kernel=(16, 16)), conv("kernel 1x16", kernel=(1, 16))),
    fails=(conv("kernel 17x17", kernel=(17, 17)), conv("kernel 17x1", kernel=(17, 1))),
    cure="split a large kernel into a chain of smaller ones of the same reach",
)
def kernel(site: Site) -> Iterator[Problem]:
    """Kernel width and height are each within {kernel_size}."""
    yield from site.axes_within("kernel", site.attrs.kernel, site.limit("kernel_size"))


@constraint(
    "conv.stride",
    kinds=("conv2d",),
    evidence=Evidence.PARTITION_RULE,
    source="check_stride of " + PT25 + " (as meant: the released check tests nothing); " + UG1414,
    limits={"stride": lambda target: target.conv.limit.stride},
    passes=(
        conv("stride 8", stride=(8, 8)),
        conv("stride 9, kernel as large as the input", (1, 9, 9, 16), kernel=(9, 9), stride=(9, 9)),
    ),
    fails=(conv("stride 9", stride=(9, 9)), conv("stride_w 9", stride=(9, 1))),
    cure="use a smaller stride, and a pool or a second convolution for the rest",
)
def stride(site: Site) -> Iterator[Problem]:
    """Stride is within {stride} along width and height, unless the kernel is the whole input.

    The 2.5 PyTorch inspector never rejects a stride, since its check compares the limit with
    itself; its Keras inspector and the compiler do.
    """
    _, height, width, _ = site.input.shape
    if not covers(site.op, (width, height)):
        yield from site.axes_within("stride", site.attrs.stride, site.limit("stride"))


@constraint(
    "conv.dilation",
    kinds=("conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414,
    limits={"channels": input_channels},
    passes=(
        conv("dilation 2, 2048 channels", (1, 8, 8, 2048), kernel=(1, 1), dilation=(2, 2)),
        conv("dilation 8, 64 channels", (1, 64, 64, 64), dilation=(8, 8)),
    ),
    fails=(conv("dilation 2, 2049 channels", (1, 8, 8, 2049), kernel=(1, 1), dilation=(2, 2)),),
    cure="use a smaller dilation or fewer input channels",
)
def dilation(site: Site) -> Iterator[Problem]:
    """Dilation times input channels is at most {channels} along each axis."""
    limit, channels = site.limit("channels"), site.input.channels
    for step in sorted(set(site.attrs.dilation) - {1}):
        if step * channels > limit:
            yield Problem(
                "dilation * input_channels is {} * {} = {}, more than {}".format(
                    step, channels, step * channels, limit
                ),
                found=step * channels,
                limit="<= {}".format(limit),
                nearest=limit,
            )


@constraint(
    "conv.dilated_stride",
    kinds=("conv2d",),
    evidence=Evidence.PARTITION_RULE,
    source="pyxir common_op_support; PG389 and PG400 say it of DPUCVDX8G and DPUCADF8H",
    passes=(
        conv("dilation 2, stride 1", dilation=(2, 2)),
        conv("dilation 1, stride 2", stride=(2, 2)),
    ),
    fails=(conv("dilation 2, stride 2", dilation=(2, 2), stride=(2, 2)),),
    cure="move the stride to an operator without dilation",
)
def dilated_stride(site: Site) -> Iterator[Problem]:
    """Along one axis, dilation and stride are not both above 1; whether they may be is unknown.

    pyxir's published rule refuses it; UG1414 and the 2.5 inspector's rules do not mention it.
    """
    pairs = dict.fromkeys(zip(site.attrs.dilation, site.attrs.stride))
    for step, move in pairs:
        if step > 1 and move > 1:
            yield Problem(
                "dilation {} together with stride {}: one published rule refuses it, the others "
                "are silent".format(step, move),
                found=move,
                limit="1",
                nearest=1,
                verdict=Verdict.UNKNOWN,
            )


@constraint(
    "conv.pad",
    kinds=("conv2d",),
    evidence=Evidence.COMPILED,
    source='compiler message \'DPU only supports "pad_left" less than "kernel_width"\'; ' + UG1414,
    passes=(
        conv("pad 2, kernel 3", pad=(2, 2, 2, 2)),
        conv("pad 4, kernel 3, dilation 2", pad=(4,) * 4, dilation=(2, 2)),
    ),
    fails=(
        conv("pad 3, kernel 3", pad=(3, 3, 3, 3)),
        conv("pad_left 1, kernel 1", kernel=(1, 1), pad=(1, 0, 0, 0)),
    ),
    cure="pad less, or pad in an operator of its own before the convolution",
)
def pad(site: Site) -> Iterator[Problem]:
    """Left and right pads are within 0 to (kernel_w - 1) * dilation_w, top and bottom likewise.

    The 2.5 inspector's check lets a pad equal to the kernel pass; the compiler refuses it.
    """
    yield from site.sides_within(site.attrs.pad, below_kernel(site.attrs))


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
    passes=(conv("4096 input channels", (1, 4, 4, 4096), kernel=(1, 1)),),
    fails=(conv("4097 input channels", (1, 4, 4, 4097), kernel=(1, 1)),),
    cure="split the channels over several convolutions and add their outputs",
)
def channels_in(site: Site) -> Iterator[Problem]:
    """Input channels are at most {channels} (256 * input_channel_parallel)."""
    yield from site.at_most("input_channels", site.input.channels, site.limit("channels"))


@constraint(
    "conv.output_channels",
    kinds=("conv2d", "transposed-conv2d"),
    evidence=Evidence.PARTITION_RULE,
    source="keras vai_utf limits of Vitis AI 2.5; " + UG1414,
    limits={"channels": output_channels},
    passes=(conv("4096 output channels", (1, 4, 4, 16), 4096, kernel=(1, 1)),),
    fails=(conv("4097 output channels", (1, 4, 4, 16), 4097, kernel=(1, 1)),),
    cure="split the convolution into several with fewer output channels and concatenate them",
)
def channels_out(site: Site) -> Iterator[Problem]:
    """Output channels are at most {channels} (256 * output_channel_parallel).

    The 2.5 PyTorch inspector computes the figure and never checks it.
    """
    yield from site.at_most("output_channels", site.op.output.channels, site.limit("channels"))


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
        "depth": lambda target: target.bank(target.conv.weight_bank).depth,
        "width": lambda target: target.bank(target.conv.weight_bank).width,
        "groups": lambda target: ceil_div(
            target.conv.output_channel_parallel, target.bank(target.conv.weight_bank).num
        ),
    },
    passes=(
        conv("kernel 16x16, 128 input channels", (1, 32, 32, 128), kernel=(16, 16)),
        transposed(
            "kernel 16x16, stride 8, 128 input channels",
            (1, 8, 8, 128),
            kernel=(16, 16),
            stride=(8, 8),
        ),
    ),
    fails=(conv("kernel 16x16, 129 input channels", (1, 32, 32, 129), kernel=(16, 16)),),
    cure="use a smaller kernel or fewer input channels",
)
def weight_fit(site: Site) -> Iterator[Problem]:
    """kernel_w * kernel_h * ceil(input_channels / {width}) * {groups} is at most {depth}, the depth
    of bank {bank}.
    """
    width, height = site.attrs.kernel
    words = (
        width * height * ceil_div(site.input.channels, site.limit("width")) * site.limit("groups")
    )
    limit = site.limit("depth")
    if words > limit:
        yield Problem(
            "the weights of one output group ({} x {} x {} channels) need {} addresses of bank {}, "
            "which has {}".format(
                width, height, site.input.channels, words, site.limit("bank"), limit
            ),
            found=words,
            limit="<= {}".format(limit),
        )


@constraint(
    "conv.group",
    kinds=("conv2d", "transposed-conv2d"),
    evidence=Evidence.USER_GUIDE,
    source="UG1414 2.5, operators of PyTorch; " + UG1414,
    passes=(conv("group 1"),),
    fails=(conv("group 2", group=2),),
    cure=(
        "use group 1, or as many groups as channels (a depthwise convolution) with a 1x1 "
        "convolution"
    ),
)
def group(site: Site) -> Iterator[Problem]:
    """The convolution has one group; as many groups as channels make a depthwise convolution.

    The 2.5 PyTorch inspector does not look at groups and says DPU.
    """
    if site.attrs.group != 1:
        yield Problem(
            "group is {}; only 1 group, or a depthwise convolution, runs on the DPU".format(
                site.attrs.group
            ),
            found=site.attrs.group,
            limit="1",
            nearest=1,
        )


CONSTRAINTS = (
    kernel,
    stride,
    dilation,
    dilated_stride,
    pad,
    channels_in,
    channels_out,
    weight_fit,
    group,
)
