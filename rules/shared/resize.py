"""Constraints of `resize`; those of a bilinear one are in `bilinear`."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.ir.attrs import ResizeAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    OpContext,
    Verdict,
    Violation,
    approximate,
    constraint,
    inside,
    outside,
    where,
)
from vai_inspect.rules.shared import bilinear
from vai_inspect.rules.shared.bilinear import FACTOR_UNKNOWN, doubles, resized
from vai_inspect.rules.shared.engines import input_channels
from vai_inspect.rules.shared.examples import alone
from vai_inspect.rules.shared.sources import DIGEST


def _wide(count: int) -> Example:
    attrs = ResizeAttrs("NEAREST", scale=(2.0, 2.0))
    text = f"{count} channels"
    return alone(text, "resize", attrs, (1, 4, 4, count), (1, 8, 8, count))


NEAREST_OR_BILINEAR = approximate("use nearest, or bilinear by 2 or 4 with half-pixel centres")


@constraint(
    "resize.mode",
    kinds=("resize",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST + "; the 2.5 inspector",
    passes=(
        resized("nearest", "NEAREST", 2),
        where(doubles, resized("bilinear", "BILINEAR", 2)),
    ),
    fails=(resized("bicubic", "BICUBIC", 2),),
    remedy=NEAREST_OR_BILINEAR,
)
def mode(ctx: OpContext) -> Iterator[Violation]:
    """The mode is NEAREST or BILINEAR."""
    if ctx.attrs.mode not in ("NEAREST", "BILINEAR"):
        yield Violation(
            "mode is {found}; the DPU resizes by NEAREST and BILINEAR",
            found=ctx.attrs.mode,
            limit="NEAREST, BILINEAR",
            nearest="NEAREST",
        )


@constraint(
    "resize.rank",
    kinds=("resize",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST + ", which lists three-dimensional resizing for one other DPU only",
    passes=(resized("rank 4", "NEAREST", 2),),
    fails=(
        alone(
            "rank 5",
            "resize",
            ResizeAttrs("NEAREST", scale=(2.0, 2.0, 2.0)),
            (1, 4, 4, 4, 16),
            (1, 8, 8, 8, 16),
        ),
    ),
    remedy="resize 4-D feature maps",
)
def rank(ctx: OpContext) -> Iterator[Violation]:
    """It resizes a 4-D feature map."""
    if ctx.input.rank != 4:
        yield Violation(
            "it resizes a tensor of {found} axes; the DPU resizes 4-D feature maps",
            found=ctx.input.rank,
            limit="4",
            nearest=4,
        )


@constraint(
    "resize.channels",
    kinds=("resize",),
    evidence=Evidence.INFERRED,
    source=DIGEST + " names a constraint on a bank's depth without a formula",
    limits={"channels": input_channels},
    passes=(inside(input_channels, _wide),),
    fails=(outside(input_channels, _wide),),
    remedy=approximate("resize fewer channels"),
)
def channels(ctx: OpContext) -> Iterator[Violation]:
    """Channels are at most {channels} (256 * channel_parallel); whether more pass is unknown."""
    for violation in ctx.at_most("channels", ctx.input.channels, ctx.limit("channels")):
        yield violation.replaced(verdict=Verdict.UNKNOWN)


@constraint(
    "resize.nearest",
    kinds=("resize",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST,
    passes=(resized("nearest by 2", "NEAREST", 2), resized("nearest by 3", "NEAREST", 3)),
    fails=(
        resized("nearest by 1.5", "NEAREST", 1.5),
        resized("nearest by 0.5", "NEAREST", 0.5),
        resized("nearest by 2, aligned corners", "NEAREST", 2, corners=True),
    ),
    remedy=approximate("use an integer factor"),
)
def nearest(ctx: OpContext) -> Iterator[Violation]:
    """A NEAREST resize enlarges by an integer factor along each axis; with aligned corners it is
    unknown.

    UG1414 also names a constraint on the bank's depth without a formula; it is not checked. The
    2.5 inspector accepts any factor.
    """
    attrs = ctx.attrs
    if attrs.mode != "NEAREST":
        return
    if not attrs.scale or attrs.align_corners:
        yield Violation(
            "align_corners is true, which no source mentions"
            if attrs.align_corners
            else FACTOR_UNKNOWN,
            found="align_corners" if attrs.align_corners else "no factor",
            limit="an integer",
            verdict=Verdict.UNKNOWN,
        )
        return
    for axis, factor in zip("whd", attrs.scale):
        if factor != int(factor) or factor < 1:
            violation = Violation(
                "scale_{axis} is {found}, which is no integer",
                axis=axis,
                found=factor,
                limit="an integer",
                nearest=max(1, round(factor)),
            )
            if factor <= 1:
                violation = violation.replaced(
                    template="scale_{axis} is {found}; the DPU enlarges only"
                )
            yield violation


CONSTRAINTS = (mode, rank, channels, nearest, *bilinear.CONSTRAINTS)
