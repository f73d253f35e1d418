"""Removes the weights of a ModelProto, which may be too large to be serialised."""

from __future__ import annotations

from typing import Any

from vai_inspect.core.ir.ops import elements
from vai_inspect.frontends.onnx.file.numbers import MOST_NUMBERS

_OF_MODEL = ("ir_version", "producer_name", "producer_version", "opset_import", "functions")
_OF_GRAPH = ("name", "node", "input", "output", "value_info", "sparse_initializer")
_OF_TENSOR = ("name", "dims", "data_type")


def without_weights(model: Any) -> Any:
    """Returns a new ModelProto of the same graph, with large initialisers without elements.

    Args:
        model: an `onnx.ModelProto`; it is not changed.
    """
    light = type(model)()
    _copy(model, light, _OF_MODEL)
    _copy(model.graph, light.graph, _OF_GRAPH)
    for tensor in model.graph.initializer:
        if elements(tensor.dims) <= MOST_NUMBERS:
            light.graph.initializer.add().CopyFrom(tensor)
        else:
            _copy(tensor, light.graph.initializer.add(), _OF_TENSOR)
    return light


def _copy(source: Any, target: Any, names: "tuple[str, ...]") -> None:
    for name in names:
        value = getattr(source, name, None)  # older releases of the package have no functions
        if isinstance(value, (int, str)):
            setattr(target, name, value)
        elif value is not None:
            getattr(target, name).extend(value)
