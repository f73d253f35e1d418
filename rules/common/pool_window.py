"""How large a window of a pool may be, by what compiled models show on the DPU and on the CPU."""

from __future__ import annotations

from typing import Iterator, Optional

from vai_inspect.core.findings import Evidence
from vai_inspect.core.target import Target
from vai_inspect.rules.common.engines import (
    POOL_KINDS,
    POOL_NAMES,
    ceil_div,
    feature_words,
    pool_kernel,
)
from vai_inspect.rules.common.examples import pool
from vai_inspect.rules.constraint import Verdict, constraint
from vai_inspect.rules.example import Example, inside, outside, where
from vai_inspect.rules.site import Problem, Site

SEEN_AVERAGED = 91 * 68
"""The largest average-pool window that a compiled model shows on a B4096's DPU."""


SEEN_REFUSED = 182 * 136
"""The smallest that one shows on its CPU."""


SEEN_WORDS = 8 * 2048
"""Pixels of one channel group that the B4096's feature-map bank group holds."""


def _known(target: Target) -> Optional[int]:
    """Returns the most pixels of a window that is known to run, where the kernel allows more."""
    sizes = pool_kernel("avgpool2d")(target)
    pixels = _scaled(SEEN_AVERAGED, target)
    return None if sizes is None or sizes.high**2 <= pixels else pixels


def _side(target: Target) -> Optional[int]:
    """Returns the side of the largest square window that is known to run."""
    pixels = _known(target)
    return None if pixels is None else int(pixels**0.5)


def _whole(kind: str, width: int, height: int) -> Example:
    text = "{} of {}x{}".format(POOL_NAMES[kind], width, height)
    return pool(text, kind, (1, height, width, 128), (width, height), (width, height))


def _averaged(size: int) -> Example:
    return _whole("avgpool2d", size, size)


def _largest(size: int) -> Example:
    return _whole("maxpool2d", size, size)


def _is_b4096(target: Target) -> bool:
    seen = target.family == "czdx8g" and target.alu is not None
    return seen and feature_words(target) == SEEN_WORDS


@constraint(
    "pool.window",
    kinds=POOL_KINDS,
    evidence=Evidence.COMPILED,
    source="compiled models for DPUCZDX8G_ISA1_B4096: an average of 91x68 over 128 channels is on "
    "the DPU, one of 182x136 over 64 channels on the CPU",
    seen_on=("czdx8g",),
    limits={"known": lambda target: _scaled(SEEN_AVERAGED, target)},
    passes=(
        inside(_side, _averaged),
        inside(_side, _largest),
        where(_is_b4096, _whole("avgpool2d", 91, 68)),
    ),
    fails=(
        outside(_side, _averaged),
        outside(_side, _largest),
        where(_is_b4096, _whole("avgpool2d", 182, 136)),
    ),
)
def window(site: Site) -> Iterator[Problem]:
    """A window has at most {known} pixels, kernel_w * kernel_h; larger ones are unknown, but for
    averages that are at least as large as one that a compiled model shows on the CPU.

    The edge lies somewhere between the two averages that compiled models of a B4096 show. That
    channels do not matter, that DPUs with smaller feature-map banks take smaller windows, that
    other DPUs are alike, and that the maximum of so many pixels is as doubtful is assumed.
    """
    width, height = site.attrs.kernel
    pixels, known = width * height, site.limit("known")
    if pixels <= known:
        return
    refused = (
        site.target.family == "czdx8g"
        and site.op.kind == "avgpool2d"
        and pixels >= _scaled(SEEN_REFUSED, site.target)
    )
    same_banks = _is_b4096(site.target)
    step = next(n for n in range(2, pixels) if ceil_div(width, n) * ceil_div(height, n) <= known)
    yield Problem(
        "the window {} x {} has {} pixels, {}".format(
            width,
            height,
            pixels,
            "as many as one that a compiled model shows on the CPU"
            if refused
            else "more than any that is known to run on the DPU",
        ),
        found=pixels,
        limit="<= {}".format(known),
        nearest=known,
        verdict=Verdict.UNSUPPORTED if refused else Verdict.UNKNOWN,
        evidence=Evidence.COMPILED if refused and same_banks else Evidence.INFERRED,
        suggestion="pool in two steps, first by {0} x {0} with stride {0}".format(step),
    )


def _scaled(pixels: int, target: Target) -> int:
    """Returns a count of pixels seen on a B4096 for a target with other feature-map banks."""
    return pixels * feature_words(target) // SEEN_WORDS
