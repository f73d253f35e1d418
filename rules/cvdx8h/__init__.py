"""DPUCVDX8H: the Versal AI Core accelerator card VCK5000, product guide PG403.

Its builds differ in engines: 8PE and 6PE_aieMISC have no depthwise engine, 4PE and 6PE_aieMISC
multiply feature maps and pool up to 128x128, the others pool small windows and only add.
"""

from __future__ import annotations

from typing import Iterator

from vai_inspect.core.ir.attrs import InnerProductAttrs, TransposedConv2dAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    Family,
    OpContext,
    Provenance,
    Stage,
    Verdict,
    Violation,
    approximate,
    constraint,
    with_notes,
    with_own,
    with_provenance,
)
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
from vai_inspect.rules.shared.examples import after_conv, data, graph, op
from vai_inspect.rules.shared.feature_bank import doubted_weight_fit, input_fit, map_fits
from vai_inspect.rules.shared.groups import BATCH, CONV3D, REWRITES, SHARED, STEREO, TAKES
from vai_inspect.rules.shared.inner_product import ONE_FEATURE, inner_products
from vai_inspect.rules.shared.sources import PT25
from vai_inspect.rules.shared.windows import (
    channels_addressed,
    in_doubt,
    kernel_in_set,
    weights_fit,
)

BY_GUIDE = {
    "depthwise.kernel": "PG403 1.1 says the same; PG403 1.0 had 3 and 5, with equal width and "
    "height.",
    "pool.square": "PG403 asks it of the PL MISC unit alone, the PyTorch inspector of 2.5 and "
    "pyxir of any pool engine.",
}
"""What the product guide says otherwise, by constraint."""

WEIGHTS_DOUBTED = in_doubt(
    weights_fit, "the user guide counts with the deeper feature-map bank, so this is in doubt"
)


WEIGHT_FIT = doubted_weight_fit(
    WEIGHTS_DOUBTED,
    PT25 + "; PG403 1.0",
    "The PyTorch inspector of 2.5 counts with this weight bank, as UG1414 1.4.1 and PG403 1.0 do; "
    "the Keras inspector of 2.5 and UG1414 2.5 and 3.5 count with the deeper feature-map bank "
    "(conv.input_fit). What only the weight bank refuses is unknown.",
)

_DOUBTED = ("inner-product", "transposed-conv2d")


def _hard_swish_after(kind: str) -> Example:
    if kind == "inner-product":
        weights = (16, 64)
        before = op(kind, ["data"], (1, 16), InnerProductAttrs(1), "before", weights)
        first = data((1, 64))
    else:
        first = data((1, 8, 8, 16))
        attrs = TransposedConv2dAttrs((2, 2), (2, 2))
        before = op(kind, ["data"], (1, 16, 16, 16), attrs, "before", (16, 2, 2, 16))
    last = op("hard-swish", ["before"], before.output.shape)
    return Example(f"Hardswish after {kind}", graph(first, before, last))


@constraint(
    "activation.hard_swish",
    kinds=("hard-swish",),
    stage=Stage.FUSION,
    evidence=Evidence.INFERRED,
    source="the 2.5 rules say CPU; compiled models of DPUCVDX8H show hard-sigmoid there",
    passes=(after_conv("Hardswish after a convolution", "hard-swish"),),
    fails=tuple(map(_hard_swish_after, _DOUBTED)),
    remedy=approximate("use ReLU, or put it after a convolution"),
    since="0.2.0",
)
def hard_swish(ctx: OpContext) -> Iterator[Violation]:
    """Hard-swish is not after an inner product or a transposed convolution; there it is unknown."""
    producer = ctx.graph.producer(ctx.original)
    before = None if producer is None else ctx.after_rewrites(producer).kind
    if before is not None and before in _DOUBTED:
        yield Violation(
            "it is after {before:kind}: compiled models of this DPU show hard-sigmoid there, the "
            "rules of 2.5 refuse hard-swish",
            before=before,
            found=before,
            limit="conv2d, depthwise-conv2d",
            verdict=Verdict.UNKNOWN,
        )


OBSERVED = {
    "inner_product.one_feature": Provenance(
        Evidence.COMPILED, "compiled with 3.5.0 for DPUCVDX8H_ISA1_F2W4_4PE; " + ONE_FEATURE
    )
}
"""Evidence and source of shared constraints that were observed on this DPU."""

PRODUCTS = inner_products(WEIGHTS_DOUBTED, map_fits, shared=(kernel_in_set, channels_addressed))

FAMILY = Family(
    name="cvdx8h",
    dpu="DPUCVDX8H",
    title="Versal AI Core accelerator card: VCK5000",
    guide="PG403",
    package=__name__,
    example_targets=(
        "DPUCVDX8H_ISA1_F2W4_4PE",
        "DPUCVDX8H_ISA1_F2W2_8PE",
        "DPUCVDX8H_ISA1_F2W4_6PE_aieDWC",
        "DPUCVDX8H_ISA1_F2W4_6PE_aieMISC",
    ),
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
        *with_own(conv.CONSTRAINTS, WEIGHT_FIT, input_fit),
        *with_notes((*depthwise.WITHOUT_ALU, *pool.WITHOUT_ALU), BY_GUIDE),
        *transposed.CONSTRAINTS,
        *with_provenance(PRODUCTS.constraints, OBSERVED),
        *SHARED,
        hard_swish,
        *resize.CONSTRAINTS,
        *reductions.WITHOUT_MAXIMA,
        CONV3D,
        STEREO,
    ),
)
