"""DPUCVDX8H: the Versal AI Core accelerator card VCK5000, product guide PG403.

Its builds differ in engines: 8PE and 6PE_aieMISC have no depthwise engine, 4PE and 6PE_aieMISC
multiply feature maps and pool up to 128x128, the others pool small windows and only add.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from vai_inspect.core.ir.attrs import InnerProductAttrs, TransposedConv2dAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Example,
    Family,
    OpContext,
    Provenance,
    Stage,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
    inside,
    outside,
    with_own,
    with_provenance,
)
from vai_inspect.rules.shared import (
    conv,
    depthwise,
    eltwise_constants,
    pool,
    reductions,
    resize,
    transposed,
)
from vai_inspect.rules.shared.engines import ceil_div
from vai_inspect.rules.shared.examples import after_conv, data, graph, op
from vai_inspect.rules.shared.examples import conv as conv_example
from vai_inspect.rules.shared.groups import BATCH, CONV3D, REWRITES, SHARED, STEREO, TAKES
from vai_inspect.rules.shared.inner_product import ONE_FEATURE, inner_products
from vai_inspect.rules.shared.remedies import SMALLER_WINDOW
from vai_inspect.rules.shared.sources import PT25, TF25, UG1414
from vai_inspect.rules.shared.windows import (
    channels_addressed,
    in_doubt,
    kernel_in_set,
    weights_fit,
)

WEIGHTS_DOUBTED = in_doubt(
    weights_fit, "the user guide counts with the deeper feature-map bank, so this is in doubt"
)


def _feature_depth(target: Target) -> int:
    return target.bank(target.conv.input_bank[0]).depth


def map_fits(target: Target, width: int, height: int, channels: int) -> Iterator[Violation]:
    """kernel_w * kernel_h * ceil(input_channels / channel_parallel) is within the bank's depth."""
    words = width * height * ceil_div(channels, target.conv.input_channel_parallel)
    depth = _feature_depth(target)
    if words > depth:
        yield Violation(
            "{width} x {height} x ceil({channels} / {parallel}) is {found}, more than the {depth} "
            "addresses of a bank",
            width=width,
            height=height,
            channels=channels,
            parallel=target.conv.input_channel_parallel,
            depth=depth,
            found=words,
            limit=f"<= {depth}",
        )


def _most_channels(target: Target) -> int:
    """Returns the most channels of a 16x16 kernel that fit the feature-map bank."""
    return _feature_depth(target) // 256 * target.conv.input_channel_parallel


def _sixteen(number: int) -> Example:
    text = f"kernel 16x16, {number} input channels"
    return conv_example(text, (1, 16, 16, number), kernel=(16, 16))


@constraint(
    "conv.input_fit",
    kinds=("conv2d", "transposed-conv2d"),
    evidence=Evidence.PARTITION_RULE,
    source=TF25 + "; " + UG1414,
    limits={
        "parallel": lambda target: target.conv.input_channel_parallel,
        "depth": _feature_depth,
    },
    passes=(conv_example("kernel 16x16, 64 input channels", (1, 16, 16, 64), kernel=(16, 16)),),
    fails=(outside(_most_channels, _sixteen),),
    remedy=SMALLER_WINDOW,
)
def input_fit(ctx: OpContext) -> Iterator[Violation]:
    """kernel_w * kernel_h * ceil(input_channels / {parallel}) is at most {depth}, the depth of a
    feature-map bank.
    """
    yield from conv.of_window(map_fits)(ctx)


weight_fit = replace(
    conv.weight_fit,
    check=conv.of_window(WEIGHTS_DOUBTED),
    passes=(inside(conv.channels_to_fit, conv.seven),),
    fails=(outside(conv.channels_to_fit, conv.seven),),
).founded(
    Evidence.PARTITION_RULE,
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
"""How a shared constraint is founded on this DPU, where it was seen itself."""

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
        resize.BILINEAR,
    ),
    notes=(BATCH, PRODUCTS.layout),
    timing=(
        "no model fits the published times: the engines of a batch share weights, and the "
        "host limits many of the networks"
    ),
    constraints=(
        *with_own(conv.CONSTRAINTS, weight_fit, input_fit),
        *depthwise.CONSTRAINTS,
        *transposed.CONSTRAINTS,
        *with_provenance(PRODUCTS.constraints, OBSERVED),
        *pool.CONSTRAINTS,
        *SHARED,
        hard_swish,
        *resize.CONSTRAINTS,
        *reductions.WITHOUT_MAXIMA,
        CONV3D,
        STEREO,
    ),
)
