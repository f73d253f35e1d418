"""How large a window of a pool may be, by what compiled models show on the DPU and on the CPU."""

from __future__ import annotations

from typing import Callable, Iterator, Optional, Tuple

from vai_inspect.rules.plugin import (
    Constraint,
    Effect,
    Evidence,
    Example,
    OpContext,
    Remedy,
    Target,
    Verdict,
    Violation,
    constraint,
    inside,
    outside,
    where,
)
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


def window(
    shown: Tuple[int, int] = (0, 0), refused: Optional[Tuple[int, int]] = None
) -> Constraint:
    """Returns the constraint of a family's windows.

    Args:
        shown: width and height of the largest average-pool window that is shown on the family's
            ALU, whatever its size.
        refused: those of the smallest that compiled models show on the CPU; None without one.
    """

    def allowed(target: Target) -> int:
        """Returns the most pixels of a window that is known to run.

        What is shown on the family; otherwise what a compiled model of a B4096 shows, in
        proportion to the feature-map banks.
        """
        on_alu = shown[0] * shown[1] if target.alu is not None else 0
        return max(on_alu, SEEN_AVERAGED * feature_words(target) // SEEN_WORDS)

    def has_alu(target: Target) -> bool:
        return target.alu is not None

    side = _side(allowed)
    runs = () if not any(shown) else (where(has_alu, whole_map("avgpool2d", *shown)),)
    fails = () if refused is None else (where(has_alu, whole_map("avgpool2d", *refused)),)

    @constraint(
        "pool.window",
        kinds=POOL_KINDS,
        evidence=Evidence.INFERRED,
        source="concluded from an average of 91x68 in a compiled model of a B4096, in proportion "
        "to the feature-map banks",
        limits={"known": allowed},
        passes=(inside(side, _averaged), inside(side, _largest), *runs),
        fails=(outside(side, _averaged), outside(side, _largest), *fails),
    )
    def within_known(ctx: OpContext) -> Iterator[Violation]:
        """kernel_w * kernel_h is at most {known}; larger windows are unknown, except averages of at
        least the size that a compiled model shows on the CPU.

        The limit lies between the largest average on the DPU and the smallest on the CPU that are
        known. Assumed: channels do not matter, the limit of other DPUs is in proportion to their
        feature-map banks, and a max pool has the same limit.
        """
        width, height = ctx.attrs.kernel
        pixels, known = width * height, ctx.limit("known")
        if pixels <= known:
            return
        certain = (
            refused is not None and ctx.op.kind == "avgpool2d" and pixels >= refused[0] * refused[1]
        )
        step = next(
            n for n in range(2, pixels) if ceil_div(width, n) * ceil_div(height, n) <= known
        )
        violation = Violation(
            "the window {width} x {height} has {found} pixels, more than any that is known to run "
            "on the DPU",
            width=width,
            height=height,
            found=pixels,
            limit=f"<= {known}",
            nearest=known,
            verdict=Verdict.UNKNOWN,
            evidence=Evidence.INFERRED,
            remedy=_two_steps(ctx, step),
        )
        if certain:
            violation = violation.replaced(
                template="the window {width} x {height} has {found} pixels, as many as one that a "
                "compiled model shows on the CPU",
                verdict=Verdict.UNSUPPORTED,
                evidence=None,
            )
        yield violation

    return within_known


def whole_map(kind: str, width: int, height: int) -> Example:
    """Returns the example of a pool over a map of its own size."""
    text = f"{POOL_NAMES[kind]} of {width}x{height}"
    return pool(text, kind, (1, height, width, 128), (width, height), (width, height))


def _side(allowed: Callable[[Target], int]) -> Callable[[Target], Optional[int]]:
    """Returns what gives the side of the largest square window that is known to run.

    It gives None where the kernel's limit is lower.
    """

    def side(target: Target) -> Optional[int]:
        sizes, pixels = pool_kernel("avgpool2d")(target), allowed(target)
        return None if sizes is None or sizes.high**2 <= pixels else int(pixels**0.5)

    return side


def _two_steps(ctx: OpContext, step: int) -> Remedy:
    """Returns the first of two pools.

    They compute the same where windows do not overlap, it divides them, and nothing is padded.
    """
    attrs = ctx.attrs
    apart = attrs.global_ or tuple(attrs.stride) == tuple(attrs.kernel)
    same = apart and not any(attrs.pad) and all(size % step == 0 for size in attrs.kernel)
    template = "pool in two steps, first by {step} x {step} with stride {step}"
    return Remedy(
        template,
        Effect.EXACT if same else Effect.APPROXIMATE,
        "split-pool" if same and ctx.op.kind == "avgpool2d" else None,
        (("step", step),),
    )


def _averaged(size: int) -> Example:
    return whole_map("avgpool2d", size, size)


def _largest(size: int) -> Example:
    return whole_map("maxpool2d", size, size)
