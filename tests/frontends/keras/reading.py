"""Helpers that the tests of the Keras frontend share."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

import keras

from vai_inspect.core.ir import Graph, Op
from vai_inspect.frontends.keras import capture


def model_of(*layers: Any, shape: Sequence[Any]) -> Any:
    """A Functional model of layers in a row; `shape` has no batch."""
    inputs = keras.Input(tuple(shape), name="x")
    tensor = inputs
    for layer in layers:
        tensor = layer(tensor)
    return keras.Model(inputs, tensor, name="m")


def graph_of(*layers: Any, shape: Sequence[Any], input_args: Any = None) -> Graph:
    return capture(model_of(*layers, shape=shape), input_args).graph


def inner_ops(graph: Graph) -> List[Op]:
    """The operators but for inputs and outputs."""
    return [op for op in graph if op.kind not in ("data", "return")]


def kinds(graph: Graph) -> List[str]:
    return [op.kind for op in inner_ops(graph)]


def fingerprint(model: Any) -> Tuple[Any, ...]:
    """Everything of a model that a capture could disturb, weights' values included."""
    operations: Dict[int, Any] = {}
    stack = [model]
    while stack:
        operation = stack.pop()
        if id(operation) in operations:
            continue
        operations[id(operation)] = operation
        stack.extend(getattr(operation, "_operations", None) or ())
        stack.extend(getattr(operation, "_layers", None) or ())
        function = getattr(operation, "_functional", None)
        stack.extend([function] if function is not None else [])
    return (
        model.to_json() if hasattr(model, "to_json") else None,
        [
            (op.name, len(op._inbound_nodes), len(op._outbound_nodes), getattr(op, "built", None))
            for op in operations.values()
        ],
        [(w.path, w.trainable, w.numpy().tobytes()) for w in model.weights],
        [layer.trainable for layer in model._flatten_layers()],
    )
