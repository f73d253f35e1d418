"""Convolutions and transposed convolutions of one, two and three dimensions."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

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


def convolution(call: Call, weight: Sequence[int], given: Any) -> None:
    """Emits a convolution; with one group per input channel it is depthwise.

    Args:
        call: the call.
        weight: shape of the weights in PyTorch's layout [oc, ic / group, (kd), (kh), kw].
        given: the settings by the names of torch's arguments; a stride, padding or dilation is one
            number or one per axis, the padding also `same` or `valid`. A padding mode other than
            zeros becomes a separate pad.
    """
    padding, groups = given.padding, int(given.groups)
    mode = getattr(given, "padding_mode", "zeros")
    rank = len(weight) - 2
    outputs, kernel = weight[0], tuple(weight[2:])
    _check_rank(call, rank)
    if isinstance(padding, str):
        call.keep_argument("padding", padding)
    channels = call.x.shape[1]
    steps, gaps = sizes(given.stride, rank), sizes(given.dilation, rank)
    pairs = pad_pairs(padding, kernel, steps, gaps)
    source = call.value(call.x)
    if mode != "zeros" and any(side for pair in pairs for side in pair):
        source = emit_pad(call, source, pairs, _PAD_MODES[mode], suffix="pad")
        pairs = [(0, 0)] * rank
    window = _window(kernel, steps, gaps, pairs)
    inputs, params = [source], _params(outputs, given.bias)
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


def transposed(call: Call, weight: Sequence[int], given: Any) -> None:
    """Emits a transposed convolution; weights [ic, oc / group, (kd), kh, kw] in PyTorch."""
    groups = int(given.groups)
    rank = len(weight) - 2
    if rank == 1:
        raise UnreadableError("XIR has no 1-D transposed convolution")
    _check_rank(call, rank)
    kernel, channels = tuple(weight[2:]), weight[0]
    outputs = weight[1] * groups
    steps, gaps = sizes(given.stride, rank), sizes(given.dilation, rank)
    pads = sizes(given.padding, rank)
    # The output padding is derived from PyTorch's output size.
    extra = [
        out - ((size - 1) * step - 2 * pad + gap * (k - 1) + 1)
        for out, size, step, pad, gap, k in zip(
            call.output.shape[2:], call.x.shape[2:], steps, pads, gaps, kernel
        )
    ]
    window = _window(kernel, steps, gaps, [(pad, pad) for pad in pads])
    window["output_padding"] = xir(extra)
    params = _params(outputs, given.bias)
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


def _params(outputs: int, bias: Any) -> Params:
    params: Params = [("weights", ())]
    return params if bias is None else [*params, ("bias", (outputs,))]


def _check_rank(call: Call, rank: int) -> None:
    if call.x.rank == rank + 1 and call.reads_input:
        raise InputShapeError(
            f"{call.name} reads an input of the shape {call.x.shape}, which has no batch axis; "
            f"give the batch first: {how_to_give((1, *call.x.shape))}."
        )
    if call.x.rank != rank + 2:
        raise UnreadableError(f"its input {call.x.shape} has no batch axis")


def constant_weight(weight: Any) -> Tuple[int, ...]:
    """Returns the shape of constant weights, as those of a module are.

    Raises:
        UnreadableError: they are computed from the model's inputs.
    """
    if not getattr(weight, "constant", True):
        raise UnreadableError("its weights are computed from the model's inputs")
    return tuple(weight.shape)


def _weight(call: Call, weight: Any) -> Tuple[int, ...]:
    if isinstance(weight, Tensor):
        call.keep_argument("computed", "weight")
    return constant_weight(weight)


def _convolution(call: Call) -> None:
    given = call.settings("input", "weight", bias=None, stride=1, padding=0, dilation=1, groups=1)
    convolution(call, _weight(call, given.weight), given)


def _transposed(call: Call) -> None:
    given = call.settings(
        "input", "weight", bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
    )
    transposed(call, _weight(call, given.weight), given)


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
    write(call, _weight(call, given.weight), given)


MODULES = {
    **{f"Conv{rank}d": _convolution for rank in (1, 2, 3)},
    **{f"ConvTranspose{rank}d": _transposed for rank in (1, 2, 3)},
}
FUNCTIONS = {
    **{f"conv{rank}d": _convolution for rank in (1, 2, 3)},
    **{f"conv_transpose{rank}d": _transposed for rank in (1, 2, 3)},
    "convolution": _any_convolution,
}
