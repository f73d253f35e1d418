"""What a convolution's window must keep to, whether it is a `conv2d` or an inner product.

A compiler turns an inner product into a convolution, so both are asked the same; a family adds
the rules of its own to these.
"""

from __future__ import annotations

from typing import Callable, Iterator, Tuple

from vai_inspect.core.target import Target
from vai_inspect.rules.engine.constraint import Verdict
from vai_inspect.rules.engine.context import Problem
from vai_inspect.rules.shared.engines import input_channels, weight_depth, weight_words

WindowRule = Callable[[Target, int, int, int], Iterator[Problem]]
"""Asks a target about a kernel's width and height and the input channels."""


def kernel_in_set(target: Target, width: int, height: int, channels: int) -> Iterator[Problem]:
    """Width and height are within the convolution engine's kernel sizes."""
    sizes = target.conv.limit.kernel_size
    for size in sorted({width, height}):
        if size not in sizes:
            yield Problem(
                "kernel {} is outside {}".format(size, sizes),
                found=size,
                limit=str(sizes),
                nearest=sizes.nearest(size),
            )


def channels_addressed(target: Target, width: int, height: int, channels: int) -> Iterator[Problem]:
    """Input channels are at most 256 * input_channel_parallel."""
    limit = input_channels(target)
    if channels > limit:
        yield Problem(
            "input_channels is {}, more than {}".format(channels, limit),
            found=channels,
            limit="<= {}".format(limit),
            nearest=limit,
        )


def weights_fit(target: Target, width: int, height: int, channels: int) -> Iterator[Problem]:
    """The weights of one output group fit one bank."""
    words, depth = weight_words(target, width, height, channels), weight_depth(target)
    if words > depth:
        yield Problem(
            "the weights of one output group ({} x {} x {} channels) need {} addresses of bank {}, "
            "which has {}".format(width, height, channels, words, target.conv.weight_bank, depth),
            found=words,
            limit="<= {}".format(depth),
        )


def in_doubt(rule: WindowRule, why: str) -> WindowRule:
    """Returns a rule that doubts where the given one refuses.

    Args:
        rule: the rule.
        why: what is added to its message.
    """

    def doubted(target: Target, width: int, height: int, channels: int) -> Iterator[Problem]:
        for problem in rule(target, width, height, channels):
            yield Problem(
                "{}; {}".format(problem.message, why),
                found=problem.found,
                limit=problem.limit,
                nearest=problem.nearest,
                verdict=Verdict.UNKNOWN,
            )

    return doubted


COMMON: Tuple[WindowRule, ...] = (kernel_in_set, channels_addressed, weights_fit)
