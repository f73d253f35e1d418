"""Resolves the inputs of a graph to fixed sizes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Sequence, Tuple

from vai_inspect.core.errors import CaptureError, InputShapeError
from vai_inspect.frontends.input_shapes import resolve_shapes
from vai_inspect.frontends.onnx.file.messages import GraphDef, ValueInfo
from vai_inspect.frontends.onnx.file.numbers import dtype_of
from vai_inspect.frontends.onnx.tensors import Shape


@dataclass(frozen=True)
class Input:
    """An input of the graph.

    Attributes:
        name: its name.
        shape: its sizes, in the file's axis order.
        dtype: element type, as in numpy.
        batch_open: whether neither the file nor the user sets its batch size.
        symbols: the size of each named open dimension.
    """

    name: str
    shape: Shape
    dtype: str
    batch_open: bool
    symbols: Dict[str, int] = field(default_factory=dict)


def resolve_inputs(graph: GraphDef, input_args: Any, batch: int) -> List[Input]:
    """Returns the inputs of a graph, without initialisers and unread inputs.

    Args:
        graph: the graph.
        input_args: a shape or an array, a list of them in the order of the inputs, or a dict of
            them by name; None for the shapes of the file.
        batch: the batch size of inputs with an open one.

    Raises:
        InputShapeError: a dimension other than the batch has no size, or contradicts the file.
        CaptureError: an input is not a tensor, or has unknown rank.
    """
    infos, left_out = _infos(graph), unread(graph)
    if left_out:
        input_args = _without(input_args, [info.name for info in infos], left_out)
        infos = [info for info in infos if info.name not in left_out]
    own = [_dims(info) for info in infos]
    names = [info.name for info in infos]
    found = []
    for info, dims, shape in zip(infos, own, resolve_shapes(names, own, input_args, batch)):
        _check_fixed(info, dims, shape.sizes)
        symbols = {symbol: size for symbol, size in zip(info.symbols, shape.sizes) if symbol}
        dtype = dtype_of(info.data_type)
        found.append(Input(info.name, shape.sizes, dtype, shape.batch_open, symbols))
    return found


def unread(graph: GraphDef) -> List[str]:
    """Returns the names of inputs that no node reads, such as leftover constants of tf2onnx."""
    nodes, names = graph.nodes, [info.name for info in _infos(graph)]
    if any(one.graph is not None for node in nodes for one in node.attributes.values()):
        return []  # a branch may read values of the enclosing graph
    read = {name for node in nodes for name in node.inputs}
    read.update(info.name for info in graph.outputs)
    found = [name for name in names if name not in read]
    return found if len(found) < len(names) else []


def _infos(graph: GraphDef) -> List[ValueInfo]:
    stored = {tensor.name for tensor in graph.initializers}
    return [info for info in graph.inputs if info.name not in stored]


def _without(input_args: Any, names: Sequence[str], left_out: Sequence[str]) -> Any:
    """Returns the shapes without those of unread inputs, if there is one per input."""
    if isinstance(input_args, dict):
        return {name: one for name, one in input_args.items() if name not in left_out}
    if not isinstance(input_args, (list, tuple)) or len(input_args) != len(names):
        return input_args
    if any(isinstance(one, int) for one in input_args):  # a shape
        return input_args
    return [one for one, name in zip(input_args, names) if name not in left_out]


def _dims(info: ValueInfo) -> Tuple[Optional[int], ...]:
    if info.dims is None:
        raise CaptureError(
            f"Input {info.name!r} is not a tensor of known rank; export the model with tensors of "
            "fixed rank."
        )
    return info.dims


def _check_fixed(info: ValueInfo, own: Tuple[Optional[int], ...], given: Shape) -> None:
    for axis, (size, wanted) in enumerate(zip(own, given)):
        if size and size != wanted:  # 0, which no model runs with, is overridden
            raise InputShapeError(
                f"Input {info.name!r} received the shape {given}; the file fixes axis {axis} to "
                f"{size}: use {size}, or export the model with that axis open."
            )
