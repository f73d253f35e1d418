"""DPUCVDX8G: the DPU of Versal AI Core (VCK190), product guide PG389.

It has the engines of DPUCZDX8G with larger banks, fuses hard-sigmoid and hard-swish in the
convolution engine too, and alone runs three-dimensional convolutions (`volumes.py`).
"""

from __future__ import annotations

from vai_inspect.core.findings import Evidence
from vai_inspect.rules.common import (
    conv,
    cuts,
    depthwise,
    dilation,
    eltwise,
    pool,
    reduce,
    resize,
    transposed,
)
from vai_inspect.rules.common.inner_product import inner_products
from vai_inspect.rules.common.usual import BATCH, REWRITES, SHARED, STEREO_LISTED, TAKES
from vai_inspect.rules.constraint import with_own, without
from vai_inspect.rules.cvdx8g import isa2, isa3, own, volumes
from vai_inspect.rules.family import Family

PRODUCTS = inner_products(own.window_fits, deals=True)

FAMILY = Family(
    name="cvdx8g",
    dpu="DPUCVDX8G",
    title="Versal AI Core: VCK190 and boards of your own",
    guide="PG389",
    package=__name__,
    # The C64B1 is that of the 3.x releases, whose save engine has argmax.
    example_targets=("DPUCVDX8G_ISA3_C32B3", "0x603000b56011812"),
    takes=TAKES,
    rewrites=(
        *REWRITES,
        eltwise.MUL_CONST,
        reduce.BATCH_NORM,
        resize.BILINEAR,
    ),
    remarks=(BATCH, PRODUCTS.layout),
    constraints=(
        *with_own(
            conv.CONSTRAINTS,
            dilation.refused_with_stride(Evidence.USER_GUIDE, "PG389 1.3"),
            own.window,
        ),
        *depthwise.CONSTRAINTS,
        *transposed.CONSTRAINTS,
        *PRODUCTS.constraints,
        *without(pool.CONSTRAINTS, "pool.square"),
        *with_own(SHARED, *cuts.IN_TWO),
        *with_own(resize.CONSTRAINTS, own.resize_mode, own.resize_rank, own.trilinear),
        *reduce.CONSTRAINTS,
        *volumes.CONSTRAINTS,
        STEREO_LISTED,
    ),
    decoders=(isa3.DECODER, isa2.DECODER),
)
