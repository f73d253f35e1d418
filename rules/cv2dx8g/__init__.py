"""DPUCV2DX8G: the DPU of Versal with AIE-ML (VEK280, Alveo V70), product guide PG425.

One bank holds the weights of both engines. The ALU does what engines of their own do on others:
macc_temp multiplies and accumulates (depthwise convolutions, averages), comp_temp compares (max
pools), elew_add and elew_mult are the element-wise kinds. Release 2.5 has no such DPU, so no
published partition rule was ever run for it; what only such a rule refuses is unknown here.
"""

from __future__ import annotations

from vai_inspect.rules.cv2dx8g import own, release_3_0, release_3_5
from vai_inspect.rules.plugin import Family, with_own, without
from vai_inspect.rules.shared import (
    bilinear,
    conv,
    depthwise,
    eltwise_constants,
    pool,
    reductions,
    resize,
    transposed,
)
from vai_inspect.rules.shared.feature_bank import doubted_weight_fit
from vai_inspect.rules.shared.groups import BATCH, CONV3D, REWRITES, SHARED, STEREO, TAKES
from vai_inspect.rules.shared.inner_product import inner_products
from vai_inspect.rules.shared.sources import PT25
from vai_inspect.rules.shared.windows import channels_addressed, kernel_in_set

WEIGHT_FIT = doubted_weight_fit(
    own.WEIGHTS_DOUBTED,
    PT25 + ", a release without this DPU",
    "UG1414 counts with the feature-map bank (conv.input_fit); what only this formula of the 2.5 "
    "rules refuses is unknown.",
)

PRODUCTS = inner_products(
    own.WEIGHTS_DOUBTED,
    own.window_fits,
    own.input_fits,
    shared=(kernel_in_set, channels_addressed),
)

FAMILY = Family(
    name="cv2dx8g",
    dpu="DPUCV2DX8G",
    title="Versal with AIE-ML: VEK280, Alveo V70 and boards of your own",
    guide="PG425",
    package=__name__,
    example_targets=("DPUCV2DX8G_ISA1_C20B1", "DPUCV2DX8G_ISA0_C16M4B1"),
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
        "misses a network family that it was not fitted on by 28% on average on the VEK280 "
        "and 46% on the V70"
    ),
    constraints=(
        *with_own(conv.CONSTRAINTS, own.stride, WEIGHT_FIT, own.window, own.input_fit),
        *depthwise.CONSTRAINTS,
        own.depthwise_window,
        *transposed.CONSTRAINTS,
        *PRODUCTS.constraints,
        *without(pool.CONSTRAINTS, "pool.square"),
        *with_own(SHARED, own.softmax),
        *resize.CONSTRAINTS,
        *reductions.CONSTRAINTS,
        CONV3D,
        STEREO,
    ),
    decoders=(release_3_5.ISA1, release_3_5.ISA0, release_3_0.ISA0),
)
