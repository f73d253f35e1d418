"""Resolves the inputs of a Keras graph."""

from __future__ import annotations

from typing import Any, List

from vai_inspect.frontends.input_shapes import resolve_shapes
from vai_inspect.frontends.keras.live.generation import Generation
from vai_inspect.frontends.keras.lower.steps import InputTensor


def resolve_inputs(
    function: Any, input_args: Any, batch: int, keras: Generation
) -> List[InputTensor]:
    """Returns the inputs of a model in order, with all dimensions known.

    Args:
        function: the graph of a model.
        input_args: see `capture`.
        batch: see `capture`.
        keras: the generation of Keras of the model.

    Raises:
        InputShapeError: a dimension other than the batch is not known, or a rank, a count or a
            name is wrong.
    """
    symbols = list(function.inputs)
    names = [name_of(symbol) for symbol in symbols]
    own = [tuple(symbol.shape) for symbol in symbols]
    shapes = resolve_shapes(names, own, input_args, batch)
    return [
        InputTensor(name, keras.fresh(shape.sizes, symbol.dtype), shape.batch_open)
        for name, shape, symbol in zip(names, shapes, symbols)
    ]


def name_of(symbol: Any) -> str:
    """Returns the name of an input: that of its layer if it has one."""
    history = getattr(symbol, "_keras_history", None)
    operation = getattr(history, "operation", None) or getattr(history, "layer", None)
    return str(symbol.name if operation is None else operation.name)
