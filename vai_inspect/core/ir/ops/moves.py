"""Operators that change shape, order or type, or take parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Sequence, Tuple

from vai_inspect.core.ir.ops.attributes import Attrs
from vai_inspect.core.ir.ops.definition import (
    IN,
    Received,
    Shape,
    ShapeError,
    Trait,
    define,
    elements,
)


@dataclass(frozen=True)
class ReshapeAttrs(Attrs):
    """`reshape`: the whole new shape, batch included."""

    shape: Tuple[int, ...] = (0,)


@dataclass(frozen=True)
class SqueezeAttrs(Attrs):
    """`squeeze`: the axes of size 1 that go."""

    axis: Tuple[int, ...] = ()


@dataclass(frozen=True)
class TransposeAttrs(Attrs):
    """`transpose`: axis i of the output is axis order[i] of the input."""

    order: Tuple[int, ...]


@dataclass(frozen=True)
class FlattenAttrs(Attrs):
    """`flatten`: the axes from start_axis to end_axis, both included, become one."""

    start_axis: int
    end_axis: int


@dataclass(frozen=True)
class StridedSliceAttrs(Attrs):
    """`strided_slice`: begin, end (excluded) and stride for each axis."""

    begin: Tuple[int, ...]
    end: Tuple[int, ...]
    strides: Tuple[int, ...]


@dataclass(frozen=True)
class CastAttrs(Attrs):
    """`cast`."""

    data_type: str


@dataclass(frozen=True)
class GsTilingAttrs(Attrs):
    """`gstiling`."""

    reverse: bool
    stride: int


def reshaped(shape: Shape, target: Sequence[int]) -> Shape:
    """Returns a target shape with what -1 stands for put in.

    Args:
        shape: the shape before.
        target: the whole new shape; at most one axis is -1.

    Raises:
        ShapeError: the elements are not as many.
    """
    known = elements(tuple(size for size in target if size != -1))
    total = elements(shape)
    open_axes = [axis for axis, size in enumerate(target) if size == -1]
    if len(open_axes) > 1 or any(size < -1 for size in target):
        raise ShapeError(f"{tuple(target)} is no shape to give to {shape}")
    result = list(target)
    if open_axes and known and total % known == 0:
        result[open_axes[0]] = total // known
    elif open_axes or known != total:
        raise ShapeError(f"{tuple(target)} has not the elements of {shape}")
    return tuple(result)


def _reshape(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, ReshapeAttrs)
    return reshaped(received.shape, received.attrs.shape)


def _flatten(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, FlattenAttrs)
    start, end = received.axis(received.attrs.start_axis), received.axis(received.attrs.end_axis)
    shape = received.shape
    return shape[:start] + (elements(shape[start : end + 1]),) + shape[end + 1 :]


def _squeeze(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, SqueezeAttrs)
    gone = {received.axis(axis) for axis in received.attrs.axis}
    if any(received.shape[axis] != 1 for axis in gone):
        raise ShapeError(f"the axes {tuple(sorted(gone))} of {received.shape} are not all 1")
    return tuple(size for axis, size in enumerate(received.shape) if axis not in gone)


def _transpose(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, TransposeAttrs)
    order = received.attrs.order
    if sorted(order) != list(range(received.rank)):
        raise ShapeError(f"{order} is no order of the axes of {received.shape}")
    return tuple(received.shape[axis] for axis in order)


def _strided_slice(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, StridedSliceAttrs)
    attrs = received.attrs
    if not len(attrs.begin) == len(attrs.end) == len(attrs.strides) == received.rank:
        raise ShapeError(f"the slice has not as many axes as {received.shape}")
    if 0 in attrs.strides:
        raise ShapeError("a slice moves by 0")
    bounds = zip(received.shape, attrs.begin, attrs.end, attrs.strides)
    return tuple(_taken(size, *bound) for size, *bound in bounds)


def _taken(size: int, begin: int, end: int, stride: int) -> int:
    # A slice backwards may end before the first element, at -1, which a `slice` would wrap.
    bounds = slice(begin, end, stride).indices(size) if stride > 0 else (begin, end, stride)
    return len(range(*bounds))


_RESHAPES = frozenset((Trait.RESHAPES, Trait.KEEPS_ELEMENTS))
DEFINITIONS = (
    define("reshape", ReshapeAttrs, ("input", "shape"), _reshape, traits=_RESHAPES),
    define("flatten", FlattenAttrs, IN, _flatten, traits=_RESHAPES),
    define("squeeze", SqueezeAttrs, IN, _squeeze, traits=_RESHAPES),
    define("transpose", TransposeAttrs, IN, _transpose, traits={Trait.KEEPS_ELEMENTS}),
    define("strided_slice", StridedSliceAttrs, IN, _strided_slice, traits={Trait.NAMES_AXES}),
    define("cast", CastAttrs, IN, traits={Trait.ELEMENTWISE, Trait.SAME_SHAPE}),
    define("identity", traits={Trait.ELEMENTWISE, Trait.SAME_SHAPE}),
    define("shape", shape=lambda received: (received.rank,)),
    define("gstiling", GsTilingAttrs),
)
