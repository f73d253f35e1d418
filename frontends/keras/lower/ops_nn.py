"""Activations, pools and casts of `keras.ops`."""

from __future__ import annotations

from typing import Any, Dict, Tuple

from vai_inspect.core.ir.attrs import CastAttrs, EluAttrs, LeakyReluAttrs
from vai_inspect.frontends.keras.lower.activation import LAYERS, softmax_attrs
from vai_inspect.frontends.keras.lower.call import Call, Lowering
from vai_inspect.frontends.keras.lower.pooling import pool_2d


def _plain(kind: str) -> Lowering:
    def lowering(call: Call) -> None:
        call.emit(kind)

    return lowering


def leaky_relu(call: Call) -> None:
    """`leaky_relu`."""
    call.emit("leaky-relu", LeakyReluAttrs(float(call.operation.negative_slope)))


def elu(call: Call) -> None:
    """`elu`."""
    call.emit("elu", EluAttrs(float(call.operation.alpha)))


def celu(call: Call) -> None:
    """`celu`."""
    call.emit("celu", EluAttrs(float(call.operation.alpha)))


def softmax(call: Call) -> None:
    """`softmax` over one axis."""
    if isinstance(call.operation.axis, int):
        call.emit("softmax", softmax_attrs(call.types[0], call.operation.axis))
    else:
        call.unknown("Softmax", "over several axes")


_CLIPS: Dict[Tuple[float, float], str] = {(0, 6): "relu6", (-1, 1): "hard-tanh"}


def clip(call: Call) -> None:
    """`clip` to 0 and 6 is a relu6, to -1 and 1 a hard-tanh; XIR has no other."""
    low, high = call.operation.x_min, call.operation.x_max
    if not (isinstance(low, (int, float)) and isinstance(high, (int, float))):
        call.unknown("Clip")
    elif (low, high) in _CLIPS:
        call.emit(_CLIPS[low, high])
    else:
        call.unknown(f"Clip({low:g}, {high:g})")


def cast(call: Call) -> None:
    """`cast`."""
    dtype = str(call.operation.dtype)
    call.emit("cast", CastAttrs(dtype.upper()), dtype=dtype)


def _pool(kind: str) -> Lowering:
    def lowering(call: Call) -> None:
        operation = call.operation
        if call.types[0].rank != 4:
            call.unknown(operation.class_name, f"of {call.types[0].rank - 2} dimensions")
            return
        kernel = _pair(operation.pool_size)
        stride = kernel if operation.strides is None else _pair(operation.strides)
        pool_2d(call, kind, kernel, stride, operation.padding)

    return lowering


def _pair(value: Any) -> Any:
    return (value, value) if isinstance(value, int) else tuple(value)


OPERATIONS = {
    "AveragePool": _pool("avgpool2d"),
    "Cast": cast,
    "Celu": celu,
    "Clip": clip,
    "Copy": _plain("identity"),
    "Elu": elu,
    "Exp": _plain("exp"),
    "Gelu": _plain("gelu"),
    "HardSigmoid": _plain("hard-sigmoid"),
    "HardSilu": _plain("hard-swish"),
    "HardTanh": _plain("hard-tanh"),
    "LeakyRelu": leaky_relu,
    "MaxPool": _pool("maxpool2d"),
    "Negative": _plain("neg"),
    "ReLU": LAYERS["ReLU"],  # `keras.activations.relu` on a tensor
    "Relu": _plain("relu"),
    "Relu6": _plain("relu6"),
    "Selu": _plain("selu"),
    "Sigmoid": _plain("sigmoid"),
    "Silu": _plain("swish"),
    "Softmax": softmax,
    "StopGradient": _plain("identity"),
    "Tanh": _plain("tanh"),
}
