"""Constraints of `depthwise-conv2d`, and of what becomes one."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from vai_inspect.core.findings import Evidence
from vai_inspect.core.target import Limit
from vai_inspect.rules.common.engines import (
    ALU_PADS,
    ceil_div,
    depthwise_bank,
    depthwise_engine,
    depthwise_limit,
    input_channels,
    up_to,
)
from vai_inspect.rules.common.examples import depthwise, transposed
from vai_inspect.rules.common.sources import PT25, UG1414_25
from vai_inspect.rules.constraint import Verdict, constraint
from vai_inspect.rules.site import SIDES, Problem, Site


@constraint(
    "depthwise.kernel",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414_25 + "; target definitions",
    limits={"kernel_size": lambda target: depthwise_limit(target).kernel_size},
    passes=(depthwise("kernel 1x256", (1, 256, 8, 16), kernel=(1, 256)),),
    fails=(depthwise("kernel 1x257", (1, 257, 8, 16), kernel=(1, 257)),),
    cure="split a large kernel into a chain of smaller ones of the same reach",
)
def kernel(site: Site) -> Iterator[Problem]:
    """Kernel width and height are each within {kernel_size}."""
    yield from site.axes_within("kernel", site.attrs.kernel, site.limit("kernel_size"))


@constraint(
    "depthwise.stride",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414_25 + "; target definitions",
    limits={"stride": lambda target: depthwise_limit(target).stride},
    passes=(depthwise("stride 256", (1, 512, 8, 16), stride=(1, 256)),),
    fails=(depthwise("stride 257", (1, 520, 8, 16), stride=(1, 257)),),
)
def stride(site: Site) -> Iterator[Problem]:
    """Stride is within {stride} along width and height."""
    yield from site.axes_within("stride", site.attrs.stride, site.limit("stride"))


@constraint(
    "depthwise.dilation",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414_25,
    limits={"channels": input_channels},
    passes=(depthwise("dilation 2, 2048 channels", (1, 8, 8, 2048), dilation=(2, 2)),),
    fails=(depthwise("dilation 2, 2049 channels", (1, 8, 8, 2049), dilation=(2, 2)),),
    cure="use a smaller dilation or fewer channels",
)
def dilation(site: Site) -> Iterator[Problem]:
    """Dilation times channels is at most {channels} along each axis."""
    limit, channels = site.limit("channels"), site.input.channels
    for step in sorted(set(site.attrs.dilation) - {1}):
        yield from site.at_most("dilation * channels", step * channels, limit)


@constraint(
    "depthwise.dilation_square",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.INFERRED,
    source="compiled models on DPUCVDX8G (Vitis-AI issue 813), whose ALU is of the same make",
    passes=(depthwise("dilation 2x2", dilation=(2, 2)),),
    fails=(depthwise("dilation 2x1", dilation=(2, 1)),),
    cure="use one dilation for both axes",
)
def dilation_square(site: Site) -> Iterator[Problem]:
    """dilation_w equals dilation_h; whether they may differ on this family is unknown."""
    across, down = site.attrs.dilation
    if across != down:
        yield Problem(
            "dilation_w {} and dilation_h {} differ, which a DPU with the same kind of ALU "
            "refuses".format(across, down),
            found=(across, down),
            limit="dilation_w = dilation_h",
            nearest=(min(across, down),) * 2,
            verdict=Verdict.UNKNOWN,
        )


@constraint(
    "depthwise.pad",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414_25 + ", paddings row; pad_limit of the target definitions",
    limits=ALU_PADS,
    passes=(
        depthwise("pad 15, kernel 16", kernel=(16, 16), pad=(15, 15, 15, 15)),
        depthwise("pad 2, kernel 3", pad=(2, 2, 2, 2)),
    ),
    fails=(
        depthwise("pad 16, kernel 17", kernel=(17, 17), pad=(16, 16, 16, 16)),
        depthwise("pad 3, kernel 3", pad=(3, 3, 3, 3)),
        depthwise("pad 18, kernel 3, dilation 18", pad=(18, 18, 18, 18), dilation=(18, 18)),
    ),
    cure="pad less, or pad in an operator of its own before the convolution",
)
def pad(site: Site) -> Iterator[Problem]:
    """Each pad is at most min(kernel - 1, 15) * dilation.

    The target's definition allows {left} on the left, {right} on the right, {top} at the top and
    {bottom} at the bottom; what only that refuses (a large dilation) is unknown, since the user
    guide multiplies by the dilation.
    """
    attrs = site.attrs
    reach = [min(size - 1, 15) * step for size, step in zip(attrs.kernel, attrs.dilation)]
    yield from site.sides_within(attrs.pad, [Limit.span(0, reach[side // 2]) for side in range(4)])
    within = [min(pad, reach[side // 2]) for side, pad in enumerate(attrs.pad)]
    engine = [up_to(reach[side // 2], site.limit(name)) for side, name in enumerate(SIDES)]
    for problem in site.sides_within(within, engine):
        yield replace(
            problem,
            message=problem.message + " of the target's definition, though the user guide's "
            "formula allows it",
            verdict=Verdict.UNKNOWN,
        )


@constraint(
    "depthwise.weight_fit",
    kinds=("depthwise-conv2d", "transposed-depthwise-conv2d"),
    evidence=Evidence.PARTITION_RULE,
    source=PT25,
    limits={
        "bank": lambda target: depthwise_bank(target).name,
        "depth": lambda target: depthwise_bank(target).depth,
        "groups": lambda target: ceil_div(
            getattr(depthwise_engine(target), "channel_parallel", 1), depthwise_bank(target).width
        ),
    },
    passes=(
        depthwise("kernel 45x45", kernel=(45, 45)),
        transposed("kernel 45x45", (1, 8, 8, 16), kernel=(45, 45), stride=(3, 3), depthwise_=True),
    ),
    fails=(depthwise("kernel 46x46", kernel=(46, 46)),),
    cure="use a smaller kernel",
)
def weight_fit(site: Site) -> Iterator[Problem]:
    """kernel_w * kernel_h * {groups} is at most {depth}, the depth of bank {bank}."""
    width, height = site.attrs.kernel
    words, limit = width * height * site.limit("groups"), site.limit("depth")
    if words > limit:
        yield Problem(
            "the weights of one channel group ({} x {}) need {} addresses of bank {}, which has "
            "{}".format(width, height, words, site.limit("bank"), limit),
            found=words,
            limit="<= {}".format(limit),
        )


@constraint(
    "depthwise.channels",
    kinds=("depthwise-conv2d", "transposed-depthwise-conv2d"),
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; pyxir common_op_support",
    limits={"channels": input_channels},
    passes=(depthwise("4096 channels", (1, 8, 8, 4096)),),
    fails=(depthwise("4097 channels", (1, 8, 8, 4097)),),
    cure="split the channels over several convolutions and concatenate their outputs",
)
def channels(site: Site) -> Iterator[Problem]:
    """Channels are at most {channels} (256 * channel_parallel)."""
    yield from site.at_most("channels", site.input.channels, site.limit("channels"))


@constraint(
    "depthwise.multiplier",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.USER_GUIDE,
    source="UG1414 2.5, operators of PyTorch: groups are 1 or as many as input and output channels",
    passes=(depthwise("multiplier 1"),),
    fails=(depthwise("multiplier 2", multiplier=2),),
    cure="use one filter a channel and a 1x1 convolution behind it for more channels",
)
def multiplier(site: Site) -> Iterator[Problem]:
    """There is one filter for each input channel (depth multiplier 1).

    The 2.5 PyTorch inspector takes such an operator for a plain convolution and says DPU.
    """
    if site.attrs.multiplier != 1:
        yield Problem(
            "{} filters for each input channel; the DPU takes one".format(site.attrs.multiplier),
            found=site.attrs.multiplier,
            limit="1",
            nearest=1,
        )


CONSTRAINTS = (
    kernel,
    stride,
    dilation,
    dilation_square,
    pad,
    weight_fit,
    channels,
    multiplier,
)
