"""Constraints of transposed convolutions that plain ones do not have."""

from __future__ import annotations

from typing import Callable, Iterable, Iterator, Optional

from vai_inspect.rules.plugin import (
    Build,
    Evidence,
    Example,
    ExamplesOf,
    FigureOf,
    Limit,
    OpContext,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
    inside,
    outside,
    where,
)
from vai_inspect.rules.shared.conv import below_kernel
from vai_inspect.rules.shared.engines import depthwise_kernel, runs_depthwise
from vai_inspect.rules.shared.examples import transposed
from vai_inspect.rules.shared.remedies import NO_DILATION
from vai_inspect.rules.shared.sources import PT25, UG1414

BOTH = ("transposed-conv2d", "transposed-depthwise-conv2d")


def _kernel_size(target: Target) -> Limit:
    return target.conv.limit.kernel_size


def _twice(number: int) -> Example:
    return transposed(f"kernel {2 * number}, stride 2", kernel=(2 * number, 2))


def _ratios_at(side: Callable[[FigureOf, Build], ExamplesOf]) -> ExamplesOf:
    """Returns depthwise examples of stride 2 whose kernel_w is at the edge of what passes."""

    def made(target: Target) -> Iterable[Example]:
        sizes = depthwise_kernel(target)
        lowest = 2 * sizes.low if sizes is not None else 2

        def build(number: int) -> Example:
            text = f"kernel {2 * number}x{lowest}, stride 2"
            return transposed(text, (1, 4, 4, 16), kernel=(2 * number, lowest), depthwise_=True)

        return side(depthwise_kernel, build)(target)

    return made


def _ratios(ctx: OpContext, limit: Optional[Limit]) -> Iterator[Violation]:
    """Yields a violation where k // s, or k // s + 1 where s does not divide k, is outside."""
    if limit is None:
        return
    for size, step in dict.fromkeys(zip(ctx.attrs.kernel, ctx.attrs.stride)):
        ratio = size // step
        if ratio in limit and (size % step == 0 or ratio + 1 in limit):
            continue
        kernel = limit.nearest(ratio) * step
        violation = Violation(
            "kernel / stride is {kernel} / {stride}, outside {limit}",
            kernel=size,
            stride=step,
            found=f"{size}/{step}",
            limit=limit,
            nearest=f"{kernel}/{step}",
            remedy=approximate(
                "use kernel {kernel} with stride {stride}",
                "kernel-in-range",
                kernel=kernel,
                stride=step,
            ),
        )
        if step > size:
            violation = violation.replaced(
                template="stride {stride} is larger than kernel {kernel}"
            )
        yield violation


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
def kernel(ctx: OpContext) -> Iterator[Violation]:
    """kernel / stride is within {kernel_size} along each axis; with a remainder, the integers
    below and above are.
    """
    yield from _ratios(ctx, ctx.limit("kernel_size"))


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
def depthwise_ratio(ctx: OpContext) -> Iterator[Violation]:
    """kernel / stride is within {kernel_size} along each axis; with a remainder, the integers
    below and above are.
    """
    yield from _ratios(ctx, ctx.limit("kernel_size"))


@constraint(
    "transposed.pad",
    kinds=BOTH,
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; PG366, PG367, PG403",
    passes=(transposed("crop 1, kernel 4", kernel=(4, 4), pad=(1, 1, 1, 1)),),
    fails=(transposed("crop 2, kernel 2", pad=(2, 2, 2, 2)),),
)
def pad(ctx: OpContext) -> Iterator[Violation]:
    """Each pad, which the full output is cropped by, is within 0 to (kernel - 1) * dilation."""
    yield from ctx.sides_within(ctx.attrs.pad, below_kernel(ctx.attrs))


@constraint(
    "transposed.output_padding",
    kinds=BOTH,
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; UG1414 2.5, operators of PyTorch",
    passes=(transposed("no output padding", kernel=(3, 3)),),
    fails=(transposed("output padding 1", kernel=(3, 3), output_padding=(1, 1)),),
    remedy=approximate(
        "use a kernel that the stride divides, such as kernel 2 or 4 with stride 2, and no output "
        "padding"
    ),
)
def output_padding(ctx: OpContext) -> Iterator[Violation]:
    """There is no output padding."""
    if any(ctx.attrs.output_padding):
        yield Violation(
            "output_padding is {found}; the DPU takes none",
            found=ctx.attrs.output_padding,
            limit="0",
            nearest=0,
        )


@constraint(
    "transposed.dilation",
    kinds=BOTH,
    evidence=Evidence.INFERRED,
    source="no source mentions dilated transposed convolutions",
    passes=(transposed("dilation 1"),),
    fails=(transposed("dilation 2", dilation=(2, 2)),),
    remedy=NO_DILATION,
)
def dilation(ctx: OpContext) -> Iterator[Violation]:
    """Dilation is 1; whether a transposed convolution may be dilated is unknown."""
    if any(step != 1 for step in ctx.attrs.dilation):
        yield Violation(
            "dilation is {found}; no source says that the DPU takes any but 1 here",
            found=ctx.attrs.dilation,
            limit="1",
            nearest=1,
            verdict=Verdict.UNKNOWN,
        )


CONSTRAINTS = (kernel, depthwise_ratio, pad, output_padding, dilation)
