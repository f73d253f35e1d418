"""Reductions."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

from vai_inspect.core.ir.attrs import AxisAttrs, ReductionAttrs, ReshapeAttrs
from vai_inspect.frontends.onnx.call import Call, Lowering
from vai_inspect.frontends.onnx.lower.pooling import global_pool
from vai_inspect.frontends.onnx.lower.selection import axis_of
from vai_inspect.frontends.onnx.origin import source_of
from vai_inspect.frontends.onnx.tensors import Shape


def _axes(call: Call) -> Tuple[int, ...]:
    found = call.axes(call.x.rank)
    if not found:
        return () if call.integer("noop_with_empty_axes") else tuple(range(call.x.rank))
    return found


def _left(call: Call, axes: Tuple[int, ...], keep: bool) -> Shape:
    if keep:
        return tuple(1 if axis in axes else size for axis, size in enumerate(call.x.shape))
    return tuple(size for axis, size in enumerate(call.x.shape) if axis not in axes)


def _reduction(kind: Optional[str]) -> Lowering:
    def lowering(call: Call) -> None:
        axes, keep = _axes(call), bool(call.integer("keepdims", 1))
        if kind is None:
            call.unknown([_left(call, axes, keep)])
            return
        if not axes:
            call.emit("identity")
            return
        image = call.x.rank == 4 and axes == (2, 3) and keep
        if kind == "reduction_mean" and image and _was_a_pool(call):
            global_pool(call, "avgpool2d")
            return
        call.emit(kind, ReductionAttrs(axes, keep))

    return lowering


def _was_a_pool(call: Call) -> bool:
    """Returns whether a mean is an average pool in the PyTorch model (newer exporter).

    Its decomposition of adaptive_avg_pool2d lists the axes with the last one first.
    """
    if call.module == "AdaptiveAvgPool2d":
        return True
    line = source_of(call.node)
    decomposed = line and call.has(1) and tuple(call.values(1)) == (-1, -2)
    return bool(decomposed) and ("adaptive_avg_pool2d(" in line or "mean(" not in line)


def _arg_max(call: Call) -> None:
    axis, keep = axis_of(call), bool(call.integer("keepdims", 1))
    shape = _left(call, (axis,), keep)
    if call.integer("select_last_index"):
        call.unknown([shape], dtype="int64")
        return
    value = call.emit("argmax", AxisAttrs(axis), dtype="int64")
    if keep:
        last = call.emit("reshape", ReshapeAttrs(shape), [value], suffix="keepdims", dtype="int64")
        call.set_output_values([last])


def _arg_min(call: Call) -> None:
    call.unknown([_left(call, (axis_of(call),), bool(call.integer("keepdims", 1)))], dtype="int64")


_NONE = ("ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMin", "ReduceSumSquare")
LOWERINGS: Dict[str, Lowering] = {
    **dict.fromkeys(_NONE, _reduction(None)),
    "ArgMax": _arg_max,
    "ArgMin": _arg_min,
    "ReduceMax": _reduction("reduction_max"),
    "ReduceMean": _reduction("reduction_mean"),
    "ReduceProd": _reduction("reduction_product"),
    "ReduceSum": _reduction("reduction_sum"),
}
