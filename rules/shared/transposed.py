"""Constraints of the transposed convolutions that plain ones do not share."""

from __future__ import annotations

from typing import Callable, Iterable, Iterator, Optional

from vai_inspect.core.findings import Evidence
from vai_inspect.core.target import Limit, Target
from vai_inspect.rules.engine.constraint import Verdict, constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import (
    Build,
    Example,
    ExamplesOf,
    FigureOf,
    inside,
    outside,
    where,
)
from vai_inspect.rules.shared.conv import below_kernel
from vai_inspect.rules.shared.engines import depthwise_kernel, runs_depthwise
from vai_inspect.rules.shared.examples import transposed
from vai_inspect.rules.shared.sources import PT25, UG1414

BOTH = ("transposed-conv2d", "transposed-depthwise-conv2d")


def _kernel_size(target: Target) -> Limit:
    return target.conv.limit.kernel_size


def _twice(number: int) -> Example:
    return transposed("kernel {}, stride 2".format(2 * number), kernel=(2 * number, 2))


def _ratios_at(side: Callable[[FigureOf, Build], ExamplesOf]) -> ExamplesOf:
    """Returns depthwise examples of stride 2 whose kernel_w is at the edge of what passes."""

    def made(target: Target) -> Iterable[Example]:
        sizes = depthwise_kernel(target)
        lowest = 2 * sizes.low if sizes is not None else 2

        def build(number: int) -> Example:
            text = "kernel {}x{}, stride 2".format(2 * number, lowest)
            return transposed(text, (1, 4, 4, 16), kernel=(2 * number, lowest), depthwise_=True)

        return side(depthwise_kernel, build)(target)

    return made


def _ratios(site: Site, limit: Optional[Limit]) -> Iterator[Problem]:
    """Asks k // s, and k // s + 1 where s does not divide k, to be within the limit."""
    if limit is None:
        return
    for size, step in dict.fromkeys(zip(site.attrs.kernel, site.attrs.stride)):
        ratio = size // step
        if ratio in limit and (size % step == 0 or ratio + 1 in limit):
            continue
        if step > size:
            text = "stride {} is larger than kernel {}".format(step, size)
        else:
            text = "kernel / stride is {} / {}, outside {}".format(size, step, limit)
        yield Problem(
            text,
            found="{}/{}".format(size, step),
            limit=str(limit),
            nearest="{}/{}".format(limit.nearest(ratio) * step, step),
            suggestion="use kernel {} with stride {}".format(limit.nearest(ratio) * step, step),
        )


@constraint(
    "transposed.kernel",
    kinds=("transposed-conv2d",),
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; " + UG1414 + "; Vitis-AI issue 517",
    limits={"kernel_size": _kernel_size},
    passes=(
        inside(_kernel_size, _twice),
        transposed("kernel 3, stride 2", kernel=(3, 3)),
    ),
    fails=(
        outside(_kernel_size, _twice),
        transposed("kernel 1, stride 2", kernel=(1, 1), output_padding=(1, 1)),
    ),
)
def kernel(site: Site) -> Iterator[Problem]:
    """kernel / stride is within {kernel_size} along each axis; where it is not whole, so is the
    next number above.
    """
    yield from _ratios(site, site.limit("kernel_size"))


@constraint(
    "transposed.depthwise_kernel",
    kinds=("transposed-depthwise-conv2d",),
    evidence=Evidence.PARTITION_RULE,
    source=PT25,
    limits={"kernel_size": depthwise_kernel},
    passes=(
        where(runs_depthwise, transposed("kernel 6, stride 2", kernel=(6, 6), depthwise_=True)),
        _ratios_at(inside),
    ),
    fails=(
        _ratios_at(outside),
        where(runs_depthwise, transposed("kernel 1, stride 2", kernel=(1, 1), depthwise_=True)),
    ),
)
def depthwise_ratio(site: Site) -> Iterator[Problem]:
    """kernel / stride is within {kernel_size} along each axis; where it is not whole, so is the
    next number above.
    """
    yield from _ratios(site, site.limit("kernel_size"))


@constraint(
    "transposed.pad",
    kinds=BOTH,
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; PG366, PG367, PG403",
    passes=(transposed("crop 1, kernel 4", kernel=(4, 4), pad=(1, 1, 1, 1)),),
    fails=(transposed("crop 2, kernel 2", pad=(2, 2, 2, 2)),),
)
def pad(site: Site) -> Iterator[Problem]:
    """What is cropped from each side of the full output is within 0 to (kernel - 1) * dilation."""
    yield from site.sides_within(site.attrs.pad, below_kernel(site.attrs))


@constraint(
    "transposed.output_padding",
    kinds=BOTH,
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; UG1414 2.5, operators of PyTorch",
    passes=(transposed("no output padding", kernel=(3, 3)),),
    fails=(transposed("output padding 1", kernel=(3, 3), output_padding=(1, 1)),),
    cure=(
        "use a kernel that the stride divides, such as kernel 2 or 4 with stride 2, and "
        "no output padding"
    ),
)
def output_padding(site: Site) -> Iterator[Problem]:
    """There is no output padding."""
    if any(site.attrs.output_padding):
        yield Problem(
            "output_padding is {}; the DPU takes none".format(list(site.attrs.output_padding)),
            found=site.attrs.output_padding,
            limit="0",
            nearest=0,
        )


@constraint(
    "transposed.dilation",
    kinds=BOTH,
    evidence=Evidence.INFERRED,
    source="no source speaks of dilated transposed convolutions",
    passes=(transposed("dilation 1"),),
    fails=(transposed("dilation 2", dilation=(2, 2)),),
    cure="use dilation 1",
)
def dilation(site: Site) -> Iterator[Problem]:
    """Dilation is 1; whether a transposed convolution may be dilated is unknown."""
    if any(step != 1 for step in site.attrs.dilation):
        yield Problem(
            "dilation is {}; no source says that the DPU takes any but 1 here".format(
                list(site.attrs.dilation)
            ),
            found=site.attrs.dilation,
            limit="1",
            nearest=1,
            verdict=Verdict.UNKNOWN,
        )


CONSTRAINTS = (kernel, depthwise_ratio, pad, output_padding, dilation)
