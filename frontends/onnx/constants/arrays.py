"""Operations on small arrays, each a shape and a flat tuple of elements."""

from __future__ import annotations

from itertools import product
from typing import Any, Callable, Iterator, List, Sequence, Tuple

from vai_inspect.core.ir.ops import elements
from vai_inspect.frontends.onnx.file.numbers import MOST_NUMBERS
from vai_inspect.frontends.onnx.tensors import Shape

Values = Tuple[Any, ...]


def small(shape: Shape) -> bool:
    """Returns whether the elements of an array of this shape are kept."""
    return elements(shape) <= MOST_NUMBERS


def indices(shape: Shape) -> Iterator[Tuple[int, ...]]:
    """Yields the index of each element in order."""
    return product(*map(range, shape))


def flat(shape: Shape, index: Sequence[int]) -> int:
    """Returns the flat position of an element."""
    at = 0
    for size, one in zip(shape, index):
        at = at * size + one
    return at


def broadcast(shape: Shape, values: Values, wanted: Shape) -> Values:
    """Returns the values broadcast to a shape."""
    if shape == wanted:
        return values
    if len(values) == 1:
        return values * elements(wanted)
    skipped = len(wanted) - len(shape)
    return tuple(
        values[flat(shape, [0 if size == 1 else at for size, at in zip(shape, index[skipped:])])]
        for index in indices(wanted)
    )


def taken(shape: Shape, values: Values, ranges: Sequence[range]) -> Values:
    """Returns the values at positions along each axis."""
    return tuple(values[flat(shape, index)] for index in product(*ranges))


def gathered(shape: Shape, values: Values, axis: int, chosen: Sequence[int]) -> Values:
    """Returns the values at indices along one axis."""
    size = shape[axis]
    before = product(*map(range, shape[:axis]))
    after = list(product(*map(range, shape[axis + 1 :])))
    return tuple(
        values[flat(shape, (*head, one % size, *tail))]
        for head in before
        for one in chosen
        for tail in after
    )


def concatenated(parts: Sequence[Tuple[Shape, Values]], axis: int) -> Values:
    """Returns the concatenation of arrays along an axis."""
    before = elements(parts[0][0][:axis])
    found: List[Any] = []
    for row in range(before):
        for shape, values in parts:
            length = elements(shape[axis:])
            found += values[row * length : (row + 1) * length]
    return tuple(found)


def transposed(shape: Shape, values: Values, order: Sequence[int]) -> Values:
    """Returns the values with the axes in another order."""
    moved = tuple(shape[axis] for axis in order)
    where = [list(order).index(axis) for axis in range(len(order))]
    return tuple(values[flat(shape, [index[at] for at in where])] for index in indices(moved))


def reduced(
    shape: Shape, values: Values, axes: Sequence[int], combine: Callable[[Any, Any], Any]
) -> Values:
    """Returns the values combined along axes, in the order of the remaining axes."""
    left = tuple(size for axis, size in enumerate(shape) if axis not in axes)
    found: List[Any] = [None] * elements(left)
    for index, value in zip(indices(shape), values):
        at = flat(left, [one for axis, one in enumerate(index) if axis not in axes])
        found[at] = value if found[at] is None else combine(found[at], value)
    return tuple(found)
