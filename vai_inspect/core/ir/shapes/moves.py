"""Operators that change shape or order, take parts, or reduce axes."""

from __future__ import annotations

from typing import Dict, Optional, Sequence

from vai_inspect.core.ir import attrs as a
from vai_inspect.core.ir.shapes.base import Received, Rule, Shape, ShapeError


def elements(shape: Sequence[int]) -> int:
    """Returns the number of elements."""
    count = 1
    for size in shape:
        count *= size
    return count


def reshaped(shape: Shape, target: Sequence[int]) -> Shape:
    """Returns a target shape with what -1 stands for put in.

    Args:
        shape: the shape before.
        target: the whole new shape; at most one axis is -1.

    Raises:
        ShapeError: the elements are not as many.
    """
    known = elements([size for size in target if size != -1])
    total = elements(shape)
    open_axes = [axis for axis, size in enumerate(target) if size == -1]
    if len(open_axes) > 1 or any(size < -1 for size in target):
        raise ShapeError("{} is no shape to give to {}".format(tuple(target), shape))
    result = list(target)
    if open_axes and known and total % known == 0:
        result[open_axes[0]] = total // known
    elif open_axes or known != total:
        raise ShapeError("{} has not the elements of {}".format(tuple(target), shape))
    return tuple(result)


def _reshape(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, a.ReshapeAttrs)
    return reshaped(received.shape, received.attrs.shape)


def _flatten(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, a.FlattenAttrs)
    start, end = received.axis(received.attrs.start_axis), received.axis(received.attrs.end_axis)
    shape = received.shape
    return shape[:start] + (elements(shape[start : end + 1]),) + shape[end + 1 :]


def _squeeze(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, a.SqueezeAttrs)
    gone = {received.axis(axis) for axis in received.attrs.axis}
    if any(received.shape[axis] != 1 for axis in gone):
        raise ShapeError(
            "the axes {} of {} are not all 1".format(tuple(sorted(gone)), received.shape)
        )
    return tuple(size for axis, size in enumerate(received.shape) if axis not in gone)


def _transpose(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, a.TransposeAttrs)
    order = received.attrs.order
    if sorted(order) != list(range(received.rank)):
        raise ShapeError("{} is no order of the axes of {}".format(order, received.shape))
    return tuple(received.shape[axis] for axis in order)


def _strided_slice(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, a.StridedSliceAttrs)
    attrs = received.attrs
    if not len(attrs.begin) == len(attrs.end) == len(attrs.strides) == received.rank:
        raise ShapeError("the slice has not as many axes as {}".format(received.shape))
    if 0 in attrs.strides:
        raise ShapeError("a slice moves by 0")
    bounds = zip(received.shape, attrs.begin, attrs.end, attrs.strides)
    return tuple(_taken(size, *bound) for size, *bound in bounds)


def _taken(size: int, begin: int, end: int, stride: int) -> int:
    # A slice backwards may end before the first element, at -1, which a `slice` would wrap.
    bounds = slice(begin, end, stride).indices(size) if stride > 0 else (begin, end, stride)
    return len(range(*bounds))


def _reduction(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, a.ReductionAttrs)
    gone = {received.axis(axis) for axis in received.attrs.axis}
    if received.attrs.keep_dims:
        return tuple(1 if axis in gone else size for axis, size in enumerate(received.shape))
    return tuple(size for axis, size in enumerate(received.shape) if axis not in gone)


def _arg(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, a.AxisAttrs)
    gone = received.axis(received.attrs.axis)
    return received.shape[:gone] + received.shape[gone + 1 :]


def _source(received: Received) -> Optional[Shape]:
    assert isinstance(received.attrs, (a.TensorAttrs, a.RandomNormalAttrs))
    return received.attrs.shape


def _same(received: Received) -> Optional[Shape]:
    return received.shape


UNCHANGED = frozenset(
    ("relu", "relu6", "leaky-relu", "prelu", "elu", "celu", "selu", "gelu", "mish", "threshold")
    + ("sigmoid", "tanh", "swish", "hard-sigmoid", "hard-swish", "hard-tanh", "exp", "neg", "cast")
    + ("softmax", "hard-softmax", "l2_normalize", "batchnorm", "scale", "instancenorm", "groupnorm")
    + ("identity", "return", "upload", "download", "placeholder")
)
"""Kinds whose output has the shape of their input."""

RULES: Dict[str, Rule] = {
    **dict.fromkeys(UNCHANGED, _same),
    **dict.fromkeys(("data", "const", "random_standard_normal"), _source),
    **dict.fromkeys(("reduction_mean", "reduction_sum", "reduction_max"), _reduction),
    "reduction_product": _reduction,
    "argmax": _arg,
    "flatten": _flatten,
    "reshape": _reshape,
    "shape": lambda received: (received.rank,),
    "squeeze": _squeeze,
    "strided_slice": _strided_slice,
    "transpose": _transpose,
}
