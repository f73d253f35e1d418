"""Normalisations with an XIR equivalent, and affine layers."""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

from vai_inspect.core.ir.attrs import BatchNormAttrs, L2NormalizeAttrs
from vai_inspect.frontends.keras.lower.call import Call


def batch_normalization(call: Call) -> None:
    """BatchNormalization at inference; each parameter is [c].

    With training=True Keras 2 always, and Keras 3 outside of `predict`, normalises by the
    statistics of the batch, which is no fixed scale. A layer that is not trainable does not.
    """
    layer = call.operation
    if call.training and getattr(layer, "trainable", True):
        call.unknown(
            layer.class_name,
            "called with training=True, itself or in a model that is: it normalises by the "
            "statistics of the batch; call it without training=True",
        )
        return
    axis = int(layer.axis) % call.types[0].rank
    roles = [("gamma", layer.scale), ("beta", layer.center)]
    roles += [("moving_mean", True), ("moving_var", True)]
    params: List[Tuple[str, Sequence[int]]] = [
        (role, (call.shape[axis],)) for role, present in roles if present
    ]
    call.emit("batchnorm", BatchNormAttrs(axis, float(layer.epsilon)), params=params)


def unit_normalization(call: Call) -> None:
    """UnitNormalization: x / sqrt(max(sum(x ** 2), 1e-12))."""
    axis = call.operation.axis
    axes = axis if isinstance(axis, (list, tuple)) else (axis,)
    rank = call.types[0].rank
    call.emit("l2_normalize", L2NormalizeAttrs(tuple(sorted(int(a) % rank for a in axes)), 1e-12))


def rescaling(call: Call) -> None:
    """Rescaling: a product and a sum with constants; no sum if the offset is 0."""
    layer = call.operation
    _affine(call, _sizes(layer.scale), _sizes(layer.offset) if _any(layer.offset) else None)


def normalization(call: Call) -> None:
    """Normalization: (x - mean) / deviation as a sum and a product with constants."""
    layer = call.operation
    axes = layer.axis if isinstance(layer.axis, (list, tuple)) else (layer.axis,)
    kept = tuple(sorted(int(axis) % call.types[0].rank for axis in axes if axis is not None))
    if kept not in ((), (call.types[0].rank - 1,)):
        call.unknown("Normalization", "over other axes than the channels")
        return
    sizes = (call.types[0].channels,) if kept else (1,)
    if layer.invert:
        _affine(call, sizes, sizes)
        return
    offset = call.const(sizes, "offset")
    shifted = call.emit("add", inputs=(call.inputs[0], offset), suffix="add")
    call.emit("mul", inputs=(shifted, call.const(sizes, "scale")))


def _affine(call: Call, scale: Sequence[int], offset: Any) -> None:
    """Emits x * scale and, with an offset, its sum; the last operator has the call's name."""
    factor = call.const(scale, "scale")
    product = call.emit(
        "mul", inputs=(call.inputs[0], factor), suffix="" if offset is None else "mul"
    )
    if offset is not None:
        call.emit("add", inputs=(product, call.const(offset, "offset")))


def _sizes(value: Any) -> Tuple[int, ...]:
    if isinstance(value, (list, tuple)):
        return (len(value),)
    return tuple(getattr(value, "shape", ())) or (1,)


def _any(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(value)
    return bool(value != 0) if isinstance(value, (int, float)) else True


LAYERS = {
    "BatchNormalization": batch_normalization,
    "Normalization": normalization,
    "Rescaling": rescaling,
    "SyncBatchNormalization": batch_normalization,
    "UnitNormalization": unit_normalization,
}
