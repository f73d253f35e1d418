"""Convolutions and transposed convolutions of one, two and three dimensions."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Sequence, Tuple

from vai_inspect.core.errors import InputShapeError, how_to_give
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
from vai_inspect.frontends.graph_builder import UnreadableError
from vai_inspect.frontends.torch.capture.trace_ir import Tensor
from vai_inspect.frontends.torch.lower.call import Call
from vai_inspect.frontends.torch.lower.padding import emit_pad
from vai_inspect.frontends.torch.lower.window import pad_pairs, sizes, xir, xir_pads

_PAD_MODES = {"reflect": "REFLECT", "replicate": "EDGE", "circular": "WRAP"}
Params = List[Tuple[str, Sequence[int]]]


def convolution(
    call: Call,
    weight: Sequence[int],
    bias: bool,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    mode: str = "zeros",
) -> None:
    """Emits a convolution; with one group per input channel it is depthwise.

    Args:
        call: the call.
        weight: shape of the weights in PyTorch's layout [oc, ic / group, (kd), (kh), kw].
        bias: whether there is one.
        stride: one number, or one per axis.
        padding: likewise, or `same` or `valid`.
        dilation: likewise.
        groups: number of groups.
        mode: padding mode; a mode other than zeros becomes a separate pad.
    """
    rank = len(weight) - 2
    outputs, kernel = weight[0], tuple(weight[2:])
    _check_rank(call, rank)
    if isinstance(padding, str):
        call.keep_argument("padding", padding)
    channels = call.x.shape[1]
    steps, gaps = sizes(stride, rank), sizes(dilation, rank)
    pairs = pad_pairs(padding, kernel, steps, gaps)
    source = call.value(call.x)
    if mode != "zeros" and any(side for pair in pairs for side in pair):
        source = emit_pad(call, source, pairs, _PAD_MODES[mode], suffix="pad")
        pairs = [(0, 0)] * rank
    window = _window(kernel, steps, gaps, pairs)
    inputs, params = [source], _params(outputs, bias)
    depthwise = groups > 1 and groups == channels
    if rank == 2 and depthwise:
        multiplier = outputs // channels
        params[0] = ("weights", (multiplier, *kernel, channels))
        attrs: Any = DepthwiseConv2dAttrs(multiplier=multiplier, **window)
        call.emit("depthwise-conv2d", attrs, inputs, params=params)
    elif rank == 3 and depthwise and outputs == channels:
        params[0] = ("weights", (1, *kernel, channels))
        call.emit("depthwise-conv3d", DepthwiseConv3dAttrs(**window), inputs, params=params)
    else:
        params[0] = ("weights", (outputs, *kernel, weight[1]))
        cls: Any = (Conv1dAttrs, Conv2dAttrs, Conv3dAttrs)[rank - 1]
        kind = f"conv{rank}d"
        call.emit(kind, cls(group=groups, **window), inputs, params=params)


def transposed(
    call: Call,
    weight: Sequence[int],
    bias: bool,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> None:
    """Emits a transposed convolution; weights [ic, oc / group, (kd), kh, kw] in PyTorch."""
    rank = len(weight) - 2
    if rank == 1:
        raise UnreadableError("XIR has no 1-D transposed convolution")
    _check_rank(call, rank)
    kernel, channels = tuple(weight[2:]), weight[0]
    outputs = weight[1] * groups
    steps, gaps, pads = sizes(stride, rank), sizes(dilation, rank), sizes(padding, rank)
    # The output padding is derived from PyTorch's output size.
    extra = [
        out - ((size - 1) * step - 2 * pad + gap * (k - 1) + 1)
        for out, size, step, pad, gap, k in zip(
            call.output.shape[2:], call.x.shape[2:], steps, pads, gaps, kernel
        )
    ]
    window = _window(kernel, steps, gaps, [(pad, pad) for pad in pads])
    window["output_padding"] = xir(extra)
    params = _params(outputs, bias)
    if groups > 1 and groups == channels == outputs:
        params[0] = ("weights", (1, *kernel, channels))
        cls: Any = (TransposedDepthwiseConv2dAttrs, TransposedDepthwiseConv3dAttrs)[rank - 2]
        kind = f"transposed-depthwise-conv{rank}d"
        call.emit(kind, cls(**window), params=params)
    else:
        params[0] = ("weights", (outputs, *kernel, channels // groups))
        cls = (TransposedConv2dAttrs, TransposedConv3dAttrs)[rank - 2]
        call.emit(f"transposed-conv{rank}d", cls(group=groups, **window), params=params)


def _window(
    kernel: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
    pairs: Sequence[Tuple[int, int]],
) -> Dict[str, Any]:
    """Returns the attributes common to all convolutions, in XIR's order."""
    return {
        "kernel": xir(kernel),
        "stride": xir(stride),
        "dilation": xir(dilation),
        "pad": xir_pads(pairs),
    }


def _params(outputs: int, bias: bool) -> Params:
    params: Params = [("weights", ())]
    return [*params, ("bias", (outputs,))] if bias else params


def _check_rank(call: Call, rank: int) -> None:
    if call.x.rank == rank + 1 and call.reads_input:
        raise InputShapeError(
            f"{call.name} reads an input of the shape {call.x.shape}, which has no batch axis; "
            f"give the batch first: {how_to_give((1, *call.x.shape))}."
        )
    if call.x.rank != rank + 2:
        raise UnreadableError(f"its input {call.x.shape} has no batch axis")


def _written(
    write: Callable[..., None], call: Call, weight: Sequence[int], settings: Any, **more: Any
) -> None:
    """Emits a convolution with the settings of a module or the arguments of a call."""
    write(
        call,
        weight,
        settings.bias is not None,
        settings.stride,
        settings.padding,
        settings.dilation,
        int(settings.groups),
        **more,
    )


def _module(call: Call) -> None:
    layer = call.module
    _written(convolution, call, tuple(layer.weight.shape), layer, mode=layer.padding_mode)


def _transposed_module(call: Call) -> None:
    _written(transposed, call, tuple(call.module.weight.shape), call.module)


def constant_weight(weight: Any) -> Tuple[int, ...]:
    """Returns the shape of constant weights.

    Raises:
        UnreadableError: they are computed from the model's inputs.
    """
    if not weight.constant:
        raise UnreadableError("its weights are computed from the model's inputs")
    return tuple(weight.shape)


def _weight(call: Call, weight: Any) -> Tuple[int, ...]:
    if isinstance(weight, Tensor):
        call.keep_argument("computed", "weight")
    return constant_weight(weight)


def _function(call: Call) -> None:
    given = call.given("input", "weight", bias=None, stride=1, padding=0, dilation=1, groups=1)
    _written(convolution, call, _weight(call, given.weight), given)


def _transposed_function(call: Call) -> None:
    given = call.given(
        "input", "weight", bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
    )
    _written(transposed, call, _weight(call, given.weight), given)


def _any_convolution(call: Call) -> None:
    """`torch.convolution` and ATen's."""
    given = call.given(
        "input",
        "weight",
        "bias",
        "stride",
        "padding",
        "dilation",
        "transposed",
        "output_padding",
        "groups",
    )
    write = transposed if given.transposed else convolution
    _written(write, call, _weight(call, given.weight), given)


MODULES = {
    **{f"Conv{rank}d": _module for rank in (1, 2, 3)},
    **{f"ConvTranspose{rank}d": _transposed_module for rank in (1, 2, 3)},
}
FUNCTIONS = {
    **{f"conv{rank}d": _function for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": _transposed_function for rank in (1, 2, 3)},
    "convolution": _any_convolution,
}
