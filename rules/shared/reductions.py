"""Constraints of reductions and stand-alone normalisation, and what they become."""

from __future__ import annotations

from typing import Iterator, List, Optional, Tuple

from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.ir.attrs import AvgPool2dAttrs, BatchNormAttrs, ReductionAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    OpContext,
    Remedy,
    Rewrite,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
    exact,
    unsupported_kinds,
    where,
)
from vai_inspect.rules.shared import argmax_reduce_max, pool
from vai_inspect.rules.shared.eltwise_constants import as_depthwise
from vai_inspect.rules.shared.engines import scales_channels
from vai_inspect.rules.shared.examples import after_conv, alone, data, graph, op
from vai_inspect.rules.shared.remedies import AT_AN_END, TWO_DIMENSIONAL
from vai_inspect.rules.shared.sources import DIGEST


def _mean(text: str, axis: Tuple[int, ...], keep: bool) -> Example:
    sizes = [1, 7, 7, 16]
    out = [1 if a in axis else size for a, size in enumerate(sizes)]
    if not keep:
        out = [size for a, size in enumerate(sizes) if a not in axis]
    return alone(text, "reduction_mean", ReductionAttrs(axis, keep), (1, 7, 7, 16), tuple(out))


def _chained(text: str, checked: str) -> Example:
    """x.mean(3).mean(2) of PyTorch."""
    last = op("reduction_mean", ["first"], (1, 16), ReductionAttrs((1,)), "second")
    first = op("reduction_mean", ["data"], (1, 7, 16), ReductionAttrs((2,)), "first")
    return Example(text, graph(data((1, 7, 7, 16)), first, last), checked)


MEANS = "pyxir pull request 54; " + DIGEST


@constraint(
    "mean.axes",
    kinds=("reduction_mean",),
    evidence=Evidence.PARTITION_RULE,
    source=MEANS,
    passes=(where(pool.runs("avgpool2d"), _mean("height and width, axes kept", (1, 2), True)),),
    fails=(
        _chained("the width, then the height", "first"),
        _chained("the height, after the width", "second"),
        _mean("width alone", (2,), True),
        _mean("the channels", (3,), True),
        _mean("height and width, axes dropped", (1, 2), False),
    ),
)
def mean_axes(ctx: OpContext) -> Iterator[Violation]:
    """It averages height and width of a 4-D tensor together and keeps the axes; then it is an
    average pool. One mean after another over one axis each is on the CPU; one over the height or
    the width alone, or with the axes dropped, is unknown.

    Release 3.5.0 leaves both of two chained means on the CPU; 3.0.0 makes an average pool of the
    second.
    """
    axes = sorted(axis % ctx.input.rank for axis in ctx.attrs.axis)
    both = axes == [1, 2] and ctx.input.rank == 4
    if both and ctx.attrs.keep_dims:
        return
    chained = len(axes) == 1 and any(
        one.kind == "reduction_mean" and len(one.attributes()["axis"]) == 1
        for one in (*ctx.producers, *ctx.consumers)
    )
    of_one = axes in ([1], [2]) and not chained
    violation = Violation(
        "it is one of two means over one axis each, which the compiler leaves on the CPU",
        found=tuple(axes),
        limit="axes 1 and 2 of 4, kept",
        nearest=(1, 2),
        remedy=_mean_remedy(axes, ctx.input.rank, both or chained),
    )
    if chained:
        yield violation
    elif both:
        yield violation.replaced(
            template="it averages height and width and drops the axes; the DPU is known to keep "
            "them",
            verdict=Verdict.UNKNOWN,
            evidence=Evidence.INFERRED,
        )
    else:
        known = "; the DPU is known to average height and width only"
        template = (
            "it averages axes {found} of {rank}" if axes else "it averages all axes of {rank}"
        )
        yield violation.replaced(
            template=template + known,
            rank=ctx.input.rank,
            verdict=Verdict.UNKNOWN if of_one else Verdict.UNSUPPORTED,
            evidence=Evidence.INFERRED if of_one else Evidence.PARTITION_RULE,
        )


def _mean_remedy(axes: List[int], rank: int, pooled: bool) -> Remedy:
    """Returns what computes the same mean, or which mean runs.

    Args:
        axes: the axes that are averaged.
        rank: how many axes there are.
        pooled: whether height and width are averaged together, or one after the other.
    """
    if rank == 3:
        return TWO_DIMENSIONAL
    if axes == [3]:
        return exact("use a 1x1 convolution with the weights 1 / channels", "channel-mean")
    text = (
        "average height and width in one step with the axes kept, or use a global average pool "
        "(GlobalAveragePooling2D, AdaptiveAvgPool2d(1))"
    )
    return exact(text, "mean-to-pool") if pooled else approximate(text)


@constraint(
    "batchnorm.rank",
    kinds=("batchnorm", "scale"),
    evidence=Evidence.INFERRED,
    source="the sources show it on 4-D feature maps, channels last",
    passes=(where(scales_channels, after_conv("4-D", "batchnorm", BatchNormAttrs(3))),),
    fails=(
        alone("rank 5", "batchnorm", BatchNormAttrs(4), (1, 2, 4, 4, 8)),
        after_conv("along the height", "batchnorm", BatchNormAttrs(1)),
    ),
)
def batchnorm_rank(ctx: OpContext) -> Iterator[Violation]:
    """It scales the channels of a 4-D feature map, which makes it a 1x1 depthwise convolution;
    anything else is unknown.
    """
    if not _on_channels(ctx.original):
        yield Violation(
            "it normalises axis {found} of {rank} axes; the sources show the last of 4",
            rank=ctx.input.rank,
            found=ctx.attrs.axis,
            limit="axis 3 of 4",
            verdict=Verdict.UNKNOWN,
            remedy=TWO_DIMENSIONAL
            if ctx.input.rank == 3
            else approximate("normalise the channels of a 4-D feature map"),
        )


@constraint(
    "batchnorm.engine",
    kinds=("batchnorm", "scale"),
    evidence=Evidence.INFERRED,
    source="it would become a 1x1 depthwise convolution (XIR's scale); the 2.5 inspector says DPU "
    "without looking at the engine",
    passes=(where(scales_channels, after_conv("a DPU with it", "batchnorm", BatchNormAttrs(3))),),
    fails=(
        where(
            lambda target: not scales_channels(target),
            after_conv("a DPU without it", "batchnorm", BatchNormAttrs(3)),
        ),
    ),
    remedy=approximate("put it directly after a convolution, into which it is folded"),
)
def batchnorm_engine(ctx: OpContext) -> Iterator[Violation]:
    """Where it is not folded into a convolution, the DPU has an engine for the 1x1 depthwise
    convolution that it becomes; without one it is unknown.
    """
    if _on_channels(ctx.original):
        yield Violation(
            "it is not folded into a convolution, and this DPU has no engine for the 1x1 depthwise "
            "convolution that it would become",
            found="no engine for kernel 1x1",
            limit="depthwise kernel 1x1",
            verdict=Verdict.UNKNOWN,
        )


unknown = unsupported_kinds(
    "reduction.unknown",
    ("reduction_product", "l2_normalize"),
    "no source says whether the DPU runs this reduction",
    Evidence.INFERRED,
    "no inspector and no compiled model shows it",
    remedy=AT_AN_END,
    verdict=Verdict.UNKNOWN,
    fails=(
        after_conv("a product", "reduction_product", ReductionAttrs((1, 2), True), (1, 1, 1, 16)),
    ),
)
other = unsupported_kinds(
    "reduction.cpu",
    ("reduction_sum",),
    "the DPU has no engine for this reduction",
    Evidence.INSPECTOR,
    "CPU-only types of the 2.5 PyTorch inspector",
    remedy=exact("use the mean of height and width, times their size"),
    fails=(after_conv("a sum", "reduction_sum", ReductionAttrs((1, 2), True), (1, 1, 1, 16)),),
)


def _on_channels(node: Op) -> bool:
    rank = node.output.rank
    return rank == 4 and node.attributes()["axis"] % rank == 3


def _bn_as_depthwise(node: Op, network: Graph, target: Target) -> Optional[Op]:
    if not _on_channels(node) or not scales_channels(target):
        return None
    return as_depthwise(node, network.input_types(node)[0])


def _mean_as_pool(node: Op, network: Graph, target: Target) -> Optional[Op]:
    tensor, attrs = network.input_types(node)[0], node.attrs
    if not isinstance(attrs, ReductionAttrs) or tensor.rank != 4 or not attrs.keep_dims:
        return None
    if sorted(axis % 4 for axis in attrs.axis) != [1, 2]:
        return None
    size = (tensor.shape[2], tensor.shape[1])
    return node.replaced(kind="avgpool2d", attrs=AvgPool2dAttrs(size, size, global_=True))


BATCH_NORM = Rewrite(
    "rewrite.batchnorm",
    ("batchnorm", "scale"),
    "the batch normalisation that is not folded into a convolution becomes a 1x1 depthwise "
    "convolution",
    Evidence.INSPECTOR,
    "2.5 and 3.x inspectors, on one DPU",
    _bn_as_depthwise,
)
MEAN = Rewrite(
    "rewrite.mean",
    ("reduction_mean",),
    "the mean of height and width becomes a global average pool",
    Evidence.USER_GUIDE,
    DIGEST,
    _mean_as_pool,
)

_EVERYWHERE = (mean_axes, unknown, other)
CONSTRAINTS = (
    *_EVERYWHERE,
    batchnorm_rank,
    batchnorm_engine,
    *argmax_reduce_max.CONSTRAINTS,
)
"""For DPUs for which the user guide lists argmax and reduction_max."""
WITHOUT_MAXIMA = (
    *_EVERYWHERE,
    batchnorm_rank,
    batchnorm_engine,
    *argmax_reduce_max.ROWS,
)
"""For others of which some targets run a 1x1 depthwise convolution."""
WITHOUT_SCALING = (
    *_EVERYWHERE,
    batchnorm_rank.never_passed(),
    batchnorm_engine.never_passed(),
    *argmax_reduce_max.NONE,
)
"""For those of which none does."""
