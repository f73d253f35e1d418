"""Convolutions and transposed convolutions of one, two and three dimensions."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Sequence, Tuple

from vai_inspect.core.ir.attrs import (
    Conv1dAttrs,
    Conv2dAttrs,
    Conv3dAttrs,
    DepthwiseConv2dAttrs,
    DepthwiseConv3dAttrs,
    TransposedConv2dAttrs,
    TransposedConv3dAttrs,
    TransposedDepthwiseConv2dAttrs,
    TransposedDepthwiseConv3dAttrs,
)
from vai_inspect.frontends.onnx.call import Call
from vai_inspect.frontends.onnx.lower.window import Window, window, xir, xir_pads
from vai_inspect.frontends.onnx.tensors import Shape, UnreadableError

Params = List[Tuple[str, Sequence[int]]]


def _weights(call: Call, at: int) -> Tuple[Shape, int]:
    weight = call.constant(at).shape
    rank = len(weight) - 2
    if not 1 <= rank <= 3:
        raise UnreadableError(f"its weights {weight} do not have 1 to 3 spatial axes")
    return weight, rank


def _convolution(call: Call) -> None:
    """Weights are [oc, ic / group, (kd), (kh), kw]; with one group per channel it is depthwise."""
    weight, rank = _weights(call, 1)
    outputs, kernel = weight[0], weight[2:]
    shape = _figures(window(call, kernel))
    groups, channels = call.integer("group", 1), call.x.shape[1]
    source = [call.value(call.x)]
    params = _params(outputs, call.has(2))
    if rank == 2 and groups > 1 and groups == channels:
        multiplier = outputs // channels
        params[0] = ("weights", (multiplier, *kernel, channels))
        attrs: Any = DepthwiseConv2dAttrs(multiplier=multiplier, **shape)
        call.emit("depthwise-conv2d", attrs, source, params)
    elif rank == 3 and groups > 1 and groups == channels == outputs:
        params[0] = ("weights", (1, *kernel, channels))
        call.emit("depthwise-conv3d", DepthwiseConv3dAttrs(**shape), source, params)
    else:
        params[0] = ("weights", (outputs, *kernel, weight[1]))
        cls: Any = (Conv1dAttrs, Conv2dAttrs, Conv3dAttrs)[rank - 1]
        call.emit(f"conv{rank}d", cls(group=groups, **shape), source, params)


def _transposed(call: Call) -> None:
    """Weights are [ic, oc / group, (kd), kh, kw]."""
    weight, rank = _weights(call, 1)
    if rank == 1:
        raise UnreadableError("XIR has no 1-D transposed convolution")
    kernel, channels, groups = weight[2:], weight[0], call.integer("group", 1)
    outputs = weight[1] * groups
    shape = window(call, kernel, transposed=True)
    extra = call.integers("output_padding", (0,) * rank)
    if len(extra) != rank:
        raise UnreadableError(f"its output_padding is not for {rank} axes")
    shape, extra = _cropped(call, shape, extra)
    figures = _figures(shape)
    figures["output_padding"] = xir(extra)
    params = _params(outputs, call.has(2))
    source = [call.value(call.x)]
    if groups > 1 and groups == channels == outputs:
        params[0] = ("weights", (1, *kernel, channels))
        cls: Any = (TransposedDepthwiseConv2dAttrs, TransposedDepthwiseConv3dAttrs)[rank - 2]
        kind = f"transposed-depthwise-conv{rank}d"
        call.emit(kind, cls(**figures), source, params)
    else:
        params[0] = ("weights", (outputs, *kernel, channels // groups if groups > 0 else 0))
        cls = (TransposedConv2dAttrs, TransposedConv3dAttrs)[rank - 2]
        kind = f"transposed-conv{rank}d"
        call.emit(kind, cls(group=groups, **figures), source, params)


def _cropped(call: Call, shape: Window, extra: Tuple[int, ...]) -> Tuple[Window, Tuple[int, ...]]:
    """Returns the pads of a transposed convolution from its output size or auto_pad."""
    mode = call.text("auto_pad", "NOTSET")
    wanted = call.integers("output_shape", ())[-len(extra) :]
    if not wanted and not mode.startswith("SAME"):
        return shape, extra
    sizes = wanted or tuple(size * s for size, s in zip(call.x.shape[2:], shape.stride))
    pads, added = [], []
    for size, out, k, s, d, more in zip(
        call.x.shape[2:], sizes, shape.kernel, shape.stride, shape.dilation, extra
    ):
        total = (size - 1) * s + more + (k - 1) * d + 1 - out
        less, more_half = max(total, 0) // 2, max(total, 0) - max(total, 0) // 2
        pads.append((less, more_half) if mode == "SAME_UPPER" else (more_half, less))
        added.append(more + max(-total, 0))
    return shape._replace(pads=pads), tuple(added)


def _figures(shape: Window) -> Dict[str, Any]:
    """Returns the attributes common to all convolutions, in XIR's order."""
    return {
        "kernel": xir(shape.kernel),
        "stride": xir(shape.stride),
        "dilation": xir(shape.dilation),
        "pad": xir_pads(shape.pads),
    }


def _params(outputs: int, bias: bool) -> Params:
    params: Params = [("weights", ())]
    return [*params, ("bias", (outputs,))] if bias else params


LOWERINGS: Dict[str, Callable[[Call], None]] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed,
}
