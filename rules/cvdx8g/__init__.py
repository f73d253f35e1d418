"""DPUCVDX8G: the DPU of Versal AI Core (VCK190), product guide PG389.

It has the engines of DPUCZDX8G with larger banks, fuses hard-sigmoid and hard-swish in the
convolution engine too, and is the only one to run three-dimensional convolutions (`volumes.py`).
"""

from __future__ import annotations

from vai_inspect.rules.cvdx8g import isa2, isa3, observed, own, volumes
from vai_inspect.rules.plugin import Evidence, Family, with_own, with_provenance, without
from vai_inspect.rules.shared import (
    bilinear,
    conv,
    depthwise,
    dilation,
    eltwise_constants,
    pool,
    reductions,
    resize,
    strided_slice,
    transposed,
)
from vai_inspect.rules.shared.feature_bank import input_fit, map_fits
from vai_inspect.rules.shared.groups import BATCH, REWRITES, SHARED, STEREO_LISTED, TAKES
from vai_inspect.rules.shared.inner_product import inner_products
from vai_inspect.rules.shared.windows import channels_addressed, kernel_in_set

PRODUCTS = inner_products(
    own.WEIGHTS_DOUBTED,
    map_fits,
    own.window_fits,
    shared=(kernel_in_set, channels_addressed),
    factorises=True,
)

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
        eltwise_constants.MUL_CONST,
        reductions.BATCH_NORM,
        bilinear.AS_TRANSPOSED,
    ),
    notes=(BATCH, PRODUCTS.layout),
    timing=(
        "no model fits the published times: one with its own array, bandwidths and host "
        "misses a network family that it was not fitted on by 23-30% on average and 107% at "
        "worst on the VCK190 with C32B6; the engines of a batch share weights, and the time "
        "of a batch hardly depends on their number"
    ),
    constraints=with_provenance(
        (
            *with_own(
                conv.CONSTRAINTS,
                dilation.refused_with_stride(Evidence.USER_GUIDE, "PG389 1.3"),
                own.WEIGHT_FIT,
                own.window,
                input_fit,
            ),
            *with_own(depthwise.CONSTRAINTS, observed.SQUARE_DILATION),
            *transposed.CONSTRAINTS,
            *PRODUCTS.constraints,
            *without(pool.CONSTRAINTS, "pool.square"),
            *with_own(SHARED, observed.CONCAT_CHANNELS, observed.TO_DEPTH, *strided_slice.IN_TWO),
            *with_own(resize.CONSTRAINTS, own.resize_mode, own.resize_rank, own.trilinear),
            *reductions.CONSTRAINTS,
            *volumes.CONSTRAINTS,
            STEREO_LISTED,
        ),
        observed.OBSERVED,
    ),
    decoders=(isa3.DECODER, isa2.DECODER),
)
