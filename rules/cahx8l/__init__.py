"""DPUCAHX8L: Alveo cards with HBM, low latency (U50, U280), product guide PG366.

The depthwise engine takes few kernels (3; in the SP build 3 and 5), so neither the 1x1 depthwise
convolution of a product with a constant nor the transposed one of a bilinear resize runs. The
convolution engine fuses ReLU and ReLU6 alone; there is no product of feature maps.
"""

from __future__ import annotations

from vai_inspect.rules.plugin import Family, with_notes, with_own, without
from vai_inspect.rules.shared import (
    activation,
    conv,
    depthwise,
    pool,
    reductions,
    resize,
    transposed,
)
from vai_inspect.rules.shared.groups import BATCH, CONV3D, REWRITES, SHARED, STEREO, TAKES
from vai_inspect.rules.shared.inner_product import inner_products

DEPTHWISE_BY_GUIDE = {
    "depthwise.kernel": "PG366 says 1-3; the limit is that of the target definition and UG1414.",
    "depthwise.stride": "PG366 says 1-4; the limit is that of the target definition and UG1414.",
}
"""What the product guide says otherwise, by constraint."""

PRODUCTS = inner_products()

FAMILY = Family(
    name="cahx8l",
    dpu="DPUCAHX8L",
    title="Alveo cards with HBM, low latency: U50, U280",
    guide="PG366",
    package=__name__,
    example_targets=("DPUCAHX8L_ISA0", "DPUCAHX8L_ISA0_SP"),
    takes=TAKES,
    rewrites=REWRITES,
    notes=(BATCH, PRODUCTS.layout),
    timing=(
        "no model fits the published times: the engines of a batch share weights, and the "
        "host limits many of the networks"
    ),
    constraints=(
        *conv.CONSTRAINTS,
        *with_notes(depthwise.WITHOUT_ALU, DEPTHWISE_BY_GUIDE),
        *transposed.CONSTRAINTS,
        *PRODUCTS.constraints,
        *without(pool.WITHOUT_ALU, "pool.window"),
        *with_own(SHARED, activation.slope.never_passed()),
        *resize.CONSTRAINTS,
        *reductions.WITHOUT_SCALING,
        CONV3D,
        STEREO,
    ),
)
