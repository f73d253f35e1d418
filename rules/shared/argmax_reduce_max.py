"""Constraints of `reduction_max` and `argmax`: the maximum of the channels."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator, Optional, Tuple

from vai_inspect.core.ir.attrs import AxisAttrs, ReductionAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    OpContext,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
    exact,
    inside,
    outside,
    unsupported_kinds,
    where,
)
from vai_inspect.rules.shared import pool
from vai_inspect.rules.shared.engines import alu_runs, input_channels, pool_kernel
from vai_inspect.rules.shared.examples import after_conv, alone
from vai_inspect.rules.shared.remedies import MAXIMUM_ON_THE_HOST
from vai_inspect.rules.shared.sources import DIGEST

ARGMAX_CHANNELS = 128
MAX_CHANNELS = 1 << 12


def _alu_reduces(target: Target) -> bool:
    """Returns whether the ALU has max_reduce, or comp_temp, as some definitions call it."""
    return alu_runs(target, "max_reduce") or alu_runs(target, "comp_temp")


def _largest_of(count: int) -> Example:
    text, attrs = f"{count} channels", ReductionAttrs((3,), True)
    return alone(text, "reduction_max", attrs, (1, 4, 4, count), (1, 4, 4, 1))


def _along_row(count: int) -> Example:
    text, attrs = f"along a row of {count}", ReductionAttrs((2,), True)
    return alone(text, "reduction_max", attrs, (1, 4, count, 16), (1, 4, 1, 16))


def _row(ctx: OpContext) -> Optional[Tuple[int, int]]:
    """Returns the window (w, h) of a maximum along height or width that keeps the axis."""
    attrs, shape = ctx.attrs, ctx.input.shape
    if len(shape) != 4 or len(attrs.axis) != 1 or not attrs.keep_dims:
        return None
    return {1: (1, shape[1]), 2: (shape[2], 1)}.get(attrs.axis[0] % 4)


_POOL = pool_kernel("maxpool2d")


def _longest(target: Target) -> Optional[int]:
    """Returns the longest row that a max pool of the target takes."""
    sizes = _POOL(target)
    return None if sizes is None else sizes.high


ROWS_COMPILED = (
    "compiled models of a maximum along a row of 100, nine files: on the DPU of "
    "DPUCZDX8G_ISA1_B4096, DPUCVDX8G_ISA3_C32B6, DPUCVDX8H 4PE and 6PE_aieMISC (2.5, 3.0) and "
    "DPUCV2DX8G_ISA1_C20B14 (3.5); on the CPU of DPUCVDX8H 8PE and 6PE_aieDWC (2.0 to 3.0) and "
    "DPUCAHX8H_ISA2 and _DWC (2.0, 2.5)"
)
MAX_POOL = exact("use a max pool for height and width")


@constraint(
    "reduction_max.row",
    kinds=("reduction_max",),
    evidence=Evidence.COMPILED,
    source=ROWS_COMPILED,
    limits={"max_kernel": _POOL, "channels": input_channels},
    passes=(inside(_longest, _along_row),),
    fails=(outside(_longest, _along_row),),
    remedy=(
        exact("take the maximum in two steps"),
        approximate("take the maximum of a smaller map"),
    ),
    since="0.2.0",
)
def of_row(ctx: OpContext) -> Iterator[Violation]:
    """Along height or width it is a max pool of that window, whose kernel is within {max_kernel}
    and whose channels are at most {channels}.
    """
    window = _row(ctx)
    if window is not None:
        yield from ctx.axes_within("kernel", window, ctx.limit("max_kernel"))
        yield from ctx.at_most("channels", ctx.input.channels, ctx.limit("channels"))


@constraint(
    "reduction_max.engine",
    kinds=("reduction_max",),
    evidence=Evidence.INFERRED,
    source=DIGEST + " lists it for the DPUs with an ALU; alu_type and pool_type of the target "
    "definitions",
    passes=(where(_alu_reduces, _largest_of(16)),),
    fails=(where(lambda target: not _alu_reduces(target), _largest_of(16)),),
    remedy=(MAX_POOL, MAXIMUM_ON_THE_HOST),
)
def reduction_max_engine(ctx: OpContext) -> Iterator[Violation]:
    """An ALU takes the maximum of the channels; where only a pool engine has max_reduce it is
    unknown.
    """
    if _alu_reduces(ctx.target) or _row(ctx) is not None:
        return
    pooled = pool.reduces(ctx.target)
    yield Violation(
        "the pool engine of this DPU has max_reduce, but no source gives its limits"
        if pooled
        else "no engine of this DPU has max_reduce",
        found="max_reduce of the pool engine" if pooled else "no max_reduce",
        limit="an ALU with max_reduce",
        verdict=Verdict.UNKNOWN if pooled else Verdict.UNSUPPORTED,
    )


@constraint(
    "reduction_max.channels",
    kinds=("reduction_max",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST + "; max_reduce of the target definitions",
    passes=(where(_alu_reduces, _largest_of(4095)),),
    fails=(
        _largest_of(4096),
        after_conv(
            "height and width", "reduction_max", ReductionAttrs((1, 2), True), (1, 1, 1, 16)
        ),
    ),
    remedy=MAX_POOL,
)
def reduction_max(ctx: OpContext) -> Iterator[Violation]:
    """It takes the maximum of fewer than 4096 channels, or along height or width
    (reduction_max.row); along other axes, or with the axis dropped, it is unknown.
    """
    if _row(ctx) is not None:
        return
    axes = sorted(axis % ctx.input.rank for axis in ctx.attrs.axis)
    if axes != [3] or ctx.input.rank != 4:
        yield Violation(
            "it takes the maximum along axes {found} of {rank}; the sources mention the channels "
            "of a feature map, and its height or its width with the axis kept",
            rank=ctx.input.rank,
            found=tuple(axes),
            limit="axis 3 of 4, or axis 1 or 2 kept",
            verdict=Verdict.UNKNOWN,
            evidence=Evidence.INFERRED,
        )
    elif ctx.input.channels >= MAX_CHANNELS:
        yield from ctx.at_most("channels", ctx.input.channels, MAX_CHANNELS - 1)


def _has_argmax(target: Target) -> bool:
    return target.save.argmax


def _argmax(count: int) -> Example:
    text = f"{count} channels"
    return alone(text, "argmax", AxisAttrs(3), (1, 4, 4, count), (1, 4, 4))


@constraint(
    "argmax.engine",
    kinds=("argmax",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST + "; fingerprint bit 30 (SV_AM)",
    passes=(where(_has_argmax, _argmax(ARGMAX_CHANNELS)),),
    fails=(
        where(lambda target: not _has_argmax(target), _argmax(16)),
        _argmax(ARGMAX_CHANNELS + 1),
    ),
    remedy=MAXIMUM_ON_THE_HOST,
)
def argmax(ctx: OpContext) -> Iterator[Violation]:
    """The save engine has argmax (fingerprint bit 30); it is along the channels, at most 128."""
    if not ctx.target.save.argmax:
        yield Violation(
            "this target's save engine has no argmax (fingerprint bit 30 is off)",
            found="no argmax",
            limit="argmax",
        )
    if ctx.input.rank != 4 or ctx.attrs.axis % 4 != 3:
        yield Violation(
            "it is along axis {found} of {rank}; the sources mention the channels of a feature map",
            rank=ctx.input.rank,
            found=ctx.attrs.axis,
            limit="axis 3 of 4",
            verdict=Verdict.UNKNOWN,
        )
    yield from ctx.at_most("channels", ctx.input.channels, ARGMAX_CHANNELS)


no_argmax = unsupported_kinds(
    "argmax.cpu",
    ("argmax",),
    "no save engine of this DPU has argmax",
    Evidence.USER_GUIDE,
    DIGEST + "; no save engine of the target definitions has argmax",
    remedy=MAXIMUM_ON_THE_HOST,
    fails=(after_conv("argmax over the channels", "argmax", AxisAttrs(3), (1, 30, 30)),),
)
no_reduction_max = unsupported_kinds(
    "reduction_max.cpu",
    ("reduction_max",),
    "the user guide does not list reduction_max for this DPU",
    Evidence.USER_GUIDE,
    DIGEST + "; the 2.5 inspector, which has no rule for it, says DPU",
    remedy=(MAX_POOL, MAXIMUM_ON_THE_HOST),
    fails=(
        after_conv(
            "over the channels", "reduction_max", ReductionAttrs((3,), True), (1, 30, 30, 1)
        ),
    ),
)


def _not_of_row(ctx: OpContext) -> Iterator[Violation]:
    if _row(ctx) is None:
        yield from no_reduction_max.check(ctx)


channels_refused = replace(
    no_reduction_max,
    check=_not_of_row,
    passes=of_row.passes,
    always=False,
    sentence=no_reduction_max.sentence + "; along height or width it is a max pool "
    "(reduction_max.row)",
)

CONSTRAINTS = (of_row, reduction_max_engine, reduction_max, argmax)
"""For DPUs for which the user guide lists both."""
ROWS = (of_row, channels_refused, no_argmax)
"""For others whose compiled models show a maximum along a row."""
NONE = (no_reduction_max, no_argmax)
"""For the rest."""
