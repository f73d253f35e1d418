"""Runs an IR graph with numbers, to compare what it computes with what the module computes."""

from __future__ import annotations

from typing import Any, Dict, List

import torch
from torch.nn import functional as F  # noqa: N812

from vai_inspect.core.ir import Graph, Op, Value

_PLAIN = {
    "add": torch.add,
    "cast": torch.Tensor.float,
    "div": torch.div,
    "exp": torch.exp,
    "identity": lambda x: x,
    "max": torch.maximum,
    "min": torch.minimum,
    "mul": torch.mul,
    "neg": torch.neg,
    "relu": torch.relu,
    "relu6": F.relu6,
    "return": lambda x: x,
    "sigmoid": torch.sigmoid,
    "sub": torch.sub,
    "tanh": torch.tanh,
}


def to_last(x: Any) -> Any:
    """NCHW as NHWC."""
    return x.movedim(1, -1)


def to_first(x: Any) -> Any:
    """NHWC as NCHW."""
    return x.movedim(-1, 1)


def run(graph: Graph, inputs: Dict[str, Any], constants: Dict[str, Any]) -> List[Any]:
    """What the graph's outputs are, each as it lies on the DPU.

    `inputs` and `constants` are in PyTorch's order; a constant is taken by the name before the
    numbers that tell its copies apart.
    """
    values: Dict[Value, Any] = {}
    for op in graph:
        if op.kind == "data":
            result = _placed(inputs[op.name], op.output.shape)
        elif op.kind == "const":
            result = _placed(constants[op.name], op.output.shape)
        else:
            result = _compute(op, [values[value] for value in op.inputs])
        assert tuple(result.shape) == op.output.shape, (op.name, tuple(result.shape))
        values[Value(op.name)] = result
    return [values[Value(op.name)] for op in graph if op.kind == "return"]


def _placed(x: Any, shape: Any) -> Any:
    if tuple(x.shape) == tuple(shape):
        return x
    moved = to_last(x)
    return moved if tuple(moved.shape) == tuple(shape) else moved.reshape(shape)


def _compute(op: Op, given: List[Any]) -> Any:
    attrs: Any = op.attrs
    first = given[0]
    if op.kind in _PLAIN:
        return _PLAIN[op.kind](*given)
    if op.kind == "transpose":
        return first.permute(*attrs.order)
    if op.kind == "reshape":
        return first.reshape(attrs.shape)
    if op.kind == "flatten":
        return first.flatten(attrs.start_axis, attrs.end_axis)
    if op.kind == "squeeze":
        for axis in sorted(attrs.axis, reverse=True):
            first = first.squeeze(axis)
        return first
    if op.kind == "concat":
        return torch.cat(given, attrs.axis)
    if op.kind == "stack":
        return torch.stack(given, attrs.axis)
    if op.kind == "softmax":
        return torch.softmax(first, attrs.axis)
    if op.kind == "argmax":
        return first.argmax(attrs.axis)
    if op.kind == "strided_slice":
        key = zip(attrs.begin, attrs.end, attrs.strides)
        return first[tuple(slice(*one) for one in key)]
    if op.kind == "pad":
        pairs = list(zip(attrs.paddings[::2], attrs.paddings[1::2]))[::-1]
        return F.pad(first, [side for pair in pairs for side in pair])
    if op.kind in ("reduction_mean", "reduction_sum"):
        reduce = torch.mean if op.kind == "reduction_mean" else torch.sum
        return reduce(first, attrs.axis, keepdim=attrs.keep_dims)
    if op.kind == "reduction_max":
        return torch.amax(first, attrs.axis, keepdim=attrs.keep_dims)
    if op.kind == "l2_normalize":
        return F.normalize(first, dim=attrs.axis[0], eps=attrs.epsilon)
    if op.kind == "matmul":
        return torch.matmul(*given)
    if op.kind == "pixel-shuffle":
        move = F.pixel_shuffle if attrs.upscale else F.pixel_unshuffle
        return to_last(move(to_first(first), attrs.scale))
    if op.kind == "resize":
        height, width = (
            round(size * scale) for size, scale in zip(first.shape[1:3], attrs.scale[::-1])
        )
        return to_last(F.interpolate(to_first(first), size=(height, width)))
    if op.kind in ("maxpool2d", "avgpool2d"):
        return _pool(op, first)
    raise AssertionError(op.kind)


def _pool(op: Op, first: Any) -> Any:
    attrs: Any = op.attrs
    left, right, top, bottom = attrs.pad
    assert (left, top) == (right, bottom)
    pool = F.max_pool2d if op.kind == "maxpool2d" else F.avg_pool2d
    more = {} if op.kind == "maxpool2d" else {"count_include_pad": attrs.count_include_pad}
    return to_last(
        pool(
            to_first(first),
            attrs.kernel[::-1],
            attrs.stride[::-1],
            (top, left),
            ceil_mode=attrs.pad_mode == "CEIL",
            **more,
        )
    )
