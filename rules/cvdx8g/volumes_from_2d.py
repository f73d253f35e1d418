"""What is concluded of convolutions in three dimensions from those in two; it only doubts."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.findings import Evidence, Verdict
from vai_inspect.core.ir import CONVOLUTIONS_3D
from vai_inspect.core.ir.attrs import (
    TransposedConv3dAttrs,
)
from vai_inspect.core.target import Limit, Target
from vai_inspect.rules.cvdx8g.volume_examples import volume
from vai_inspect.rules.engine.constraint import constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, inside, outside
from vai_inspect.rules.shared.engines import input_channels, output_channels
from vai_inspect.rules.shared.examples import alone

AXES = "whd"
PLAIN = ("conv3d", "transposed-conv3d")
TRANSPOSED = ("transposed-conv3d", "transposed-depthwise-conv3d")

FROM_2D = "concluded from two-dimensional convolutions; no source speaks of this in three"


def _strided(number: int) -> Example:
    return volume("stride {}".format(number), stride=(number, number, number))


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
    passes=(volume("pad 2, kernel 3", pad=(2,) * 6),),
    fails=(volume("pad 3, kernel 3", pad=(3,) * 6),),
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
    passes=(volume("dilation 1"),),
    fails=(volume("dilation 2", dilation=(2, 2, 2)),),
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
    return volume("{} channels".format(number), (1, 1, 1), number)


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
    passes=(volume("group 1"),),
    fails=(volume("group 2", group=2),),
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
