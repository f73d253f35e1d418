"""Activations."""

from __future__ import annotations

from typing import Dict, Optional, Tuple

from vai_inspect.core.ir.attrs import AxisAttrs, EluAttrs, LeakyReluAttrs
from vai_inspect.frontends.onnx.call import Call, Lowering
from vai_inspect.frontends.onnx.lower.elementwise import unary
from vai_inspect.frontends.onnx.node_reader import NodeReader
from vai_inspect.frontends.onnx.tensors import Constant, UnreadableError


def _leaky_relu(call: Call) -> None:
    call.emit("leaky-relu", LeakyReluAttrs(_decimal(call.number("alpha", 0.01))))


def _elu(kind: str) -> Lowering:
    def lowering(call: Call) -> None:
        call.emit(kind, EluAttrs(_decimal(call.number("alpha", 1.0))))

    return lowering


def _decimal(number: float) -> float:
    """Returns the shortest decimal of a 32-bit float, as in the user's code."""
    return float(f"{number:.7g}")


def _prelu(call: Call) -> None:
    """Slopes are [c] or [c, 1, 1] without the batch axis; in NHWC they are [1, 1, c]."""
    slopes = call.constant(1).shape
    wide = [size for size in slopes if size != 1]
    channels = call.x.shape[1] if call.x.rank > 1 else 1
    if wide and wide != [channels]:
        raise UnreadableError(f"its slopes {slopes} are not one per channel")
    # Right-aligned for broadcasting, the slopes must be along the channel axis.
    aligned = (1,) * (call.x.rank - len(slopes)) + slopes
    if wide and aligned[1] != channels:
        raise UnreadableError(f"its slopes {slopes} are not along the channels")
    shape = (1,) * max(call.x.rank - 2, 0) + tuple(wide or (1,))
    call.emit("prelu", params=[("weight", shape)])


def _hard_sigmoid(call: Call) -> None:
    alpha, beta = call.number("alpha", 0.2), call.number("beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and abs(beta - 0.5) < 1e-6:
        call.emit("hard-sigmoid")
    else:
        formula = f"clip({alpha:g} * x + {beta:g}, 0, 1)"
        call.unknown([call.x.shape], message=formula)


def _softmax(call: Call) -> None:
    rank = call.x.rank
    if not rank:
        raise UnreadableError("its input is a scalar")
    axis = call.integer("axis", -1 if call.opset >= 13 else 1)
    if not -rank <= axis <= rank:
        raise UnreadableError(f"axis {axis} is out of range for rank {rank}")
    axis %= rank
    # Before opset 13 the axes from this one on are flattened into one.
    if call.opset < 13 and any(size != 1 for size in call.x.shape[axis + 1 :]):
        call.unknown([call.x.shape], message=f"over all axes from {axis} on")
        return
    call.emit("softmax", AxisAttrs(axis))


_KINDS: Dict[Tuple[Optional[float], Optional[float]], str] = {
    (0.0, 6.0): "relu6",
    (-1.0, 1.0): "hard-tanh",
    (0.0, None): "relu",
}


def _clip(call: Call) -> None:
    """Clip to [0, 6] is relu6, to [-1, 1] XIR's hard-tanh, to [0, inf) relu."""
    low, high = bounds(call)
    low = None if low is not None and low <= -3.4e38 else low
    high = None if high is not None and high >= 3.4e38 else high
    kind = _KINDS.get((low, high))
    if kind is not None:
        call.emit(kind)
    else:
        limits = ", ".join(f"{one:g}" if one is not None else "none" for one in (low, high))
        call.unknown([call.x.shape], f"Clip({limits})")


def bounds(call: NodeReader) -> Tuple[Optional[float], Optional[float]]:
    """Returns the bounds of a Clip, None for a missing one.

    Raises:
        UnreadableError: a bound depends on the model's inputs.
    """
    if call.opset >= 11:
        return _bound(call, 1), _bound(call, 2)
    attributes = call.node.attributes
    low, high = attributes.get("min"), attributes.get("max")
    return (None if low is None else low.number), (None if high is None else high.number)


def _bound(call: NodeReader, at: int) -> Optional[float]:
    if not call.has(at):
        return None
    bound = call.input(at)
    if not isinstance(bound, Constant) or bound.values is None or len(bound.values) != 1:
        raise UnreadableError("its bounds are not known")
    return float(bound.values[0])


def _swish(call: Call) -> None:
    if call.number("alpha", 1.0) == 1:
        call.emit("swish")
    else:
        call.unknown([call.x.shape], f"Swish({call.number('alpha', 1.0):g})")


LOWERINGS: Dict[str, Lowering] = {
    "Celu": _elu("celu"),
    "Clip": _clip,
    "Elu": _elu("elu"),
    "Gelu": unary("gelu"),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": unary("hard-swish"),
    "LeakyRelu": _leaky_relu,
    "Mish": unary("mish"),
    "PRelu": _prelu,
    "Relu": unary("relu"),
    "Selu": unary("selu"),
    "Sigmoid": unary("sigmoid"),
    "Softmax": _softmax,
    "Swish": _swish,
    "Tanh": unary("tanh"),
}
