"""Pools as chains of smaller ones."""

from __future__ import annotations

from typing import Any

from torch import nn

from vai_inspect.core.rewrite_numbers import CHAINED, divisor
from vai_inspect.frontends.torch.rewrite.edit import Edit, RefusedError


def chain_max_pool(edit: Edit, node: Any) -> None:
    """A max pool 9x9 or 13x13 of stride 1 becomes two or three of 5x5."""
    pool = edit.called(node, "MaxPool2d")
    if pool is not None:
        kernel, stride = pool.kernel_size, pool.stride
        padding, dilation, upwards = pool.padding, pool.dilation, pool.ceil_mode
    elif edit.is_call(node, "max_pool2d"):
        kernel = edit.argument(node, 1, "kernel_size")
        stride = edit.argument(node, 2, "stride") or kernel
        padding, dilation = (
            edit.argument(node, 3, "padding", 0),
            edit.argument(node, 4, "dilation", 1),
        )
        upwards = False
    else:
        raise RefusedError("it is no max pool")
    size = _one(kernel)
    times, rest = divmod((size or 0) - 1, CHAINED - 1)
    fits = size and not rest and times >= 2 and _one(stride) == 1 and _one(dilation) == 1
    if not fits or _one(padding) != size // 2 or upwards:
        raise RefusedError("its window does not divide into pools of 5x5")
    source = node.args[0]
    for _ in range(times):
        source = edit.add(nn.MaxPool2d(CHAINED, 1, CHAINED // 2), source, node, "pool")
    edit.replace(node, source)


def _one(value: Any) -> Any:
    """Returns a size that is the same in both directions; 0 for any other."""
    if isinstance(value, int):
        return value
    return value[0] if len(set(value)) == 1 else 0


def split_pool(edit: Edit, node: Any) -> None:
    """An average pool with a large window becomes two whose windows multiply to it."""
    height, width = edit.shape(node.args[0])[2:]
    pool = edit.called(node, "AvgPool2d")
    if edit.called(node, "AdaptiveAvgPool2d") is not None or edit.is_call(
        node, "adaptive_avg_pool2d"
    ):
        rows, columns = edit.shape(node)[2:]
        if height % rows or width % columns:
            raise RefusedError("the sizes do not divide")
        kernel = (height // rows, width // columns)
    elif pool is not None:
        kernel = _pair(pool.kernel_size)
        if _pair(pool.stride or kernel) != kernel or any(_pair(pool.padding)):
            raise RefusedError("its windows overlap or are padded")
    elif edit.is_call(node, "avg_pool2d"):
        kernel = _pair(edit.argument(node, 1, "kernel_size"))
        stride = edit.argument(node, 2, "stride") or kernel
        if _pair(stride) != kernel or any(_pair(edit.argument(node, 3, "padding", 0))):
            raise RefusedError("its windows overlap or are padded")
    else:
        raise RefusedError("it is no average pool")
    outer = tuple(divisor(size) for size in kernel)
    inner = tuple(size // one for size, one in zip(kernel, outer))
    if (1, 1) in (outer, inner) or height % kernel[0] or width % kernel[1]:
        raise RefusedError("its window does not divide")
    first = edit.add(nn.AvgPool2d(inner), node.args[0], node, "first")
    edit.replace(node, edit.add(nn.AvgPool2d(outer), first, node, "last"))


def _pair(value: Any) -> Any:
    return (value, value) if isinstance(value, int) else tuple(value)
