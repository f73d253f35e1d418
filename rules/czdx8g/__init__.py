"""DPUCZDX8G: the DPU of Zynq UltraScale+ (ZCU102, ZCU104, KV260), product guide PG338.

The convolution engine runs convolutions and inner products; the ALU runs depthwise convolutions,
pools and hard-sigmoid; sums and products have an engine of their own. Instruction set 0, of Vitis
AI 1.3 to 2.0, has a depthwise and a pool engine instead of the ALU, each an option. No engine
runs anything three-dimensional.

Nearly all that compiled models show was seen on this DPU (`observed.py`).
"""

from __future__ import annotations

from vai_inspect.rules.czdx8g import isa0, isa1, observed, own
from vai_inspect.rules.czdx8g.timing import TIMING
from vai_inspect.rules.plugin import Family, with_own, with_provenance
from vai_inspect.rules.shared import (
    bilinear,
    conv,
    depthwise,
    eltwise_constants,
    pool,
    reductions,
    resize,
    strided_slice,
    transposed,
)
from vai_inspect.rules.shared.groups import BATCH, CONV3D, REWRITES, SHARED, STEREO_LISTED, TAKES
from vai_inspect.rules.shared.inner_product import inner_products

PRODUCTS = inner_products(factorises=True)

FAMILY = Family(
    name="czdx8g",
    dpu="DPUCZDX8G",
    title="Zynq UltraScale+ MPSoC: ZCU102, ZCU104, KV260 and boards of your own",
    guide="PG338",
    package=__name__,
    # The B3136 is that of the 3.x releases, whose save engine has argmax. Then two of instruction
    # set 0: one with all engines of its time, one with neither depthwise engine, average nor
    # product.
    example_targets=(
        "DPUCZDX8G_ISA1_B4096",
        "0x101000056010406",
        "DPUCZDX8G_ISA0_B4096_MAX_BG2",
        "0x100002006010407",
    ),
    takes=TAKES,
    decoders=(isa1.DECODER, isa0.DECODER),
    rewrites=(
        *REWRITES,
        eltwise_constants.MUL_CHANNELS,
        reductions.BATCH_NORM,
        bilinear.AS_TRANSPOSED,
    ),
    notes=(BATCH, PRODUCTS.layout),
    timing=TIMING,
    constraints=with_provenance(
        (
            *conv.CONSTRAINTS,
            *depthwise.CONSTRAINTS,
            *transposed.CONSTRAINTS,
            *with_own(PRODUCTS.constraints, own.output_features),
            *with_own(pool.CONSTRAINTS, observed.WINDOW),
            *with_own(SHARED, observed.FUSED, own.constant, *strided_slice.IN_TWO),
            *with_own(resize.CONSTRAINTS, own.bilinear_factor),
            *reductions.CONSTRAINTS,
            CONV3D,
            STEREO_LISTED,
        ),
        observed.OBSERVED,
    ),
)
