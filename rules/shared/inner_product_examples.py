"""Examples of what an `inner-product` reads."""

from __future__ import annotations

from typing import Callable, Tuple

from vai_inspect.core.ir.attrs import FlattenAttrs, InnerProductAttrs, ReshapeAttrs, TransposeAttrs
from vai_inspect.rules.plugin import Example, Target
from vai_inspect.rules.shared.examples import conv_op, data, graph, op
from vai_inspect.rules.shared.feature_layout import Layout
from vai_inspect.rules.shared.inner_product_fit import Fit
from vai_inspect.rules.shared.layouts import TO_NCHW


def flattened(
    text: str,
    shape: Tuple[int, int, int, int],
    kernel: int = 1,
    permuted: bool = False,
) -> Example:
    """An inner product after a flatten, after a convolution; kernel 17 puts it on the CPU."""
    pads = ((kernel - 1) // 2, kernel // 2) * 2
    ops = [
        data(shape),
        conv_op(shape, shape[3], "conv", kernel=(kernel, kernel), pad=pads),
    ]
    if permuted:
        moved = (shape[0], shape[3], shape[1], shape[2])
        ops.append(op("transpose", ["conv"], moved, TransposeAttrs(TO_NCHW), name="moved"))
    features = shape[1] * shape[2] * shape[3]
    ops.append(op("flatten", [ops[-1].name], (1, features), FlattenAttrs(1, 3), name="flat"))
    weights = (16, features)
    ops.append(op("inner-product", ["flat"], (1, 16), InnerProductAttrs(1), weights=weights))
    return Example(text, graph(*ops))


def pixel(text: str, channels: int) -> Example:
    """An inner product of one pixel, permuted to NCHW by a reshape and flattened."""
    shape = (1, 1, 1, channels)
    before = conv_op(shape, channels, "conv", kernel=(1, 1))
    moved = op("reshape", ["conv"], (1, channels, 1, 1), ReshapeAttrs((1, channels, 1, 1)), "moved")
    flat = op("flatten", ["moved"], (1, channels), FlattenAttrs(1, 3), "flat")
    product = op("inner-product", ["flat"], (1, 16), InnerProductAttrs(1), weights=(16, channels))
    return Example(text, graph(data(shape), before, moved, flat, product))


def chained(text: str, features: int) -> Example:
    """An inner product of what another one gives."""
    attrs = InnerProductAttrs(1)
    first = op("inner-product", ["data"], (1, features), attrs, "first", (features, 16))
    second = op("inner-product", ["first"], (1, 16), attrs, weights=(16, features))
    return Example(text, graph(data((1, 16)), first, second))


def as_map_only(fit: Fit, height: int, width: int, channels: int) -> Callable[[Target], bool]:
    """Tells of targets that take a map as it is, but not so many features in one pixel."""
    features = height * width * channels
    return lambda target: (
        fit.fits(Layout(height, width, channels), target)
        and not fit.fits(Layout(1, 1, features), target)
    )
