"""Reductions."""

from __future__ import annotations

from typing import Any, Callable, Tuple

from vai_inspect.core.ir.attrs import AxisAttrs, ReductionAttrs, ReshapeAttrs
from vai_inspect.frontends.torch.capture.trace_ir import Constant, Tensor
from vai_inspect.frontends.torch.lower.call import Call

Lowering = Callable[[Call], None]


def axes_of(dim: Any, rank: int) -> Tuple[int, ...]:
    """Returns sorted non-negative axes; None and an empty list mean all."""
    if dim is None or dim in ([], ()):
        return tuple(range(rank))
    given = dim if isinstance(dim, (list, tuple)) else (dim,)
    return tuple(sorted(int(one) % rank for one in given))


def _reduction(kind: str) -> Lowering:
    def lowering(call: Call) -> None:
        given = call.given("input", dim=None, keepdim=False, dtype=None, out=None)
        if len(call.step.outputs) > 1:
            call.unknown(call.step.operation)
            return
        axes = axes_of(given.dim, call.x.rank)
        call.emit(kind, ReductionAttrs(axes, bool(given.keepdim)))

    return lowering


def _max(call: Call) -> None:
    """`max` of all, along an axis with the indices, or of two tensors."""
    given = call.given("input", dim=None, keepdim=False, other=None)
    second = given.dim if isinstance(given.dim, (Tensor, Constant)) else given.other
    if second is not None:
        call.emit("max", inputs=[call.value(given.input), call.value(second)])
        return
    axes = axes_of(given.dim, call.x.rank)
    value = call.emit("reduction_max", ReductionAttrs(axes, bool(given.keepdim)))
    if len(call.step.outputs) > 1:
        call.give(value, _argmax_value(call, axes[0], bool(given.keepdim), "indices"))


def _argmax_value(call: Call, axis: int, keep: bool, suffix: str) -> Any:
    shape = call.x.shape[:axis] + call.x.shape[axis + 1 :]
    source, attrs = [call.value(call.x)], AxisAttrs(axis)
    value = call.emit("argmax", attrs, source, shape, suffix=suffix, dtype="int64")
    if keep:
        kept = call.x.shape[:axis] + (1,) + call.x.shape[axis + 1 :]
        name = (suffix + "_" if suffix else "") + "keepdim"
        value = call.emit("reshape", ReshapeAttrs(kept), [value], kept, suffix=name, dtype="int64")
    return value


def _argmax(call: Call) -> None:
    given = call.given("input", dim=None, keepdim=False)
    if given.dim is None:
        call.unknown("argmax", "over all axes")
        return
    _argmax_value(call, int(given.dim) % call.x.rank, bool(given.keepdim), "")


FUNCTIONS = {
    "amax": _reduction("reduction_max"),
    "argmax": _argmax,
    "max": _max,
    "mean": _reduction("reduction_mean"),
    "prod": _reduction("reduction_product"),
    "sum": _reduction("reduction_sum"),
}
