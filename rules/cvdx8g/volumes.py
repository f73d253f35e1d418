"""Three-dimensional convolutions, which run on DPUCVDX8G alone."""

from __future__ import annotations

from typing import Iterator, Optional, Sequence, Tuple

from vai_inspect.core.findings import Evidence, Verdict
from vai_inspect.core.ir import CONVOLUTIONS_3D
from vai_inspect.core.ir.attrs import (
    Attrs,
    Conv3dAttrs,
    DepthwiseConv3dAttrs,
    TransposedConv3dAttrs,
)
from vai_inspect.core.target import Limit, Target
from vai_inspect.rules.common.engines import (
    alu_runs,
    ceil_div,
    depthwise_kernel,
    input_channels,
    output_channels,
)
from vai_inspect.rules.common.examples import alone
from vai_inspect.rules.common.sources import DIGEST
from vai_inspect.rules.constraint import constraint
from vai_inspect.rules.cvdx8g.own import CHANNELS_AT_ONCE, WINDOW
from vai_inspect.rules.example import Example, inside, outside, where
from vai_inspect.rules.site import Problem, Site

PLAIN = ("conv3d", "transposed-conv3d")
DEPTHWISE = ("depthwise-conv3d", "transposed-depthwise-conv3d")
TRANSPOSED = ("transposed-conv3d", "transposed-depthwise-conv3d")
DEPTH = Limit.span(1, 16)
"""Kernel depth of both kinds (UG1414 by a digest)."""
AXES = "whd"
FROM_2D = "concluded from two-dimensional convolutions; no source speaks of this in three"


def _kernel_size(target: Target) -> Limit:
    return target.conv.limit.kernel_size


def _volume(
    text: str,
    kernel: Tuple[int, int, int] = (3, 3, 3),
    channels: int = 16,
    oc: int = 16,
    depthwise: bool = False,
    size: Optional[Tuple[int, int, int]] = None,
    **attrs: object,
) -> Example:
    """A three-dimensional convolution on an input that is just as large as its reach needs."""
    stride: Sequence[int] = attrs.get("stride", (1, 1, 1))  # type: ignore[assignment]
    dilation: Sequence[int] = attrs.get("dilation", (1, 1, 1))  # type: ignore[assignment]
    kind = "depthwise-conv3d" if depthwise else "conv3d"
    made: Attrs = (DepthwiseConv3dAttrs if depthwise else Conv3dAttrs)(kernel, **attrs)  # type: ignore[arg-type]
    width, height, depth = size or tuple(
        (k - 1) * d + 1 + s for k, d, s in zip(kernel, dilation, stride)
    )
    pads: Sequence[int] = attrs.get("pad", (0,) * 6)  # type: ignore[assignment]
    out = [
        (extent + pads[2 * axis] + pads[2 * axis + 1] - (kernel[axis] - 1) * dilation[axis] - 1)
        // stride[axis]
        + 1
        for axis, extent in enumerate((width, height, depth))
    ]
    shape = (1, depth, height, width, channels)
    count = channels if depthwise else oc
    group = int(attrs.get("group", 1))  # type: ignore[call-overload]
    weights = (1 if depthwise else oc, kernel[2], kernel[1], kernel[0], channels // group)
    return alone(text, kind, made, shape, (1, out[2], out[1], out[0], count), weights)


def _wide(number: int) -> Example:
    return _volume("kernel {}x1x1".format(number), (number, 1, 1))


def _deep(number: int) -> Example:
    return _volume("kernel 1x1x{}".format(number), (1, 1, number))


@constraint(
    "conv3d.kernel",
    kinds=PLAIN,
    evidence=Evidence.USER_GUIDE,
    source=DIGEST,
    limits={"kernel_size": _kernel_size},
    passes=(inside(_kernel_size, _wide), inside(_kernel_size, _deep)),
    fails=(outside(_kernel_size, _wide), outside(_kernel_size, _deep)),
    cure="split a large kernel into a chain of smaller ones of the same reach",
)
def kernel(site: Site) -> Iterator[Problem]:
    """Kernel width, height and depth are each within {kernel_size}; of a transposed convolution
    kernel / stride is.

    The 2.5 inspector accepts every three-dimensional convolution without a check.
    """
    sizes = _in_steps(site)
    yield from site.axes_within("kernel", sizes, site.limit("kernel_size"), AXES)


def _in_steps(site: Site) -> Tuple[int, ...]:
    """Returns the kernel, of a transposed convolution divided by the stride, rounded up."""
    if site.op.kind not in TRANSPOSED:
        return tuple(site.attrs.kernel)
    return tuple(
        ceil_div(size, step) if size >= step else 0
        for size, step in zip(site.attrs.kernel, site.attrs.stride)
    )


def in_3d(target: Target) -> bool:
    """Tells whether the ALU has the mode for three dimensions (w16b0)."""
    return alu_runs(target, "w16b0")


@constraint(
    "conv3d.engine",
    kinds=CONVOLUTIONS_3D,
    evidence=Evidence.INFERRED,
    source="ALU modes of instruction set 2: none, all, all and 3-D (w16b0)",
    passes=(where(in_3d, _volume("a DPU with it")),),
    fails=(where(lambda target: not in_3d(target), _volume("a DPU without it")),),
    cure="use a DPU built with it",
)
def engine(site: Site) -> Iterator[Problem]:
    """The DPU's ALU has the mode for three dimensions (w16b0), as every one of instruction set 3
    has; without it is unknown what runs.
    """
    if not in_3d(site.target):
        yield Problem(
            "{} is built without the ALU's mode for three dimensions".format(site.target.name),
            found="no w16b0",
            limit="w16b0",
            verdict=Verdict.UNKNOWN,
        )


def _wide_depthwise(number: int) -> Example:
    return _volume("depthwise kernel {}x1x1".format(number), (number, 1, 1), depthwise=True)


def _deep_depthwise(number: int) -> Example:
    return _volume("depthwise kernel 1x1x{}".format(number), (1, 1, number), depthwise=True)


@constraint(
    "conv3d.depthwise_kernel",
    kinds=DEPTHWISE,
    evidence=Evidence.USER_GUIDE,
    source=DIGEST,
    limits={"kernel_size": depthwise_kernel, "depth": lambda target: DEPTH},
    passes=(inside(depthwise_kernel, _wide_depthwise), inside(lambda _: DEPTH, _deep_depthwise)),
    fails=(outside(depthwise_kernel, _wide_depthwise), outside(lambda _: DEPTH, _deep_depthwise)),
    cure="split a large kernel into a chain of smaller ones of the same reach",
)
def depthwise_kernel_3d(site: Site) -> Iterator[Problem]:
    """Kernel width and height of a depthwise convolution are within {kernel_size}, its depth is
    within {depth}; of a transposed one kernel / stride is.
    """
    width, height, depth = _in_steps(site)
    if site.limit("kernel_size") is None:
        yield Problem(
            "{} is built without an engine for depthwise convolutions".format(site.target.name),
            found="no engine",
        )
    yield from site.axes_within("kernel", (width, height), site.limit("kernel_size"))
    yield from site.axes_within("kernel", (depth,), site.limit("depth"), "d")


@constraint(
    "conv3d.window",
    kinds=("conv3d",),
    evidence=Evidence.USER_GUIDE,
    source="PG389 1.3",
    limits={"most": lambda target: WINDOW, "at_once": lambda target: CHANNELS_AT_ONCE},
    passes=(
        _volume("kernel 8x8x1", (8, 8, 1)),
        _volume("kernel 8x8x8, 256 channels", (8, 8, 8), 256),
    ),
    fails=(
        _volume("kernel 13x5x1", (13, 5, 1)),
        _volume("kernel 8x8x8, 257 channels", (8, 8, 8), 257),
    ),
    cure="use a smaller kernel or fewer input channels",
)
def window(site: Site) -> Iterator[Problem]:
    """kernel_w * kernel_h * ceil(ic * kernel_d / {at_once}) is at most {most}, with ic the input
    channels rounded up to 16.

    PG389 1.1 had kernel_w * kernel_h <= 64 and kernel_w * kernel_h * kernel_d * input_channels
    <= 32768.
    """
    width, height, depth = site.attrs.kernel
    channels = ceil_div(site.input.channels, 16) * 16
    found = width * height * ceil_div(channels * depth, CHANNELS_AT_ONCE)
    yield from site.at_most(
        "{} x {} x ceil({} * {} / {})".format(width, height, channels, depth, CHANNELS_AT_ONCE),
        found,
        site.limit("most"),
    )


def _strided(number: int) -> Example:
    return _volume("stride {}".format(number), stride=(number, number, number))


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
def stride(site: Site) -> Iterator[Problem]:
    """Stride is within {stride} along each axis; whether a larger one runs is unknown."""
    for problem in site.axes_within("stride", site.attrs.stride, site.limit("stride"), AXES):
        yield _doubted(problem)


@constraint(
    "conv3d.pad",
    kinds=("conv3d", "depthwise-conv3d"),
    evidence=Evidence.INFERRED,
    source=FROM_2D,
    passes=(_volume("pad 2, kernel 3", pad=(2,) * 6),),
    fails=(_volume("pad 3, kernel 3", pad=(3,) * 6),),
    cure="pad less, or pad in an operator of its own before the convolution",
)
def pad(site: Site) -> Iterator[Problem]:
    """Each pad is below the kernel; whether a larger one runs is unknown."""
    for axis, size in enumerate(site.attrs.kernel):
        most = (size - 1) * site.attrs.dilation[axis]
        pads = site.attrs.pad[2 * axis : 2 * axis + 2]
        for problem in site.axes_within("pad_" + AXES[axis], pads, Limit.span(0, most), "12"):
            yield _doubted(problem)
            break


@constraint(
    "conv3d.dilation",
    kinds=CONVOLUTIONS_3D,
    evidence=Evidence.INFERRED,
    source="no source speaks of dilated convolutions in three dimensions",
    passes=(_volume("dilation 1"),),
    fails=(_volume("dilation 2", dilation=(2, 2, 2)),),
    cure="use dilation 1",
)
def dilation(site: Site) -> Iterator[Problem]:
    """Dilation is 1; whether another one runs is unknown."""
    if set(site.attrs.dilation) != {1}:
        yield Problem(
            "dilation is {}; no source says that it may be other than 1 in three dimensions".format(
                list(site.attrs.dilation)
            ),
            found=site.attrs.dilation,
            limit="1",
            nearest=1,
            verdict=Verdict.UNKNOWN,
        )


def _of_channels(number: int) -> Example:
    return _volume("{} channels".format(number), (1, 1, 1), number)


@constraint(
    "conv3d.channels",
    kinds=CONVOLUTIONS_3D,
    evidence=Evidence.INFERRED,
    source=FROM_2D,
    limits={"channels": input_channels, "to": output_channels},
    passes=(inside(input_channels, _of_channels),),
    fails=(outside(input_channels, _of_channels),),
    cure="split the channels over several convolutions",
)
def channels(site: Site) -> Iterator[Problem]:
    """Input channels are at most {channels}, output channels at most {to}; whether more run is
    unknown.
    """
    for problem in (
        *site.at_most("input_channels", site.input.channels, site.limit("channels")),
        *site.at_most("output_channels", site.op.output.channels, site.limit("to")),
    ):
        yield _doubted(problem)


@constraint(
    "conv3d.group",
    kinds=PLAIN,
    evidence=Evidence.INFERRED,
    source=FROM_2D,
    passes=(_volume("group 1"),),
    fails=(_volume("group 2", group=2),),
    cure="use group 1, or as many groups as channels",
)
def group(site: Site) -> Iterator[Problem]:
    """The convolution has one group; whether it may have more is unknown."""
    yield from map(_doubted, site.at_most("group", site.attrs.group, 1))


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
    cure="use a kernel that the stride divides and no output padding",
)
def output_padding(site: Site) -> Iterator[Problem]:
    """A transposed convolution has no output padding; whether it may have is unknown."""
    added = site.attrs.output_padding
    if any(added):
        yield Problem(
            "output_padding is {}; in two dimensions the DPU takes none".format(list(added)),
            found=added,
            limit="0",
            nearest=0,
            verdict=Verdict.UNKNOWN,
        )


def _doubted(problem: Problem) -> Problem:
    return Problem(
        problem.message + " of two-dimensional convolutions",
        problem.found,
        problem.limit,
        problem.nearest,
        problem.suggestion,
        Verdict.UNKNOWN,
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
