"""What only DPUCVDX8G requires or allows, apart from three-dimensional convolutions."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.ir.attrs import ResizeAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    OpContext,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
)
from vai_inspect.rules.shared import bilinear, resize
from vai_inspect.rules.shared.conv import of_window
from vai_inspect.rules.shared.engines import ceil_div
from vai_inspect.rules.shared.examples import alone, conv
from vai_inspect.rules.shared.feature_bank import doubted_weight_fit
from vai_inspect.rules.shared.remedies import SMALLER_WINDOW
from vai_inspect.rules.shared.sources import DIGEST, PT25, UG1414, UG1414_25
from vai_inspect.rules.shared.windows import in_doubt, weights_fit

WEIGHTS_DOUBTED = in_doubt(
    weights_fit,
    "the user guide and the 2.5 Keras inspector count one output channel for each bank, so this is "
    "in doubt",
)
WEIGHT_FIT = doubted_weight_fit(
    WEIGHTS_DOUBTED,
    PT25,
    "The PyTorch inspector of 2.5 counts the output channels that share a bank, "
    "ceil(output_channel_parallel / bank_num); UG1414 2.5 and 3.5 and the Keras inspector of 2.5 "
    "do not (conv.input_fit, conv.window). What only this formula refuses is unknown.",
)

WINDOW = 64
"""PG389 1.3: kernel_w * kernel_h * ceil(input_channels / 2048)."""
CHANNELS_AT_ONCE = 2048


def window_fits(target: Target, width: int, height: int, channels: int) -> Iterator[Violation]:
    """kernel_w * kernel_h * ceil(input_channels / 2048) is at most 64."""
    found = width * height * ceil_div(channels, CHANNELS_AT_ONCE)
    if found > WINDOW:
        yield Violation(
            "{width} x {height} x ceil({channels} / {at_once}) is {found}, more than {nearest}",
            width=width,
            height=height,
            channels=channels,
            at_once=CHANNELS_AT_ONCE,
            found=found,
            limit=f"<= {WINDOW}",
            nearest=WINDOW,
        )


@constraint(
    "conv.window",
    kinds=("conv2d",),
    evidence=Evidence.USER_GUIDE,
    source=UG1414 + "; " + UG1414_25 + "; PG389 1.3",
    limits={"most": lambda target: WINDOW, "at_once": lambda target: CHANNELS_AT_ONCE},
    passes=(
        conv("kernel 8x8", kernel=(8, 8)),
        conv("kernel 16x4", kernel=(16, 4)),
        conv("kernel 4x4, 2048 channels", (1, 8, 8, 2048), kernel=(4, 4)),
    ),
    fails=(
        conv("kernel 13x5", kernel=(13, 5)),
        conv("kernel 9x8", kernel=(9, 8)),
        conv("kernel 6x6, 2049 channels", (1, 8, 8, 2049), kernel=(6, 6)),
    ),
    remedy=SMALLER_WINDOW,
)
def window(ctx: OpContext) -> Iterator[Violation]:
    """kernel_w * kernel_h * ceil(input_channels / {at_once}) is at most {most}.

    The 2.5 inspectors do not check this limit.
    """
    yield from of_window(window_fits)(ctx)


def _volume(text: str, mode: str, scale: float, corners: bool = False) -> Example:
    size = int(4 * scale)
    attrs = ResizeAttrs(mode, corners, False, (scale, scale, scale))
    return alone(text, "resize", attrs, (1, 4, 4, 4, 16), (1, size, size, size, 16))


@constraint(
    "resize.mode",
    kinds=("resize",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST + "; the 2.5 inspector",
    passes=(*resize.mode.passes, _volume("trilinear", "TRILINEAR", 2)),
    fails=resize.mode.fails,
    remedy=resize.NEAREST_OR_BILINEAR,
)
def resize_mode(ctx: OpContext) -> Iterator[Violation]:
    """The mode is NEAREST or BILINEAR, in three dimensions TRILINEAR."""
    if ctx.attrs.mode != "TRILINEAR":
        yield from resize.mode.check(ctx)


@constraint(
    "resize.rank",
    kinds=("resize",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST + ": TRILINEAR is the only resize of three dimensions that it names",
    passes=(*resize.rank.passes, _volume("rank 5, trilinear", "TRILINEAR", 2)),
    fails=(_volume("rank 5, nearest", "NEAREST", 2),),
    remedy=approximate("resize 4-D feature maps, or by TRILINEAR"),
)
def resize_rank(ctx: OpContext) -> Iterator[Violation]:
    """It resizes a 4-D feature map, or one of 5 axes by TRILINEAR; others of 5 axes are unknown."""
    rank = ctx.input.rank
    if rank != (5 if ctx.attrs.mode == "TRILINEAR" else 4):
        yield Violation(
            "a {mode} resize of {found} axes; the user guide names 4-D feature maps, and TRILINEAR "
            "for 5",
            mode=ctx.attrs.mode,
            found=rank,
            limit="4, or 5 by TRILINEAR",
            nearest=4,
            verdict=Verdict.UNKNOWN if rank == 5 else Verdict.UNSUPPORTED,
        )


@constraint(
    "resize.trilinear",
    kinds=("resize",),
    evidence=Evidence.INFERRED,
    source="concluded from the factors of bilinear resizing; " + DIGEST + " names none",
    passes=(_volume("by 2", "TRILINEAR", 2), _volume("by 4", "TRILINEAR", 4)),
    fails=(
        _volume("by 3", "TRILINEAR", 3),
        _volume("by 2, aligned corners", "TRILINEAR", 2, corners=True),
    ),
    remedy=approximate("use one factor of 2 or 4 for all axes, without aligned corners"),
)
def trilinear(ctx: OpContext) -> Iterator[Violation]:
    """A TRILINEAR resize enlarges by 2, 4 or 8 along all axes, with half-pixel centres by 2 or 4,
    and does not align corners; whether others run is unknown.
    """
    attrs = ctx.attrs
    if attrs.mode == "TRILINEAR" and (attrs.align_corners or not bilinear.has_factor(attrs)):
        aligned = "the scale is {scale} with aligned corners"
        yield Violation(
            (aligned if attrs.align_corners else "the scale is {scale}")
            + "; the user guide names no limits of TRILINEAR, those of BILINEAR refuse this",
            scale=attrs.scale,
            found=attrs.scale[0] if attrs.scale else None,
            limit=", ".join(map(str, bilinear.factors(attrs))),
            verdict=Verdict.UNKNOWN,
        )
