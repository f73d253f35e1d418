"""Constraints of `pad`, where it is not folded into a window."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.ir.attrs import PadAttrs
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
)
from vai_inspect.rules.shared.engines import CHANNEL_GROUPS
from vai_inspect.rules.shared.examples import alone
from vai_inspect.rules.shared.sources import DIGEST, PT25


@constraint(
    "pad.mode",
    kinds=("pad",),
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; " + DIGEST,
    passes=(
        alone("zeros", "pad", PadAttrs((0, 0, 1, 1, 1, 1, 0, 0)), out=(1, 34, 34, 16)),
        alone(
            "SYMMETRIC", "pad", PadAttrs((0, 0, 1, 1, 1, 1, 0, 0), "SYMMETRIC"), out=(1, 34, 34, 16)
        ),
    ),
    fails=(
        alone("REFLECT", "pad", PadAttrs((0, 0, 1, 1, 1, 1, 0, 0), "REFLECT"), out=(1, 34, 34, 16)),
        alone(
            "ones",
            "pad",
            PadAttrs((0, 0, 1, 1, 1, 1, 0, 0), "CONSTANT", (1.0,)),
            out=(1, 34, 34, 16),
        ),
    ),
    remedy=approximate("pad with zeros"),
)
def pad_mode(ctx: OpContext) -> Iterator[Violation]:
    """It pads with zeros (CONSTANT 0) or SYMMETRIC."""
    mode = ctx.attrs.mode
    if mode == "CONSTANT" and any(value != 0 for value in ctx.attrs.constant_values):
        mode = f"CONSTANT {ctx.attrs.constant_values[0]:g}"
    elif mode in ("CONSTANT", "SYMMETRIC"):
        return
    yield Violation(
        "it pads with {found}; the DPU pads with CONSTANT 0 or SYMMETRIC",
        found=mode,
        limit="CONSTANT 0, SYMMETRIC",
        nearest="CONSTANT 0",
    )


@constraint(
    "pad.axes",
    kinds=("pad",),
    evidence=Evidence.INFERRED,
    source=(DIGEST + ": on the DPU when 4-D, batch and channels not mentioned"),
    passes=(
        alone("height and width", "pad", PadAttrs((0, 0, 1, 1, 1, 1, 0, 0)), out=(1, 34, 34, 16)),
    ),
    fails=(alone("channels", "pad", PadAttrs((0, 0, 0, 0, 0, 0, 0, 8)), out=(1, 32, 32, 24)),),
    remedy=exact("pad height and width only; for more channels use a 1x1 convolution"),
)
def pad_axes(ctx: OpContext) -> Iterator[Violation]:
    """It pads height and width of a 4-D tensor; whether other axes are padded on the DPU is
    unknown.
    """
    pads = ctx.attrs.paddings
    if len(pads) == 8 and not any(pads[:2]) and not any(pads[6:]) and min(pads) >= 0:
        return
    yield Violation(
        "paddings {found} are not those of height and width alone",
        found=tuple(pads),
        limit="height and width of a 4-D tensor",
        verdict=Verdict.UNKNOWN,
    )


def _loaded(target: Target) -> int:
    return CHANNEL_GROUPS * target.load.channel_parallel


def _of_channels(number: int) -> Example:
    pads = PadAttrs((0, 0, 1, 1, 1, 1, 0, 0))
    shape, out = (1, 4, 4, number), (1, 6, 6, number)
    return alone(f"{number} channels", "pad", pads, shape, out)


@constraint(
    "pad.channels",
    kinds=("pad",),
    evidence=Evidence.PARTITION_RULE,
    source=PT25,
    limits={"channels": _loaded},
    passes=(inside(_loaded, _of_channels),),
    fails=(outside(_loaded, _of_channels),),
    remedy=(
        approximate("pad fewer channels"),
        exact("pad in the convolution that reads it"),
    ),
)
def pad_channels(ctx: OpContext) -> Iterator[Violation]:
    """Channels are at most {channels} (256 * channel_parallel of the load engine)."""
    yield from ctx.at_most("channels", ctx.input.channels, ctx.limit("channels"))


CONSTRAINTS = (pad_mode, pad_axes, pad_channels)
