"""Layers that change shape, order or borders."""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

from vai_inspect.core.ir.attrs import (
    FlattenAttrs,
    PadAttrs,
    ReshapeAttrs,
    StridedSliceAttrs,
    TransposeAttrs,
)
from vai_inspect.frontends.keras.lower.call import Call


def flatten(call: Call) -> None:
    """Flatten: all axes after the batch become one."""
    rank = call.types[0].rank
    if rank < 2:
        call.emit("reshape", ReshapeAttrs(call.output.shape))
    else:
        call.emit("flatten", FlattenAttrs(1, rank - 1))


def reshape(call: Call) -> None:
    """Reshape, and layers and operations that only change the shape."""
    call.emit("reshape", ReshapeAttrs(call.output.shape))


def permute(call: Call) -> None:
    """Permute; Keras omits the batch, XIR counts it."""
    call.emit("transpose", TransposeAttrs((0,) + tuple(int(d) for d in call.operation.dims)))


def borders(widths: Any) -> List[Tuple[int, int]]:
    """Returns (before, after) for each spatial axis; one-dimensional layers have a flat pair."""
    pairs = [widths] if isinstance(widths[0], int) else widths
    return [(int(before), int(after)) for before, after in pairs]


def zero_padding(call: Call) -> None:
    """ZeroPadding1D, 2D and 3D."""
    pairs = [(0, 0)] + borders(call.operation.padding) + [(0, 0)]
    call.emit("pad", PadAttrs(tuple(width for pair in pairs for width in pair)))


def cropping(call: Call) -> None:
    """Cropping1D, 2D and 3D."""
    pairs = [(0, 0)] + borders(call.operation.cropping) + [(0, 0)]
    strided_slice(
        call,
        [before for before, _ in pairs],
        [size - after for size, (_, after) in zip(call.shape, pairs)],
    )


def strided_slice(call: Call, begin: Sequence[int], end: Sequence[int]) -> None:
    """Emits a slice with steps of one on every axis."""
    call.emit("strided_slice", StridedSliceAttrs(tuple(begin), tuple(end), (1,) * len(begin)))


LAYERS = {
    "Cropping1D": cropping,
    "Cropping2D": cropping,
    "Cropping3D": cropping,
    "Flatten": flatten,
    "Permute": permute,
    "Reshape": reshape,
    "ZeroPadding1D": zero_padding,
    "ZeroPadding2D": zero_padding,
    "ZeroPadding3D": zero_padding,
}
