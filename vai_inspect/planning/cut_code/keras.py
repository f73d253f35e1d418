"""Generates code for the DPU part of a Keras model."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

from vai_inspect.core.ir import Graph, Op
from vai_inspect.planning.cut_code.sides import Sides


def keras_code(graph: Graph, sides: Sides) -> Optional[str]:
    """Returns code that builds the part of a functional or Sequential model, or None.

    Args:
        graph: the graph.
        sides: the boundaries of the part.
    """
    ends = sides.ends
    starts = [op for op in sides.starts if op.kind != "data"]
    if not all(_named(op) for op in (*ends, *starts)):
        return None
    parted = {one for name in sides.inside for one in graph[name].origin.layers[-1:]}
    if any(op.origin.layers[-1] in parted for op in starts):
        return None  # the part starts inside a layer
    inner = {_nest(op) for op in (*ends, *starts)}
    if len(inner) != 1:
        return None  # tensors of a nested model are not tensors of the outer model
    nest = inner.pop()
    linear = [op for op in ends if op.origin.layers[-1] in sides.host_layers]
    lines: List[str] = []
    whole = "model"
    if linear:  # the host applies the activation of the layer
        whole = "whole"
        lines += ["whole = keras.models.clone_model(model)",
                  "whole.set_weights(model.get_weights())"]  # fmt: skip
    for name in nest:
        lines.append(f"inner = {whole}.get_layer({name!r})")
        whole = "inner"
    for op in linear:
        lines.append(f"{_layer(whole, op)}.activation = keras.activations.linear")
    inputs = _inputs(graph, sides, whole, nest)
    if inputs is None:
        return None
    outputs = _listed([_layer(whole, op) + ".output" for op in ends])
    if not nest or not _around(graph, sides, nest):
        return "\n".join([*lines, f"part = keras.Model({inputs}, {outputs})"])
    before = _around(graph, sides, nest)
    if sides.cut_at_start or len(nest) > 1 or len(before) != 1 or not _named(before[0]):
        return None
    outer = "whole" if linear else "model"
    lines.append(f"inner = keras.Model({inputs}, {outputs})")
    tensor = _layer(outer, before[0]) + ".output"
    return "\n".join([*lines, f"part = keras.Model({outer}.inputs, inner({tensor}))"])


def _inputs(graph: Graph, sides: Sides, whole: str, nest: Tuple[str, ...]) -> Optional[str]:
    """Returns the input tensors of the part."""
    data = [op.name for op in graph if op.kind == "data"]
    if not sides.cut_at_start:
        return f"{whole}.inputs" if nest or len(data) > 1 else f"{whole}.inputs[0]"
    if nest and any(op.kind == "data" for op in sides.starts):
        return None
    return _listed(
        [
            f"{whole}.inputs[{data.index(op.name)}]"
            if op.kind == "data"
            else _layer(whole, op) + ".output"
            for op in sides.starts
        ]
    )


def _around(graph: Graph, sides: Sides, nest: Tuple[str, ...]) -> List[Op]:
    """Returns the operators of the part outside a nested model that the nested model reads."""
    path = "/".join(nest) + "/"
    nested = [
        op
        for op in graph
        if op.name in sides.inside and any(one.startswith(path) for one in op.origin.layers)
    ]
    names = {op.name for op in nested}
    outside = [
        graph[value.op]
        for op in nested
        for value in op.inputs
        if value.op in sides.inside and value.op not in names
    ]
    return list({op.name: op for op in outside}.values())


def _named(op: Op) -> bool:
    """Returns whether an operator's output is the output of a layer that is called once."""
    return bool(op.origin.layers) and (op.origin.call is None or op.origin.call.calls == 1)


def _nest(op: Op) -> Tuple[str, ...]:
    return tuple(op.origin.layers[-1].split("/")[:-1])


def _layer(whole: str, op: Op) -> str:
    name = op.origin.layers[-1].split("/")[-1]
    if op.origin.call is not None and not op.origin.call.is_layer:
        layers = f"getattr({whole}, 'operations', {whole}.layers)"
        return f"next(one for one in {layers} if one.name == {name!r})"
    return f"{whole}.get_layer({name!r})"


def _listed(tensors: Sequence[str]) -> str:
    return tensors[0] if len(tensors) == 1 else "[" + ", ".join(tensors) + "]"
