"""Bilinear resizing: a transposed depthwise convolution, whose limits are those of its engine."""

from __future__ import annotations

from typing import Iterator, Optional, Tuple

from vai_inspect.core.ir import Graph, Op, Param, TensorType
from vai_inspect.core.ir.attrs import ResizeAttrs, TransposedDepthwiseConv2dAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    OpContext,
    Rewrite,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
    where,
)
from vai_inspect.rules.shared.engines import depthwise_kernel
from vai_inspect.rules.shared.examples import alone
from vai_inspect.rules.shared.sources import DIGEST, PT25

FACTOR_UNKNOWN = "the factor is not known"


def resized(
    text: str, mode: str, scale: float, half: bool = False, corners: bool = False
) -> Example:
    """Returns the example of a resize of both axes by one factor."""
    size = int(16 * scale)
    attrs = ResizeAttrs(mode, corners, half, (float(scale), float(scale)))
    return alone(text, "resize", attrs, (1, 16, 16, 16), (1, size, size, 16))


def doubles(target: Target) -> bool:
    """Returns whether the target takes the transposed depthwise convolution of a bilinear resize.

    Its kernel is twice its stride, whatever the factor.
    """
    sizes = depthwise_kernel(target)
    return sizes is not None and 2 in sizes


def factors(attrs: ResizeAttrs) -> Tuple[int, ...]:
    """Returns the factors of a bilinear resize that becomes a transposed convolution."""
    return (2, 4) if attrs.half_pixel_centers else (2, 4, 8)


def has_factor(attrs: ResizeAttrs) -> bool:
    """Returns whether a resize has one of the factors, the same along all axes."""
    return len(set(attrs.scale)) == 1 and attrs.scale[0] in factors(attrs)


@constraint(
    "resize.bilinear",
    kinds=("resize",),
    evidence=Evidence.PARTITION_RULE,
    source=PT25 + "; " + DIGEST,
    passes=(
        where(
            doubles,
            resized("by 8", "BILINEAR", 8),
            resized("by 4, half-pixel centres", "BILINEAR", 4, half=True),
        ),
        resized("nearest", "NEAREST", 2),
    ),
    fails=(
        resized("by 3", "BILINEAR", 3),
        resized("by 8, half-pixel centres", "BILINEAR", 8, half=True),
        resized("by 2, aligned corners", "BILINEAR", 2, corners=True),
    ),
    remedy=approximate(
        "use a factor of 2 or 4 with half-pixel centres, for 8 two of them, without aligned "
        "corners",
        "align-corners",
    ),
)
def factor(ctx: OpContext) -> Iterator[Violation]:
    """A BILINEAR resize enlarges by 2, 4 or 8 along both axes, with half-pixel centres by 2 or 4,
    and does not align corners.

    The 2.5 inspector checks the factor before the corners and accepts aligned corners.
    """
    attrs = ctx.attrs
    if attrs.mode != "BILINEAR":
        return
    allowed = factors(attrs)
    if attrs.align_corners:
        yield Violation(
            "align_corners is true, which the DPU's bilinear resize does not support",
            found="align_corners",
            limit="align_corners=False",
        )
    if not attrs.scale:
        yield Violation(
            FACTOR_UNKNOWN,
            found="no factor",
            limit=", ".join(map(str, allowed)),
            verdict=Verdict.UNKNOWN,
        )
    elif not has_factor(attrs):
        template = "the scale is {scale}; a bilinear resize is by {factors} along both axes"
        if attrs.half_pixel_centers:
            template = (
                "the scale is {scale}; a bilinear resize with half-pixel centres is by {factors} "
                "along both axes"
            )
        yield Violation(
            template,
            scale=attrs.scale,
            factors=", ".join(map(str, allowed)),
            found=attrs.scale[0],
            limit=", ".join(map(str, allowed)),
            nearest=min(allowed, key=lambda factor: abs(factor - attrs.scale[0])),
        )


@constraint(
    "resize.engine",
    kinds=("resize",),
    evidence=Evidence.INSPECTOR,
    source="2.5 inspector on DPUCAHX8L_ISA0_SP; " + PT25,
    passes=(
        where(doubles, resized("bilinear by 2", "BILINEAR", 2)),
        resized("nearest by 2", "NEAREST", 2),
    ),
    fails=(where(lambda target: not doubles(target), resized("bilinear by 2", "BILINEAR", 2)),),
    remedy=approximate("use nearest, which needs no such engine"),
)
def engine(ctx: OpContext) -> Iterator[Violation]:
    """The DPU has a depthwise engine for the transposed convolution that a BILINEAR resize becomes;
    its kernel is twice its stride.
    """
    if ctx.attrs.mode != "BILINEAR" or doubles(ctx.target):
        return
    sizes = depthwise_kernel(ctx.target)
    factor = max(1, int(ctx.attrs.scale[0])) if ctx.attrs.scale else 2
    become = (
        "it would become a transposed depthwise convolution, kernel / stride {kernel} / {stride}"
    )
    violation = Violation(
        become + ", for which this DPU has no engine",
        kernel=2 * factor,
        stride=factor,
        found=f"{2 * factor}/{factor}",
        limit="no engine" if sizes is None else sizes,
    )
    if sizes is not None:
        violation = violation.replaced(
            template=become + ", outside {limit}, the kernels of the depthwise engine"
        )
    yield violation


def _as_transposed(node: Op, network: Graph, target: Target) -> Optional[Op]:
    """Returns the transposed depthwise convolution that a bilinear resize becomes.

    Kernel 2 s and stride s for a factor s; the input is padded by one pixel on each side.
    """
    attrs = node.attrs
    if not isinstance(attrs, ResizeAttrs) or attrs.mode != "BILINEAR" or attrs.align_corners:
        return None
    if not has_factor(attrs) or not doubles(target):
        return None
    factor = int(attrs.scale[0])
    kernel = (2 * factor, 2 * factor)
    weights = Param("weights", TensorType((1, *kernel, node.output.channels)))
    return node.replaced(
        kind="transposed-depthwise-conv2d",
        attrs=TransposedDepthwiseConv2dAttrs(kernel, (factor, factor)),
        params=(weights,),
    )


AS_TRANSPOSED = Rewrite(
    "rewrite.bilinear",
    ("resize",),
    "the bilinear resize becomes a padding and a transposed depthwise convolution",
    Evidence.PARTITION_RULE,
    PT25,
    _as_transposed,
)

CONSTRAINTS = (factor, engine)
