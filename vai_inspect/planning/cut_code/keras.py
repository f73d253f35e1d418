"""Generates code for the DPU part of a Keras model from its tensors."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

from vai_inspect.core.ir import Graph, Op
from vai_inspect.planning.cut_code.keras_chain import keras_chain
from vai_inspect.planning.cut_code.keras_layers import (
    CLONED,
    input_path_of,
    layer_of,
    linear_in,
    named,
    nest_of,
    path_of,
    reads_one,
    without_activation,
)
from vai_inspect.planning.cut_code.sides import Sides


def keras_code(graph: Graph, sides: Sides) -> Optional[str]:
    """Returns code that builds the part of a functional or Sequential model, or None.

    Args:
        graph: the graph.
        sides: the boundaries of the part.
    """
    if not all(named(op, graph) for op in sides.ends):
        return None
    return _of_tensors(graph, sides) or keras_chain(graph, sides)


def _of_tensors(graph: Graph, sides: Sides) -> Optional[str]:
    """Returns code that builds the part from tensors of the model."""
    ends = sides.ends
    inner = {nest_of(path_of(op)) for op in ends}
    if len(inner) != 1:
        return None  # tensors of a nested model are not tensors of the outer model
    nest = inner.pop()
    linear = linear_in(sides)
    before = _around(graph, sides, nest) if nest else []
    if before is None:
        return None
    lines: List[str] = []
    whole = "model"
    if linear:  # the host applies the activation of the layer
        whole = "whole"
        lines += CLONED
    for name in nest:
        lines.append(f"inner = {whole}.get_layer({name!r})")
        whole = "inner"
    for op in linear:
        lines.append(without_activation(whole, op))
    inputs = _inputs(graph, sides, whole, nest)
    if inputs is None:
        return None
    outputs = _listed([layer_of(whole, op, path_of(op)) + ".output" for op in ends])
    if not before:
        return "\n".join([*lines, f"part = keras.Model({inputs}, {outputs})"])
    if sides.cut_at_start or len(nest) > 1 or len(before) != 1 or not named(before[0], graph):
        return None
    outer = "whole" if linear else "model"
    lines.append(f"inner = keras.Model({inputs}, {outputs})")
    tensor = layer_of(outer, before[0], path_of(before[0])) + ".output"
    return "\n".join([*lines, f"part = keras.Model({outer}.inputs, inner({tensor}))"])


def _inputs(graph: Graph, sides: Sides, whole: str, nest: Tuple[str, ...]) -> Optional[str]:
    """Returns the input tensors of the part."""
    data = [op.name for op in graph if op.kind == "data"]
    if not sides.cut_at_start:
        return f"{whole}.inputs" if nest or len(data) > 1 else f"{whole}.inputs[0]"
    if nest and any(op.kind == "data" for op in sides.starts):
        return None
    tensors = [
        f"{whole}.inputs[{data.index(op.name)}]"
        if op.kind == "data"
        else _start(graph, sides, whole, nest, op)
        for op in sides.starts
    ]
    return None if None in tensors else _listed([one or "" for one in tensors])


def _start(graph: Graph, sides: Sides, whole: str, nest: Tuple[str, ...], op: Op) -> Optional[str]:
    """Returns the tensor that an operator of the host gives the part, or None.

    It is the output of its layer, or else the input of a layer that reads it.
    """
    path = path_of(op)
    readers = [one for one in graph.consumers(op) if one.name in sides.inside]
    if all(input_path_of(one) != path for one in readers):  # else the part starts in a layer
        if nest_of(path) == nest and named(op, graph):
            return layer_of(whole, op, path) + ".output"
        for one in readers:
            read_by = input_path_of(one)
            if nest_of(read_by) == nest and reads_one(one, graph):
                return layer_of(whole, one, read_by) + ".input"
    return None


def _around(graph: Graph, sides: Sides, nest: Tuple[str, ...]) -> Optional[List[Op]]:
    """Returns the operators of the part outside a nested model that the nested model reads.

    The result is None if an operator has layers on both sides.
    """
    path = "/".join(nest) + "/"
    nested = {name for name in sides.inside if path_of(graph[name]).startswith(path)}
    if any(not input_path_of(graph[name]).startswith(path) for name in nested):
        return None
    read = {value.op for name in nested for value in graph[name].inputs} - nested
    return [op for op in graph if op.name in read & sides.inside]


def _listed(tensors: Sequence[str]) -> str:
    return tensors[0] if len(tensors) == 1 else "[" + ", ".join(tensors) + "]"
