"""Constraints of pooling."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Iterator

from vai_inspect.core.ir.attrs import MaxPool2dAttrs
from vai_inspect.rules.plugin import (
    SIDES,
    Build,
    Evidence,
    Example,
    ExamplesOf,
    FigureOf,
    OpContext,
    Remedy,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
    exact,
    inside,
    outside,
    where,
    with_own,
)
from vai_inspect.rules.shared.engines import (
    ALU_PADS,
    POOL_KINDS,
    POOL_NAMES,
    input_channels,
    pool_kernel,
    pool_limit,
    pool_stride,
    up_to,
)
from vai_inspect.rules.shared.examples import alone, pool
from vai_inspect.rules.shared.pool_window import window
from vai_inspect.rules.shared.remedies import NO_DILATION
from vai_inspect.rules.shared.sources import PT25, PYXIR, UG1414

ENGINES = "alu_limit, pool_limit and pad_limit of the target definitions; " + UG1414


def _dilated(text: str, step: int) -> Example:
    attrs = MaxPool2dAttrs((2, 2), (1, 1), dilation=(step, step))
    size = 32 - step
    return alone(text, "maxpool2d", attrs, out=(1, size, size, 16))


def runs(kind: str) -> Callable[[Target], bool]:
    """Tells of a target whether it has an engine for a kind of pool."""
    return lambda target: pool_limit(target, kind) is not None


def _lacks(kind: str) -> Callable[[Target], bool]:
    return lambda target: not runs(kind)(target)


def reduces(target: Target) -> bool:
    """Returns whether a pool engine has max_reduce."""
    return target.pool is not None and "max_reduce" in target.pool.pool_type


def _square(target: Target) -> bool:
    """Returns whether a pool engine averages, whose windows are square."""
    return target.alu is None and runs("avgpool2d")(target)


def _kernels(kind: str, side: Callable[[FigureOf, Build], ExamplesOf]) -> ExamplesOf:
    """Returns pools whose kernel is at the edge: n x n where n is small, else n x 2.

    Averages over squares are left out where so large a window is in doubt (pool.window).
    """

    def build(number: int) -> Example:
        other = number if number <= 16 else 2
        text = f"{POOL_NAMES[kind]} {number}x{other}"
        shape = (1, other + 8, number + 8, 16)
        return pool(text, kind, shape, (number, other), (2, 2))

    def known(target: Target) -> bool:
        sizes = pool_kernel(kind)(target)
        return not (kind == "avgpool2d" and _square(target) and sizes and sizes.high > 16)

    return where(known, side(pool_kernel(kind), build))


def _strides(kind: str, side: Callable[[FigureOf, Build], ExamplesOf]) -> ExamplesOf:
    def build(number: int) -> Example:
        text = f"{POOL_NAMES[kind]} with stride {number}"
        return pool(text, kind, (1, 2 * number + 8, 8, 16), (3, 3), (1, number))

    return side(pool_stride(kind), build)


@constraint(
    "pool.engine",
    kinds=POOL_KINDS,
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; pool_type and alu_type of the target definitions",
    limits={
        "kinds": lambda target: " and ".join(
            f"{POOL_NAMES[kind]}s" for kind in POOL_KINDS if runs(kind)(target)
        )
    },
    passes=(where(runs("maxpool2d"), pool("max pool", kernel=(3, 3))),),
    fails=(
        where(_lacks("avgpool2d"), pool("average pool", "avgpool2d", kernel=(3, 3))),
        where(_lacks("maxpool2d"), pool("max pool", kernel=(3, 3))),
    ),
    remedy=approximate("use a max pool, or a convolution with stride"),
)
def engine(ctx: OpContext) -> Iterator[Violation]:
    """The DPU has an engine for this kind of pool: it runs {kinds}."""
    if not runs(ctx.op.kind)(ctx.target):
        yield Violation(
            "{target} has no engine for {pool}s",
            target=ctx.target.name,
            pool=POOL_NAMES[ctx.op.kind],
            found=POOL_NAMES[ctx.op.kind],
            limit=ctx.limit("kinds"),
        )


@constraint(
    "pool.kernel",
    kinds=POOL_KINDS,
    evidence=Evidence.USER_GUIDE,
    source=ENGINES,
    limits={"max_kernel": pool_kernel("maxpool2d"), "avg_kernel": pool_kernel("avgpool2d")},
    passes=(_kernels("maxpool2d", inside), _kernels("avgpool2d", inside)),
    fails=(_kernels("maxpool2d", outside), _kernels("avgpool2d", outside)),
    remedy=Remedy("pool in two steps"),
)
def kernel(ctx: OpContext) -> Iterator[Violation]:
    """Kernel width and height are each within {max_kernel} (max pool), {avg_kernel} (average
    pool); the kernel of a global pool is its input.
    """
    limit = ctx.limit("max_kernel" if ctx.op.kind == "maxpool2d" else "avg_kernel")
    for violation in ctx.axes_within("kernel", ctx.attrs.kernel, limit):
        if ctx.attrs.global_:
            remedy = approximate("bring the map to {nearest} x {nearest} before the global pool")
            yield violation.replaced(remedy=remedy)
        elif ctx.op.kind == "maxpool2d" and _by_max_reduce(ctx):
            yield violation.replaced(
                template=violation.template
                + "; the engine's max_reduce may take it, but the published rule for that fails "
                "before it answers",
                verdict=Verdict.UNKNOWN,
            )
        else:
            yield violation


def _by_max_reduce(ctx: OpContext) -> bool:
    width, height = ctx.attrs.kernel
    return reduces(ctx.target) and width <= 100 and height <= 2


@constraint(
    "pool.square",
    kinds=("avgpool2d",),
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; PG367, PG403 and PG338 4.0 of pool engines other than an ALU",
    passes=(where(runs("avgpool2d"), pool("average pool 3x3", "avgpool2d", kernel=(3, 3))),),
    fails=(where(_square, pool("average pool 2x3", "avgpool2d", kernel=(2, 3))),),
    remedy=approximate(
        "use a square kernel, or bring the map to a square before a global average pool"
    ),
)
def square(ctx: OpContext) -> Iterator[Violation]:
    """An average pool on a pool engine, not an ALU, is square: kernel_w equals kernel_h."""
    width, height = ctx.attrs.kernel
    if _square(ctx.target) and width != height:
        yield Violation(
            "the average pool's kernel is {width} x {height}; this DPU averages square "
            "windows only",
            width=width,
            height=height,
            found=(width, height),
            limit="kernel_w = kernel_h",
            nearest=(min(width, height),) * 2,
        )


@constraint(
    "pool.stride",
    kinds=POOL_KINDS,
    evidence=Evidence.USER_GUIDE,
    source=ENGINES,
    limits={"max_stride": pool_stride("maxpool2d"), "avg_stride": pool_stride("avgpool2d")},
    passes=(_strides("maxpool2d", inside), _strides("avgpool2d", inside)),
    fails=(_strides("maxpool2d", outside), _strides("avgpool2d", outside)),
)
def stride(ctx: OpContext) -> Iterator[Violation]:
    """Stride is within {max_stride} (max pool), {avg_stride} (average pool); a global pool makes
    one step.
    """
    if ctx.attrs.global_:
        return
    limit = ctx.limit("max_stride" if ctx.op.kind == "maxpool2d" else "avg_stride")
    yield from ctx.axes_within("stride", ctx.attrs.stride, limit)


def _pads_by_alu(target: Target) -> bool:
    return target.alu is not None


@constraint(
    "pool.pad",
    kinds=POOL_KINDS,
    evidence=Evidence.USER_GUIDE,
    source=ENGINES + "; pads below the kernel: " + PYXIR,
    limits=ALU_PADS,
    passes=(
        pool("pad 1, kernel 2", pad=(1, 1, 1, 1)),
        where(
            _pads_by_alu,
            pool("pad 15, kernel 16", kernel=(16, 16), pad=(15, 15, 15, 15)),
            pool("pad right 16, kernel 17", kernel=(17, 17), pad=(0, 16, 0, 16)),
        ),
    ),
    fails=(
        pool("pad 2, kernel 2", pad=(2, 0, 0, 0)),
        where(_pads_by_alu, pool("pad left 16, kernel 17", kernel=(17, 17), pad=(16, 0, 0, 0))),
    ),
    remedy=(approximate("pad less"), exact("pad in an operator of its own before the pool")),
)
def pad(ctx: OpContext) -> Iterator[Violation]:
    """Each pad is below the kernel; where an ALU pools, it is also within {left} on the left,
    {right} on the right, {top} at the top and {bottom} at the bottom.
    """
    yield from ctx.sides_within(
        ctx.attrs.pad,
        [
            up_to(ctx.attrs.kernel[side // 2] - 1, ctx.limit(name))
            for side, name in enumerate(SIDES)
        ],
    )


def _of_channels(number: int) -> Example:
    return pool(f"{number} channels", shape=(1, 4, 4, number))


@constraint(
    "pool.channels",
    kinds=POOL_KINDS,
    evidence=Evidence.PARTITION_RULE,
    source=PYXIR,
    limits={"channels": input_channels},
    passes=(inside(input_channels, _of_channels),),
    fails=(outside(input_channels, _of_channels),),
    remedy=exact("split the channels over several pools and concatenate their outputs"),
)
def channels(ctx: OpContext) -> Iterator[Violation]:
    """Channels are at most {channels} (256 * channel_parallel)."""
    yield from ctx.at_most("channels", ctx.input.channels, ctx.limit("channels"))


@constraint(
    "pool.dilation",
    kinds=("maxpool2d",),
    evidence=Evidence.INFERRED,
    source="XIR's maxpool2d has no dilation",
    passes=(_dilated("dilation 1", 1),),
    fails=(_dilated("dilation 2", 2),),
    remedy=NO_DILATION,
)
def dilation(ctx: OpContext) -> Iterator[Violation]:
    """A max pool has no dilation."""
    if any(step != 1 for step in ctx.attrs.dilation):
        yield Violation(
            "dilation is {found}; XIR's max pool has none",
            found=ctx.attrs.dilation,
            limit="1",
            nearest=1,
        )


CONSTRAINTS = (engine, kernel, square, stride, pad, window(), channels, dilation)
WITHOUT_ALU = with_own(CONSTRAINTS, replace(pad, sentence="Each pad is below the kernel."))
"""For families whose targets have no ALU."""
