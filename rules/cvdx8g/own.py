"""What only DPUCVDX8G asks or allows, apart from three-dimensional convolutions."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir.attrs import ResizeAttrs
from vai_inspect.core.target import Target
from vai_inspect.rules.engine.constraint import Verdict, constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example
from vai_inspect.rules.shared import resize
from vai_inspect.rules.shared.conv import of_window
from vai_inspect.rules.shared.engines import ceil_div
from vai_inspect.rules.shared.examples import alone, conv
from vai_inspect.rules.shared.sources import DIGEST, UG1414, UG1414_25

WINDOW = 64
"""PG389 1.3: kernel_w * kernel_h * ceil(input_channels / 2048)."""
CHANNELS_AT_ONCE = 2048


def window_fits(target: Target, width: int, height: int, channels: int) -> Iterator[Problem]:
    """kernel_w * kernel_h * ceil(input_channels / 2048) is at most 64."""
    found = width * height * ceil_div(channels, CHANNELS_AT_ONCE)
    if found > WINDOW:
        yield Problem(
            "{} x {} x ceil({} / {}) is {}, more than {}".format(
                width, height, channels, CHANNELS_AT_ONCE, found, WINDOW
            ),
            found=found,
            limit="<= {}".format(WINDOW),
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
    cure="use a smaller kernel or fewer input channels",
)
def window(site: Site) -> Iterator[Problem]:
    """kernel_w * kernel_h * ceil(input_channels / {at_once}) is at most {most}.

    The 2.5 inspectors do not know this limit.
    """
    yield from of_window(window_fits)(site)


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
    cure="use nearest, or bilinear by 2 or 4 with half-pixel centres",
)
def resize_mode(site: Site) -> Iterator[Problem]:
    """The mode is NEAREST or BILINEAR, in three dimensions TRILINEAR."""
    if site.attrs.mode != "TRILINEAR":
        yield from resize.mode.check(site)


@constraint(
    "resize.rank",
    kinds=("resize",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST + ": TRILINEAR is the only resize of three dimensions that it names",
    passes=(*resize.rank.passes, _volume("rank 5, trilinear", "TRILINEAR", 2)),
    fails=(_volume("rank 5, nearest", "NEAREST", 2),),
    cure="resize 4-D feature maps, or by TRILINEAR",
)
def resize_rank(site: Site) -> Iterator[Problem]:
    """It resizes a 4-D feature map, or one of 5 axes by TRILINEAR; of others with 5 axes it is
    unknown.
    """
    rank = site.input.rank
    if rank != (5 if site.attrs.mode == "TRILINEAR" else 4):
        yield Problem(
            "a {} resize of {} axes; the user guide names 4-D feature maps, and TRILINEAR for "
            "5".format(site.attrs.mode, rank),
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
    cure="use one factor of 2 or 4 for all axes, without aligned corners",
)
def trilinear(site: Site) -> Iterator[Problem]:
    """A TRILINEAR resize enlarges by 2, 4 or 8 along all axes, with half-pixel centres by 2 or 4,
    and does not align corners; of another it is unknown whether it runs.
    """
    attrs = site.attrs
    if attrs.mode == "TRILINEAR" and (attrs.align_corners or not resize.has_factor(attrs)):
        yield Problem(
            "the scale is {}{}; the user guide names no limits of TRILINEAR, those of BILINEAR "
            "refuse this".format(
                " x ".join("{:g}".format(factor) for factor in attrs.scale),
                " with aligned corners" if attrs.align_corners else "",
            ),
            found=attrs.scale[0] if attrs.scale else None,
            limit=", ".join(map(str, resize.factors(attrs))),
            verdict=Verdict.UNKNOWN,
        )
