"""Convolutions and transposed convolutions of one, two and three dimensions."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

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
from vai_inspect.frontends.onnx.call import Call, Lowering
from vai_inspect.frontends.onnx.lower.window import Window, explicit_window, window, xir, xir_pads
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
    settings = _settings(window(call, kernel))
    groups, channels = call.integer("group", 1), call.x.shape[1]
    if rank == 2 and groups > 1 and groups == channels:
        multiplier = outputs // channels
        params = _params(call, outputs, (multiplier, *kernel, channels))
        attrs: Any = DepthwiseConv2dAttrs(multiplier=multiplier, **settings)
        call.emit("depthwise-conv2d", attrs, params=params)
    elif rank == 3 and groups > 1 and groups == channels == outputs:
        params = _params(call, outputs, (1, *kernel, channels))
        call.emit("depthwise-conv3d", DepthwiseConv3dAttrs(**settings), params=params)
    else:
        params = _params(call, outputs, (outputs, *kernel, weight[1]))
        cls: Any = (Conv1dAttrs, Conv2dAttrs, Conv3dAttrs)[rank - 1]
        call.emit(f"conv{rank}d", cls(group=groups, **settings), params=params)


def _transposed(call: Call) -> None:
    """Weights are [ic, oc / group, (kd), kh, kw]."""
    weight, rank = _weights(call, 1)
    if rank == 1:
        raise UnreadableError("XIR has no 1-D transposed convolution")
    kernel, channels, groups = weight[2:], weight[0], call.integer("group", 1)
    outputs = weight[1] * groups
    one = explicit_window(call, kernel)
    extra = call.integers("output_padding", (0,) * rank)
    if len(extra) != rank:
        raise UnreadableError(f"its output_padding is not for {rank} axes")
    one, extra = _cropped(call, one, extra)
    settings = _settings(one)
    settings["output_padding"] = xir(extra)
    if groups > 1 and groups == channels == outputs:
        params = _params(call, outputs, (1, *kernel, channels))
        cls: Any = (TransposedDepthwiseConv2dAttrs, TransposedDepthwiseConv3dAttrs)[rank - 2]
        kind = f"transposed-depthwise-conv{rank}d"
        call.emit(kind, cls(**settings), params=params)
    else:
        params = _params(call, outputs, (outputs, *kernel, channels // groups if groups > 0 else 0))
        cls = (TransposedConv2dAttrs, TransposedConv3dAttrs)[rank - 2]
        kind = f"transposed-conv{rank}d"
        call.emit(kind, cls(group=groups, **settings), params=params)


def _cropped(call: Call, one: Window, extra: Tuple[int, ...]) -> Tuple[Window, Tuple[int, ...]]:
    """Returns the pads of a transposed convolution from its output size or auto_pad."""
    mode = call.text("auto_pad", "NOTSET")
    wanted = call.integers("output_shape", ())[-len(extra) :]
    if not wanted and not mode.startswith("SAME"):
        return one, extra
    sizes = wanted or tuple(size * s for size, s in zip(call.x.shape[2:], one.stride))
    pads, added = [], []
    for size, out, k, s, d, more in zip(
        call.x.shape[2:], sizes, one.kernel, one.stride, one.dilation, extra
    ):
        total = (size - 1) * s + more + (k - 1) * d + 1 - out
        less, more_half = max(total, 0) // 2, max(total, 0) - max(total, 0) // 2
        pads.append((less, more_half) if mode == "SAME_UPPER" else (more_half, less))
        added.append(more + max(-total, 0))
    return one._replace(pads=pads), tuple(added)


def _settings(one: Window) -> Dict[str, Any]:
    """Returns the attributes common to all convolutions, in XIR's order."""
    return {
        "kernel": xir(one.kernel),
        "stride": xir(one.stride),
        "dilation": xir(one.dilation),
        "pad": xir_pads(one.pads),
    }


def _params(call: Call, outputs: int, weights: Sequence[int]) -> Params:
    params: Params = [("weights", weights)]
    return [*params, ("bias", (outputs,))] if call.has(2) else params


LOWERINGS: Dict[str, Lowering] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed,
}
