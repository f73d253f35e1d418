"""What no source says of DPUCZDI4G, which is in no column of the user guide."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from vai_inspect.core.ir.attrs import (
    AxisAttrs,
    CostVolumeAttrs,
    PixelShuffleAttrs,
    ReductionAttrs,
    ReorgAttrs,
)
from vai_inspect.rules.plugin import (
    Constraint,
    Evidence,
    OpContext,
    Verdict,
    Violation,
    approximate,
    constraint,
    unsupported_kinds,
)
from vai_inspect.rules.shared import conv as conv_rules
from vai_inspect.rules.shared import cpu_only, reductions
from vai_inspect.rules.shared.argmax_reduce_max import MAX_POOL
from vai_inspect.rules.shared.examples import after_conv, alone, between_convs, conv
from vai_inspect.rules.shared.remedies import AT_AN_END, MAXIMUM_ON_THE_HOST
from vai_inspect.rules.shared.sources import COMPILER_1_3, DIGEST, PT25, UG1414, UG1414_25

SILENT = "the user guide has no column for this DPU, the target definition is silent"

ALL_DPUS = "operators of PyTorch"
"""A table of UG1414 without columns of DPUs."""
COLUMNS = (UG1414, UG1414_25, DIGEST)
"""The tables with a column for each other DPU."""
NO_COLUMN = "the user guide has no column for this DPU; concluded from those of others"


def unguided(rule: Constraint) -> Constraint:
    """Returns a shared constraint without the columns of the user guide among its sources.

    What applies to every DPU alike stays: that softmax is on the CPU.
    """
    if rule is cpu_only.softmax:
        return rule
    parts = rule.provenance.source.split("; ")
    kept = [part for part in parts if not any(column in part for column in COLUMNS)]
    if len(kept) == len(parts):
        return rule
    evidence = rule.provenance.evidence
    if evidence is Evidence.USER_GUIDE and not any(ALL_DPUS in part for part in kept):
        published = any(
            PT25 in part or "definition" in part or "inspector" in part for part in kept
        )
        evidence = Evidence.PARTITION_RULE if published else Evidence.INFERRED
    if evidence is Evidence.INFERRED:
        kept.append(NO_COLUMN)
    return rule.founded(evidence, "; ".join(kept))


pad = replace(
    conv_rules.pad.founded(Evidence.PARTITION_RULE, PT25 + "; " + COMPILER_1_3),
    passes=(conv("pad 2, kernel 3", pad=(2, 2, 2, 2)),),
)
mean_axes = reductions.mean_axes.never_passed()
"""A mean of height and width is an average pool, for which this DPU has no engine."""


@constraint(
    "conv.dilation",
    kinds=("conv2d",),
    evidence=Evidence.INFERRED,
    source=SILENT,
    passes=(conv("dilation 1"),),
    fails=(conv("dilation 2", dilation=(2, 2)),),
    remedy=approximate("use dilation 1 and a larger kernel"),
)
def dilation(ctx: OpContext) -> Iterator[Violation]:
    """Dilation is 1; whether another one runs is unknown.

    The 2.5 inspector accepts every dilation without a check.
    """
    if set(ctx.attrs.dilation) != {1}:
        yield Violation(
            "dilation is {found}; no source says that this DPU takes it",
            found=ctx.attrs.dilation,
            limit="1",
            nearest=1,
            verdict=Verdict.UNKNOWN,
        )


reorg = unsupported_kinds(
    "reorg.channels",
    ("reorg",),
    "no source says whether this DPU runs reorg",
    Evidence.INFERRED,
    SILENT,
    remedy=AT_AN_END,
    verdict=Verdict.UNKNOWN,
    fails=(alone("by 2", "reorg", ReorgAttrs(2), (1, 4, 4, 16), (1, 2, 2, 64)),),
)
pixel_shuffle = unsupported_kinds(
    "pixel_shuffle.convolution",
    ("pixel-shuffle",),
    "no source says whether this DPU moves depth to space",
    Evidence.INFERRED,
    SILENT,
    remedy=AT_AN_END,
    verdict=Verdict.UNKNOWN,
    fails=(after_conv("by 2", "pixel-shuffle", PixelShuffleAttrs(2), (1, 60, 60, 4)),),
)
argmax = unsupported_kinds(
    "argmax.cpu",
    ("argmax",),
    "the save engine of this DPU has no argmax",
    Evidence.PARTITION_RULE,
    "target definition",
    remedy=MAXIMUM_ON_THE_HOST,
    fails=(after_conv("argmax over the channels", "argmax", AxisAttrs(3), (1, 30, 30)),),
)
reduction_max = unsupported_kinds(
    "reduction_max.cpu",
    ("reduction_max",),
    "the pool engine has max_reduce, but no source gives its limits",
    Evidence.INFERRED,
    "target definition",
    remedy=(MAX_POOL, MAXIMUM_ON_THE_HOST),
    verdict=Verdict.UNKNOWN,
    fails=(
        after_conv(
            "over the channels", "reduction_max", ReductionAttrs((3,), True), (1, 30, 30, 1)
        ),
    ),
)
stereo = unsupported_kinds(
    "stereo.unknown",
    ("cost_volume", "correlation1d_elemwise", "correlation2d_elemwise"),
    "no source says whether this DPU runs it",
    Evidence.INFERRED,
    SILENT,
    remedy=AT_AN_END,
    verdict=Verdict.UNKNOWN,
    fails=(between_convs("cost volume", "cost_volume", CostVolumeAttrs(16)),),
)
