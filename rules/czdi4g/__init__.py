"""DPUCZDI4G: the 4-bit demonstration DPU for SSD on Zynq UltraScale+.

No product guide and no column of UG1414 mentions it: what is known is its target definition and
what the 2.5 inspector makes of it. It runs convolutions with kernels up to 7x7 and ReLU, sums and
max pools; it has no depthwise convolution, no average pool and no product.
"""

from __future__ import annotations

from vai_inspect.rules.czdi4g import own
from vai_inspect.rules.plugin import Evidence, Family, with_own, without
from vai_inspect.rules.shared import (
    activation,
    conv,
    depthwise,
    pool,
    reductions,
    resize,
    transposed,
)
from vai_inspect.rules.shared.groups import BATCH, CONV3D, REWRITES, SHARED, TAKES
from vai_inspect.rules.shared.inner_product import inner_products
from vai_inspect.rules.shared.sources import PT25

PRODUCTS = inner_products()

FAMILY = Family(
    name="czdi4g",
    dpu="DPUCZDI4G",
    title="Zynq UltraScale+ MPSoC, 4-bit demonstration of SSD",
    guide="",
    package=__name__,
    example_targets=("DPUCZDI4G_ISA0_B4096_DEMO_SSD", "DPUCZDI4G_ISA0_B8192D8_DEMO_SSD"),
    takes=TAKES,
    rewrites=REWRITES,
    notes=(BATCH, PRODUCTS.layout),
    timing="no times of it are published",
    constraints=tuple(
        own.unguided(rule)
        for rule in (
            *with_own(
                without(conv.CONSTRAINTS, "conv.dilated_stride"),
                own.dilation,
                own.pad,
            ),
            depthwise.NO_ENGINE.founded(Evidence.PARTITION_RULE, PT25 + "; the target definition"),
            *without(transposed.CONSTRAINTS, "transposed.depthwise_kernel"),
            *PRODUCTS.constraints,
            *without(pool.WITHOUT_ALU, "pool.square", "pool.window"),
            *without(
                with_own(SHARED, activation.slope.never_passed(), own.reorg, own.pixel_shuffle),
                "pixel_shuffle.convolution_on_dpu",
                "pixel_shuffle.to_depth",
            ),
            *resize.CONSTRAINTS,
            *with_own(reductions.WITHOUT_SCALING, own.mean_axes, own.argmax, own.reduction_max),
            CONV3D,
            own.stereo,
        )
    ),
)
