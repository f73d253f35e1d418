"""The layers of a Keras model at the boundaries of its DPU part, and how code names them."""

from __future__ import annotations

from typing import List, Optional, Tuple

from vai_inspect.core.ir import Graph, Op
from vai_inspect.planning.cut_code.sides import Sides

CLONED = ["whole = keras.models.clone_model(model)", "whole.set_weights(model.get_weights())"]
"""The copy that is changed, as the user's model stays as it is."""


def path_of(op: Op) -> str:
    """Returns the path of the layer of the model whose output an operator gives; empty if none.

    The layers within the call of a user's own layer, or of a Lambda, are not layers of the model.
    """
    return _in_model(op, op.origin.output_layer)


def input_path_of(op: Op) -> str:
    """Returns the path of the layer of the model that reads an operator's input, likewise."""
    return _in_model(op, op.origin.input_layer)


def _in_model(op: Op, path: Optional[str]) -> str:
    if not path:
        return ""
    return next((own for own in op.origin.own if path.startswith(own + "/")), path)


def nest_of(path: str) -> Tuple[str, ...]:
    """Returns the names of the nested models around a layer."""
    return tuple(path.split("/")[:-1])


def named(op: Op, graph: Graph) -> bool:
    """Returns whether an operator's output is the output of a layer that is called once."""
    path = path_of(op)
    if not path or called_again(op):
        return False
    if path == op.origin.output_layer:
        return True
    within = {one.name for one in graph if path_of(one) == path}
    read = {value.op for one in graph if one.name not in within for value in one.inputs}
    return read & within == {op.name}


def reads_one(op: Op, graph: Graph) -> bool:
    """Returns whether the layer that reads an operator's input is called once, on one tensor."""
    path = input_path_of(op)
    if not path or op.origin.call is None or not op.origin.call.is_layer or called_again(op):
        return False
    within = {one.name for one in graph if input_path_of(one) == path}
    read = {
        value
        for one in graph
        if one.name in within
        for value in one.inputs
        if value.op not in within and graph[value.op].kind != "const"
    }
    return len(read) == 1


def called_again(op: Op) -> bool:
    """Returns whether the model calls the layer of an operator more than once."""
    return op.origin.call is not None and op.origin.call.calls > 1


def layer_of(whole: str, op: Op, path: str) -> str:
    """Returns code for a layer.

    Args:
        whole: the name of the model.
        op: an operator of the layer.
        path: the path of the layer.
    """
    name = path.split("/")[-1]
    if op.origin.call is not None and not op.origin.call.is_layer:
        layers = f"getattr({whole}, 'operations', {whole}.layers)"
        return f"next(one for one in {layers} if one.name == {name!r})"
    return f"{whole}.get_layer({name!r})"


def linear_in(sides: Sides) -> List[Op]:
    """Returns the ends whose layer has an activation that the host applies."""
    return [op for op in sides.ends if op.origin.output_layer in sides.host_layers]


def without_activation(whole: str, op: Op) -> str:
    """Returns code that removes the activation of the layer."""
    return f"{layer_of(whole, op, path_of(op))}.activation = keras.activations.linear"
