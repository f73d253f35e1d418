"""Constraints of `strided_slice`: crops, and cuts of channels."""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.findings import Evidence
from vai_inspect.core.ir import ACTIVATIONS
from vai_inspect.core.ir.attrs import (
    StridedSliceAttrs,
)
from vai_inspect.rules.common.examples import (
    after_conv,
)
from vai_inspect.rules.constraint import Verdict, constraint
from vai_inspect.rules.site import Problem, Site

TWO_CONVOLUTIONS = "in place of one convolution and a cut write two convolutions, one for each part"


@constraint(
    "strided_slice.cpu",
    kinds=("strided_slice",),
    evidence=Evidence.INSPECTOR,
    source="2.5 and 3.x inspectors; UG1414 3.5 (by a digest) allows stride 1 of batch and "
    "channels, no inspector shows it",
    passes=(),
    always=True,
    fails=(
        after_conv(
            "cropping by 2",
            "strided_slice",
            StridedSliceAttrs((0, 2, 2, 0), (1, 28, 28, 16), (1, 1, 1, 1)),
            (1, 26, 26, 16),
        ),
        after_conv(
            "half of a convolution's channels",
            "strided_slice",
            StridedSliceAttrs((0, 0, 0, 0), (1, 30, 30, 8), (1, 1, 1, 1)),
            (1, 30, 30, 8),
        ),
    ),
)
def strided_slice(site: Site) -> Iterator[Problem]:
    """The DPU does not slice or crop; of channels cut right behind a convolution it is unknown.

    On a DPUCVDX8G compiled models show such a cut vanish: the compiler makes two convolutions.
    """
    if cuts_convolution(site):
        yield Problem(
            "the inspectors refuse a cut of channels; on DPUCVDX8G compiled models show it "
            "vanish behind a convolution, on this DPU none is known",
            found="channels",
            verdict=Verdict.UNKNOWN,
            suggestion=TWO_CONVOLUTIONS,
        )
        return
    yield Problem(
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


def cuts_convolution(site: Site) -> bool:
    """Tells whether a slice cuts the channels of a convolution that nothing else reads whole.

    An activation between is fused with the convolution and does not matter.
    """
    source = site.producers[0]
    readers = site.graph.consumers(source)
    if source.kind in ACTIVATIONS:
        before = site.graph.producers(source)[0]
        if len(site.graph.consumers(before)) != 1:
            return False
        source = before
    return (
        source.kind == "conv2d"
        and _channels_only(site)
        and all(reader.kind == "strided_slice" for reader in readers)
    )


CONSTRAINTS = (strided_slice,)
