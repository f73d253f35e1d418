"""The constraint of a convolution's window by the depth of a feature-map bank.

UG1414 and the Keras inspector of 2.5 count the input channels with the feature-map bank, the
PyTorch inspector of 2.5 the weights with the weight bank (`conv.weight_fit`). Where the two differ,
what only the weight bank refuses is unknown.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Iterator

from vai_inspect.rules.plugin import (
    Constraint,
    Evidence,
    Example,
    OpContext,
    Target,
    Violation,
    constraint,
    outside,
)
from vai_inspect.rules.shared import conv
from vai_inspect.rules.shared.engines import ceil_div
from vai_inspect.rules.shared.examples import conv as conv_example
from vai_inspect.rules.shared.remedies import SMALLER_WINDOW
from vai_inspect.rules.shared.sources import TF25, UG1414
from vai_inspect.rules.shared.windows import WindowRule

LARGE = 16
"""The kernel of the example at the edge: 16x16."""


def feature_depth(target: Target) -> int:
    """Returns the addresses of a feature-map bank."""
    return target.bank(target.conv.input_bank[0]).depth


def map_fits(target: Target, width: int, height: int, channels: int) -> Iterator[Violation]:
    """kernel_w * kernel_h * ceil(input_channels / channel_parallel) is within the bank's depth."""
    words = width * height * ceil_div(channels, target.conv.input_channel_parallel)
    depth = feature_depth(target)
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
    return feature_depth(target) // LARGE**2 * target.conv.input_channel_parallel


def _large(number: int) -> Example:
    text = f"kernel {LARGE}x{LARGE}, {number} input channels"
    return conv_example(text, (1, LARGE, LARGE, number), kernel=(LARGE, LARGE))


@constraint(
    "conv.input_fit",
    kinds=("conv2d", "transposed-conv2d"),
    evidence=Evidence.PARTITION_RULE,
    source=TF25 + "; " + UG1414,
    limits={
        "parallel": lambda target: target.conv.input_channel_parallel,
        "depth": feature_depth,
    },
    passes=(conv_example("kernel 7x7, 64 input channels", (1, 14, 14, 64), kernel=(7, 7)),),
    fails=(outside(_most_channels, _large),),
    remedy=SMALLER_WINDOW,
)
def input_fit(ctx: OpContext) -> Iterator[Violation]:
    """kernel_w * kernel_h * ceil(input_channels / {parallel}) is at most {depth}, the depth of a
    feature-map bank.
    """
    yield from conv.of_window(map_fits)(ctx)


def doubted_weight_fit(rule: WindowRule, source: str, notes: str) -> Constraint:
    """Returns `conv.weight_fit` for a family where it is only in doubt.

    Args:
        rule: the rule that doubts, see `in_doubt`.
        source: who counts with the weight bank.
        notes: who counts otherwise.
    """
    doubted = replace(conv.weight_fit, check=conv.of_window(rule))
    return doubted.founded(Evidence.PARTITION_RULE, source, notes)
