"""TensorFlow functions by name: their parameters, and the equivalent operation of Keras 3."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Dict, Optional, Tuple

Bound = Dict[str, Any]


@dataclass(frozen=True)
class Signature:
    """One function.

    Attributes:
        keras_class: class of the equivalent operation of Keras 3.
        parameters: (TensorFlow's name, Keras 3's name) in TensorFlow's order.
        operands: Keras 3's names of the parameters that may be tensors.
        defaults: values of optional parameters.
        adapted: converts the bound arguments to those of Keras 3; None if there is no equivalent.
    """

    keras_class: str
    parameters: Tuple[Tuple[str, str], ...]
    operands: Tuple[str, ...] = ("x",)
    defaults: Dict[str, Any] = field(default_factory=dict)
    adapted: Callable[[Bound], Optional[Bound]] = lambda bound: bound


def _parameters(text: str) -> Tuple[Tuple[str, str], ...]:
    """Parses `features=x axis`: TensorFlow's names, with Keras 3's after `=` if it differs."""
    pairs = [part.partition("=") for part in text.split()]
    return tuple((name, keras or name) for name, _, keras in pairs)


def _binary(keras_class: str) -> Signature:
    return Signature(keras_class, _parameters("x=x1 y=x2"), ("x1", "x2"))


def _unary(keras_class: str, name: str = "x") -> Signature:
    return Signature(keras_class, ((name, "x"),))


def _reduction(keras_class: str) -> Signature:
    return Signature(
        keras_class,
        _parameters("input_tensor=x axis keepdims"),
        defaults={"axis": None, "keepdims": False},
    )


def _no_transposed(bound: Bound) -> Optional[Bound]:
    """`matmul` without transposed operands, as in Keras 3."""
    plain = {"x1": bound["x1"], "x2": bound["x2"]}
    return None if any(value for key, value in bound.items() if key not in plain) else plain


def _pad(bound: Bound) -> Optional[Bound]:
    mode = str(bound["mode"]).lower()
    return {**bound, "mode": mode} if mode in ("constant", "reflect", "symmetric") else None


def _resize(bound: Bound) -> Optional[Bound]:
    if bound.pop("preserve_aspect_ratio", False):
        return None
    return {**bound, "data_format": "channels_last"}


def _pool(bound: Bound) -> Optional[Bound]:
    if bound.pop("data_format", None) not in (None, "NHWC"):
        return None
    window, strides = _spatial(bound["pool_size"]), _spatial(bound["strides"])
    padding = str(bound["padding"]).lower()
    if window is None or strides is None or padding not in ("same", "valid"):
        return None
    return {**bound, "pool_size": window, "strides": strides, "padding": padding}


def _spatial(value: Any) -> Optional[Tuple[int, int]]:
    """Returns (h, w) of a window of one, two or four numbers, of which the outer two are 1."""
    sizes = [value] if isinstance(value, int) else list(value)
    if len(sizes) == 4 and sizes[0] == sizes[3] == 1:
        sizes = sizes[1:3]
    return tuple(sizes * (2 // len(sizes))) if len(sizes) in (1, 2) else None  # type: ignore


def _window(keras_class: str) -> Signature:
    return Signature(
        keras_class,
        _parameters("input=x ksize=pool_size strides padding data_format"),
        adapted=_pool,
    )


_ELEMENTWISE: Dict[str, Signature] = {
    "__operators__.add": _binary("Add"),
    "math.add": _binary("Add"),
    "math.divide": _binary("Divide"),
    "math.maximum": _binary("Maximum"),
    "math.minimum": _binary("Minimum"),
    "math.multiply": _binary("Multiply"),
    "math.subtract": _binary("Subtract"),
    "math.truediv": _binary("TrueDivide"),
    "cast": Signature("Cast", _parameters("x dtype")),
    "clip_by_value": Signature(
        "Clip", _parameters("t=x clip_value_min=x_min clip_value_max=x_max")
    ),
    "identity": _unary("Copy", "input"),
    "math.exp": _unary("Exp"),
    "math.negative": _unary("Negative"),
    "math.sigmoid": _unary("Sigmoid"),
    "math.square": _unary("Square"),
    "math.tanh": _unary("Tanh"),
    "nn.elu": Signature("Elu", _parameters("features=x"), defaults={"alpha": 1.0}),
    "nn.gelu": Signature("Gelu", _parameters("features=x approximate")),
    "nn.leaky_relu": Signature(
        "LeakyRelu",
        _parameters("features=x alpha=negative_slope"),
        defaults={"negative_slope": 0.2},
    ),
    "nn.relu": _unary("Relu", "features"),
    "nn.relu6": _unary("Relu6", "features"),
    "nn.selu": _unary("Selu", "features"),
    "nn.silu": _unary("Silu", "features"),
    "nn.softmax": Signature("Softmax", _parameters("logits=x axis"), defaults={"axis": -1}),
    "stop_gradient": _unary("StopGradient", "input"),
}
_MOVES: Dict[str, Signature] = {
    "__operators__.getitem": Signature("GetItem", _parameters("tensor=x slice_spec=key")),
    "compat.v1.pad": Signature(
        "Pad",
        _parameters("tensor=x paddings=pad_width mode name constant_values"),
        defaults={"mode": "constant"},
        adapted=_pad,
    ),
    "compat.v1.squeeze": Signature(
        "Squeeze", _parameters("input=x axis name squeeze_dims"), defaults={"axis": None}
    ),
    "compat.v1.transpose": Signature(
        "Transpose", _parameters("a=x perm=axes name conjugate"), defaults={"axes": None}
    ),
    "concat": Signature("Concatenate", _parameters("values=xs axis"), ("xs",)),
    "expand_dims": Signature("ExpandDims", _parameters("input=x axis")),
    "image.resize": Signature(
        "Resize",
        _parameters("images=x size method=interpolation preserve_aspect_ratio antialias"),
        defaults={"interpolation": "bilinear"},
        adapted=_resize,
    ),
    "linalg.matmul": Signature(
        "Matmul",
        _parameters(
            "a=x1 b=x2 transpose_a transpose_b adjoint_a adjoint_b a_is_sparse b_is_sparse"
        ),
        ("x1", "x2"),
        adapted=_no_transposed,
    ),
    "math.argmax": Signature(
        "Argmax", _parameters("input=x axis"), defaults={"axis": 0, "keepdims": False}
    ),
    "math.reduce_max": _reduction("Max"),
    "math.reduce_mean": _reduction("Mean"),
    "math.reduce_prod": _reduction("Prod"),
    "math.reduce_sum": _reduction("Sum"),
    "nn.avg_pool2d": _window("AveragePool"),
    "nn.max_pool2d": _window("MaxPool"),
    "nn.avg_pool": _window("AveragePool"),
    "nn.max_pool": _window("MaxPool"),
    "reshape": Signature("Reshape", _parameters("tensor=x shape")),
    "stack": Signature("Stack", _parameters("values=xs axis"), ("xs",), {"axis": 0}),
}

SIGNATURES: Dict[str, Signature] = {**_ELEMENTWISE, **_MOVES}
"""Functions by TensorFlow's public name, without `tf.`."""

KEEPS_BATCH = frozenset(_ELEMENTWISE)
"""Functions whose output has the batch of their operands."""

NODE_SYMBOLS = {
    "Add": "math.add",
    "AddV2": "math.add",
    "ConcatV2": "concat",
    "Maximum": "math.maximum",
    "Minimum": "math.minimum",
    "Mul": "math.multiply",
    "Neg": "math.negative",
    "RealDiv": "math.truediv",
    "Relu": "nn.relu",
    "Relu6": "nn.relu6",
    "Reshape": "reshape",
    "Sigmoid": "math.sigmoid",
    "Softmax": "nn.softmax",
    "Sub": "math.subtract",
    "Tanh": "math.tanh",
    "Transpose": "compat.v1.transpose",
}
"""Functions by the name of a graph node whose operands are their parameters in order."""
