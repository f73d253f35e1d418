"""Pads, by function and by module."""

from __future__ import annotations

from typing import Any, List, Sequence, Tuple

from vai_inspect.core.ir import Value
from vai_inspect.core.ir.attrs import PadAttrs, StridedSliceAttrs
from vai_inspect.frontends.graph_builder import UnreadableError
from vai_inspect.frontends.torch.lower.call import Call
from vai_inspect.frontends.torch.lower.window import sizes

_MODES = {"constant": "CONSTANT", "reflect": "REFLECT", "replicate": "EDGE", "circular": "WRAP"}


def emit_pad(
    call: Call,
    source: Value,
    spatial: Sequence[Tuple[int, int]],
    mode: str,
    value: float = 0.0,
    suffix: str = "",
) -> Value:
    """Emits a pad of the last axes.

    Args:
        call: the call.
        source: the input.
        spatial: (before, after) for each of the last axes, in order.
        mode: XIR's name of the mode.
        value: the value of a constant pad.
        suffix: suffix of its name, if it is not the call's main operator.
    """
    shape = call.shape_of(source)
    pairs = [(0, 0)] * (len(shape) - len(spatial)) + list(spatial)
    out = tuple(size + before + after for size, (before, after) in zip(shape, pairs))
    flat = tuple(side for pair in pairs for side in pair)
    if all(side <= 0 for side in flat) and any(flat) and mode == "CONSTANT":
        begin = tuple(-before for before, _ in pairs)
        end = tuple(size + after for size, (_, after) in zip(shape, pairs))
        attrs = StridedSliceAttrs(begin, end, (1,) * len(shape))
        return call.emit("strided_slice", attrs, [source], out, suffix=suffix)
    if min(flat) < 0:
        raise UnreadableError("it pads some sides and crops others")
    constant = (float(value),) if mode == "CONSTANT" and value else ()
    return call.emit("pad", PadAttrs(flat, mode, constant), [source], out, suffix=suffix)


def _pairs(pad: Sequence[int]) -> List[Tuple[int, int]]:
    """Returns (before, after) per axis; PyTorch lists the axes from the last one on."""
    listed = [int(side) for side in pad]
    return list(zip(listed[::2], listed[1::2]))[::-1]


def _function(call: Call) -> None:
    given = call.given("input", "pad", mode="constant", value=None)
    if given.mode not in _MODES:
        raise UnreadableError(f"XIR has no mode {given.mode!r}")
    emit_pad(
        call, call.value(given.input), _pairs(given.pad), _MODES[given.mode], given.value or 0.0
    )


def _constant_pad_nd(call: Call) -> None:
    given = call.given("input", "pad", value=0)
    emit_pad(call, call.value(given.input), _pairs(given.pad), "CONSTANT", given.value or 0.0)


def _module(mode: str, rank: int) -> Any:
    def lowering(call: Call) -> None:
        layer = call.module
        value = float(getattr(layer, "value", 0.0) or 0.0)
        pairs = _pairs(sizes(layer.padding, 2 * rank))
        emit_pad(call, call.value(call.x), pairs, mode, value)

    return lowering


_CLASSES = {
    "CircularPad": "WRAP",
    "ConstantPad": "CONSTANT",
    "ReflectionPad": "REFLECT",
    "ReplicationPad": "EDGE",
    "ZeroPad": "CONSTANT",
}
MODULES = {
    f"{name}{rank}d": _module(mode, rank) for name, mode in _CLASSES.items() for rank in (1, 2, 3)
}
FUNCTIONS = {"pad": _function, "constant_pad_nd": _constant_pad_nd}
