"""DPUCAHX8H: Alveo cards with HBM, high throughput (U50, U50LV, U55C, U280), product guide PG367.

Only the DWC build has a depthwise engine. A pool engine runs pools up to 8x8, averages over squares
only. There is no product of feature maps.
"""

from __future__ import annotations

from typing import Iterator

from vai_inspect.rules.plugin import (
    Evidence,
    Family,
    OpContext,
    Violation,
    approximate,
    constraint,
    where,
    with_notes,
    with_own,
    without,
)
from vai_inspect.rules.shared import (
    activation_fusion,
    bilinear,
    concat,
    conv,
    depthwise,
    eltwise_constants,
    pool,
    reductions,
    resize,
    transposed,
)
from vai_inspect.rules.shared.engines import runs_depthwise
from vai_inspect.rules.shared.examples import depthwise as depthwise_example
from vai_inspect.rules.shared.groups import BATCH, CONV3D, REWRITES, SHARED, STEREO, TAKES
from vai_inspect.rules.shared.inner_product import inner_products
from vai_inspect.rules.shared.sources import PT25

DEPTHWISE_BY_GUIDE = {
    "depthwise.kernel": "PG367 1.1 says 1-3; the limit is that of the target definition.",
    "depthwise.stride": "PG367 1.1 says 1-2; the limit is that of the target definition.",
}
"""What the product guide says otherwise, by constraint."""
FLAT_SHOWN = "compiled models (1.1, 1.2) concatenate flattened features to [1, 202784]"
HARD_SIGMOID_ON_CPU = (("hard-sigmoid", "convolution engine"),)
"""The activation and engine that compiled models show on the CPU."""


@constraint(
    "depthwise.stride_within_kernel",
    kinds=("depthwise-conv2d",),
    evidence=Evidence.PARTITION_RULE,
    source=PT25,
    passes=(where(runs_depthwise, depthwise_example("kernel 3, stride 3", stride=(3, 3))),),
    fails=(where(runs_depthwise, depthwise_example("kernel 3, stride 4", stride=(4, 4))),),
    remedy=approximate("use a larger kernel or a smaller stride"),
)
def stride_within_kernel(ctx: OpContext) -> Iterator[Violation]:
    """stride_w of a depthwise convolution is at most kernel_w."""
    across, width = ctx.attrs.stride[0], ctx.attrs.kernel[0]
    if across > width:
        yield Violation(
            "stride_w is {found}, more than kernel_w, {nearest}",
            found=across,
            limit=f"<= {width}",
            nearest=width,
        )


PRODUCTS = inner_products()

FAMILY = Family(
    name="cahx8h",
    dpu="DPUCAHX8H",
    title="Alveo cards with HBM, high throughput: U50, U50LV, U55C, U280",
    guide="PG367",
    package=__name__,
    example_targets=("DPUCAHX8H_ISA2_DWC", "DPUCAHX8H_ISA2"),
    takes=TAKES,
    rewrites=(
        *REWRITES,
        eltwise_constants.MUL_CONST,
        reductions.BATCH_NORM,
        bilinear.AS_TRANSPOSED,
    ),
    notes=(BATCH, PRODUCTS.layout),
    timing=(
        "no model fits the published times: the engines of a batch share weights, and the "
        "host limits many of the networks"
    ),
    constraints=(
        *conv.CONSTRAINTS,
        *with_notes(depthwise.WITHOUT_ALU, DEPTHWISE_BY_GUIDE),
        stride_within_kernel,
        *transposed.CONSTRAINTS,
        *PRODUCTS.constraints,
        *without(pool.WITHOUT_ALU, "pool.window"),
        *with_own(
            SHARED,
            activation_fusion.fused_by_engine(HARD_SIGMOID_ON_CPU),
            concat.channels(FLAT_SHOWN),
        ),
        *resize.CONSTRAINTS,
        *reductions.WITHOUT_MAXIMA,
        CONV3D,
        STEREO,
    ),
)
