"""Constraints of `pad`, where no window has taken it in."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir.attrs import PadAttrs
from vai_inspect.core.target import Target
from vai_inspect.rules.engine.constraint import Verdict, constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, inside, outside
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
    cure="pad with zeros",
)
def pad_mode(site: Site) -> Iterator[Problem]:
    """It pads with zeros (CONSTANT 0) or SYMMETRIC."""
    mode = site.attrs.mode
    if mode == "CONSTANT" and any(value != 0 for value in site.attrs.constant_values):
        mode = "CONSTANT {:g}".format(site.attrs.constant_values[0])
    elif mode in ("CONSTANT", "SYMMETRIC"):
        return
    yield Problem(
        "it pads by {}; the DPU pads by CONSTANT 0 or SYMMETRIC".format(mode),
        found=mode,
        limit="CONSTANT 0, SYMMETRIC",
        nearest="CONSTANT 0",
    )


@constraint(
    "pad.axes",
    kinds=("pad",),
    evidence=Evidence.INFERRED,
    source=(DIGEST + ": on the DPU when 4-D; nothing is said of batch and channels"),
    passes=(
        alone("height and width", "pad", PadAttrs((0, 0, 1, 1, 1, 1, 0, 0)), out=(1, 34, 34, 16)),
    ),
    fails=(alone("channels", "pad", PadAttrs((0, 0, 0, 0, 0, 0, 0, 8)), out=(1, 32, 32, 24)),),
    cure="pad height and width only; for more channels use a 1x1 convolution",
)
def pad_axes(site: Site) -> Iterator[Problem]:
    """It pads height and width of a 4-D tensor; whether other axes are padded on the DPU is
    unknown.
    """
    pads = site.attrs.paddings
    if len(pads) == 8 and not any(pads[:2]) and not any(pads[6:]) and min(pads) >= 0:
        return
    yield Problem(
        "paddings {} are not those of height and width alone".format(list(pads)),
        found=tuple(pads),
        limit="height and width of a 4-D tensor",
        verdict=Verdict.UNKNOWN,
    )


def _loaded(target: Target) -> int:
    return CHANNEL_GROUPS * target.load.channel_parallel


def _of_channels(number: int) -> Example:
    pads = PadAttrs((0, 0, 1, 1, 1, 1, 0, 0))
    shape, out = (1, 4, 4, number), (1, 6, 6, number)
    return alone("{} channels".format(number), "pad", pads, shape, out)


@constraint(
    "pad.channels",
    kinds=("pad",),
    evidence=Evidence.PARTITION_RULE,
    source=PT25,
    limits={"channels": _loaded},
    passes=(inside(_loaded, _of_channels),),
    fails=(outside(_loaded, _of_channels),),
    cure="pad fewer channels, or pad in the convolution that reads it",
)
def pad_channels(site: Site) -> Iterator[Problem]:
    """Channels are at most {channels} (256 * channel_parallel of the load engine)."""
    yield from site.at_most("channels", site.input.channels, site.limit("channels"))


CONSTRAINTS = (pad_mode, pad_axes, pad_channels)
