"""Constraints of `strided_slice`: crops, and cuts of channels."""

from __future__ import annotations

from typing import Iterator, NamedTuple, Optional

from vai_inspect.core.findings import Device, Evidence
from vai_inspect.core.ir import ACTIVATIONS, Op
from vai_inspect.core.ir.attrs import LeakyReluAttrs, StridedSliceAttrs
from vai_inspect.rules.engine.constraint import Stage, Verdict, constraint
from vai_inspect.rules.engine.context import Problem, Site
from vai_inspect.rules.engine.example import Example, where
from vai_inspect.rules.shared.examples import after_conv, conv_op, data, graph, op
from vai_inspect.rules.shared.fusion import fuses

TWO_CONVOLUTIONS = "in place of one convolution and a cut write two convolutions, one for each part"
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


class Cut(NamedTuple):
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
def strided_slice(site: Site) -> Iterator[Problem]:
    """The DPU does not slice or crop; of channels cut right after a convolution it is unknown.

    On DPUCZDX8G and DPUCVDX8G compiled models show such a cut vanish: the compiler makes two
    convolutions.
    """
    if convolution_cut(site) is None:
        yield _refused(site)
        return
    yield Problem(
        "the inspectors refuse a cut of channels; on DPUCZDX8G and DPUCVDX8G compiled models show "
        "it vanish after a convolution, on this DPU none is known",
        found="channels",
        verdict=Verdict.UNKNOWN,
        suggestion=TWO_CONVOLUTIONS,
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
    source="2.5 and 3.x inspectors; of a cut of channels: two board projects on B4096 (3.0) and a "
    "compiled model for DPUCVDX8G_ISA3_C32B6 (3.5.0)",
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
def cut_in_two(site: Site) -> Iterator[Problem]:
    """The DPU does not slice or crop, but channels cut right after a convolution that nothing
    reads whole vanish, as the compiler makes two convolutions; so they do after its leaky ReLU or
    ReLU. After another activation it is unknown.

    Compiled models show it after leaky ReLU; after ReLU or none it is concluded. Of Hardswish the
    3.5 inspector says CPU, 3.0 left all on the DPU. The 3.x inspector, which compiles each
    operator alone, says CPU of every cut.
    """
    cut = convolution_cut(site)
    if cut is None:
        yield _refused(site)
    elif cut.activation is not None and cut.activation.kind not in CUT_THROUGH:
        yield Problem(
            f"it cuts the channels after {cut.activation.kind}; compiled models show a cut vanish "
            f"in the convolution after {' and '.join(CUT_THROUGH)}",
            found=cut.activation.kind,
            limit=", ".join(CUT_THROUGH),
            verdict=Verdict.UNKNOWN,
            evidence=Evidence.INFERRED,
            suggestion=TWO_CONVOLUTIONS,
        )


CUT_THROUGH = ("leaky-relu", "relu")
"""Activations through which a cut of channels vanishes in the convolution."""


def _cut_of(text: str, size: int) -> Example:
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
    source="concluded: the cut vanishes in the convolution before it",
    passes=(_cut_of("the convolution is on the DPU", 3),),
    fails=(_cut_of("the convolution is on the CPU", 17),),
    cure="bring it to the DPU",
)
def convolution_on_dpu(site: Site) -> Iterator[Problem]:
    """The convolution whose channels are cut, and its activation, run on the DPU."""
    cut, producer = convolution_cut(site), site.producers[0]
    if cut is not None and site.device_of(producer) is Device.CPU:
        yield Problem(
            f"the cut would vanish in {cut.convolution.name}, but {producer.name} is on the CPU",
            found="cpu",
            limit="dpu",
            follows=producer.name,
        )


def _refused(site: Site) -> Problem:
    return Problem(
        "the DPU does not slice or crop",
        found=site.op.kind,
        suggestion=_in_place_of_cut(site),
    )


def _in_place_of_cut(site: Site) -> str:
    channels = _channels_only(site)
    if channels and site.producers[0].kind != "inner-product" and site.op.output.rank == 4:
        return TWO_CONVOLUTIONS
    if channels or site.op.output.rank != 4:
        return (
            "cut on the host, before or behind the network; where the parts come from one Linear "
            "or Dense layer, write a layer for each part"
        )
    return "crop on the host, or choose pads and strides of the neighbours that give this size"


def _channels_only(site: Site) -> bool:
    """Tells whether a slice takes neighbouring channels and nothing else."""
    kept = site.input.shape[:-1] == site.op.output.shape[:-1]
    return kept and set(site.attrs.strides) == {1}


def convolution_cut(site: Site) -> Optional[Cut]:
    """Returns the cut, where a slice takes channels of a convolution that nothing reads whole.

    An activation between is fused with the convolution.
    """
    source, activation = site.producers[0], None
    readers = site.graph.consumers(source)
    if source.kind in ACTIVATIONS:
        activation, source = source, site.graph.producers(source)[0]
        if len(site.graph.consumers(source)) != 1:
            return None
    whole = source.kind != "conv2d" or not _channels_only(site)
    if whole or any(reader.kind != "strided_slice" for reader in readers):
        return None
    return Cut(source, activation)


CONSTRAINTS = (strided_slice,)
IN_TWO = (cut_in_two, convolution_on_dpu)
"""Of the DPUs whose compiled models show cuts of channels vanish."""
