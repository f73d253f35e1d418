"""DPUCZDX8G: the DPU of Zynq UltraScale+ (ZCU102, ZCU104, KV260), product guide PG338.

The convolution engine runs convolutions and inner products; the ALU runs depthwise convolutions,
pools and hard-sigmoid; sums and products have an engine of their own. No engine runs anything
three-dimensional.
"""

from __future__ import annotations

from vai_inspect.core.findings import Evidence, Verdict
from vai_inspect.core.ir import CONVOLUTIONS_3D
from vai_inspect.core.ir.attrs import Conv3dAttrs, CostVolumeAttrs
from vai_inspect.rules.common import (
    activation,
    concat,
    conv,
    cpu,
    depthwise,
    eltwise,
    linear,
    pad,
    pool,
    reduce,
    resize,
    shape,
    transposed,
)
from vai_inspect.rules.common.examples import alone, between_convs
from vai_inspect.rules.common.sources import DIGEST
from vai_inspect.rules.constraint import cpu_only
from vai_inspect.rules.czdx8g import isa0, isa1
from vai_inspect.rules.family import Family

conv3d = cpu_only(
    "conv3d.cpu",
    CONVOLUTIONS_3D,
    "three-dimensional convolutions run on DPUCVDX8G only",
    Evidence.INSPECTOR,
    "the 2.5 inspector; " + DIGEST,
    cure="use 2-D convolutions, or a DPUCVDX8G",
    fails=(alone("conv3d", "conv3d", Conv3dAttrs((3, 3, 3)), (1, 8, 8, 8, 16), (1, 6, 6, 6, 16)),),
)
stereo = cpu_only(
    "stereo.unknown",
    ("cost_volume", "correlation1d_elemwise", "correlation2d_elemwise"),
    "a digest of the user guide lists it for this DPU; no rule and no compiled model is known",
    Evidence.INFERRED,
    DIGEST,
    verdict=Verdict.UNKNOWN,
    fails=(between_convs("cost volume", "cost_volume", CostVolumeAttrs(16)),),
)

FAMILY = Family(
    name="czdx8g",
    dpu="DPUCZDX8G",
    title="Zynq UltraScale+ MPSoC: ZCU102, ZCU104, KV260 and boards of your own",
    guide="PG338",
    package=__name__,
    example_target="DPUCZDX8G_ISA1_B4096",
    decoders=(isa1.DECODER, isa0.DECODER),
    takes=frozenset(
        ("relu", "relu6", "prelu", "hard-sigmoid", "hard-swish", "reshape", "flatten", "squeeze")
    ),
    rewrites=(eltwise.MUL_CONST, reduce.BATCH_NORM, reduce.MEAN, resize.BILINEAR),
    constraints=(
        *conv.CONSTRAINTS,
        *depthwise.CONSTRAINTS,
        *transposed.CONSTRAINTS,
        *linear.CONSTRAINTS,
        *pool.CONSTRAINTS,
        *eltwise.CONSTRAINTS,
        *activation.CONSTRAINTS,
        *concat.CONSTRAINTS,
        *shape.CONSTRAINTS,
        *pad.CONSTRAINTS,
        *resize.CONSTRAINTS,
        *reduce.CONSTRAINTS,
        *cpu.CONSTRAINTS,
        conv3d,
        stereo,
    ),
)
