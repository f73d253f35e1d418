"""Constraints of pooling."""

from __future__ import annotations

from dataclasses import replace
from typing import Callable, Iterator

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir.attrs import MaxPool2dAttrs
from vai_inspect.core.target import Target
from vai_inspect.rules.engine.constraint import Verdict, constraint
from vai_inspect.rules.engine.context import SIDES, Problem, Site
from vai_inspect.rules.engine.example import (
    Build,
    Example,
    ExamplesOf,
    FigureOf,
    inside,
    outside,
    where,
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
    """Tells whether a pool engine can reduce to the largest (max_reduce)."""
    return target.pool is not None and "max_reduce" in target.pool.pool_type


def _square(target: Target) -> bool:
    """Tells whether averages are made by a pool engine, which knows squares only."""
    return target.alu is None and runs("avgpool2d")(target)


def _kernels(kind: str, side: Callable[[FigureOf, Build], ExamplesOf]) -> ExamplesOf:
    """Returns pools whose kernel is at the edge: n x n where n is small, else n x 2.

    Averages over squares are left out where so large a window is in doubt (pool.window).
    """

    def build(number: int) -> Example:
        other = number if number <= 16 else 2
        text = "{} {}x{}".format(POOL_NAMES[kind], number, other)
        shape = (1, other + 8, number + 8, 16)
        return pool(text, kind, shape, (number, other), (2, 2))

    def known(target: Target) -> bool:
        sizes = pool_kernel(kind)(target)
        return not (kind == "avgpool2d" and _square(target) and sizes and sizes.high > 16)

    return where(known, side(pool_kernel(kind), build))


def _strides(kind: str, side: Callable[[FigureOf, Build], ExamplesOf]) -> ExamplesOf:
    def build(number: int) -> Example:
        text = "{} with stride {}".format(POOL_NAMES[kind], number)
        return pool(text, kind, (1, 2 * number + 8, 8, 16), (3, 3), (1, number))

    return side(pool_stride(kind), build)


@constraint(
    "pool.engine",
    kinds=POOL_KINDS,
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; pool_type and alu_type of the target definitions",
    limits={
        "kinds": lambda target: (
            " and ".join(POOL_NAMES[kind] for kind in POOL_KINDS if runs(kind)(target)) + "s"
        )
    },
    passes=(where(runs("maxpool2d"), pool("max pool", kernel=(3, 3))),),
    fails=(
        where(_lacks("avgpool2d"), pool("average pool", "avgpool2d", kernel=(3, 3))),
        where(_lacks("maxpool2d"), pool("max pool", kernel=(3, 3))),
    ),
    cure="use a max pool, or a convolution with stride",
)
def engine(site: Site) -> Iterator[Problem]:
    """The DPU has an engine for this kind of pool; it runs {kinds}."""
    if not runs(site.op.kind)(site.target):
        yield Problem(
            "{} has no engine for {}s".format(site.target.name, POOL_NAMES[site.op.kind]),
            found=POOL_NAMES[site.op.kind],
            limit=site.limit("kinds"),
        )


@constraint(
    "pool.kernel",
    kinds=POOL_KINDS,
    evidence=Evidence.USER_GUIDE,
    source=ENGINES,
    limits={"max_kernel": pool_kernel("maxpool2d"), "avg_kernel": pool_kernel("avgpool2d")},
    passes=(_kernels("maxpool2d", inside), _kernels("avgpool2d", inside)),
    fails=(_kernels("maxpool2d", outside), _kernels("avgpool2d", outside)),
    cure="pool in two steps",
)
def kernel(site: Site) -> Iterator[Problem]:
    """Kernel width and height are each within {max_kernel} for a max pool and {avg_kernel} for an
    average pool; a global pool's kernel is its input.
    """
    limit = site.limit("max_kernel" if site.op.kind == "maxpool2d" else "avg_kernel")
    for problem in site.axes_within("kernel", site.attrs.kernel, limit):
        if site.attrs.global_:
            yield replace(
                problem,
                suggestion="bring the map to {0} x {0} before the global pool".format(
                    problem.nearest
                ),
            )
        elif site.op.kind == "maxpool2d" and _by_max_reduce(site):
            yield replace(
                problem,
                message=problem.message + "; the engine's max_reduce may take it, but the "
                "published rule for that fails before it answers",
                verdict=Verdict.UNKNOWN,
            )
        else:
            yield problem


def _by_max_reduce(site: Site) -> bool:
    width, height = site.attrs.kernel
    return reduces(site.target) and width <= 100 and height <= 2


@constraint(
    "pool.square",
    kinds=("avgpool2d",),
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; PG367, PG403 and PG338 4.0 of pool engines other than an ALU",
    passes=(where(runs("avgpool2d"), pool("average pool 3x3", "avgpool2d", kernel=(3, 3))),),
    fails=(where(_square, pool("average pool 2x3", "avgpool2d", kernel=(2, 3))),),
    cure="use a square kernel, or bring the map to a square before a global average pool",
)
def square(site: Site) -> Iterator[Problem]:
    """A pool engine that is no ALU averages over a square: kernel_w equals kernel_h."""
    width, height = site.attrs.kernel
    if _square(site.target) and width != height:
        yield Problem(
            "the average pool's kernel is {} x {}; this DPU averages squares only".format(
                width, height
            ),
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
def stride(site: Site) -> Iterator[Problem]:
    """Stride is within {max_stride} for a max pool and {avg_stride} for an average pool; a global
    pool makes one step.
    """
    if site.attrs.global_:
        return
    limit = site.limit("max_stride" if site.op.kind == "maxpool2d" else "avg_stride")
    yield from site.axes_within("stride", site.attrs.stride, limit)


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
    cure="pad less, or pad in an operator of its own before the pool",
)
def pad(site: Site) -> Iterator[Problem]:
    """Each pad is below the kernel; where an ALU pools, here within {left} on the left, {right} on
    the right, {top} at the top and {bottom} at the bottom, too.
    """
    yield from site.sides_within(
        site.attrs.pad,
        [
            up_to(site.attrs.kernel[side // 2] - 1, site.limit(name))
            for side, name in enumerate(SIDES)
        ],
    )


def _of_channels(number: int) -> Example:
    return pool("{} channels".format(number), shape=(1, 4, 4, number))


@constraint(
    "pool.channels",
    kinds=POOL_KINDS,
    evidence=Evidence.PARTITION_RULE,
    source=PYXIR,
    limits={"channels": input_channels},
    passes=(inside(input_channels, _of_channels),),
    fails=(outside(input_channels, _of_channels),),
    cure="split the channels over several pools and concatenate their outputs",
)
def channels(site: Site) -> Iterator[Problem]:
    """Channels are at most {channels} (256 * channel_parallel)."""
    yield from site.at_most("channels", site.input.channels, site.limit("channels"))


@constraint(
    "pool.dilation",
    kinds=("maxpool2d",),
    evidence=Evidence.INFERRED,
    source="XIR's maxpool2d has no dilation",
    passes=(_dilated("dilation 1", 1),),
    fails=(_dilated("dilation 2", 2),),
    cure="use dilation 1",
)
def dilation(site: Site) -> Iterator[Problem]:
    """A max pool has no dilation."""
    if any(step != 1 for step in site.attrs.dilation):
        yield Problem(
            "dilation is {}; XIR's max pool has none".format(list(site.attrs.dilation)),
            found=site.attrs.dilation,
            limit="1",
            nearest=1,
        )


CONSTRAINTS = (engine, kernel, square, stride, pad, window, channels, dilation)
