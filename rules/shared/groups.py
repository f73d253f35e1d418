"""What the families' packages have in common: kinds taken, and groups of shared constraints."""

from __future__ import annotations

from typing import Optional

from vai_inspect.core.ir import CONVOLUTIONS_3D, Graph, Op
from vai_inspect.core.ir.attrs import Conv3dAttrs, CostVolumeAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Note,
    Target,
    Verdict,
    approximate,
    exact,
    unsupported_kinds,
)
from vai_inspect.rules.shared import (
    activation,
    activation_fusion,
    concat,
    cpu_only,
    decomposed_activations,
    eltwise,
    no_xir_op,
    one_dimensional,
    pad,
    permutes,
    pixel_shuffle,
    reductions,
    reshape,
    strided_slice,
)
from vai_inspect.rules.shared.examples import alone, between_convs
from vai_inspect.rules.shared.sources import DIGEST

TAKES = frozenset(
    ("relu", "relu6", "leaky-relu", "prelu", "hard-sigmoid", "hard-swish")
    + ("reshape", "flatten", "squeeze", "pixel-shuffle")
)
"""Kinds that a DPU runs unless a constraint objects."""

REWRITES = (one_dimensional.TO_2D, reductions.MEAN)
"""What every compiler makes of some operators."""

SHARED = (
    *eltwise.CONSTRAINTS,
    activation.slope,
    *activation_fusion.CONSTRAINTS,
    activation.single_reader,
    activation.producer_on_dpu,
    *decomposed_activations.CONSTRAINTS,
    *concat.CONSTRAINTS,
    *reshape.CONSTRAINTS,
    *permutes.CONSTRAINTS,
    *strided_slice.CONSTRAINTS,
    *pad.CONSTRAINTS,
    *pixel_shuffle.CONSTRAINTS,
    *cpu_only.CONSTRAINTS,
    *one_dimensional.CONSTRAINTS,
    *no_xir_op.CONSTRAINTS,
)
"""Constraints that every DPU has, whatever its engines."""

CONV3D = unsupported_kinds(
    "conv3d.cpu",
    CONVOLUTIONS_3D,
    "no engine of this DPU runs three-dimensional convolutions",
    Evidence.INSPECTOR,
    "the 2.5 inspector; " + DIGEST,
    remedy=(
        approximate("use 2-D convolutions"),
        exact("use a DPU that runs three-dimensional ones"),
    ),
    fails=(alone("conv3d", "conv3d", Conv3dAttrs((3, 3, 3)), (1, 8, 8, 8, 16), (1, 6, 6, 6, 16)),),
)

_STEREO = ("cost_volume", "correlation1d_elemwise", "correlation2d_elemwise")
_COST_VOLUME = (between_convs("cost volume", "cost_volume", CostVolumeAttrs(16)),)

STEREO_LISTED = unsupported_kinds(
    "stereo.unknown",
    _STEREO,
    "a digest of the user guide lists it for this DPU; no rule and no compiled model is known",
    Evidence.INFERRED,
    DIGEST,
    remedy="compute it on the host",
    verdict=Verdict.UNKNOWN,
    fails=_COST_VOLUME,
)
STEREO = unsupported_kinds(
    "stereo.cpu",
    _STEREO,
    "the user guide does not list this operator for this DPU",
    Evidence.USER_GUIDE,
    DIGEST,
    remedy="compute it on the host",
    fails=_COST_VOLUME,
)


def _larger_batch(node: Op, network: Graph, target: Target) -> Optional[str]:
    shape = node.output.shape
    if len(shape) < 2 or shape[0] == 1:
        return None
    images = "image" if target.batch == 1 else "images"
    return (
        f"its batch is {shape[0]}; {target.name} takes {target.batch} {images} per run. The 2.5 "
        "inspectors do not look at the batch, those of 3.x compile each pattern with batch 1, so "
        "verdicts are those of one image, but multiply-accumulates and bytes are those of the "
        "entire batch"
    )


BATCH = Note(
    "batch.larger",
    ("data",),
    "for an input with a batch other than 1: how many images the DPU takes per run; no rule of "
    "this DPU requires a batch",
    Evidence.INSPECTOR,
    "3.x inspectors, which set the batch to 1",
    _larger_batch,
)
