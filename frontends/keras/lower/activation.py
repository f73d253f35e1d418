"""Activations: activation layers, and the `activation=` of other layers."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple

from vai_inspect.core.ir import TensorType
from vai_inspect.core.ir.attrs import Attrs, AxisAttrs, EluAttrs, LeakyReluAttrs, NoAttrs
from vai_inspect.frontends.keras.lower.activation_function import HARD_SIGMOID_OF_KERAS_2, Function
from vai_inspect.frontends.keras.lower.call import Call, Lowering
from vai_inspect.frontends.keras.lower.layer import Layer

LINEAR = Function("linear", "keras")

Activation = Callable[[Call, Layer, str], None]
"""Emits an activation: the call, the layer with its settings, the operator's suffix."""


def softmax_attrs(tensor: TensorType, axis: int = -1) -> AxisAttrs:
    """Returns the attributes of a softmax; the axis counts from the front."""
    return AxisAttrs(int(axis) % tensor.rank)


def _plain(tensor: TensorType) -> Attrs:
    return NoAttrs()


FUNCTIONS: Dict[str, Tuple[str, Callable[[TensorType], Attrs]]] = {
    "celu": ("celu", lambda tensor: EluAttrs(1.0)),
    "elu": ("elu", lambda tensor: EluAttrs(1.0)),
    "exp": ("exp", _plain),
    "exponential": ("exp", _plain),
    "gelu": ("gelu", _plain),
    "hard_sigmoid": ("hard-sigmoid", _plain),
    "hard_silu": ("hard-swish", _plain),
    "hard_swish": ("hard-swish", _plain),
    "hard_tanh": ("hard-tanh", _plain),
    "leaky_relu": ("leaky-relu", lambda tensor: LeakyReluAttrs(0.2)),
    "mish": ("mish", _plain),
    "relu": ("relu", _plain),
    "relu6": ("relu6", _plain),
    "selu": ("selu", _plain),
    "sigmoid": ("sigmoid", _plain),
    "silu": ("swish", _plain),
    "softmax": ("softmax", softmax_attrs),
    "swish": ("swish", _plain),
    "tanh": ("tanh", _plain),
}
"""Activation functions of Keras and TensorFlow by name, with their default settings; functions of
the same name are equivalent."""


def append_activation(call: Call, function: Any) -> None:
    """Emits a layer's `activation=` as an operator `<layer>/<activation>`; none for linear."""
    if function is None or function == LINEAR:
        return
    _write(call, function, str(function.name))


def activation(call: Call) -> None:
    """Activation: the function only; a linear one is an identity."""
    function = call.operation.activation
    if function is None or function == LINEAR:
        call.emit("identity")
    else:
        _write(call, function, "")


def _write(call: Call, function: "Function | Layer", suffix: str) -> None:
    if isinstance(function, Layer):
        call.from_argument("activation", "layer." + function.class_name)
        _by_layer(call, function, suffix)
    else:
        call.from_argument("activation", function.written)
        _by_function(call, function, suffix)


def _by_function(call: Call, function: Function, suffix: str) -> None:
    """A user's function that a config cannot name is unknown, even if Keras has the same name."""
    if function == HARD_SIGMOID_OF_KERAS_2:
        call.unknown(function.name, "clip(0.2 * x + 0.5, 0, 1)", suffix=suffix)
        return
    if function.library and function.name in FUNCTIONS:
        kind, attrs = FUNCTIONS[function.name]
        call.emit(kind, attrs(call.last_type()), suffix=suffix)
    elif function.name in FUNCTIONS:
        call.unknown(f"a function of your own named {function.name}", suffix=suffix)
    else:
        call.unknown(function.name, suffix=suffix)


def _by_layer(call: Call, layer: Layer, suffix: str) -> None:
    """`activation=` may be a layer, such as `keras.layers.LeakyReLU()`."""
    found = _LAYERS.get(layer.keras_class or "")
    if found is None:
        call.unknown(layer.class_name, suffix=suffix)
    else:
        found(call, layer, suffix)


def _relu(call: Call, layer: Layer, suffix: str) -> None:
    slope, limit, threshold = layer.negative_slope, layer.max_value, layer.threshold
    if threshold == 0 and slope == 0 and limit in (None, 6):
        call.emit("relu" if limit is None else "relu6", suffix=suffix)
    elif threshold == 0 and limit is None:
        call.emit("leaky-relu", LeakyReluAttrs(float(slope)), suffix=suffix)
    else:
        settings = {"max_value": limit, "negative_slope": slope, "threshold": threshold}
        arguments = [
            f"{name}={value:g}"
            for name, value in settings.items()
            if value is not None and (value or name == "max_value")
        ]
        call.unknown(f"ReLU({', '.join(arguments)})", suffix=suffix)


def _leaky_relu(call: Call, layer: Layer, suffix: str) -> None:
    call.emit("leaky-relu", LeakyReluAttrs(float(layer.negative_slope)), suffix=suffix)


def _elu(call: Call, layer: Layer, suffix: str) -> None:
    call.emit("elu", EluAttrs(float(layer.alpha)), suffix=suffix)


def _prelu(call: Call, layer: Layer, suffix: str) -> None:
    """The slopes have the input's shape without the batch, with 1 on each shared axis."""
    slopes = list(call.last_type().shape[1:])
    for axis in layer.shared_axes or ():
        slopes[axis - 1] = 1
    call.emit("prelu", params=[("weight", slopes)], suffix=suffix)


def _softmax(call: Call, layer: Layer, suffix: str) -> None:
    if isinstance(layer.axis, (list, tuple)) or (not suffix and len(call.inputs) > 1):
        call.unknown("Softmax", "over several axes or with a mask", suffix=suffix)
    else:
        call.emit("softmax", softmax_attrs(call.last_type(), layer.axis), suffix=suffix)


_LAYERS: Dict[str, Activation] = {
    "ELU": _elu,
    "LeakyReLU": _leaky_relu,
    "PReLU": _prelu,
    "ReLU": _relu,
    "Softmax": _softmax,
}


def _standalone(write: Activation) -> Lowering:
    def lowering(call: Call) -> None:
        write(call, call.operation, "")

    return lowering


LAYERS = {"Activation": activation, **{name: _standalone(f) for name, f in _LAYERS.items()}}
