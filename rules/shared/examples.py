"""Builders for the small graphs that constraints give as examples.

Each returns a function that builds the graph, so that importing the rules builds none.
"""

from __future__ import annotations

from typing import Callable, Dict, List, Optional, Sequence, Tuple

from vai_inspect.core.ir import Graph, Op, Param, TensorType, Value
from vai_inspect.core.ir import attrs as a
from vai_inspect.core.ir.ops import output_shape
from vai_inspect.rules.engine.example import Example

Shape = Tuple[int, ...]
Build = Callable[[], Graph]


def data(shape: Shape, name: str = "data") -> Op:
    """Returns an input of the graph."""
    return Op(name, "data", a.TensorAttrs(shape), outputs=(TensorType(shape),))


def const(shape: Shape, name: str = "const") -> Op:
    """Returns a constant."""
    return Op(name, "const", a.TensorAttrs(shape), outputs=(TensorType(shape),))


def op(
    kind: str,
    inputs: Sequence[str],
    shape: Shape,
    attrs: Optional[a.Attrs] = None,
    name: str = "op",
    weights: Optional[Shape] = None,
) -> Op:
    """Returns an operator that reads the first outputs of others."""
    params = (Param("weights", TensorType(weights)),) if weights else ()
    return Op(
        name,
        kind,
        attrs or a.NoAttrs(),
        tuple(Value(source) for source in inputs),
        (TensorType(shape),),
        params,
    )


def graph(*ops: Op) -> Build:
    """Returns a builder of the graph of these operators, its last one the output.

    Where the definition of an operator's kind determines its shape, it has that one.
    """

    def build() -> Graph:
        shaped: Dict[str, Op] = {}
        for one in (*ops, op("return", [ops[-1].name], (), name="return")):
            inputs = [shaped[value.op].output.shape for value in one.inputs]
            params = {param.role: param.type.shape for param in one.params}
            shape = output_shape(one.kind, one.attrs, inputs, params)
            if shape is not None:
                one = one.replaced(outputs=(TensorType(shape),))
            shaped[one.name] = one
        return Graph("example", list(shaped.values()))

    return build


def out_size(size: int, kernel: int, stride: int, dilation: int, pads: int) -> int:
    """Returns the output size of a window along one axis."""
    return max(0, (size + pads - (kernel - 1) * dilation - 1) // stride + 1)


def _window_shape(shape: Shape, attrs: a.WindowAttrs2d, channels: int) -> Shape:
    left, right, top, bottom = attrs.pad
    (kw, kh), (sw, sh), (dw, dh) = attrs.kernel, attrs.stride, attrs.dilation
    height = out_size(shape[1], kh, sh, dh, top + bottom)
    width = out_size(shape[2], kw, sw, dw, left + right)
    return (shape[0], height, width, channels)


def conv_op(
    shape: Shape,
    oc: int = 16,
    name: str = "op",
    source: str = "data",
    kernel: Tuple[int, int] = (3, 3),
    **attrs: object,
) -> Op:
    """Returns a `conv2d` that reads a tensor of the given NHWC shape."""
    made = a.Conv2dAttrs(kernel, **attrs)  # type: ignore[arg-type]
    weights = (oc, kernel[1], kernel[0], shape[3] // made.group)
    return op("conv2d", [source], _window_shape(shape, made, oc), made, name, weights)


def conv(text: str, shape: Shape = (1, 64, 64, 16), oc: int = 16, **attrs: object) -> Example:
    """Returns the example of one `conv2d` on an input."""
    return Example(text, graph(data(shape), conv_op(shape, oc, **attrs)))  # type: ignore[arg-type]


def depthwise_op(
    shape: Shape,
    name: str = "op",
    source: str = "data",
    kernel: Tuple[int, int] = (3, 3),
    multiplier: int = 1,
    **attrs: object,
) -> Op:
    """Returns a `depthwise-conv2d` that reads a tensor of the given NHWC shape."""
    made = a.DepthwiseConv2dAttrs(kernel, multiplier=multiplier, **attrs)  # type: ignore[arg-type]
    channels = shape[3] * multiplier
    weights = (multiplier, kernel[1], kernel[0], shape[3])
    out = _window_shape(shape, made, channels)
    return op("depthwise-conv2d", [source], out, made, name, weights)


def depthwise(text: str, shape: Shape = (1, 64, 64, 16), **attrs: object) -> Example:
    """Returns the example of one `depthwise-conv2d` on an input."""
    return Example(text, graph(data(shape), depthwise_op(shape, **attrs)))  # type: ignore[arg-type]


def transposed(
    text: str,
    shape: Shape = (1, 8, 8, 16),
    oc: int = 16,
    kernel: Tuple[int, int] = (2, 2),
    stride: Tuple[int, int] = (2, 2),
    depthwise_: bool = False,
    **attrs: object,
) -> Example:
    """Returns the example of one transposed convolution on an input."""
    if depthwise_:
        made: a.WindowAttrs2d = a.TransposedDepthwiseConv2dAttrs(kernel, stride, **attrs)  # type: ignore[arg-type]
        kind, oc, weights = (
            "transposed-depthwise-conv2d",
            shape[3],
            (1, kernel[1], kernel[0], shape[3]),
        )
    else:
        made = a.TransposedConv2dAttrs(kernel, stride, **attrs)  # type: ignore[arg-type]
        kind, weights = "transposed-conv2d", (oc, kernel[1], kernel[0], shape[3] // made.group)
    added = getattr(made, "output_padding", (0, 0))
    size: List[int] = []
    for axis, extent in ((1, shape[1]), (0, shape[2])):
        pads = sum(made.pad[2:] if axis else made.pad[:2])
        reach = made.dilation[axis] * (kernel[axis] - 1) + 1
        size.append((extent - 1) * stride[axis] + reach - pads + added[axis])
    out = (shape[0], size[0], size[1], oc)
    return Example(text, graph(data(shape), op(kind, ["data"], out, made, weights=weights)))


def pool(
    text: str,
    kind: str = "maxpool2d",
    shape: Shape = (1, 64, 64, 16),
    kernel: Tuple[int, int] = (2, 2),
    stride: Tuple[int, int] = (2, 2),
    pad: Tuple[int, int, int, int] = (0, 0, 0, 0),
) -> Example:
    """Returns the example of one pool on an input."""
    made: a.Attrs = (a.MaxPool2dAttrs if kind == "maxpool2d" else a.AvgPool2dAttrs)(
        kernel, stride, pad=pad
    )
    height = out_size(shape[1], kernel[1], stride[1], 1, pad[2] + pad[3])
    width = out_size(shape[2], kernel[0], stride[0], 1, pad[0] + pad[1])
    out = (shape[0], height, width, shape[3])
    return Example(text, graph(data(shape), op(kind, ["data"], out, made)))


def after_conv(
    text: str, kind: str, attrs: Optional[a.Attrs] = None, shape: Optional[Shape] = None
) -> Example:
    """Returns the example of an operator after a 3x3 convolution with a (1, 30, 30, 16) output."""
    first = conv_op((1, 32, 32, 16), name="conv")
    return Example(
        text,
        graph(data((1, 32, 32, 16)), first, op(kind, ["conv"], shape or first.output.shape, attrs)),
    )


def alone(
    text: str,
    kind: str,
    attrs: Optional[a.Attrs] = None,
    shape: Shape = (1, 32, 32, 16),
    out: Optional[Shape] = None,
    weights: Optional[Shape] = None,
) -> Example:
    """Returns the example of one operator on an input."""
    return Example(
        text, graph(data(shape), op(kind, ["data"], out or shape, attrs, weights=weights))
    )


def between_convs(
    text: str,
    kind: str,
    attrs: Optional[a.Attrs] = None,
    shape: Shape = (1, 30, 30, 16),
    second: Optional[Shape] = None,
) -> Example:
    """Returns the example of an operator with two convolutions as inputs.

    The first gives `shape`, the second gives `second` or the same.
    """

    def source(name: str, wanted: Shape) -> List[Op]:
        before = (wanted[0], wanted[1], wanted[2], 16)
        start = data(before, name + "_data")
        return [start, conv_op(before, wanted[3], name, start.name, kernel=(1, 1))]

    ops = source("first", shape) + source("second", second or shape)
    return Example(text, graph(*ops, op(kind, ["first", "second"], shape, attrs)))
