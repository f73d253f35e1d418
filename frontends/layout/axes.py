"""Attributes that name axes, carried over to another order of axes.

An order says which of PyTorch's axes each axis in memory holds: (0, 2, 3, 1) is NHWC.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Dict, Sequence, Tuple

from vai_inspect.core.ir import attrs as a

Order = Tuple[int, ...]

LAST: Dict[int, Order] = {3: (0, 2, 1), 4: (0, 2, 3, 1), 5: (0, 2, 3, 4, 1)}
"""Channels last, by number of axes."""

WORDS: Dict[int, Tuple[str, str]] = {
    3: ("NLC", "NCL"),
    4: ("NHWC", "NCHW"),
    5: ("NDHWC", "NCDHW"),
}
"""What the two orders are called: channels last, and PyTorch's own."""


def native(rank: int) -> Order:
    """Returns PyTorch's own order."""
    return tuple(range(rank))


def ordered(shape: Sequence[int], order: Order) -> Tuple[int, ...]:
    """Returns a shape of PyTorch's in another order of axes."""
    return tuple(shape[axis] for axis in order)


def moves_nothing(shape: Sequence[int], permutation: Sequence[int]) -> bool:
    """Returns whether a permute of this shape only moves axes of size 1, so no data."""
    kept = [axis for axis in permutation if shape[axis] != 1]
    return kept == sorted(kept)


def without(order: Order, gone: Sequence[int]) -> Order:
    """Returns the order of the axes that are left when some of PyTorch's axes go."""
    left = [axis for axis in order if axis not in gone]
    ranks = {axis: rank for rank, axis in enumerate(sorted(left))}
    return tuple(ranks[axis] for axis in left)


def carried(attrs: a.Attrs, order: Order) -> a.Attrs:
    """Returns attributes in PyTorch's order as they read in another order of the input's axes."""
    if isinstance(attrs, (a.AxisAttrs, a.HardSoftmaxAttrs, a.BatchNormAttrs, a.ScaleAttrs)):
        return _replaced(attrs, axis=order.index(attrs.axis % len(order)))
    if isinstance(attrs, (a.ReductionAttrs, a.L2NormalizeAttrs, a.SqueezeAttrs)):
        return _replaced(attrs, axis=tuple(sorted(order.index(axis) for axis in attrs.axis)))
    if isinstance(attrs, a.StridedSliceAttrs):
        return a.StridedSliceAttrs(
            ordered(attrs.begin, order), ordered(attrs.end, order), ordered(attrs.strides, order)
        )
    if isinstance(attrs, a.PadAttrs):
        pairs = [attrs.paddings[2 * axis : 2 * axis + 2] for axis in order]
        return _replaced(attrs, paddings=tuple(side for pair in pairs for side in pair))
    if isinstance(attrs, a.TensorAttrs):
        return _replaced(attrs, shape=ordered(attrs.shape, order))
    return attrs


def _replaced(attrs: Any, **changes: Any) -> a.Attrs:
    result: a.Attrs = dataclasses.replace(attrs, **changes)
    return result
