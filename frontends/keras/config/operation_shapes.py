"""Output shapes of `keras.ops` operations whose operators do not determine them."""

from __future__ import annotations

from typing import Dict, List, Optional

from vai_inspect.core.ir.ops import Shape, ShapeError, elements, reshaped
from vai_inspect.frontends.keras.config import same_shape
from vai_inspect.frontends.keras.config.shape_input import Rule, ShapeInput, merged, same


def _expand_dims(given: ShapeInput) -> Optional[List[Shape]]:
    rank = len(given.shape) + 1
    axis = given.layer.axis
    axes = {int(one) % rank for one in (axis if isinstance(axis, tuple) else (axis,))}
    rest = iter(given.shape)
    total = len(given.shape) + len(axes)
    return [tuple(1 if index in axes else next(rest) for index in range(total))]


def _reshape_operation(given: ShapeInput) -> Optional[List[Shape]]:
    """TensorFlow's target may be a tensor, whose value is not known before the model runs."""
    target = getattr(given.layer, "newshape", None) or given.layer.shape
    sizes = target if isinstance(target, (tuple, list)) else (target,)
    if any(type(size) is not int for size in sizes):
        return None
    return [reshaped(given.shape, tuple(sizes))]


def _resize(given: ShapeInput) -> Optional[List[Shape]]:
    height, width = given.layer.size
    return [given.shape[:-3] + (int(height), int(width)) + given.shape[-1:]]


def _split(given: ShapeInput) -> Optional[List[Shape]]:
    layer, shape = given.layer, given.shape
    axis = int(layer.axis) % len(shape)
    cuts = layer.indices_or_sections
    if isinstance(cuts, int):
        if not 0 < cuts <= shape[axis] or shape[axis] % cuts:
            raise ShapeError(f"{cuts} does not divide axis {axis} of {shape}")
        if cuts > 10_000:
            raise ShapeError(f"it would give {cuts} tensors")
        bounds = [index * (shape[axis] // cuts) for index in range(cuts + 1)]
    else:
        bounds = [0, *(int(cut) for cut in cuts), shape[axis]]
    sizes = [end - begin for begin, end in zip(bounds, bounds[1:])]
    return [shape[:axis] + (size,) + shape[axis + 1 :] for size in sizes]


OPERATIONS: Dict[str, Rule] = {
    **dict.fromkeys(same_shape.OPERATIONS, same),
    **dict.fromkeys(same_shape.BROADCASTING, merged),
    "ExpandDims": _expand_dims,
    "Ravel": lambda given: [(elements(given.shape),)],
    "Reshape": _reshape_operation,
    "Resize": _resize,
    "Split": _split,
}
