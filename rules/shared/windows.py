"""What a convolution's window must keep to, whether it is a `conv2d` or an inner product.

A compiler turns an inner product into a convolution, so both are asked the same; a family adds
the rules of its own to these.
"""

from __future__ import annotations

from typing import Callable, Iterator, Tuple

from vai_inspect.rules.plugin import Target, Verdict, Violation
from vai_inspect.rules.shared.engines import input_channels, weight_depth, weight_words

WindowRule = Callable[[Target, int, int, int], Iterator[Violation]]
"""Asks a target about a kernel's width and height and the input channels."""


def kernel_in_set(target: Target, width: int, height: int, channels: int) -> Iterator[Violation]:
    """Width and height are within the convolution engine's kernel sizes."""
    sizes = target.conv.limit.kernel_size
    for size in sorted({width, height}):
        if size not in sizes:
            yield Violation(
                "kernel {found} is outside {limit}",
                found=size,
                limit=sizes,
                nearest=sizes.nearest(size),
            )


def channels_addressed(
    target: Target, width: int, height: int, channels: int
) -> Iterator[Violation]:
    """Input channels are at most 256 * input_channel_parallel."""
    limit = input_channels(target)
    if channels > limit:
        yield Violation(
            "input_channels is {found}, more than {nearest}",
            found=channels,
            limit=f"<= {limit}",
            nearest=limit,
        )


def weights_fit(target: Target, width: int, height: int, channels: int) -> Iterator[Violation]:
    """The weights of one output group fit one bank."""
    words, depth = weight_words(target, width, height, channels), weight_depth(target)
    if words > depth:
        yield Violation(
            "the weights of one output group ({width} x {height} x {channels} channels) need "
            "{found} addresses of bank {bank}, which has {depth}",
            width=width,
            height=height,
            channels=channels,
            bank=target.conv.weight_bank,
            depth=depth,
            found=words,
            limit=f"<= {depth}",
        )


def in_doubt(rule: WindowRule, why: str) -> WindowRule:
    """Returns a rule that doubts where the given one refuses.

    Args:
        rule: the rule.
        why: what is added to its message.
    """

    def doubted(target: Target, width: int, height: int, channels: int) -> Iterator[Violation]:
        for violation in rule(target, width, height, channels):
            yield violation.replaced(
                template=f"{violation.template}; {why}", verdict=Verdict.UNKNOWN
            )

    return doubted


COMMON: Tuple[WindowRule, ...] = (kernel_in_set, channels_addressed, weights_fit)
