"""How large a window of a pool may be, by what compiled models show on the DPU and on the CPU."""

from __future__ import annotations

from typing import Iterator, Optional

from vai_inspect.core.findings import Evidence
from vai_inspect.core.target import Target
from vai_inspect.rules.engine.constraint import Verdict, constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, inside, outside, where
from vai_inspect.rules.shared.engines import (
    POOL_KINDS,
    POOL_NAMES,
    ceil_div,
    feature_words,
    pool_kernel,
)
from vai_inspect.rules.shared.examples import pool

SEEN_AVERAGED = 91 * 68
"""An average-pool window that a compiled model shows on a B4096's DPU."""


SEEN_WORDS = 8 * 2048
"""Pixels of one channel group that the B4096's feature-map bank group holds."""


SHOWN = {"czdx8g": 112 * 112}
"""The largest average-pool window that the 3.5 inspector shows on a family's ALU, whatever its
size, by family."""


REFUSED = {"czdx8g": 182 * 136}
"""The smallest that compiled models of release 2.5.0 show on the CPU, by family."""


def _allowed(target: Target) -> int:
    """Returns the most pixels of a window that is known to run.

    What is shown on a family; else what a compiled model of a B4096 shows, in proportion to the
    feature-map banks.
    """
    shown = SHOWN.get(target.family, 0) if target.alu is not None else 0
    return max(shown, SEEN_AVERAGED * feature_words(target) // SEEN_WORDS)


def _known(target: Target) -> Optional[int]:
    """Returns the most pixels of a window that is known to run, where the kernel allows more."""
    sizes = pool_kernel("avgpool2d")(target)
    pixels = _allowed(target)
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


def _has_seen(target: Target) -> bool:
    return target.family in REFUSED and target.alu is not None


@constraint(
    "pool.window",
    kinds=POOL_KINDS,
    evidence=Evidence.COMPILED,
    source="the 3.5 inspector: an average of 112x112 runs on DPUCZDX8G ISA1; compiled models of "
    "2.5.0 (nine files): one of 182x136 over 64 channels on the CPU of a B4096",
    seen_on=("czdx8g",),
    limits={"known": _allowed},
    passes=(
        inside(_side, _averaged),
        inside(_side, _largest),
        where(_has_seen, _whole("avgpool2d", 112, 112)),
    ),
    fails=(
        outside(_side, _averaged),
        outside(_side, _largest),
        where(_has_seen, _whole("avgpool2d", 182, 136)),
    ),
)
def window(site: Site) -> Iterator[Problem]:
    """A window has at most {known} pixels, kernel_w * kernel_h; larger ones are unknown, but for
    averages that are at least as large as one that a compiled model shows on the CPU.

    The edge lies between the two averages that are shown. That channels do not matter, that other
    DPUs take windows in proportion to their feature-map banks, and that the maximum of so many
    pixels is as doubtful is assumed.
    """
    width, height = site.attrs.kernel
    pixels, known = width * height, site.limit("known")
    if pixels <= known:
        return
    seen = REFUSED.get(site.target.family)
    refused = seen is not None and site.op.kind == "avgpool2d" and pixels >= seen
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
        evidence=None if refused else Evidence.INFERRED,
        suggestion="pool in two steps, first by {0} x {0} with stride {0}".format(step),
    )
