"""Constraints of `strided_slice`: crops, and slices of channels."""

from __future__ import annotations

from typing import Iterator, NamedTuple, Optional

from vai_inspect.core.ir import ACTIVATIONS, Op
from vai_inspect.core.ir.attrs import LeakyReluAttrs, StridedSliceAttrs
from vai_inspect.rules.plugin import (
    Device,
    Evidence,
    Example,
    OpContext,
    Remedies,
    Remedy,
    Stage,
    Verdict,
    Violation,
    approximate,
    constraint,
    exact,
    where,
)
from vai_inspect.rules.shared.examples import after_conv, conv_op, data, graph, op
from vai_inspect.rules.shared.fusion import fuses

TWO_CONVOLUTIONS = exact(
    "in place of one convolution and a slice write two convolutions, one for each part",
    "slices-to-convolutions",
)
SPACE_TO_DEPTH = exact(
    "in place of r x r slices that take every r-th pixel use a convolution of kernel r and stride "
    "r with weights of 0 and 1; with a 3x3 convolution after it, one of kernel 3r and stride r",
    "unshuffle-to-convolution",
)
INSPECTORS = (
    "2.5 and 3.x inspectors; UG1414 3.5 (by a digest) allows stride 1 of batch and channels, no "
    "inspector shows it"
)
CUT = StridedSliceAttrs((0, 0, 0, 0), (1, 30, 30, 8), (1, 1, 1, 1))
HALF = (1, 30, 30, 8)
_CROPPED = after_conv(
    "cropping by 2",
    "strided_slice",
    StridedSliceAttrs((0, 2, 2, 0), (1, 28, 28, 16), (1, 1, 1, 1)),
    (1, 26, 26, 16),
)
_HALVED = after_conv("half of a convolution's channels", "strided_slice", CUT, HALF)


class Split(NamedTuple):
    """A cut of a convolution's channels.

    Attributes:
        convolution: the convolution.
        activation: the activation between, or None.
    """

    convolution: Op
    activation: Optional[Op]


@constraint(
    "strided_slice.cpu",
    kinds=("strided_slice",),
    evidence=Evidence.INSPECTOR,
    source=INSPECTORS,
    passes=(),
    always=True,
    fails=(_CROPPED, _HALVED),
)
def strided_slice(ctx: OpContext) -> Iterator[Violation]:
    """The DPU does not slice or crop; a slice of channels directly after a convolution is unknown.

    In compiled models for two other DPUs the compiler splits the convolution, which removes it.
    """
    if convolution_split(ctx) is None:
        yield _refused(ctx)
        return
    yield Violation(
        "the inspectors refuse a slice of channels; in compiled models for other DPUs the compiler "
        "splits the convolution before it, no model for this DPU shows it",
        found="channels",
        verdict=Verdict.UNKNOWN,
        remedy=TWO_CONVOLUTIONS,
    )


def _after(text: str, kind: str) -> Example:
    """Half of the channels of a convolution and an activation."""
    attrs = LeakyReluAttrs(26 / 256) if kind == "leaky-relu" else None
    shape = (1, 32, 32, 16)
    first = conv_op(shape, name="conv")
    between = op(kind, ["conv"], first.output.shape, attrs, "between")
    return Example(
        text, graph(data(shape), first, between, op("strided_slice", ["between"], HALF, CUT))
    )


@constraint(
    "strided_slice.cpu",
    kinds=("strided_slice",),
    evidence=Evidence.INSPECTOR,
    source="2.5 and 3.x inspectors; slices of channels: two board projects on a B4096 (3.0) and "
    "a compiled model for a C32B6 (3.5.0)",
    passes=(
        _HALVED,
        where(
            fuses("conv2d", "leaky-relu"),
            _after("half of the channels after a leaky ReLU of slope 26/256", "leaky-relu"),
        ),
        _after("half of the channels after a ReLU", "relu"),
    ),
    fails=(
        _CROPPED,
        after_conv(
            "every second channel",
            "strided_slice",
            StridedSliceAttrs((0, 0, 0, 0), (1, 30, 30, 16), (1, 1, 1, 2)),
            HALF,
        ),
        where(
            fuses("conv2d", "hard-swish"),
            _after("half of the channels after a Hardswish", "hard-swish"),
        ),
    ),
)
def split_in_two(ctx: OpContext) -> Iterator[Violation]:
    """The DPU does not slice or crop. A slice of channels directly after a convolution, or after
    its leaky ReLU or ReLU, is removed where only such slices read the output: the compiler splits
    the convolution. After another activation it is unknown.

    Compiled models show it after leaky ReLU; after ReLU or none it is concluded. After Hardswish
    the 3.5 inspector says CPU, 3.0 left all on the DPU. The 3.x inspector, which compiles each
    operator alone, says CPU for every slice.
    """
    split = convolution_split(ctx)
    if split is None:
        yield _refused(ctx)
    elif split.activation is not None and split.activation.kind not in SPLIT_THROUGH:
        yield Violation(
            "it slices the channels after {found:kind}; compiled models show the compiler split "
            "the convolution for a slice after {through:kind}",
            through=SPLIT_THROUGH,
            found=split.activation.kind,
            limit=", ".join(SPLIT_THROUGH),
            verdict=Verdict.UNKNOWN,
            evidence=Evidence.INFERRED,
            remedy=TWO_CONVOLUTIONS,
        )


SPLIT_THROUGH = ("leaky-relu", "relu")
"""Activations after which a slice of channels splits the convolution."""


def _slice_of(text: str, size: int) -> Example:
    """Half of a convolution's channels; kernel 17 puts the convolution on the CPU."""
    shape = (1, 46, 46, 16)
    first = conv_op(shape, name="conv", kernel=(size, size))
    out = (*first.output.shape[:3], 8)
    attrs = StridedSliceAttrs((0, 0, 0, 0), out, (1, 1, 1, 1))
    return Example(text, graph(data(shape), first, op("strided_slice", ["conv"], out, attrs)))


@constraint(
    "strided_slice.convolution_on_dpu",
    kinds=("strided_slice",),
    stage=Stage.CONTEXT,
    evidence=Evidence.INFERRED,
    source="concluded: the compiler splits the convolution before it",
    passes=(_slice_of("the convolution is on the DPU", 3),),
    fails=(_slice_of("the convolution is on the CPU", 17),),
    remedy="bring it to the DPU",
)
def convolution_on_dpu(ctx: OpContext) -> Iterator[Violation]:
    """The convolution whose channels are sliced, and its activation, run on the DPU."""
    split, producer = convolution_split(ctx), ctx.producers[0]
    if split is not None and ctx.device_of(producer) is Device.CPU:
        yield Violation(
            "the compiler would split {convolution:op} for it, but {producer:op} is on the CPU",
            convolution=split.convolution.name,
            producer=producer.name,
            found="cpu",
            limit="dpu",
            follows=producer.name,
        )


def _refused(ctx: OpContext) -> Violation:
    return Violation("the DPU does not slice or crop", found=ctx.op.kind, remedy=_remedy(ctx))


def _remedy(ctx: OpContext) -> Remedies:
    channels = _channels_only(ctx)
    if channels and ctx.producers[0].kind != "inner-product" and ctx.op.output.rank == 4:
        return TWO_CONVOLUTIONS
    if set(ctx.attrs.strides) != {1} and ctx.op.output.rank == 4:
        return SPACE_TO_DEPTH
    if channels or ctx.op.output.rank != 4:
        return exact(
            "at the start or the end of the network slice on the host; where the parts come from "
            "one Linear or Dense layer, write a layer for each part"
        )
    return (
        Remedy("at the start or the end of the network crop on the host"),
        approximate("choose pads and strides of the neighbours that give this size"),
    )


def _channels_only(ctx: OpContext) -> bool:
    """Returns whether a slice takes neighbouring channels and nothing else."""
    kept = ctx.input.shape[:-1] == ctx.op.output.shape[:-1]
    return kept and set(ctx.attrs.strides) == {1}


def convolution_split(ctx: OpContext) -> Optional[Split]:
    """Returns the split, where only slices of channels read a convolution.

    An activation between is fused with the convolution.
    """
    source, activation = ctx.producers[0], None
    readers = ctx.graph.consumers(source)
    if source.kind in ACTIVATIONS:
        activation, source = source, ctx.graph.producers(source)[0]
        if len(ctx.graph.consumers(source)) != 1:
            return None
    whole = source.kind != "conv2d" or not _channels_only(ctx)
    if whole or any(reader.kind != "strided_slice" for reader in readers):
        return None
    return Split(source, activation)


CONSTRAINTS = (strided_slice,)
IN_TWO = (split_in_two, convolution_on_dpu)
"""For DPUs whose compiled models show convolutions split for slices of channels."""
