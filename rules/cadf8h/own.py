"""What only DPUCADF8H requires, by PG400 and the user guide."""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from vai_inspect.core.ir.attrs import AvgPool2dAttrs, AxisAttrs
from vai_inspect.rules.plugin import (
    Evidence,
    Limit,
    OpContext,
    Target,
    Verdict,
    Violation,
    approximate,
    constraint,
)
from vai_inspect.rules.shared import concat
from vai_inspect.rules.shared.examples import alone, between_convs, conv
from vai_inspect.rules.shared.remedies import PAD_LESS
from vai_inspect.rules.shared.sources import DIGEST, PT25
from vai_inspect.rules.shared.windows import channels_addressed, in_doubt

PADS = Limit.span(0, 15)
FEATURES = 1048576
"""PG400: the most input features of a fully connected layer."""

CONV_BY_GUIDE = {
    "conv.input_channels": "PG400 says up to 8192 input channels.",
    "conv.output_channels": "PG400 says that the output channels are arbitrary.",
}
TRANSPOSED_BY_GUIDE = {
    "transposed.kernel": "PG400 gives transposed convolutions stride 1, which may refer to the "
    "convolution that is left once the input is dilated; by Vitis-AI issue 499 deconvolutions run "
    "on this DPU: stride 2 stays.",
}
"""What the product guide says otherwise, by constraint."""

CHANNELS_DOUBTED = in_doubt(
    channels_addressed,
    f"PG400 names {FEATURES} input features for fully connected layers, UG1414 the channels of a "
    "convolution",
)


def features_counted(target: Target, width: int, height: int, channels: int) -> Iterator[Violation]:
    """Input features are at most 1048576."""
    features = width * height * channels
    if features > FEATURES:
        yield Violation(
            "input_features is {found}, more than {nearest}",
            found=features,
            limit=f"<= {FEATURES}",
            nearest=FEATURES,
        )


@constraint(
    "conv.pad_range",
    kinds=("conv2d",),
    evidence=Evidence.USER_GUIDE,
    source="PG400",
    limits={"pads": lambda target: PADS},
    passes=(conv("pad 15, kernel 16", kernel=(16, 16), pad=(15, 15, 15, 15)),),
    fails=(conv("pad 16, kernel 3, dilation 8", pad=(16, 16, 16, 16), dilation=(8, 8)),),
    remedy=PAD_LESS,
)
def pad_range(ctx: OpContext) -> Iterator[Violation]:
    """Each pad of a convolution is within {pads}, whatever the dilated kernel."""
    yield from ctx.sides_within(ctx.attrs.pad, [ctx.limit("pads")] * 4)


def _averaged(counted: bool) -> AvgPool2dAttrs:
    return AvgPool2dAttrs((3, 3), (1, 1), pad=(1, 1, 1, 1), count_include_pad=counted)


@constraint(
    "pool.padding_counts",
    kinds=("avgpool2d",),
    evidence=Evidence.USER_GUIDE,
    source="PG400: padded values count in the mean",
    passes=(alone("padding counted", "avgpool2d", _averaged(True)),),
    fails=(alone("padding left out", "avgpool2d", _averaged(False)),),
    remedy=approximate("let the padding count (count_include_pad=True), or do not pad"),
)
def padding_counts(ctx: OpContext) -> Iterator[Violation]:
    """The padding of an average pool counts in the mean; whether one that leaves it out runs is
    unknown.
    """
    if any(ctx.attrs.pad) and not ctx.attrs.count_include_pad:
        yield Violation(
            "its padding does not count in the mean, and this DPU counts it; no source says "
            "whether the compiler refuses it or computes another mean",
            found="padding left out",
            limit="padding counted",
            verdict=Verdict.UNKNOWN,
        )


concat_inputs = replace(
    concat.concat_inputs,
    passes=(between_convs("both inputs on the DPU", "concat", AxisAttrs(3), (1, 30, 30, 16)),),
)


@constraint(
    "concat.channels_only",
    kinds=("concat",),
    evidence=Evidence.USER_GUIDE,
    source=DIGEST + "; a rule of " + PT25 + " that is never called",
    passes=(between_convs("channels", "concat", AxisAttrs(3), (1, 30, 30, 16)),),
    fails=(between_convs("height", "concat", AxisAttrs(1), (1, 30, 30, 16)),),
    remedy=approximate("concatenate 4-D feature maps along the channels"),
)
def concat_channels_only(ctx: OpContext) -> Iterator[Violation]:
    """It concatenates 4-D feature maps along the channels."""
    rank, axis = ctx.op.output.rank, ctx.attrs.axis % ctx.op.output.rank
    if rank != 4 or axis != 3:
        yield Violation(
            "it concatenates {rank} axes along axis {found}; this DPU concatenates 4-D feature "
            "maps along the channels",
            rank=rank,
            found=axis,
            limit="axis 3 of 4",
            nearest=3,
        )
