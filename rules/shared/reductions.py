"""Constraints of reductions and stand-alone normalisation, and what they become."""

from __future__ import annotations

from typing import Iterator, Optional

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir import Graph, Op
from vai_inspect.core.ir.attrs import AvgPool2dAttrs, BatchNormAttrs, ReductionAttrs
from vai_inspect.core.target import Target
from vai_inspect.rules.engine.constraint import Founding, Verdict, constraint, unsupported_kinds
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, where
from vai_inspect.rules.engine.rewrite import Rewrite
from vai_inspect.rules.shared import argmax_reduce_max, pool
from vai_inspect.rules.shared.eltwise import as_depthwise
from vai_inspect.rules.shared.engines import scales_channels
from vai_inspect.rules.shared.examples import after_conv, alone, data, graph, op
from vai_inspect.rules.shared.sources import DIGEST


def _mean(text: str, axis: "tuple[int, ...]", keep: bool) -> Example:
    sizes = [1, 7, 7, 16]
    out = [1 if a in axis else size for a, size in enumerate(sizes)]
    if not keep:
        out = [size for a, size in enumerate(sizes) if a not in axis]
    return alone(text, "reduction_mean", ReductionAttrs(axis, keep), (1, 7, 7, 16), tuple(out))


def _chained(text: str, judged: str) -> Example:
    """x.mean(3).mean(2) of PyTorch."""
    last = op("reduction_mean", ["first"], (1, 16), ReductionAttrs((1,)), "second")
    first = op("reduction_mean", ["data"], (1, 7, 16), ReductionAttrs((2,)), "first")
    return Example(text, graph(data((1, 7, 7, 16)), first, last), judged)


@constraint(
    "mean.axes",
    kinds=("reduction_mean",),
    evidence=Evidence.COMPILED,
    source="compiled squeeze-excite models for DPUCZDX8G_ISA1_B2304 of 3.0.0 and 3.5.0; pyxir pull "
    "request 54; " + DIGEST,
    seen_on=("czdx8g",),
    elsewhere=Founding(Evidence.PARTITION_RULE, "pyxir pull request 54; " + DIGEST),
    passes=(where(pool.runs("avgpool2d"), _mean("height and width, axes kept", (1, 2), True)),),
    fails=(
        _chained("the width, then the height", "first"),
        _chained("the height, after the width", "second"),
        _mean("width alone", (2,), True),
        _mean("the channels", (3,), True),
        _mean("height and width, axes dropped", (1, 2), False),
    ),
    cure="average height and width in one step with the axes kept, or use a global average pool "
    "(GlobalAveragePooling2D, AdaptiveAvgPool2d(1))",
)
def mean_axes(site: Site) -> Iterator[Problem]:
    """It averages height and width of a 4-D tensor together and keeps the axes; then it is an
    average pool. One mean after another over one axis each is on the CPU; one over the height or
    the width alone, or with the axes dropped, is unknown.

    Of two chained means release 3.5.0 leaves both to the CPU; 3.0.0 makes an average pool of the
    second.
    """
    axes = sorted(axis % site.input.rank for axis in site.attrs.axis)
    both = axes == [1, 2] and site.input.rank == 4
    if both and site.attrs.keep_dims:
        return
    chained = len(axes) == 1 and any(
        one.kind == "reduction_mean" and len(one.attributes()["axis"]) == 1
        for one in (*site.producers, *site.consumers)
    )
    if chained:
        says = "it is one of two means over one axis each, which the compiler leaves to the CPU"
    elif both:
        says = "it averages height and width and drops the axes; the DPU is known to keep them"
    else:
        says = "it averages {} of {}; the DPU is known to average height and width only".format(
            "axes {}".format(axes) if axes else "all axes", site.input.rank
        )
    of_one = axes in ([1], [2]) and not chained
    yield Problem(
        says,
        found=tuple(axes),
        limit="axes 1 and 2 of 4, kept",
        nearest=(1, 2),
        verdict=Verdict.UNKNOWN if both or of_one else Verdict.UNSUPPORTED,
        evidence=None if chained else Evidence.INFERRED if both or of_one else _PUBLISHED,
    )


_PUBLISHED = Evidence.PARTITION_RULE


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
    cure="normalise the channels of a 4-D feature map",
)
def batchnorm_rank(site: Site) -> Iterator[Problem]:
    """It scales the channels of a 4-D feature map, which makes it a 1x1 depthwise convolution;
    anything else is unknown.
    """
    if not _on_channels(site.original):
        yield Problem(
            "it normalises axis {} of {} axes; the sources show the last of 4".format(
                site.attrs.axis, site.input.rank
            ),
            found=site.attrs.axis,
            limit="axis 3 of 4",
            verdict=Verdict.UNKNOWN,
        )


@constraint(
    "batchnorm.engine",
    kinds=("batchnorm", "scale"),
    evidence=Evidence.INFERRED,
    source="it would become a 1x1 depthwise convolution (XIR's scale); the 2.5 inspector says DPU "
    "without a look at the engine",
    passes=(where(scales_channels, after_conv("a DPU with it", "batchnorm", BatchNormAttrs(3))),),
    fails=(
        where(
            lambda target: not scales_channels(target),
            after_conv("a DPU without it", "batchnorm", BatchNormAttrs(3)),
        ),
    ),
    cure="put it right behind a convolution, which takes it in",
)
def batchnorm_engine(site: Site) -> Iterator[Problem]:
    """Where no convolution takes it in, the DPU has an engine for the 1x1 depthwise convolution
    that it becomes; without one it is unknown.
    """
    if _on_channels(site.original):
        yield Problem(
            "no convolution takes it in, and this DPU has no engine for the 1x1 depthwise "
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
    cure="compute it on the host",
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
    cure="use a mean of height and width or a pool instead",
    fails=(after_conv("a sum", "reduction_sum", ReductionAttrs((1, 2), True), (1, 1, 1, 16)),),
)


def _on_channels(node: Op) -> bool:
    rank = node.output.rank
    return rank == 4 and node.attributes()["axis"] % rank == 3


def _bn_as_depthwise(node: Op, whole: Graph, target: Target) -> Optional[Op]:
    if not _on_channels(node) or not scales_channels(target):
        return None
    return as_depthwise(node, whole.input_types(node)[0])


def _mean_as_pool(node: Op, whole: Graph, target: Target) -> Optional[Op]:
    tensor, attrs = whole.input_types(node)[0], node.attrs
    if not isinstance(attrs, ReductionAttrs) or tensor.rank != 4 or not attrs.keep_dims:
        return None
    if sorted(axis % 4 for axis in attrs.axis) != [1, 2]:
        return None
    size = (tensor.shape[2], tensor.shape[1])
    return node.replaced(kind="avgpool2d", attrs=AvgPool2dAttrs(size, size, global_=True))


BATCH_NORM = Rewrite(
    "rewrite.batchnorm",
    ("batchnorm", "scale"),
    "the batch normalisation that no convolution takes in becomes a 1x1 depthwise convolution",
    Evidence.INSPECTOR,
    "2.5 and 3.x inspectors (seen on DPUCZDX8G)",
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
"""Of the DPUs that the user guide lists for argmax and reduction_max."""
WITHOUT_MAXIMA = (
    *_EVERYWHERE,
    batchnorm_rank,
    batchnorm_engine,
    *argmax_reduce_max.ROWS,
)
"""Of others of which some targets run a 1x1 depthwise convolution."""
WITHOUT_SCALING = (
    *_EVERYWHERE,
    batchnorm_rank.never_passed(),
    batchnorm_engine.never_passed(),
    *argmax_reduce_max.NONE,
)
"""Of those of which none does."""
