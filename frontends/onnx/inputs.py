"""The inputs of a graph with every size known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

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
        shape: its sizes, in the file's order of axes.
        dtype: element type as numpy names it.
        batch_open: whether neither the file nor the user gives its batch.
        symbols: the size that each named open dimension has here.
    """

    name: str
    shape: Shape
    dtype: str
    batch_open: bool
    symbols: Dict[str, int] = field(default_factory=dict)


def resolve_inputs(graph: GraphDef, input_args: Any, batch: int) -> List[Input]:
    """Returns the inputs of a graph; initialisers among them are none.

    Args:
        graph: the graph.
        input_args: a shape or an array, a list of them in the order of the inputs, or a dict of
            them by name; None keeps the file's own.
        batch: the batch of inputs that leave theirs open.

    Raises:
        InputShapeError: a dimension other than the batch that nothing gives, or one that the
            file fixes otherwise.
        CaptureError: an input is no tensor, or of unknown rank.
    """
    stored = {tensor.name for tensor in graph.initializers}
    infos = [info for info in graph.inputs if info.name not in stored]
    own = [_dims(info) for info in infos]
    names = [info.name for info in infos]
    found = []
    for info, dims, shape in zip(infos, own, resolve_shapes(names, own, input_args, batch)):
        _check_fixed(info, dims, shape.sizes)
        symbols = {symbol: size for symbol, size in zip(info.symbols, shape.sizes) if symbol}
        dtype = dtype_of(info.data_type)
        found.append(Input(info.name, shape.sizes, dtype, shape.batch_open, symbols))
    return found


def open_batch(inputs: List[Input]) -> Optional[int]:
    """Returns the batch that was taken for inputs that leave theirs open, or None."""
    return next((one.shape[0] for one in inputs if one.batch_open), None)


def _dims(info: ValueInfo) -> Tuple[Optional[int], ...]:
    if info.dims is None:
        raise CaptureError(
            "Input {!r} is no tensor, or one without a number of axes; export the model with "
            "tensors of fixed rank.".format(info.name)
        )
    return info.dims


def _check_fixed(info: ValueInfo, own: Tuple[Optional[int], ...], given: Shape) -> None:
    for axis, (size, wanted) in enumerate(zip(own, given)):
        if size is not None and size != wanted:
            raise InputShapeError(
                "Input {!r} received the shape {}; the file fixes axis {} to {}: export it with "
                "that axis open, or give {}.".format(info.name, given, axis, size, size)
            )
