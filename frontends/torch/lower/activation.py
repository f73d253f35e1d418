"""Activations: modules and functions."""

from __future__ import annotations

from typing import Any, Callable, Dict

from vai_inspect.core.ir.attrs import AxisAttrs, EluAttrs, LeakyReluAttrs
from vai_inspect.frontends.graph_builder import UnreadableError
from vai_inspect.frontends.torch.lower.call import Call
from vai_inspect.frontends.torch.lower.conv import constant_weight
from vai_inspect.frontends.torch.lower.elementwise import unary

Lowering = Callable[[Call], None]

_KINDS = {
    "gelu": "gelu",
    "hardsigmoid": "hard-sigmoid",
    "hardswish": "hard-swish",
    "mish": "mish",
    "relu": "relu",
    "relu6": "relu6",
    "selu": "selu",
    "sigmoid": "sigmoid",
    "silu": "swish",
    "tanh": "tanh",
}
_CLASSES = {
    "GELU": "gelu",
    "Hardsigmoid": "hardsigmoid",
    "Hardswish": "hardswish",
    "Mish": "mish",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "SELU": "selu",
    "SiLU": "silu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
}


def _leaky_relu(call: Call) -> None:
    given = call.settings("input", negative_slope=0.01, inplace=False)
    call.emit("leaky-relu", LeakyReluAttrs(float(given.negative_slope)))


def _elu(kind: str) -> Lowering:
    def lowering(call: Call) -> None:
        given = call.settings("input", alpha=1.0, inplace=False)
        call.emit(kind, EluAttrs(float(given.alpha)))

    return lowering


def _hardtanh(call: Call) -> None:
    """From 0 to 6 it is a relu6, from -1 to 1 XIR's hard-tanh."""
    given = call.settings("input", min_val=-1.0, max_val=1.0, inplace=False)
    low, high = given.min_val, given.max_val
    kind = {(0, 6): "relu6", (-1, 1): "hard-tanh"}.get((low, high))
    if kind is None:
        call.unknown(f"{call.step.operation}({low:g}, {high:g})", transparent=True)
    else:
        call.emit(kind)


def _prelu(call: Call) -> None:
    slopes = constant_weight(call.settings("input", "weight").weight)
    # One slope, or one for each channel, which is the last axis of NHWC.
    shape = (1,) * max(call.x.rank - 2, 0) + slopes
    call.emit("prelu", params=[("weight", shape)])


def _softmax(call: Call) -> None:
    given = call.settings("input", dim=None, _stacklevel=3, dtype=None)
    dim = getattr(given, "dim", 1)  # Softmax2d has none
    rank = call.x.rank
    if dim is None:  # as torch.nn.functional chooses it
        dim = 0 if rank in (0, 1, 3) else 1
    if not rank:
        raise UnreadableError("its input is a scalar")
    call.emit("softmax", AxisAttrs(int(dim) % rank))


_SPECIAL: Dict[str, Any] = {
    "celu": _elu("celu"),
    "elu": _elu("elu"),
    "hardtanh": _hardtanh,
    "leaky_relu": _leaky_relu,
    "prelu": _prelu,
    "softmax": _softmax,
}

FUNCTIONS: Dict[str, Lowering] = {
    **{name: unary(kind) for name, kind in _KINDS.items()},
    **_SPECIAL,
}
MODULES: Dict[str, Lowering] = {
    **{cls: FUNCTIONS[name] for cls, name in _CLASSES.items()},
    "CELU": _SPECIAL["celu"],
    "ELU": _SPECIAL["elu"],
    "Hardtanh": _hardtanh,
    "LeakyReLU": _leaky_relu,
    "PReLU": _prelu,
    "Softmax": _softmax,
    "Softmax2d": _softmax,
}
